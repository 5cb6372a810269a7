package gen

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// folder is a folder with one file, main.go.
func folder(t *testing.T, source string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "main.go"), []byte(source), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

const head = `package main

import "diagon/udf"

var _ udf.Level

`

// TestMistakes: what is wrong, where, and how to write it. What is given begins at line 7 of the file.
func TestMistakes(t *testing.T) {
	for _, c := range []struct{ source, wanted string }{
		{"func F(x float64) bool { return true }",
			"main.go:1:9: no function has a directive; write //diagon:filter version=1.0.0 above one (or score, value)"},
		{"//diagon:filter\nfunc F(x float64) bool { return true }",
			"main.go:7:10: a function needs a version, under which it never changes; write //diagon:filter version=1.0.0"},
		{"//diagon:filter version=1.0\nfunc F(x float64) bool { return true }",
			"main.go:7:17: version=1.0 is not a semantic version; write version=1.0.0"},
		{"//diagon:filter version=1.0.0 nam=f\nfunc F(x float64) bool { return true }",
			"main.go:7:31: //diagon:filter has no nam; it has name, version, pure and, for a score, max_score"},
		{"//diagon:filter version=1.0.0 version=1.0.0\nfunc F(x float64) bool { return true }",
			"main.go:7:31: version is said twice"},
		{"//diagon:filter version=1.0.0 name=Big\nfunc F(x float64) bool { return true }",
			`main.go:7:10: the name "Big" must be small letters, digits, _, . and -, and begin with a letter or digit; write name=…`},
		{"//diagon:filter version=1.0.0 name=memory\nfunc F(x float64) bool { return true }",
			"main.go:7:10: no function can be called memory; write name=…"},
		{"//diagon:filter version=1.0.0 pure=maybe\nfunc F(x float64) bool { return true }",
			"main.go:7:31: pure is true (which it is anyway) or false"},
		{"//diagon:filter version=1.0.0 max_score=3\nfunc F(x float64) bool { return true }",
			"main.go:7:31: max_score is for score functions, and this is a filter function"},
		{"//diagon:score version=1.0.0 max_score=-3\nfunc F(x float64) float64 { return x }",
			"main.go:7:30: max_score is a number that a score function never exceeds"},
		{"//diagon:filtre version=1.0.0\nfunc F(x float64) bool { return true }",
			"main.go:7:10: no directive //diagon:filtre; there are filter, score, value, field, param, once, limits\n" +
				"main.go:8:6: F has directives, but none says what it is"},
		{"//diagon:filter version=1.0.0\n//diagon:score version=1.0.0\nfunc F(x float64) bool { return true }",
			"main.go:8:10: F is a filter function already"},
		{"//diagon:filter version=1.0.0\nfunc F(x float64) float64 { return x }",
			"main.go:8:6: a filter function returns bool or (bool, error); what returns float64 is //diagon:score or //diagon:value"},
		{"//diagon:score version=1.0.0\nfunc F(x float64) (bool, error) { return true, nil }",
			"main.go:8:6: a score function returns float64 or (float64, error); what returns bool, error is //diagon:filter or //diagon:value"},
		{"//diagon:score version=1.0.0\nfunc F(x float64) (float64, bool) { return x, true }",
			"main.go:8:6: a score function returns float64 or (float64, error)"},
		{"//diagon:value version=1.0.0\nfunc F(x float64) int { return 1 }",
			"main.go:8:6: a value function returns float64, int64, bool or string (T)"},
		{"//diagon:value version=1.0.0\nfunc F(x float64) {}",
			"main.go:8:6: a value function returns"},
		{"type T int\n\n//diagon:filter version=1.0.0\nfunc (T) F(x float64) bool { return true }",
			"main.go:10:10: F must be a plain function"},
		{"//diagon:filter version=1.0.0\nfunc F[T any](x float64) bool { return true }",
			"main.go:8:6: F must be a plain function"},
		{"//diagon:filter version=1.0.0\nfunc F(x int) bool { return true }",
			"main.go:8:8: no field is of type int; write int64 (or, if x is a parameter, //diagon:param x)"},
		{"//diagon:filter version=1.0.0\nfunc F(x []float32) bool { return true }",
			"main.go:8:8: no field is of type float32; write float64"},
		{"//diagon:filter version=1.0.0\nfunc F(x udf.Opt[float32]) bool { return true }",
			"main.go:8:8: no field is of type float32; write float64"},
		{"//diagon:filter version=1.0.0\nfunc F(x *float64) bool { return true }",
			"main.go:8:8: no field is of the type of x: a field is float64, int64, bool, string, a list []T of these, or udf.Opt[T]"},
		{"//diagon:filter version=1.0.0\nfunc F(x ...string) bool { return true }",
			"main.go:8:10: a list is written []T, not ...T"},
		{"//diagon:filter version=1.0.0\nfunc F(float64) bool { return true }",
			"main.go:8:8: each argument needs a name"},
		{"//diagon:filter version=1.0.0\nfunc F(_ float64) bool { return true }",
			"main.go:8:8: each argument needs a name"},
		{"//diagon:filter version=1.0.0\n//diagon:field\nfunc F(x float64) bool { return true }",
			"main.go:8:10: //diagon:field says nothing of which argument; write //diagon:field NAME key=value …"},
		{"//diagon:filter version=1.0.0\n//diagon:field y default=1\nfunc F(x float64) bool { return true }",
			"main.go:8:10: F has no argument y"},
		{"//diagon:filter version=1.0.0\n//diagon:field x default=a\nfunc F(x float64) bool { return true }",
			"main.go:8:18: default=a is no f64"},
		{"//diagon:filter version=1.0.0\n//diagon:field x default=1.5\nfunc F(x int64) bool { return true }",
			"main.go:8:18: default=1.5 is no i64"},
		{"//diagon:filter version=1.0.0\n//diagon:field x default=a\nfunc F(x []string) bool { return true }",
			"main.go:8:18: x has no default: a list is empty"},
		{"//diagon:filter version=1.0.0\n//diagon:field x dflt=1\nfunc F(x float64) bool { return true }",
			"main.go:8:18: //diagon:field has no dflt; it has name, default, optional, from_param, param_default, part"},
		{"//diagon:filter version=1.0.0\n//diagon:field x part=lat\nfunc F(x float64) bool { return true }",
			"main.go:8:10: part is lat or lon of a geo point: part=lat from_param=NAME, of a float64"},
		{"//diagon:filter version=1.0.0\n//diagon:field x param_default=title\nfunc F(x string) bool { return true }",
			"main.go:8:18: param_default is the default of the parameter that from_param=NAME names"},
		{"//diagon:filter version=1.0.0\n//diagon:field x from_param=y\n//diagon:param y\nfunc F(x string, y int64) bool { return true }",
			"main.go:8:18: the parameter y is there already; to name a field it must be a string"},
		{"//diagon:filter version=1.0.0\n//diagon:field d default=1\nfunc F(d udf.DocID) bool { return true }",
			"main.go:8:10: d is no field, by its type"},
		{"//diagon:filter version=1.0.0\n//diagon:param y\nfunc F(x float64) bool { return true }",
			"main.go:8:10: no argument is called y; if only //diagon:once or from_param use it, write //diagon:param y type=string"},
		{"//diagon:filter version=1.0.0\n//diagon:param y type=int\nfunc F(x float64) bool { return true }",
			"main.go:8:18: the parameter y must be a bool, int32, int64, float32, float64, string"},
		{"//diagon:filter version=1.0.0\n//diagon:param y type=string\nfunc F(x float64, y string) bool { return true }",
			"main.go:8:18: y is an argument, which has a type"},
		{"//diagon:filter version=1.0.0\n//diagon:param y default=3000000000\nfunc F(x float64, y int32) bool { return true }",
			"main.go:8:18: default=3000000000 is no i32"},
		{"//diagon:filter version=1.0.0\n//diagon:param y default=[1,2]\nfunc F(x float64, y []string) bool { return true }",
			"main.go:8:18: 1 in the default is no str"},
		{"//diagon:filter version=1.0.0\n//diagon:param y default=1\nfunc F(x float64, y []int64) bool { return true }",
			`main.go:8:18: the default of a list is a list in JSON, such as default=["a","b"]`},
		{"//diagon:filter version=1.0.0\n//diagon:param y default=1\nfunc F(x float64, y udf.Opt[int64]) bool { return true }",
			"main.go:8:18: y has a default, so that it is always there: write int64, not udf.Opt[int64]"},
		{"//diagon:filter version=1.0.0\n//diagon:param y optional\nfunc F(x float64, y int64) bool { return true }",
			"main.go:8:18: write udf.Opt[int64] for a parameter that may be absent"},
		{"//diagon:filter version=1.0.0\n//diagon:param y\n//diagon:param y\nfunc F(x float64, y int64) bool { return true }",
			"main.go:9:10: y has //diagon:param already"},
		{"//diagon:filter version=1.0.0\n//diagon:field x name=y\nfunc F(x, y float64) bool { return true }",
			`main.go:9:6: the field "y" is there twice, or has no name`},
		{"//diagon:filter version=1.0.0\nfunc F(x float64, a, b udf.DocID) bool { return true }",
			"main.go:8:22: doc_id is there twice"},
		{"//diagon:filter version=1.0.0\n//diagon:once x\nfunc F(x *int) bool { return true }",
			"main.go:8:10: what is made once a batch is written //diagon:once ARGUMENT=EXPRESSION"},
		{"//diagon:filter version=1.0.0\n//diagon:once y=new(int)\nfunc F(x float64) bool { return true }",
			"main.go:8:10: F has no argument y"},
		{"//diagon:filter version=1.0.0\n//diagon:once x=new(\nfunc F(x *int) bool { return true }",
			"main.go:8:17: new( is no expression of Go"},
		{"//diagon:filter version=1.0.0\n//diagon:once x=made(y)\nfunc F(x *int, y int64) bool { return true }",
			"main.go:8:17: x is made once a batch, from parameters: y is none (//diagon:param y)"},
		{"//diagon:filter version=1.0.0\n//diagon:limits memory=3\nfunc F(x float64) bool { return true }",
			"main.go:8:17: a limit is a whole number from 1: memory_bytes=…"},
		{"//diagon:filter version=1.0.0\nfunc F(abi float64) bool { return true }",
			"main.go:8:8: generated code needs the word abi; take another one, with name=abi in the directive about it"},
		{"//diagon:filter version=1.0.0\n//diagon:param float64 type=string\nfunc F(x float64) bool { return true }",
			"main.go:8:24: generated code needs the word float64"},
		{"//diagon:filter version=1.0.0\nfunc f(f float64) bool { return true }",
			"main.go:8:8: generated code needs the word f"},
		{"var bits int\n\n//diagon:filter version=1.0.0\nfunc F(x float64) bool { return true }",
			"main.go:1:9: generated code uses a package bits: nothing of this package can be called so"},
		{"//diagon:filter version=1.0.0 name=a-b\nfunc F(x float64) bool { return true }\n\n//diagon:filter version=1.0.0 name=a.b\nfunc G(x float64) bool { return true }",
			"main.go:11:6: F and G would both be called a.b; write name=… for one of them"},
	} {
		_, _, err := Generate(folder(t, head+c.source))
		if err == nil || !strings.HasPrefix(err.Error(), c.wanted) {
			t.Errorf("%s\ngot      %v\nexpected %s", c.source, err, c.wanted)
		}
	}
}

