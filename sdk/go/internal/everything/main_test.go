package main

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"diagon/udf"
	"diagon/udf/udftest"
)

type (
	document   = udftest.Document
	parameters = udftest.Parameters
)

func TestGeneratedFilesAreFresh(t *testing.T) { udftest.Fresh(t) }

// The same cases go through the engine, too: diagon udf test --manifest manifest.json --cases tests.jsonl everything.wasm.
func TestCases(t *testing.T) {
	for name, batch := range map[string]func(uint32) int32{
		"strict": strictBatch, "defaults": defaultsBatch, "optional": optionalBatch, "lists": listsBatch, "parameters": parametersBatch,
		"absent": absentBatch, "once": onceBatch, "verdict": verdictBatch, "score": scoreBatch, "value_i64": valueI64Batch, "value_bool": valueBoolBatch,
		"value_str": valueStrBatch, "panics": panicsBatch,
	} {
		udftest.Open(t, name, batch).Cases("tests.jsonl")
	}
}

func expect(t *testing.T, got []any, wanted ...any) {
	t.Helper()
	if !slices.EqualFunc(got, wanted, func(a, b any) bool { return reflect.DeepEqual(a, b) || isError(a) && isError(b) }) {
		t.Errorf("got %v, expected %v", got, wanted)
	}
}

func isError(value any) bool { _, is := value.(error); return is }

// failed stands for any error in a document.
var failed error = fmt.Errorf("an error")

// randomDocuments has values missing here and there, and whole stretches in which none or all are.
func randomDocuments(random *rand.Rand, n int) []document {
	documents := make([]document, n)
	there := 1.0
	for i := range documents {
		if i%50 == 0 {
			there = []float64{0, 0.5, 0.98, 1}[random.IntN(4)]
		}
		d := document{}
		if random.Float64() < there {
			d["f"] = float64(random.IntN(40)) / 8
		}
		if random.Float64() < there {
			d["i"] = random.IntN(5) - 2
		}
		if random.Float64() < there {
			d["b"] = random.IntN(3) > 0
		}
		if random.Float64() < there {
			d["s"] = []string{"", "a", "é", "long enough"}[random.IntN(4)]
		}
		documents[i] = d
	}
	return documents
}

func get[T bool | float64 | string](d document, name string) udf.Opt[T] {
	if value, there := d[name]; there {
		return udf.Some(value.(T))
	}
	return udf.Opt[T]{}
}

func whole(d document) udf.Opt[int64] {
	if value, there := d["i"]; there {
		return udf.Some(int64(value.(int)))
	}
	return udf.Opt[int64]{}
}

// TestBatchesAgainstDocuments compares the loops over batches of many sizes with calls of the plain functions.
func TestBatchesAgainstDocuments(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	strict, optional := udftest.Open(t, "strict", strictBatch), udftest.Open(t, "optional", optionalBatch)
	defaults, score := udftest.Open(t, "defaults", defaultsBatch), udftest.Open(t, "score", scoreBatch)
	text, number := udftest.Open(t, "value_str", valueStrBatch), udftest.Open(t, "value_i64", valueI64Batch)
	for _, n := range []int{0, 1, 7, 63, 64, 65, 128, 200, 1024} {
		documents := randomDocuments(random, n)
		var wanted [6][]any
		for _, d := range documents {
			f, i, b, s := get[float64](d, "f"), whole(d), get[bool](d, "b"), get[string](d, "s")
			wanted[0] = append(wanted[0], f.OK && i.OK && b.OK && s.OK && Strict(f.Value, i.Value, b.Value, s.Value, 3))
			wanted[1] = append(wanted[1], Optional(f, i, b, s))
			wanted[2] = append(wanted[2], Defaults(f.Or(0.5), i.Or(-3), b.Or(true), s.Or("d é")))
			wanted[3] = append(wanted[3], f.Value)
			wanted[4] = append(wanted[4], nil)
			if s.OK && s.Value != "" {
				wanted[4][len(wanted[4])-1] = s.Value + s.Value
			}
			wanted[5] = append(wanted[5], nil)
			if i.OK && i.Value != 0 {
				wanted[5][len(wanted[5])-1] = -i.Value
			}
		}
		expect(t, strict.Run(parameters{"least": 3}, documents...), wanted[0]...)
		expect(t, optional.Run(nil, documents...), wanted[1]...)
		expect(t, defaults.Run(nil, documents...), wanted[2]...)
		expect(t, score.Run(nil, documents...), wanted[3]...)
		expect(t, text.Run(nil, documents...), wanted[4]...)
		expect(t, number.Run(nil, documents...), wanted[5]...)
	}
}

func TestLists(t *testing.T) {
	lists := udftest.Open(t, "lists", listsBatch)
	expect(t, lists.Run(nil,
		document{"fs": []any{0.5, 1}, "is": []any{3, 3}, "bs": []any{true, false, true}, "ss": []any{"b", "a", "b"}, "others": "c"},
		document{},
		document{"fs": 2, "ss": []any{"", nil, "é"}, "others": []any{"x", "y"}}),
		"2007.5 b,a,b|c", "0 |", "2 ,é|x,y")
}

