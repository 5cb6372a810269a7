package gen

import (
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
)

// arguments reads what a function is given, and the directives about that.
func (p *pkg) arguments(f *function, file *ast.File, decl *ast.FuncDecl, all []directive) {
	about := map[string]*directive{}
	for i, d := range all {
		switch d.word {
		case "limits":
			p.limitsOf(&f.manifest, d)
		case "field", "param", "once":
			if other := about[d.subject]; other != nil {
				p.fail(d.pos, "%s has //diagon:%s already", d.subject, other.word)
			}
			about[d.subject] = &all[i]
		}
	}
	f.args = p.signature(file, decl)
	byName := map[string]*argument{}
	for i := range f.args {
		byName[f.args[i].name] = &f.args[i]
	}
	for _, d := range all {
		if d.word == "param" {
			p.param(f, d, byName[d.subject])
		} else if d.word == "once" && byName[d.subject] == nil {
			p.fail(d.pos, "%s has no argument %s", f.goName, d.subject)
		} else if d.word == "field" && byName[d.subject] == nil {
			p.fail(d.pos, "%s has no argument %s", f.goName, d.subject)
		}
	}
	p.words(f)
	for i := range f.args {
		p.argument(f, &f.args[i], about[f.args[i].name])
	}
	p.unique(f)
	for i := range f.args {
		if f.args[i].role == roleOnce {
			p.expression(f, &f.args[i])
		}
	}
}

// Packages that the generated code uses.
var packages = []string{"abi", "udf", "bits"}

// words checks that no argument or parameter hides what the generated code needs.
func (p *pkg) words(f *function) {
	check := func(name string, pos token.Pos) {
		if slices.Contains(packages, name) || paramTypes[name] != "" || name == "nil" || name == f.goName {
			p.fail(pos, "generated code needs the word %s; take another one, with name=%s in the directive about it", name, name)
		}
	}
	for _, arg := range f.args {
		check(arg.name, arg.pos)
	}
	for _, param := range f.manifest.Params {
		if param.arg.name != "" {
			check(param.ident, param.arg.pos)
		}
	}
}

// signature are the arguments, by their types alone.
func (p *pkg) signature(file *ast.File, decl *ast.FuncDecl) []argument {
	var args []argument
	for _, list := range decl.Type.Params.List {
		if _, variadic := list.Type.(*ast.Ellipsis); variadic {
			p.fail(list.Type.Pos(), "a list is written []T, not ...T")
			continue
		}
		if len(list.Names) == 0 {
			p.fail(list.Type.Pos(), "each argument needs a name: it is the name of the field or parameter")
		}
		for _, name := range list.Names {
			if name.Name == "_" {
				p.fail(name.Pos(), "each argument needs a name: it is the name of the field or parameter")
				continue
			}
			arg := argument{name: name.Name, pos: name.Pos(), typ: list.Type}
			p.classify(file, &arg, list.Type)
			args = append(args, arg)
		}
	}
	return args
}

// argument decides what an argument is, by its type and the directive about it.
func (p *pkg) argument(f *function, arg *argument, d *directive) {
	word := ""
	if d != nil {
		word = d.word
	}
	switch {
	case word == "once":
		arg.role, arg.expression, arg.expressPos = roleOnce, d.keys[0].value, d.keys[0].pos
	case arg.role == roleOnce && word == "":
		p.fail(arg.pos, "no field is of the type of %s: a field is float64, int64, bool, string, a list []T of these, or udf.Opt[T]; "+
			"what is made once a batch needs //diagon:once %s=NewThing(parameters)", arg.name, arg.name)
	case word == "param":
		// Param has read it.
	case arg.role == roleField:
		p.field(f, arg, d)
	case word == "field":
		p.fail(d.pos, "%s is no field, by its type", arg.name)
	case arg.role != roleOnce:
		p.input(f, arg)
	}
}

