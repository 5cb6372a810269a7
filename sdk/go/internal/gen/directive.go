package gen

import (
	"encoding/json"
	"go/ast"
	"go/token"
	"regexp"
	"strings"
)

// directive is a line "//diagon:word subject key=value …" of a function's doc comment.
type directive struct {
	word    string
	subject string
	keys    []keyValue
	pos     token.Pos
}

type keyValue struct {
	key   string
	value string
	pos   token.Pos
}

const directivePrefix = "//diagon:"

// Words with a subject, which is the name of an argument, of a parameter.
var withSubject = map[string]bool{"field": true, "param": true}

// directives reads those of a doc comment.
func (p *pkg) directives(doc *ast.CommentGroup) []directive {
	var all []directive
	if doc == nil {
		return nil
	}
	for _, comment := range doc.List {
		if meant := directiveMeant(comment.Text); meant != "" {
			p.fail(comment.Pos(), "Go takes this for a plain comment; the directive is written %s", meant)
		} else if rest, found := strings.CutPrefix(comment.Text, directivePrefix); found {
			if d, fine := p.directive(rest, comment.Pos()+token.Pos(len(directivePrefix))); fine {
				all = append(all, d)
			}
		}
	}
	return all
}

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

func (p *pkg) directive(text string, pos token.Pos) (directive, bool) {
	words := lexer{text: text, pos: pos}
	d := directive{pos: pos}
	d.word, _ = words.next()
	if d.word == "once" {
		return p.once(d, words)
	}
	if withSubject[d.word] {
		d.subject, _ = words.next()
		if d.subject == "" || strings.Contains(d.subject, "=") {
			p.fail(pos, "//diagon:%s says nothing of which argument; write //diagon:%s NAME key=value …", d.word, d.word)
			return d, false
		}
	}
	for {
		word, at := words.next()
		if word == "" {
			return d, true
		}
		key, value, _ := strings.Cut(word, "=")
		for _, other := range d.keys {
			if other.key == key {
				p.fail(at, "%s is said twice", key)
				return d, false
			}
		}
		d.keys = append(d.keys, keyValue{key, value, at})
	}
}

// once reads "NAME=EXPRESSION": the rest of the line is Go.
func (p *pkg) once(d directive, words lexer) (directive, bool) {
	name, expression, found := strings.Cut(strings.TrimSpace(words.text[words.at:]), "=")
	d.subject = strings.TrimSpace(name)
	if !found || !token.IsIdentifier(d.subject) {
		p.fail(d.pos, "what is made once a batch is written //diagon:once ARGUMENT=EXPRESSION, such as //diagon:once pattern=NewPattern(target)")
		return d, false
	}
	at := d.pos + token.Pos(strings.Index(words.text, "=")+1)
	d.keys = []keyValue{{"expression", strings.TrimSpace(expression), at}}
	return d, true
}

// lexer parts a line into words: white space between, but not inside of the JSON behind a "=".
type lexer struct {
	text string
	at   int
	pos  token.Pos
}

func (l *lexer) next() (string, token.Pos) {
	for l.at < len(l.text) && (l.text[l.at] == ' ' || l.text[l.at] == '\t') {
		l.at++
	}
	start := l.at
	for l.at < len(l.text) && l.text[l.at] != ' ' && l.text[l.at] != '\t' {
		if l.text[l.at] == '=' && strings.ContainsRune(`"[`, rune(l.peek())) {
			l.at += 1 + jsonLength(l.text[l.at+1:])
		} else {
			l.at++
		}
	}
	return l.text[start:l.at], l.pos + token.Pos(start)
}

func (l *lexer) peek() byte {
	if l.at+1 < len(l.text) {
		return l.text[l.at+1]
	}
	return 0
}

// jsonLength is how long the JSON value is that a text begins with; all of the text if it is none.
func jsonLength(text string) int {
	decoder := json.NewDecoder(strings.NewReader(text))
	var value json.RawMessage
	if decoder.Decode(&value) != nil {
		return len(text)
	}
	return int(decoder.InputOffset())
}

// text is a value as a string: as it stands, or what it is as JSON if it is in quotes.
func (kv keyValue) text() string {
	var unquoted string
	if strings.HasPrefix(kv.value, `"`) && json.Unmarshal([]byte(kv.value), &unquoted) == nil {
		return unquoted
	}
	return kv.value
}
