package gen

import (
	"go/ast"
	"go/token"
)

// Kinds of functions.
const (
	filter = "filter"
	score  = "score"
	value  = "value"
)

// role is what an argument is.
type role int

const (
	roleField role = iota
	roleParam
	roleOnce
	roleDocID
	roleID
	roleScore
)

// argument is an argument of the author's function.
type argument struct {
	name string
	pos  token.Pos
	role role
	// Of a field or parameter: Go's name of the type, or of a list's items, or of what may be missing.
	base     string
	list     bool
	optional bool
	// Its place among the manifest's fields or parameters.
	index int
	// Of something made once: its type, the expression, and whether that also returns an error.
	typ        ast.Expr
	expression string
	canFail    bool
	expressPos token.Pos
}

// field is a field of the manifest.
type field struct {
	Name      string `json:"name"`
	Type      string `json:"type"`
	List      bool   `json:"list,omitempty"`
	Default   any    `json:"default,omitempty"`
	Optional  bool   `json:"optional,omitempty"`
	FromParam string `json:"from_param,omitempty"`
	Part      string `json:"part,omitempty"`
}

// param is a parameter of the manifest.
type param struct {
	Name     string `json:"name"`
	Type     string `json:"type"`
	List     bool   `json:"list,omitempty"`
	Required bool   `json:"required,omitempty"`
	Default  any    `json:"default,omitempty"`

	// What the author's code calls it, and whether an argument or expression does.
	ident string
	used  bool
	// How it is read: as the argument.
	arg argument
}

// manifest is what a function says about itself.
type manifest struct {
	ABI         int            `json:"abi"`
	Name        string         `json:"name"`
	Version     string         `json:"version"`
	Description string         `json:"description,omitempty"`
	Kind        string         `json:"kind"`
	Returns     string         `json:"returns,omitempty"`
	MaxScore    any            `json:"max_score,omitempty"`
	Export      string         `json:"export"`
	Fields      []field        `json:"fields"`
	Params      []param        `json:"params"`
	Pure        bool           `json:"pure"`
	Inputs      []string       `json:"inputs,omitempty"`
	Limits      map[string]any `json:"limits,omitempty"`
}

// results is what the author's function returns.
type results struct {
	base   string
	hasOK  bool
	hasErr bool
}

// function is one of the author's functions, and its manifest.
type function struct {
	goName   string
	pos      token.Pos
	manifest manifest
	args     []argument
	results  results
}