func TestAnotherPackageIsNoModule(t *testing.T) {
	_, _, err := Generate(folder(t, "package other\n\n//diagon:filter version=1.0.0\nfunc F(x float64) bool { return true }\n"))
	if err == nil || err.Error() != "main.go:1:9: a module is built from package main, this is package other" {
		t.Error(err)
	}
	if _, _, err := Generate(folder(t, "package main\n\nfunc (\n")); err == nil || !strings.Contains(err.Error(), "main.go:") {
		t.Error(err)
	}
	if _, _, err := Generate(t.TempDir()); err == nil || !strings.HasPrefix(err.Error(), "no Go files in ") {
		t.Error(err)
	}
}

func TestNames(t *testing.T) {
	for name, wanted := range map[string]string{
		"F": "f", "Affordable": "affordable", "PriceAbove": "price_above", "JSONPath": "json_path", "ValueI64": "value_i64",
		"maxPrice": "max_price", "DocID": "doc_id", "already_snake": "already_snake", "Größe": "größe",
	} {
		if got := snake(name); got != wanted {
			t.Errorf("%s is %s, expected %s", name, got, wanted)
		}
	}
	for name, wanted := range map[string]string{"Keep": "keep", "JSONPath": "jsonPath", "keep": "keep", "URL": "url"} {
		if got := lowerFirst(name); got != wanted {
			t.Errorf("%s is %s, expected %s", name, got, wanted)
		}
	}
}

