package udftest

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"strings"
)

// The numbers of types in a batch.
var typeNumbers = map[string]uint32{"bool": 1, "i64": 2, "i32": 2, "f64": 3, "f32": 3, "str": 4}

const typeList = 16

const (
	flagNoneMissing = 1
	flagAllMissing  = 2
)

// layout is the memory that a batch is written into, from address 0.
type layout struct{ bytes []byte }

// room reserves zeros, from a multiple of 64 to a multiple of 64.
func (l *layout) room(size int) int {
	at := len(l.bytes)
	l.bytes = append(l.bytes, make([]byte, (size+63)/64*64)...)
	return at
}

func (l *layout) word(at int, value uint32) { binary.LittleEndian.PutUint32(l.bytes[at:], value) }

func (l *layout) words(at int, values ...uint32) {
	for i, value := range values {
		l.word(at+4*i, value)
	}
}

// buffer writes bytes and says where.
func (l *layout) buffer(bytes []byte) uint32 {
	at := l.room(len(bytes))
	copy(l.bytes[at:], bytes)
	return uint32(at)
}

// values writes values of one type: their bytes, and the offsets of strings (0 for others).
func (l *layout) values(typ string, values []any) (at, offsets uint32) {
	var bytes, ends []byte
	ends = append(ends, 0, 0, 0, 0)
	for _, value := range values {
		switch typ {
		case "bool":
			b := byte(0)
			if value == true {
				b = 1
			}
			bytes = append(bytes, b)
		case "i64", "i32":
			n, _ := value.(int64)
			bytes = binary.LittleEndian.AppendUint64(bytes, uint64(n))
		case "f64", "f32":
			n, _ := value.(float64)
			bytes = binary.LittleEndian.AppendUint64(bytes, math.Float64bits(n))
		default:
			s, _ := value.(string)
			bytes = append(bytes, s...)
			ends = binary.LittleEndian.AppendUint32(ends, uint32(len(bytes)))
		}
	}
	if typ == "str" {
		offsets = l.buffer(ends)
	}
	return l.buffer(bytes), offsets
}

// bits are a bit for each value, set if it is there, and how many aren't.
func bits(values []any) (words []byte, missing int) {
	words = make([]byte, (len(values)+63)/64*8)
	for i, value := range values {
		if value == nil {
			missing++
			continue
		}
		words[i/8] |= 1 << (i % 8)
	}
	return words, missing
}

// column writes a column of which nil is a missing value; validity says whether any may be.
func (l *layout) column(at int, typ string, values []any, validity bool) {
	words, missing := bits(values)
	flags, present := uint32(0), uint32(0)
	if missing == 0 {
		flags |= flagNoneMissing
	} else if missing == len(values) {
		flags |= flagAllMissing
	}
	if validity && missing > 0 {
		present = l.buffer(words)
	}
	where, offsets := l.values(typ, values)
	l.words(at, typeNumbers[typ], flags, uint32(len(values)), where, present, offsets)
}

// lists writes a column of lists.
func (l *layout) lists(at int, typ string, lists [][]any) {
	var items []any
	ends := []byte{0, 0, 0, 0}
	for _, list := range lists {
		items = append(items, list...)
		ends = binary.LittleEndian.AppendUint32(ends, uint32(len(items)))
	}
	child := l.room(32)
	l.column(child, typ, items, false)
	offsets := l.buffer(ends)
	l.words(at, typeList, flagNoneMissing, uint32(len(lists)), 0, 0, offsets, uint32(child))
}

// write lays out a batch at address 0 and says where its answers are.
func (f *Function) write(l *layout, parameters map[string]any, documents []input) (answersAt, error) {
	m := &f.manifest
	n := len(documents)
	columns, params := l.room(32*len(m.Fields)), l.room(16*len(m.Params))
	given, err := f.params(l, params, parameters)
	if err != nil {
		return answersAt{}, err
	}
	for i, field := range m.Fields {
		name := field.Name
		if field.FromParam != "" {
			name, _ = given[field.FromParam].(string)
		}
		if field.Part != "" {
			name += "." + field.Part
		}
		scalars, lists := make([]any, n), make([][]any, n)
		for d, document := range documents {
			lists[d] = convertAll(field.Type, lookUp(document, name))
			if scalars[d] = smallest(lists[d]); scalars[d] == nil && field.Default != nil {
				scalars[d] = convert(field.Type, field.Default)
			}
		}
		if field.List {
			l.lists(columns+32*i, field.Type, lists)
		} else {
			l.column(columns+32*i, field.Type, scalars, field.Default == nil)
		}
	}
	where := answersAt{answers: l.room(max(32, 8*n)), present: l.room((n + 63) / 64 * 8)}
	for i := range n {
		l.bytes[where.present+i/8] |= 1 << (i % 8)
	}
	scores, docIDs, ids := f.inputs(l, documents)
	l.words(0, 1, uint32(n), uint32(columns), uint32(len(m.Fields)), uint32(params), uint32(len(m.Params)),
		scores, docIDs, ids, uint32(where.answers), uint32(where.present))
	// Go may read behind the end, as far as the next multiple of 64.
	l.room(64)
	return where, nil
}

// inputs writes what isn't a field: scores, numbers and ids of the documents.
func (f *Function) inputs(l *layout, documents []input) (scores, docIDs, ids uint32) {
	for _, wanted := range f.manifest.Inputs {
		var bytes []byte
		var names []any
		for i, document := range documents {
			switch wanted {
			case "score":
				score, _ := convert("f64", document.values["_score"]).(float64)
				bytes = binary.LittleEndian.AppendUint32(bytes, math.Float32bits(float32(score)))
			case "doc_id":
				bytes = binary.LittleEndian.AppendUint32(bytes, uint32(i))
			default:
				names = append(names, idOf(document))
			}
		}
		switch wanted {
		case "score":
			scores = l.buffer(bytes)
		case "doc_id":
			docIDs = l.buffer(bytes)
		default:
			at := l.room(32)
			l.column(at, "str", names, false)
			ids = uint32(at)
		}
	}
	return scores, docIDs, ids
}

// idOf is a document's _id, else its id, if that is a string or an integer; nil if it has none.
func idOf(document input) any {
	for _, key := range []string{"_id", "id"} {
		switch id := document.values[key].(type) {
		case string:
			return id
		case json.Number:
			if !strings.ContainsAny(id.String(), ".eE") {
				return id.String()
			}
		}
	}
	return nil
}

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
