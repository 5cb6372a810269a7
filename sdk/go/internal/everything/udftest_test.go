package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"diagon/udf/udftest"
)

// recorder is a test whose failures are looked at.
type recorder struct {
	testing.TB
	told []string
}

type stop struct{}

func (r *recorder) Helper() {}

func (r *recorder) Error(args ...any) { r.told = append(r.told, fmt.Sprint(args...)) }

func (r *recorder) Errorf(format string, args ...any) {
	r.told = append(r.told, fmt.Sprintf(format, args...))
}

func (r *recorder) Fatal(args ...any) {
	r.Error(args...)
	panic(stop{})
}

func (r *recorder) Fatalf(format string, args ...any) {
	r.Errorf(format, args...)
	panic(stop{})
}

// failures are what run tells a test.
func failures(run func(t testing.TB)) (told []string) {
	r := &recorder{}
	defer func() {
		if value := recover(); value != nil && value != any(stop{}) {
			panic(value)
		}
		told = r.told
	}()
	run(r)
	return nil
}

func TestWrongCasesAreTold(t *testing.T) {
	for _, c := range []struct {
		name, line, wanted string
		batch              func(uint32) int32
	}{
		{"verdict", `{"function": "verdict", "document": {"i": 1}, "expected": false}`, `:1: {"i": 1}: expected false, got true`, verdictBatch},
		{"verdict", `{"function": "verdict", "document": {"i": 1}, "expected": {"error": "x"}}`, `expected an error, got true`, verdictBatch},
		{"verdict", `{"function": "verdict", "document": {"i": -1}, "expected": {"error": "x"}}`, `expected an error with "x", got "i is negative"`, verdictBatch},
		{"verdict", `{"function": "verdict", "document": {"i": -1}, "expected": false}`, `expected false, got the function reported an error`, verdictBatch},
		{"score", `{"function": "score", "document": {"f": 2.1}, "expected": 2}`, `expected 2, got 2.1`, scoreBatch},
		{"value_i64", `{"function": "value_i64", "document": {"i": 2}, "expected": null}`, `expected <nil>, got -2`, valueI64Batch},
		{"value_i64", `{"function": "value_i64", "document": {}, "expected": 0}`, `expected 0, got <nil>`, valueI64Batch},
		{"value_str", `{"function": "value_str", "document": {"s": "a"}, "expected": "a"}`, `expected a, got aa`, valueStrBatch},
		{"strict", `{"function": "strict", "document": {}, "expected": false}`, "parameter `least`: required, f64", strictBatch},
		{"strict", `{"function": "strict", "document": {}, "parameters": {"least": 1, "x": 1}, "expected": false}`, "parameter `x`: unknown; the function's parameters: least", strictBatch},
		{"strict", `{"function": "strict", "document": {}, "parameters": {"least": true}, "expected": false}`, "parameter `least`: expected f64, got true", strictBatch},
		{"strict", `{"function": "other", "document": {}, "expected": false}`, `:1: say which function is meant, as in {"function": "strict", …}: the module has strict, defaults, `, strictBatch},
		{"strict", `{"function": "score", "document": {}, "expected": 0}`, `0 cases for strict`, strictBatch},
		{"strict", `{"document": {}, "parameters": {"least": 1}, "expected": false}`, `:1: say which function is meant`, strictBatch},
		{"strict", `{"function": "strict", "document": {}, "expect": false}`, `:1: json: unknown field "expect"`, strictBatch},
		{"strict", `{"function": "strict", "document": {}}`, `:1: a case has "document" and "expected"`, strictBatch},
		{"inputs", `{"function": "inputs", "document": {}, "expected": ""}`, `the function reads the score of the query: give "score"`, inputsBatch},
		{"score", `{"function": "score", "document": {"f": 11}, "expected": 11}`,
			"expected 11, got the score is 11, above the manifest's `max_score`, 10", scoreBatch},
		{"strict", `{"document"`, `:1: unexpected EOF`, strictBatch},
	} {
		path := filepath.Join(t.TempDir(), "tests.jsonl")
		if err := os.WriteFile(path, []byte(c.line+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		told := failures(func(t testing.TB) { udftest.Open(t, c.name, c.batch).Cases(path) })
		if len(told) != 1 || !strings.Contains(told[0], c.wanted) {
			t.Errorf("%s: %q, expected %q", c.line, told, c.wanted)
		}
	}
}

func TestToleranceOfACase(t *testing.T) {
	path := filepath.Join(t.TempDir(), "tests.jsonl")
	if err := os.WriteFile(path, []byte(`{"function": "score@1.0.0", "document": {"f": 2.1}, "expected": 2, "tolerance": 0.11}`), 0o600); err != nil {
		t.Fatal(err)
	}
	udftest.Open(t, "score", scoreBatch).Cases(path)
}

func TestAFunctionThatIsNotThere(t *testing.T) {
	told := failures(func(t testing.TB) { udftest.Open(t, "other", scoreBatch) })
	if !slices.Equal(told, []string{"manifest.json has no function other"}) {
		t.Error(told)
	}
}
