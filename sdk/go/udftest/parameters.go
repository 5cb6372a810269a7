package udftest

import (
	"encoding/json"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"
)

// params writes the parameters, defaults where there are none, and returns their values. What it refuses the engine refuses, in these words.
func (f *Function) params(l *layout, at int, given map[string]any) (map[string]any, error) {
	known := map[string]any{}
	for i, p := range f.manifest.Params {
		value := given[p.Name]
		if value == nil {
			value = p.Default
		}
		known[p.Name] = value
		if value == nil {
			if p.Required {
				return nil, fmt.Errorf("parameter `%s`: required, %s", p.Name, described(p.Type, p.List))
			}
			continue
		}
		if err := l.param(at+16*i, p.Type, p.List, value); err != nil {
			return nil, fmt.Errorf("parameter `%s`: %w", p.Name, err)
		}
	}
	for name := range given {
		if _, found := known[name]; !found {
			return nil, fmt.Errorf("parameter `%s`: unknown; the function's parameters: %s", name, f.paramNames())
		}
	}
	return known, nil
}

func described(typ string, list bool) string {
	if list {
		return "a list of " + typ
	}
	return typ
}

func (f *Function) paramNames() string {
	var names []string
	for _, p := range f.manifest.Params {
		names = append(names, p.Name)
	}
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, ", ")
}

func (l *layout) param(at int, typ string, list bool, value any) error {
	if list {
		return l.listParam(at, typ, value)
	}
	converted, err := parameter(typ, value)
	if err != nil {
		return err
	}
	where, _ := l.values(typ, []any{converted})
	if text, isText := converted.(string); isText {
		l.words(at, typeNumbers[typ], uint32(len(text)), where)
		return nil
	}
	l.words(at, typeNumbers[typ], 8)
	copy(l.bytes[at+8:at+16], l.bytes[where:where+8])
	return nil
}

func (l *layout) listParam(at int, typ string, value any) error {
	items, isList := value.([]any)
	if !isList {
		return fmt.Errorf("expected a list of %s, got %s", typ, shown(value))
	}
	converted := make([]any, len(items))
	for i, item := range items {
		var err error
		if converted[i], err = parameter(typ, item); err != nil {
			return fmt.Errorf("item %d: %w", i, err)
		}
	}
	column := l.room(32)
	l.column(column, typ, converted, false)
	l.words(at, typeList+typeNumbers[typ], uint32(len(converted)), uint32(column))
	return nil
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
