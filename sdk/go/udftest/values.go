package udftest

import (
	"cmp"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"diagon/udf/abi"
)

// lookUp are the values that a document has in a field: the parts of its name lead through objects, and through all items of arrays.
func lookUp(document input, name string) []any {
	if name == "_source" {
		return []any{document.source}
	}
	return valuesAt(document.values, strings.TrimPrefix(name, "_source."))
}

func valuesAt(value any, path string) []any {
	switch value := value.(type) {
	case nil:
		return nil
	case []any:
		var all []any
		for _, item := range value {
			all = append(all, valuesAt(item, path)...)
		}
		return all
	case map[string]any:
		if path == "" {
			return []any{value}
		}
		if inner, found := value[path]; found {
			return valuesAt(inner, "")
		}
		head, rest, _ := strings.Cut(path, ".")
		return valuesAt(value[head], rest)
	}
	if path != "" {
		return nil
	}
	return []any{value}
}

// convertAll are the values that are of a type, or convert to it.
func convertAll(typ string, values []any) []any {
	all := []any{}
	for _, value := range values {
		if converted := convert(typ, value); converted != nil {
			all = append(all, converted)
		}
	}
	return all
}

// convert is a value of JSON as a bool, int64, float64 or string; nil if it is none.
func convert(typ string, value any) any {
	switch value := value.(type) {
	case bool:
		switch typ {
		case "bool":
			return value
		case "str":
			return strconv.FormatBool(value)
		}
	case json.Number:
		return convertNumber(typ, value)
	case string:
		if typ == "str" {
			return value
		}
		if typ != "bool" {
			return convertNumber(typ, json.Number(value))
		}
	case map[string]any:
		if typ == "str" {
			text, _ := json.Marshal(value)
			return string(text)
		}
	}
	return nil
}

func convertNumber(typ string, number json.Number) any {
	if typ == "str" {
		return number.String()
	}
	if whole, err := number.Int64(); err == nil && (typ == "i64" || typ == "i32") {
		return whole
	}
	double, err := number.Float64()
	if err != nil || typ == "bool" {
		return nil
	}
	if typ == "i64" || typ == "i32" {
		return int64(double)
	}
	return double
}

// smallest is what a column that is no list has of a document with several values.
func smallest(values []any) any {
	if len(values) == 0 {
		return nil
	}
	least := values[0]
	for _, value := range values[1:] {
		if less(value, least) {
			least = value
		}
	}
	return least
}

func less(a, b any) bool {
	switch a := a.(type) {
	case int64:
		return a < b.(int64)
	case float64:
		return a < b.(float64)
	case string:
		return cmp.Less(a, b.(string))
	case bool:
		return !a && b == true
	}
	return false
}

// answersAt is where answers are, and the bits that say which are there.
type answersAt struct{ answers, present int }

var errDocument = errors.New("the function reported an error in this document")

// read reads the answers.
func (f *Function) read(bytes []byte, where answersAt, n int) []any {
	answers := make([]any, n)
	for i := range answers {
		present := bytes[where.present+i/8]>>(i%8)&1 != 0
		answers[i] = f.answer(bytes[where.answers:], i, present)
	}
	return answers
}

func (f *Function) answer(bytes []byte, i int, present bool) any {
	word := func() uint64 { return binary.LittleEndian.Uint64(bytes[8*i:]) }
	kind := f.manifest.Kind
	if kind == "filter" {
		if bytes[i] > 1 {
			return errDocument
		}
		return bytes[i] == 1
	}
	if !present {
		if kind == "score" {
			return errDocument
		}
		return nil
	}
	switch f.manifest.Returns {
	case "bool":
		return bytes[i] == 1
	case "i64":
		return int64(word())
	case "str":
		r := abi.Returned
		return string(r.Bytes[r.Offsets[i]:r.Offsets[i+1]])
	}
	return f.number(math.Float64frombits(word()))
}

// number is a score or floating point value, or why the engine doesn't take it.
func (f *Function) number(number float64) any {
	m := &f.manifest
	switch {
	case math.IsNaN(number):
		return errDocument
	case m.Kind == "value" && math.IsInf(number, 0):
		return fmt.Errorf("the value is %v", number)
	case m.Kind == "value":
		return number
	case m.MaxScore != nil && number > *m.MaxScore:
		return fmt.Errorf("the score is %v, above the manifest's `max_score`, %v", number, *m.MaxScore)
	case number < 0 || number > math.MaxFloat32:
		return fmt.Errorf("the score is %v, expected a number from 0 to 3.4028235e38", number)
	}
	return number
}