func TestParameters(t *testing.T) {
	all := udftest.Open(t, "parameters", parametersBatch)
	required := parameters{"b": true, "i32": -2147483648, "single precision": 0.1}
	expect(t, all.Run(required, document{}),
		`true;-2147483648;-9223372036854775808;0.1;1e+300;a "b" é;false;false;false;0;false;;true;false;1;2;x y;é`)
	for name, value := range map[string]any{
		"i64": 5, "f64": 2, "s": "", "ob": false, "of": 1.5, "os": "", "bs": []any{}, "i32s": []any{7}, "i64s": []any{},
		"f32s": []any{0.5}, "f64s": []any{1, 2}, "ss": []any{""},
	} {
		required[name] = value
	}
	expect(t, all.Run(required, document{}), "true;-2147483648;5;0.1;2;;true;false;true;1.5;true;;7;0.5;1;2;")
	if _, err := all.Try(parameters{"b": true}, document{}); err == nil {
		t.Error("a required parameter may be left out")
	}
}

func TestInputs(t *testing.T) {
	inputs := udftest.Open(t, "inputs", inputsBatch)
	expect(t, inputs.Run(nil, document{"_id": "a", "_score": 1.5}, document{"_id": "é"}, document{"id": 7}, document{"id": "b", "_id": "c"}, document{"id": 0.5}),
		"0 a 1.5", "1 é 0", "2 7 0", "3 c 0", "4  0")
}

func TestOnce(t *testing.T) {
	once := udftest.Open(t, "once", onceBatch)
	calls = 0
	got := once.Run(parameters{"words": []any{"a", "b"}, "field": "j"}, document{"j": 3}, document{"j": 2}, document{"i": 3}, document{"j": 3})
	expect(t, got, true, false, false, true)
	if calls != 1 {
		t.Errorf("made %d times", calls)
	}
	_, err := once.Try(parameters{"words": []any{}, "least": -1}, document{"i": 1})
	if err == nil || err.Error() != "least is negative" {
		t.Error(err)
	}
}

func TestErrorsInDocuments(t *testing.T) {
	verdict := udftest.Open(t, "verdict", verdictBatch)
	expect(t, verdict.Run(nil, document{"i": 1}, document{"i": -1}, document{"i": 0}, document{}), true, failed, false, false)
	if !slices.Equal(verdict.Logs, []string{"i is negative"}) {
		t.Error(verdict.Logs)
	}
	score := udftest.Open(t, "score", scoreBatch)
	expect(t, score.Run(nil, document{"f": 1}, document{"f": -1}, document{}), 1.0, failed, 0.0)
	number := udftest.Open(t, "value_f64", valueF64Batch)
	expect(t, number.Run(parameters{"point": "at"},
		document{"at": map[string]any{"lat": 3, "lon": 1}}, document{"at": map[string]any{"lat": -1}}, document{"at": map[string]any{"lat": 1}}, document{}),
		6.0, failed, nil, nil)
	text := udftest.Open(t, "value_str", valueStrBatch)
	expect(t, text.Run(nil, document{"s": "é"}, document{"s": ""}, document{}, document{"s": "b"}), "éé", nil, nil, "bb")
	flag := udftest.Open(t, "value_bool", valueBoolBatch)
	expect(t, flag.Run(nil, document{"b": true}, document{}, document{"b": false}), false, nil, true)
}

func TestPanicsTellTextAndPlace(t *testing.T) {
	panics := udftest.Open(t, "panics", panicsBatch)
	_, err := panics.Try(nil, document{"ss": []any{"a", "b"}}, document{"ss": "a"})
	if err == nil || !strings.HasPrefix(err.Error(), "panic: runtime error: index out of range [1] with length 1 (at everything/main.go:") {
		t.Error(err)
	}
	_, err = panics.Try(parameters{"fail": "no way"}, document{"ss": "a"})
	if err == nil || !strings.HasPrefix(err.Error(), "no way (at everything/main.go:") {
		t.Error(err)
	}
	if !slices.Equal(panics.Logs, []string{"about to fail"}) {
		t.Error(panics.Logs)
	}
}

func TestDocumentsCostNoMemory(t *testing.T) {
	documents := randomDocuments(rand.New(rand.NewPCG(5, 6)), 300)
	for i := range documents {
		documents[i]["ss"] = []any{"a", "é", "c"}
	}
	for name, batch := range map[string]func(uint32) int32{
		"strict": strictBatch, "defaults": defaultsBatch, "value_i64": valueI64Batch, "panics": panicsBatch,
	} {
		given := parameters{}
		if name == "strict" {
			given["least"] = 3
		}
		udftest.Open(t, name, batch).Run(given, documents...)
		if n := testing.AllocsPerRun(20, func() { batch(0) }); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}