// TestNamesOfTheAuthorsAreKept: what is generated makes way.
func TestNamesOfTheAuthorsAreKept(t *testing.T) {
	source := head + `
var answers, fBatch int

func main() {}

// F has arguments that are called as the generator's own variables.
//
//diagon:filter version=1.0.0
//diagon:param batch
func F(n, i float64, batch, first string) bool { return true }
`
	code, manifests, err := Generate(folder(t, source[:len(head)]+strings.Replace(source[len(head):], "batch, first string", "batch string, first string", 1)))
	if err != nil {
		t.Fatal(err)
	}
	for _, wanted := range []string{"func fBatch_(", "answers_ :=", "batch, _ := batch_.StringParam(0)", "n_ := batch_.Len()", "F(nColumn[i_], iColumn[i_], batch, firstColumn.At(i_))"} {
		if !strings.Contains(string(code), wanted) {
			t.Errorf("no %s in\n%s", wanted, code)
		}
	}
	if strings.Contains(string(code), "func main") {
		t.Error("main is there twice")
	}
	if !strings.Contains(string(manifests), `"description": "has arguments that are called as the generator's own variables."`) {
		t.Errorf("%s", manifests)
	}
}

func TestExpressionsBringTheirImports(t *testing.T) {
	source := `package main

import (
	text "strings"
)

//diagon:filter version=1.0.0
//diagon:param s type=string
//diagon:once x=text.NewReplacer(s, "b")
func F(name string, x *text.Replacer) bool { return x.Replace(name) == name }
`
	code, _, err := Generate(folder(t, source))
	if err != nil {
		t.Fatal(err)
	}
	for _, wanted := range []string{`text "strings"`, `func fX(s string) *text.Replacer {`, `x := fX(s)`, `s, _ := batch.StringParam(0)`} {
		if !strings.Contains(string(code), wanted) {
			t.Errorf("no %s in\n%s", wanted, code)
		}
	}
}

