package udftest

import (
	"cmp"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/big"
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

// parameter is a value of JSON as one of a type. Unlike a document's values, nothing converts but numbers that lose nothing by it.
func parameter(typ string, value any) (any, error) {
	number, isNumber := value.(json.Number)
	switch typ {
	case "bool":
		if flag, fits := value.(bool); fits {
			return flag, nil
		}
	case "str":
		if text, fits := value.(string); fits {
			return text, nil
		}
	case "i32", "i64":
		if whole, fits := wholeNumber(number); isNumber && fits {
			if typ == "i32" && int64(int32(whole)) != whole {
				return nil, fmt.Errorf("%d does not fit into i32", whole)
			}
			return whole, nil
		}
	default:
		if isNumber {
			return double(typ, number)
		}
	}
	return nil, fmt.Errorf("expected %s, got %s", typ, shown(value))
}

// wholeNumber is a number such as 3, 3.0 or 3e2 as an int64, if it is one.
func wholeNumber(number json.Number) (int64, bool) {
	if whole, err := number.Int64(); err == nil {
		return whole, true
	}
	if !strings.ContainsAny(number.String(), ".eE") {
		return 0, false
	}
	value, err := number.Float64()
	if err != nil || value != math.Trunc(value) || value < -(1<<63) || value >= 1<<63 {
		return 0, false
	}
	return int64(value), true
}

func double(typ string, number json.Number) (any, error) {
	value, err := number.Float64()
	if err != nil || typ == "f32" && math.Abs(value) > math.MaxFloat32 {
		return nil, fmt.Errorf("%s does not fit into %s", number, typ)
	}
	if whole, isWhole := new(big.Int).SetString(number.String(), 10); isWhole {
		if held, _ := new(big.Float).SetFloat64(value).Int(nil); held.Cmp(whole) != 0 {
			return nil, fmt.Errorf("%s can't be held exactly by %s", number, typ)
		}
	}
	return value, nil
}

func shown(value any) string {
	switch value := value.(type) {
	case nil:
		return "null"
	case bool:
		return strconv.FormatBool(value)
	case json.Number:
		return value.String()
	case string:
		if len(value) <= 40 {
			return `"` + value + `"`
		}
		return "a string"
	case []any:
		return "a list"
	default:
		return "an object"
	}
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
