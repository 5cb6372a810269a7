package gen

import (
	"fmt"
	"go/ast"
	"go/parser"
	"path/filepath"
	"strings"
)

// How package abi calls the types of Go.
var abiNames = map[string]string{
	"bool": "Bool", "int32": "I32", "int64": "I64", "float32": "F32", "float64": "F64", "string": "String",
}

// params reads the parameters that somebody looks at, and makes what is made once a batch.
func (e *emitter) params() {
	isArgument := map[string]bool{}
	for _, arg := range e.f.args {
		isArgument[arg.name] = arg.role == roleParam
	}
	for i, p := range e.f.manifest.Params {
		if p.used || isArgument[p.ident] {
			e.param(i, p)
		}
	}
	for _, arg := range e.f.args {
		if arg.role != roleOnce {
			continue
		}
		made := e.maker(arg)
		if !arg.canFail {
			e.line("%s := %s", arg.name, made)
			continue
		}
		failed := e.name("failed")
		e.line("%s, %s := %s", arg.name, failed, made)
		e.line("if %s != nil {\nabi.Fail(%s.Error())\n}", failed, failed)
	}
}

// maker is how the loop makes what is made once a batch: by a function of its own, which has nothing but the parameters and the type that the
// author said. What is wrong with the expression, the compiler tells at its directive.
func (e *emitter) maker(arg argument) string {
	if !e.pkg.canName(arg) {
		return arg.expression
	}
	maker := e.global(lowerFirst(e.f.goName) + upperFirst(arg.name))
	var params, names []string
	for _, p := range e.f.manifest.Params {
		if mentions(arg.expression, p.ident) {
			params, names = append(params, p.ident+" "+p.arg.goType()), append(names, p.ident)
		}
	}
	result := typeText(arg.typ)
	if arg.canFail {
		result = "(" + result + ", error)"
	}
	at := e.pkg.fset.Position(arg.expressPos)
	fmt.Fprintf(&e.globals, "// %s makes %s, once a batch.\nfunc %s(%s) %s {\n", maker, arg.name, maker, strings.Join(params, ", "), result)
	// There is a space behind the comment.
	fmt.Fprintf(&e.globals, "return /*line %s:%d:%d*/ %s\n%s\n}\n\n", filepath.Base(at.Filename), at.Line, at.Column-1, arg.expression, lineOfOutput)
	return maker + "(" + strings.Join(names, ", ") + ")"
}

func (e *emitter) param(index int, p param) {
	typ := abiNames[p.arg.base]
	switch {
	case p.List && p.arg.base == "string":
		buffer := e.global(lowerFirst(e.f.goName) + upperFirst(p.ident))
		fmt.Fprintf(&e.globals, "// %s keeps the memory of the list from batch to batch.\nvar %s []string\n\n", buffer, buffer)
		e.line("%s := %s.StringListParam(%d, &%s)", p.ident, e.names.batch, index, buffer)
	case p.List:
		e.line("%s := %s.%sListParam(%d)", p.ident, e.names.batch, typ, index)
	case p.arg.optional:
		content, ok := e.name(p.ident+"Value"), e.name(p.ident+"OK")
		e.line("%s, %s := %s.%sParam(%d)", content, ok, e.names.batch, typ, index)
		e.line("%s := udf.Opt[%s]{Value: %s, OK: %s}", p.ident, p.arg.base, content, ok)
	default:
		e.line("%s, _ := %s.%sParam(%d)", p.ident, e.names.batch, typ, index)
	}
}