// TestPlacesOfExpressions: the compiler tells what is wrong with an expression at its directive, and everything else where it is.
func TestPlacesOfExpressions(t *testing.T) {
	code, _, err := Generate(folder(t, head+`//diagon:filter version=1.0.0
//diagon:param s type=string
//diagon:once x=missing(s)
func F(name string, x *int) bool { return true }
`))
	if err != nil {
		t.Fatal(err)
	}
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, Output, code, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(file, func(node ast.Node) bool {
		if name, plain := node.(*ast.Ident); plain && name.Name == "missing" {
			if at := fset.Position(name.Pos()).String(); at != "main.go:9:17" {
				t.Errorf("the expression is at %s", at)
			}
		}
		return true
	})
	for _, decl := range file.Decls {
		if said, real := fset.Position(decl.Pos()), fset.PositionFor(decl.Pos(), false); said.Filename != Output || said.Line != real.Line {
			t.Errorf("%v is said to be at %v", real, said)
		}
	}
}

// TestTypesThatCannotBeSaid: a package whose name isn't seen in its path is not in the file that is made, if the expression doesn't need it.
func TestTypesThatCannotBeSaid(t *testing.T) {
	code, _, err := Generate(folder(t, `package main

import "example.org/go-set"

//diagon:filter version=1.0.0
//diagon:once x=made()
func F(name string, x *set.Set) bool { return true }

func made() *set.Set { return nil }
`))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(code), "x := made()") || strings.Contains(string(code), "set.Set") {
		t.Errorf("%s", code)
	}
}

func TestCheckTellsWhatIsNotUpToDate(t *testing.T) {
	const once = "//diagon:filter version=1.0.0\n//diagon:once y=new(int)\nfunc F(x float64, y *int) bool { return true }\n"
	dir := folder(t, head+once)
	if err := Check(dir); err == nil || !strings.HasSuffix(err.Error(), "udf_gen.go is not up to date; run go generate") {
		t.Error(err)
	}
	if err := Write(dir); err != nil {
		t.Fatal(err)
	}
	if err := Check(dir); err != nil {
		t.Error(err)
	}
	moved := "\n\n" + head + once
	if err := os.WriteFile(filepath.Join(dir, "main.go"), []byte(moved), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := Check(dir); err != nil {
		t.Errorf("a function has only moved: %v", err)
	}
	if err := os.WriteFile(filepath.Join(dir, Manifest), []byte("{}"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := Check(dir); err == nil || !strings.HasSuffix(err.Error(), "manifest.json is not up to date; run go generate") {
		t.Error(err)
	}
}

// TestTemplate: what the template has of generated files is what the generator makes of it.
func TestTemplate(t *testing.T) {
	const template = "../../template"
	dir := t.TempDir()
	fill := strings.NewReplacer("{{name}}", "some-name", "{{ident}}", "some_name", "{{sdk}}", "diagon-udf")
	entries, err := fs.ReadDir(os.DirFS(template), ".")
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		text, err := os.ReadFile(filepath.Join(template, entry.Name()))
		if err != nil {
			t.Fatal(err)
		}
		name := filepath.Join(dir, strings.TrimSuffix(entry.Name(), ".tmpl"))
		if err := os.WriteFile(name, []byte(fill.Replace(string(text))), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := Check(dir); err != nil {
		t.Error(err)
	}
}