func (p *pkg) input(f *function, arg *argument) {
	for _, input := range inputs {
		if input.role != arg.role {
			continue
		}
		for _, other := range f.manifest.Inputs {
			if other == input.name {
				p.fail(arg.pos, "%s is there twice", input.name)
				return
			}
		}
		f.manifest.Inputs = append(f.manifest.Inputs, input.name)
	}
}

func (p *pkg) field(f *function, arg *argument, d *directive) {
	typ, found := fieldTypes[arg.base]
	if !found {
		p.fail(arg.pos, "no field is of type %s; write %s (or, if %s is a parameter, //diagon:param %s)", arg.base, orFloat(arg.base), arg.name, arg.name)
		return
	}
	m := &f.manifest
	field := field{Name: snake(arg.name), Type: typ, List: arg.list}
	arg.index = len(m.Fields)
	if d == nil {
		m.Fields = append(m.Fields, field)
		return
	}
	var name, fallback *keyValue
	for i, kv := range d.keys {
		switch kv.key {
		case "name":
			field.Name = kv.text()
		case "default":
			if arg.list || arg.optional {
				p.fail(kv.pos, "%s has no default: a list is empty, and an udf.Opt is not OK, where a document has no value", arg.name)
				continue
			}
			field.Default = p.defaultOf(kv, typ, false)
		case "optional":
			field.Optional = true
		case "from_param":
			field.FromParam, name = kv.text(), &d.keys[i]
		case "param_default":
			fallback = &d.keys[i]
		case "part":
			field.Part = kv.text()
		default:
			p.fail(kv.pos, "//diagon:field has no %s; it has name, default, optional, from_param, param_default, part", kv.key)
		}
	}
	if field.Part != "" && (field.Part != "lat" && field.Part != "lon" || name == nil || typ != "f64") {
		p.fail(d.pos, "part is lat or lon of a geo point: part=lat from_param=NAME, of a float64")
	}
	p.naming(f, d, name, fallback)
	m.Fields = append(m.Fields, field)
}

func orFloat(base string) string {
	if better := instead[base]; better != "" {
		return better
	}
	return "float64, int64, bool or string"
}

// naming sees to the parameter that names a field.
func (p *pkg) naming(f *function, d *directive, name, fallback *keyValue) {
	if name == nil {
		if fallback != nil {
			p.fail(fallback.pos, "param_default is the default of the parameter that from_param=NAME names")
		}
		return
	}
	params := &f.manifest.Params
	for _, other := range *params {
		if other.Name != name.text() {
			continue
		}
		if fallback != nil || other.Type != "str" || other.List || !other.Required && other.Default == nil {
			p.fail(name.pos, "the parameter %s is there already; to name a field it must be a string, required or with a default, and only one place can say which", other.Name)
		}
		return
	}
	added := param{Name: name.text(), Type: "str", Required: fallback == nil, ident: name.text()}
	if fallback != nil {
		added.Default = fallback.text()
	}
	*params = append(*params, added)
}

// param reads //diagon:param. arg is nil if it is for a field's name or an expression only.
func (p *pkg) param(f *function, d directive, arg *argument) {
	if arg == nil {
		arg = p.typeOf(d)
		if arg == nil {
			return
		}
	} else {
		for _, kv := range d.keys {
			if kv.key == "type" {
				p.fail(kv.pos, "%s is an argument, which has a type", arg.name)
			}
		}
	}
	typ, found := paramTypes[arg.base]
	if arg.role != roleField || !found {
		p.fail(arg.pos, "the parameter %s must be a bool, int32, int64, float32, float64, string, a list []T of these, or udf.Opt[T]", arg.name)
		return
	}
	arg.role, arg.index = roleParam, len(f.manifest.Params)
	m := param{Name: snake(arg.name), Type: typ, List: arg.list, Required: !arg.optional, ident: arg.name, arg: *arg}
	for _, kv := range d.keys {
		switch kv.key {
		case "name":
			m.Name = kv.text()
		case "default":
			if arg.optional {
				p.fail(kv.pos, "%s has a default, so that it is always there: write %s, not udf.Opt[%s]", arg.name, arg.base, arg.base)
			}
			m.Default, m.Required = p.defaultOf(kv, typ, arg.list), false
		case "optional":
			if !arg.list {
				p.fail(kv.pos, "write udf.Opt[%s] for a parameter that may be absent", arg.base)
			}
			m.Required = false
		case "type":
		default:
			p.fail(kv.pos, "//diagon:param has no %s; it has name, default, optional and, without an argument, type", kv.key)
		}
	}
	f.manifest.Params = append(f.manifest.Params, m)
}