// openColumns gives each field and input a variable.
func (e *emitter) openColumns() {
	e.columns, e.present = map[string]string{}, map[string]string{}
	batch, n := e.names.batch, e.names.n
	for _, arg := range e.f.args {
		if arg.role == roleParam || arg.role == roleOnce {
			continue
		}
		column := e.name(arg.name + "Column")
		switch {
		case arg.role == roleDocID:
			e.line("%s := %s.DocIDs()[:%s]", column, batch, n)
		case arg.role == roleScore:
			e.line("%s := %s.Scores()[:%s]", column, batch, n)
		case arg.role == roleID:
			e.line("%s := %s.IDs()", column, batch)
		case arg.list && arg.base == "string":
			column = e.global(lowerFirst(e.f.goName) + upperFirst(arg.name))
			fmt.Fprintf(&e.globals, "// %s keeps the memory of lists from document to document.\nvar %s abi.StringLists\n\n", column, column)
			e.line("%s.Open(%s, %d)", column, batch, arg.index)
		case arg.list:
			e.line("%s := %s.%sLists(%d)", column, batch, abiNames[arg.base], arg.index)
		case arg.base == "string":
			e.line("%s := %s.Strings(%d)", column, batch, arg.index)
		default:
			e.line("%s := %s.%ss(%d)[:%s]", column, batch, abiNames[arg.base], arg.index, n)
		}
		e.columns[arg.name] = column
		if arg.role == roleField && (arg.optional || e.isStrict(arg)) {
			present := e.name(arg.name + "Present")
			e.line("%s := %s.Present(%d)", present, batch, arg.index)
			e.present[arg.name] = present
		}
	}
}

// isStrict says whether the function isn't asked about documents without a value of the argument.
func (e *emitter) isStrict(arg argument) bool {
	return arg.role == roleField && !arg.list && !arg.optional && e.f.manifest.Fields[arg.index].Default == nil
}

// arguments are the arguments of one call.
func (e *emitter) arguments() []string {
	var all []string
	i := e.names.i
	for _, arg := range e.f.args {
		column := e.columns[arg.name]
		at := fmt.Sprintf("%s[%s]", column, i)
		if arg.list || arg.base == "string" || arg.role == roleID {
			at = fmt.Sprintf("%s.At(%s)", column, i)
		}
		switch arg.role {
		case roleParam, roleOnce:
			at = arg.name
		case roleDocID:
			at = "udf.DocID(" + at + ")"
		case roleID:
			at = "udf.ID(" + at + ")"
		case roleScore:
			at = "udf.Score(" + at + ")"
		case roleField:
			if arg.optional {
				at = fmt.Sprintf("udf.Opt[%s]{Value: %s, OK: %s.At(%s)}", arg.base, at, e.present[arg.name], i)
			}
		}
		all = append(all, at)
	}
	return all
}

// expressionImports are the imports that expressions of //diagon:once need.
func (p *pkg) expressionImports() []string {
	needed := map[string]bool{}
	var all []string
	for _, f := range p.functions {
		for _, arg := range f.args {
			parsed, err := parser.ParseExpr(arg.expression)
			if err != nil {
				continue
			}
			found := selectors(parsed)
			if p.canName(arg) {
				found = append(found, selectors(arg.typ)...)
			}
			for _, selector := range found {
				all = p.addImport(all, needed, selector)
			}
		}
	}
	return all
}

func (p *pkg) addImport(all []string, needed map[string]bool, selector *ast.SelectorExpr) []string {
	name, plain := selector.X.(*ast.Ident)
	if !plain {
		return all
	}
	for _, file := range p.files {
		path := importPath(file, name.Name)
		if path == "" || needed[path] || path == "diagon/udf" {
			continue
		}
		needed[path] = true
		spec := `"` + path + `"`
		if lastElement(path) != name.Name {
			spec = name.Name + " " + spec
		}
		all = append(all, spec)
	}
	return all
}

func selectors(expression ast.Expr) (all []*ast.SelectorExpr) {
	ast.Inspect(expression, func(node ast.Node) bool {
		if selector, found := node.(*ast.SelectorExpr); found {
			all = append(all, selector)
		}
		return true
	})
	return all
}

// mentions says whether an expression has a word.
func mentions(expression, word string) bool {
	parsed, err := parser.ParseExpr(expression)
	found := false
	if err == nil {
		ast.Inspect(parsed, func(node ast.Node) bool {
			name, plain := node.(*ast.Ident)
			found = found || plain && name.Name == word
			return true
		})
	}
	return found
}
