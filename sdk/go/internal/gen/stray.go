package gen

import (
	"go/ast"
	"regexp"
	"strings"
)

// Comments that were meant as directives, but that Go, and gofmt, take for prose. What follows "diagon: " must be one of our words, so that
// prose about the engine may begin so.
var almostDirective = regexp.MustCompile(`^//\s*(?i:diagon)(?:\s*:\s*((?i:filter|score|value|field|param|once|limits)\b.*)|:(\S.*))$`)

// directiveMeant is how a comment must be written to be the directive that it looks like; empty if it is one, or is prose.
func directiveMeant(comment string) string {
	if rest, found := strings.CutPrefix(comment, directivePrefix); found && strings.TrimLeft(rest, " \t") == rest {
		return ""
	}
	parts := almostDirective.FindStringSubmatch(comment)
	if parts == nil {
		return ""
	}
	word, rest, spaced := strings.Cut(parts[1]+parts[2], " ")
	if spaced {
		rest = " " + rest
	}
	return directivePrefix + strings.ToLower(word) + rest
}

// strays tells directives that are above no function.
func (p *pkg) strays() {
	for _, file := range p.files {
		ofFunction := map[*ast.CommentGroup]bool{}
		for _, decl := range file.Decls {
			if f, isFunc := decl.(*ast.FuncDecl); isFunc {
				ofFunction[f.Doc] = true
			}
		}
		for _, group := range file.Comments {
			if !ofFunction[group] {
				p.stray(group)
			}
		}
	}
}

// stray tells the first directive of a comment that is no function's. What only looks like one may be about directives, and is told if there
// are no others.
func (p *pkg) stray(group *ast.CommentGroup) {
	for _, comment := range group.List {
		meant := directiveMeant(comment.Text)
		if strings.HasPrefix(comment.Text, directivePrefix) || meant != "" && len(p.functions) == 0 {
			p.fail(comment.Pos(), "this directive belongs to no function: it must stand right above one, with no blank line between")
			return
		}
	}
}
