package main

import "strings"

// The functions here look for a value in JSON without decoding anything else, and without memory of their own. What isn't JSON has no
// values; it is never read past its end.

// find is the JSON of the value that the path leads to; not ok if there is none, or null.
func (p path) find(json string) (found string, ok bool) {
	from := p.from(json, skipSpace(json, 0))
	if from < 0 {
		return "", false
	}
	to := skipValue(json, from)
	if to < 0 || json[from:to] == "null" {
		return "", false
	}
	return json[from:to], true
}

// from is where the value begins that the path leads to from the value at a place; -1 if there is none.
func (p path) from(json string, at int) int {
	for i, step := range p {
		if at < 0 {
			return -1
		}
		switch {
		case step.kind == member:
			at = findMember(json, at, step.name)
		case step.kind == anyItem:
			return p[i+1:].fromAny(json, at)
		case step.index < 0:
			at = findItem(json, at, countItems(json, at)+step.index)
		default:
			at = findItem(json, at, step.index)
		}
	}
	return at
}

// fromAny is from, of the first item of the array at a place that has something there.
func (p path) fromAny(json string, at int) int {
	for at = enter(json, at, '['); at >= 0; at = next(json, skipValue(json, at)) {
		if from := p.from(json, at); from >= 0 && !isNull(json, from) {
			return from
		}
	}
	return -1
}

func isNull(json string, at int) bool { return strings.HasPrefix(json[at:], "null") }

// findMember is where the value under a name begins in the object at a place; -1 if there is none. The first one counts.
func findMember(json string, at int, name string) int {
	for at = enter(json, at, '{'); at >= 0; {
		end := skipString(json, at)
		if end < 0 {
			return -1
		}
		same := isText(json[at:end], name)
		if at = skipSpace(json, end); at >= len(json) || json[at] != ':' {
			return -1
		}
		at = skipSpace(json, at+1)
		if same {
			return at
		}
		at = next(json, skipValue(json, at))
	}
	return -1
}

// findItem is where an item of the array at a place begins; -1 if there is none.
func findItem(json string, at, index int) int {
	if index < 0 {
		return -1
	}
	for at = enter(json, at, '['); at >= 0 && index > 0; index-- {
		at = next(json, skipValue(json, at))
	}
	return at
}

func countItems(json string, at int) int {
	count := 0
	for at = enter(json, at, '['); at >= 0; at = next(json, skipValue(json, at)) {
		count++
	}
	return count
}

// enter is where the first thing in an object or array begins; -1 if it is empty, or no such.
func enter(json string, at int, open byte) int {
	if at >= len(json) || json[at] != open {
		return -1
	}
	at = skipSpace(json, at+1)
	// What closes it is the second character behind what opens it.
	if at >= len(json) || json[at] == open+2 {
		return -1
	}
	return at
}

// next is where the next thing begins behind one that ends at a place; -1 if that was the last one.
func next(json string, at int) int {
	if at < 0 {
		return -1
	}
	if at = skipSpace(json, at); at >= len(json) || json[at] != ',' {
		return -1
	}
	return skipSpace(json, at+1)
}

func skipSpace(json string, at int) int {
	for at < len(json) && (json[at] == ' ' || json[at] == '\n' || json[at] == '\t' || json[at] == '\r') {
		at++
	}
	return at
}

// skipString is where a string ends that begins at a place; -1 if there is none.
func skipString(json string, at int) int {
	if at >= len(json) || json[at] != '"' {
		return -1
	}
	for from := at + 1; ; {
		quote := strings.IndexByte(json[from:], '"')
		if quote < 0 {
			return -1
		}
		quote += from
		if !isEscaped(json, at, quote) {
			return quote + 1
		}
		from = quote + 1
	}
}

// isEscaped says whether a character of the string that begins at a place has a backslash before it that means it.
func isEscaped(json string, from, at int) bool {
	escaped := false
	for at--; at > from && json[at] == '\\'; at-- {
		escaped = !escaped
	}
	return escaped
}

// skipValue is where a value ends that begins at a place; -1 if it doesn't end.
func skipValue(json string, at int) int {
	if at >= len(json) {
		return -1
	}
	switch json[at] {
	case '"':
		return skipString(json, at)
	case '{', '[':
		return skipNested(json, at)
	}
	from := at
	for at < len(json) && classes[json[at]]&endsScalar == 0 {
		at++
	}
	if at == from {
		return -1
	}
	return at
}

// skipNested is where an object or array ends that begins at a place; -1 if it doesn't end.
func skipNested(json string, at int) int {
	for depth := 0; at < len(json); at++ {
		switch class := classes[json[at]]; {
		case class&nests == 0:
		case class&opens != 0:
			depth++
		case class&closes != 0:
			if depth--; depth == 0 {
				return at + 1
			}
		default:
			if at = skipString(json, at) - 1; at < 0 {
				return -1
			}
		}
	}
	return -1
}

// Classes of characters: one look-up a character is faster than comparisons with each.
const (
	opens uint8 = 1 << iota
	closes
	quotes
	endsScalar

	nests = opens | closes | quotes
)

var classes = [256]uint8{
	'{': opens, '[': opens, '}': closes | endsScalar, ']': closes | endsScalar, '"': quotes,
	',': endsScalar, ' ': endsScalar, '\n': endsScalar, '\t': endsScalar, '\r': endsScalar,
}