// typeOf is what a parameter without an argument is, by its type=.
func (p *pkg) typeOf(d directive) *argument {
	for _, kv := range d.keys {
		if kv.key != "type" {
			continue
		}
		expression, err := parser.ParseExpr(kv.text())
		arg := &argument{name: d.subject, pos: kv.pos}
		if err == nil && token.IsIdentifier(d.subject) {
			p.classify(p.files[0], arg, expression)
			return arg
		}
		p.fail(kv.pos, "type=%s is no type", kv.value)
		return nil
	}
	p.fail(d.pos, "no argument is called %s; if only //diagon:once or from_param use it, write //diagon:param %s type=string", d.subject, d.subject)
	return nil
}

// unique checks that no name is there twice.
func (p *pkg) unique(f *function) {
	fields, params := map[string]bool{}, map[string]bool{}
	for _, field := range f.manifest.Fields {
		if fields[field.Name] || field.Name == "" {
			p.fail(f.pos, "the field %q is there twice, or has no name; write //diagon:field ARGUMENT name=…", field.Name)
		}
		fields[field.Name] = true
	}
	for _, param := range f.manifest.Params {
		if params[param.Name] || param.Name == "" {
			p.fail(f.pos, "the parameter %q is there twice, or has no name; write //diagon:param ARGUMENT name=…", param.Name)
		}
		params[param.Name] = true
	}
}

// expression reads how an argument is made once a batch, and which parameters that takes.
func (p *pkg) expression(f *function, arg *argument) {
	if arg.expression == "" {
		return
	}
	parsed, err := parser.ParseExpr(arg.expression)
	if err != nil {
		p.fail(arg.expressPos, "%s is no expression of Go: %v", arg.expression, err)
		return
	}
	arg.canFail = p.returnsError(parsed)
	others := map[string]bool{}
	for _, other := range f.args {
		others[other.name] = other.role != roleParam
	}
	ast.Inspect(parsed, func(node ast.Node) bool {
		if selector, found := node.(*ast.SelectorExpr); found {
			ast.Inspect(selector.X, func(inner ast.Node) bool { return p.uses(f, arg, others, inner) })
			return false
		}
		return p.uses(f, arg, others, node)
	})
}

func (p *pkg) uses(f *function, arg *argument, others map[string]bool, node ast.Node) bool {
	name, plain := node.(*ast.Ident)
	if !plain {
		return true
	}
	if others[name.Name] {
		p.fail(arg.expressPos, "%s is made once a batch, from parameters: %s is none (//diagon:param %s)", arg.name, name.Name, name.Name)
	}
	for i := range f.manifest.Params {
		if f.manifest.Params[i].ident == name.Name {
			f.manifest.Params[i].used = true
		}
	}
	return true
}

// returnsError says whether an expression is a call of a function of the package that also returns an error.
func (p *pkg) returnsError(expression ast.Expr) bool {
	call, found := expression.(*ast.CallExpr)
	if !found {
		return false
	}
	name, plain := call.Fun.(*ast.Ident)
	if !plain {
		return false
	}
	for _, file := range p.files {
		for _, decl := range file.Decls {
			if f, isFunc := decl.(*ast.FuncDecl); isFunc && f.Recv == nil && f.Name.Name == name.Name {
				return f.Type.Results != nil && f.Type.Results.NumFields() == 2
			}
		}
	}
	return false
}
