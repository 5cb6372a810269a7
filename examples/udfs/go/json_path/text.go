package main

import (
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// text is a value as text: what a string says, and anything else as it stands in the JSON.
func text(json string) string {
	if json[0] != '"' {
		return json
	}
	inside := json[1 : len(json)-1]
	if strings.IndexByte(inside, '\\') < 0 {
		return inside
	}
	return unescape(inside)
}

// isText says whether that is a given text.
func isText(json, wanted string) bool {
	if json[0] != '"' {
		return json == wanted
	}
	inside := json[1 : len(json)-1]
	if len(inside) <= len(wanted) {
		// An escape is longer than what it stands for.
		return inside == wanted
	}
	return strings.IndexByte(inside, '\\') >= 0 && unescape(inside) == wanted
}

// What stands behind a backslash, but for "u".
var escapes = map[byte]byte{'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t'}

func unescape(inside string) string {
	plain := make([]byte, 0, len(inside))
	for len(inside) > 0 {
		cut := strings.IndexByte(inside, '\\')
		if cut < 0 || cut+1 >= len(inside) {
			return string(append(plain, inside...))
		}
		plain = append(plain, inside[:cut]...)
		kind := inside[cut+1]
		inside = inside[cut+2:]
		if kind != 'u' {
			plain = append(plain, escapes[kind])
			continue
		}
		var r rune
		r, inside = unicodeEscape(inside)
		plain = utf8.AppendRune(plain, r)
	}
	return string(plain)
}

// unicodeEscape is the character of four hexadecimal digits, or of two such escapes; one half of a pair is the replacement character.
func unicodeEscape(rest string) (rune, string) {
	r := hex(rest)
	rest = rest[min(4, len(rest)):]
	if utf16.IsSurrogate(r) {
		if strings.HasPrefix(rest, `\u`) {
			if pair := utf16.DecodeRune(r, hex(rest[2:])); pair != utf8.RuneError {
				return pair, rest[min(6, len(rest)):]
			}
		}
		return utf8.RuneError, rest
	}
	return r, rest
}

func hex(digits string) rune {
	if len(digits) < 4 {
		return utf8.RuneError
	}
	n, err := strconv.ParseUint(digits[:4], 16, 32)
	if err != nil {
		return utf8.RuneError
	}
	return rune(n)
}
