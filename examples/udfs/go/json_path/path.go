package main

import (
	"errors"
	"strconv"
	"strings"
)

// step leads from a value to one inside of it.
type step struct {
	kind  stepKind
	name  string
	index int
}

type stepKind int

const (
	// member is the value under a name in an object.
	member stepKind = iota
	// item is a value of an array by its place, from the end if that is negative.
	item
	// anyItem is the first value of an array in which the rest of the path leads to something.
	anyItem
)

// path is the steps from a document to a value in it.
type path []step

// More steps than any document is deep.
const maxSteps = 100

// parsePath reads a path such as $.a['b c'][0][-1][*].d; the "$" and the "." behind it may be left out.
func parsePath(text string) (path, error) {
	p := pathParser{text: text}
	steps, err := p.parse()
	if err != nil {
		return nil, errors.New("parameter path: " + err.Error() + " at character " + strconv.Itoa(p.at+1) + " of " + strconv.Quote(text))
	}
	return steps, nil
}

type pathParser struct {
	text string
	at   int
}

func (p *pathParser) parse() (path, error) {
	if !p.take('$') && p.at < len(p.text) && p.text[p.at] != '[' {
		// As if "$." stood before it.
		first, err := p.name()
		if err != nil {
			return nil, err
		}
		return p.steps(path{first})
	}
	return p.steps(nil)
}

func (p *pathParser) steps(steps path) (path, error) {
	for p.at < len(p.text) {
		var next step
		var err error
		switch {
		case p.take('.'):
			next, err = p.name()
		case p.take('['):
			next, err = p.bracket()
		default:
			err = errors.New(`expected "." or "["`)
		}
		if err != nil {
			return nil, err
		}
		if steps = append(steps, next); len(steps) > maxSteps {
			return nil, errors.New("more than " + strconv.Itoa(maxSteps) + " steps")
		}
	}
	if len(steps) == 0 && p.text != "$" {
		return nil, errors.New("expected a path")
	}
	return steps, nil
}

func (p *pathParser) take(c byte) bool {
	if p.at < len(p.text) && p.text[p.at] == c {
		p.at++
		return true
	}
	return false
}

// name is a name without quotes: anything up to the next step.
func (p *pathParser) name() (step, error) {
	rest := p.text[p.at:]
	end := strings.IndexAny(rest, ".[")
	if end < 0 {
		end = len(rest)
	}
	if wrong := strings.IndexAny(rest[:end], " \t\r\n]'\"*$"); wrong >= 0 {
		p.at += wrong
		return step{}, errors.New("expected a name; others than plain ones are written ['name']")
	}
	if end == 0 {
		return step{}, errors.New("expected a name")
	}
	p.at += end
	return step{kind: member, name: rest[:end]}, nil
}

// bracket is what stands behind "[".
func (p *pathParser) bracket() (step, error) {
	var next step
	var err error
	switch {
	case p.take('\''):
		next, err = p.quoted('\'')
	case p.take('"'):
		next, err = p.quoted('"')
	case p.take('*'):
		next.kind = anyItem
	default:
		next, err = p.number()
	}
	if err == nil && !p.take(']') {
		err = errors.New(`expected "]"`)
	}
	return next, err
}

func (p *pathParser) number() (step, error) {
	rest := p.text[p.at:]
	end := 0
	for end < len(rest) && (rest[end] >= '0' && rest[end] <= '9' || rest[end] == '-') {
		end++
	}
	index, err := strconv.ParseInt(rest[:end], 10, 32)
	if err != nil {
		return step{}, errors.New("expected a place such as 0 or -1, a name in quotes, or *")
	}
	p.at += end
	return step{kind: item, index: int(index)}, nil
}

// quoted is a name up to a quote; a backslash takes away the next character's meaning.
func (p *pathParser) quoted(quote byte) (step, error) {
	var name []byte
	for p.at < len(p.text) {
		c := p.text[p.at]
		p.at++
		switch {
		case c == quote:
			return step{kind: member, name: string(name)}, nil
		case c == '\\' && p.at < len(p.text):
			name = append(name, p.text[p.at])
			p.at++
		default:
			name = append(name, c)
		}
	}
	return step{}, errors.New("expected " + strconv.QuoteRune(rune(quote)))
}
