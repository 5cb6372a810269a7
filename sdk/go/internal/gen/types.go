package gen

import (
	"go/ast"
	"go/printer"
	"go/token"
	"go/types"
	"slices"
	"strings"
)

// The types of columns and parameters, as the manifest calls them.
var fieldTypes = map[string]string{"bool": "bool", "int64": "i64", "float64": "f64", "string": "str"}

var paramTypes = map[string]string{
	"bool": "bool", "int32": "i32", "int64": "i64", "float32": "f32", "float64": "f64", "string": "str",
}

// Types that people write where the engine has another one.
var instead = map[string]string{
	"int": "int64", "int8": "int64", "int16": "int64", "int32": "int64", "rune": "int64", "byte": "int64",
	"uint": "int64", "uint8": "int64", "uint16": "int64", "uint32": "int64", "uint64": "int64", "uintptr": "int64",
	"float32": "float64", "any": "string", "error": "string",
}

// The types of package udf that stand for what isn't a field.
var inputs = map[string]struct {
	role role
	name string
}{
	"DocID": {roleDocID, "doc_id"},
	"ID":    {roleID, "id"},
	"Score": {roleScore, "score"},
}

// classify tells from an argument's type what it is. Types that mean nothing here are made once a batch.
func (p *pkg) classify(file *ast.File, arg *argument, typ ast.Expr) {
	switch typ := typ.(type) {
	case *ast.Ident:
		if types.Universe.Lookup(typ.Name) == nil {
			arg.role = roleOnce
		}
		arg.base = typ.Name
	case *ast.ArrayType:
		item, plain := typ.Elt.(*ast.Ident)
		if typ.Len != nil || !plain || types.Universe.Lookup(item.Name) == nil {
			arg.role = roleOnce
			return
		}
		arg.base, arg.list = item.Name, true
	case *ast.IndexExpr:
		item, plain := typ.Index.(*ast.Ident)
		if !plain || p.ofSDK(file, typ.X) != "Opt" {
			arg.role = roleOnce
			return
		}
		arg.base, arg.optional = item.Name, true
	case *ast.SelectorExpr:
		if input, found := inputs[p.ofSDK(file, typ)]; found {
			arg.role = input.role
			return
		}
		arg.role = roleOnce
	default:
		arg.role = roleOnce
	}
}

// ofSDK is the name of something of package udf, empty if it isn't of it.
func (p *pkg) ofSDK(file *ast.File, expression ast.Expr) string {
	selector, found := expression.(*ast.SelectorExpr)
	if !found {
		return ""
	}
	if name, plain := selector.X.(*ast.Ident); plain && importPath(file, name.Name) == "diagon/udf" {
		return selector.Sel.Name
	}
	return ""
}

// importPath is the path of the package that a file calls name.
func importPath(file *ast.File, name string) string {
	for _, spec := range file.Imports {
		path := spec.Path.Value[1 : len(spec.Path.Value)-1]
		if spec.Name != nil && spec.Name.Name == name || spec.Name == nil && lastElement(path) == name {
			return path
		}
	}
	return ""
}

// What each kind of function can return.
var canReturn = []struct{ kind, results string }{
	{filter, "bool or (bool, error)"},
	{score, "float64 or (float64, error)"},
	{value, "float64, int64, bool or string (T), or (T, bool) with false for a missing value, (T, error) or (T, bool, error)"},
}

// resultsOf reads what a function returns, and says whether its kind can return that.
func (p *pkg) resultsOf(kind string, decl *ast.FuncDecl) (results, bool) {
	var names []string
	if list := decl.Type.Results; list != nil {
		for _, r := range list.List {
			name := types.ExprString(r.Type)
			for range max(1, len(r.Names)) {
				names = append(names, name)
			}
		}
	}
	if r, fits := resultsAs(kind, names); fits {
		return r, true
	}
	wanted, others := "", []string{}
	for _, other := range canReturn {
		if other.kind == kind {
			wanted = other.results
		} else if _, fits := resultsAs(other.kind, names); fits {
			others = append(others, directivePrefix+other.kind)
		}
	}
	hint := ""
	if len(others) > 0 {
		hint = "; what returns " + strings.Join(names, ", ") + " is " + strings.Join(others, " or ")
	}
	p.fail(decl.Name.Pos(), "a %s function returns %s%s", kind, wanted, hint)
	return results{}, false
}

// resultsAs takes the types of results for those of a function of a kind, if they fit.
func resultsAs(kind string, names []string) (r results, fits bool) {
	if last := len(names) - 1; last > 0 && names[last] == "error" {
		names, r.hasErr = names[:last], true
	}
	if kind == value && len(names) == 2 && names[1] == "bool" {
		names, r.hasOK = names[:1], true
	}
	if len(names) != 1 {
		return r, false
	}
	r.base = names[0]
	return r, kind == filter && r.base == "bool" || kind == score && r.base == "float64" || kind == value && fieldTypes[r.base] != ""
}

// goType is the type of a field or parameter as the author wrote it.
func (a argument) goType() string {
	switch {
	case a.list:
		return "[]" + a.base
	case a.optional:
		return "udf.Opt[" + a.base + "]"
	case a.base == "":
		return "string" // the name of a field, which no argument is
	default:
		return a.base
	}
}

func typeText(typ ast.Expr) string {
	var text strings.Builder
	if printer.Fprint(&text, token.NewFileSet(), typ) != nil {
		return types.ExprString(typ)
	}
	return text.String()
}

// canName says whether the file that is made can say an argument's type: all its words are of the package, of Go, or of imports whose names are
// seen in their paths.
func (p *pkg) canName(arg argument) bool {
	fine := true
	ast.Inspect(arg.typ, func(node ast.Node) bool {
		switch node := node.(type) {
		case *ast.SelectorExpr:
			name, plain := node.X.(*ast.Ident)
			fine = fine && plain && p.imports(name.Name)
			return false
		case *ast.Ident:
			fine = fine && (p.taken[node.Name] || types.Universe.Lookup(node.Name) != nil)
		}
		return true
	})
	return fine
}

func (p *pkg) imports(name string) bool {
	return slices.ContainsFunc(p.files, func(file *ast.File) bool { return importPath(file, name) != "" })
}
