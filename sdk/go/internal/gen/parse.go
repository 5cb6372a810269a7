// Package gen makes of an author's functions, and of the directives in their doc comments, the loop over a batch and the manifest.
package gen

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"sort"
	"strings"
	"unicode"
)

// Output is the file of Go that is made.
const Output = "udf_gen.go"

// Manifest is the file of JSON that is made: one object for each function, one behind the other.
const Manifest = "manifest.json"

// pkg is the author's package.
type pkg struct {
	fset      *token.FileSet
	name      string
	files     []*ast.File
	taken     map[string]bool
	functions []*function
	errors    []problem
}

type problem struct {
	at      token.Position
	message string
}

func (p *pkg) fail(pos token.Pos, format string, args ...any) {
	p.errors = append(p.errors, problem{p.fset.Position(pos), fmt.Sprintf(format, args...)})
}

// err is all that is wrong, a line each.
func (p *pkg) err() error {
	if len(p.errors) == 0 {
		return nil
	}
	sort.SliceStable(p.errors, func(i, j int) bool {
		a, b := p.errors[i].at, p.errors[j].at
		return a.Filename < b.Filename || a.Filename == b.Filename && a.Offset < b.Offset
	})
	var lines []string
	for _, e := range p.errors {
		lines = append(lines, fmt.Sprintf("%s:%d:%d: %s", filepath.Base(e.at.Filename), e.at.Line, e.at.Column, e.message))
	}
	return errors.New(strings.Join(lines, "\n"))
}

// load parses the package in a folder, without tests and without what the generator itself wrote.
func load(folder string) (*pkg, error) {
	p := &pkg{fset: token.NewFileSet(), taken: map[string]bool{}}
	names, err := filepath.Glob(filepath.Join(folder, "*.go"))
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		if base := filepath.Base(name); base == Output || strings.HasSuffix(base, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(p.fset, name, nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		p.files = append(p.files, file)
		p.name = file.Name.Name
	}
	if len(p.files) == 0 {
		return nil, fmt.Errorf("no Go files in %s", folder)
	}
	return p, nil
}

// read finds the functions with a directive.
func (p *pkg) read() {
	for _, file := range p.files {
		for _, decl := range file.Decls {
			p.takeNames(decl)
		}
	}
	for _, file := range p.files {
		for _, decl := range file.Decls {
			if f, isFunc := decl.(*ast.FuncDecl); isFunc {
				p.readFunction(file, f)
			}
		}
	}
	p.strays()
	for _, name := range packages {
		if p.taken[name] {
			p.fail(p.files[0].Name.Pos(), "generated code uses a package %s: nothing of this package can be called so", name)
		}
	}
	if len(p.functions) == 0 && len(p.errors) == 0 {
		p.fail(p.files[0].Name.Pos(), "no function has a directive; write //diagon:filter version=1.0.0 above one (or score, value)")
	}
	if p.name != "main" {
		p.fail(p.files[0].Name.Pos(), "a module is built from package main, this is package %s", p.name)
	}
}

func (p *pkg) takeNames(decl ast.Decl) {
	switch decl := decl.(type) {
	case *ast.FuncDecl:
		if decl.Recv == nil {
			p.taken[decl.Name.Name] = true
		}
	case *ast.GenDecl:
		for _, spec := range decl.Specs {
			switch spec := spec.(type) {
			case *ast.TypeSpec:
				p.taken[spec.Name.Name] = true
			case *ast.ValueSpec:
				for _, name := range spec.Names {
					p.taken[name.Name] = true
				}
			}
		}
	}
}

func (p *pkg) readFunction(file *ast.File, decl *ast.FuncDecl) {
	all := p.directives(decl.Doc)
	if len(all) == 0 {
		return
	}
	var head *directive
	for i := range all {
		switch all[i].word {
		case filter, score, value:
			if head != nil {
				p.fail(all[i].pos, "%s is a %s function already", decl.Name.Name, head.word)
			}
			head = &all[i]
		case "field", "param", "once", "limits":
		default:
			p.fail(all[i].pos, "no directive //diagon:%s; there are filter, score, value, field, param, once, limits", all[i].word)
		}
	}
	if head == nil {
		p.fail(decl.Name.Pos(), "%s has directives, but none says what it is: //diagon:filter, //diagon:score or //diagon:value", decl.Name.Name)
		return
	}
	if decl.Recv != nil || decl.Type.TypeParams != nil {
		p.fail(decl.Name.Pos(), "%s must be a plain function: no method, no type parameters", decl.Name.Name)
		return
	}
	f := &function{goName: decl.Name.Name, pos: decl.Name.Pos()}
	f.manifest = manifest{ABI: 1, Kind: head.word, Pure: true, Fields: []field{}, Params: []param{}}
	f.manifest.Description = description(decl)
	r, fine := p.resultsOf(head.word, decl)
	f.results = r
	if fine && head.word == value {
		f.manifest.Returns = fieldTypes[r.base]
	}
	p.head(f, head)
	p.arguments(f, file, decl, all)
	p.functions = append(p.functions, f)
}

// description is the first paragraph of a doc comment, as a line, without the name that it begins with in Go.
func description(decl *ast.FuncDecl) string {
	paragraph, _, _ := strings.Cut(decl.Doc.Text(), "\n\n")
	words := strings.Fields(paragraph)
	if len(words) > 1 && words[0] == decl.Name.Name {
		words = words[1:]
	}
	return strings.Join(words, " ")
}

// snake is a Go name as the names of functions are written: PriceAbove is price_above.
func snake(name string) string {
	var b strings.Builder
	runes := []rune(name)
	for i, r := range runes {
		if unicode.IsUpper(r) && i > 0 && (unicode.IsLower(runes[i-1]) || i+1 < len(runes) && unicode.IsLower(runes[i+1])) {
			b.WriteByte('_')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}

func lastElement(path string) string { return path[strings.LastIndexByte(path, '/')+1:] }
