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
		{"verdict", `{"document": {"i": 1}, "expected": false}`, `:1: {"i": 1}: expected false, got true`, verdictBatch},
		{"verdict", `{"document": {"i": 1}, "expected": {"error": "x"}}`, `expected an error, got true`, verdictBatch},
		{"verdict", `{"document": {"i": -1}, "expected": {"error": "x"}}`, `expected an error with "x", got "i is negative"`, verdictBatch},
		{"verdict", `{"document": {"i": -1}, "expected": false}`, `expected false, got the function reported an error`, verdictBatch},
		{"score", `{"document": {"f": 2.1}, "expected": 2}`, `expected 2, got 2.1`, scoreBatch},
		{"value_i64", `{"document": {"i": 2}, "expected": null}`, `expected <nil>, got -2`, valueI64Batch},
		{"value_i64", `{"document": {}, "expected": 0}`, `expected 0, got <nil>`, valueI64Batch},
		{"value_str", `{"document": {"s": "a"}, "expected": "a"}`, `expected a, got aa`, valueStrBatch},
		{"strict", `{"document": {}, "expected": false}`, `the parameter least is required`, strictBatch},
		{"strict", `{"document": {}, "parameters": {"least": 1, "x": 1}, "expected": false}`, `there is no parameter x`, strictBatch},
		{"strict", `{"document": {}, "parameters": {"least": true}, "expected": false}`, `the parameter least: true is no f64`, strictBatch},
		{"strict", `{"function": "other", "document": {}, "expected": false}`, `0 cases for strict`, strictBatch},
		{"strict", `{"document"`, `:1: unexpected end of JSON input`, strictBatch},
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
	if err := os.WriteFile(path, []byte(`{"document": {"f": 2.1}, "expected": 2, "tolerance": 0.11}`), 0o600); err != nil {
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
