// Package udftest runs a function's whole batch loop in ordinary Go tests, without an engine: it lays documents out as the engine does,
// calls what udfgen made, and reads the answers.
//
//	func TestDocuments(t *testing.T) {
//		affordable := udftest.Open(t, "affordable", affordableBatch)
//		affordable.Cases("tests.jsonl")
//		answers := affordable.Run(udftest.Parameters{"budget": 10}, udftest.Document{"price": 9.5}, udftest.Document{})
//	}
//
// Values that no test gives are missing. What a mapping does to a document before the engine has it (dates, analysis) is not done here.
package udftest

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"testing"

	"diagon/udf/abi"
	"diagon/udf/internal/gen"
)

// Document is a document as in JSON. "_id" (or else "id") and "_score" are what functions get that ask for them.
type Document map[string]any

// Parameters are a query's parameters as in JSON.
type Parameters map[string]any

// Function is a function of the package that is tested.
type Function struct {
	t        testing.TB
	manifest manifest
	call     func(batch uint32) int32
	// All functions of the package.
	names []string
	// Logs are the lines that the last run logged.
	Logs []string
}

type manifest struct {
	Name    string
	Kind    string
	Returns string
	// MaxScore is nil if the function promises nothing.
	MaxScore *float64 `json:"max_score"`
	Fields   []struct {
		Name, Type, Part string
		List             bool
		Default          any
		FromParam        string `json:"from_param"`
	}
	Params []struct {
		Name, Type     string
		List, Required bool
		Default        any
	}
	Inputs []string
}

// Open takes a function by its name in manifest.json, and the function that udfgen made of it.
func Open(t testing.TB, name string, batch func(batch uint32) int32) *Function {
	t.Helper()
	file, err := os.Open(gen.Manifest)
	if err != nil {
		t.Fatalf("no manifest (run go generate): %v", err)
	}
	defer func() { _ = file.Close() }()
	decoder := json.NewDecoder(file)
	decoder.UseNumber()
	f := &Function{t: t, call: batch}
	for {
		var m manifest
		err := decoder.Decode(&m)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("manifest.json: %v", err)
		}
		f.names = append(f.names, m.Name)
		if m.Name == name {
			f.manifest = m
		}
	}
	if f.manifest.Name == "" {
		t.Fatalf("manifest.json has no function %s", name)
	}
	return f
}

// Fresh fails a test if udf_gen.go or manifest.json are not what udfgen makes of the sources.
func Fresh(t testing.TB) {
	t.Helper()
	if err := gen.Check("."); err != nil {
		t.Error(err)
	}
}

// Run asks the function about documents, all in one batch, and fails the test if the call fails. An answer is a bool of a filter, a
// float64 of a score, what a value function returned or nil for a missing value; or an error.
func (f *Function) Run(parameters Parameters, documents ...Document) []any {
	f.t.Helper()
	answers, err := f.Try(parameters, documents...)
	if err != nil {
		f.t.Fatalf("%s: %v", f.manifest.Name, err)
	}
	return answers
}

// Try is as Run, and returns the error that the call fails with.
func (f *Function) Try(parameters Parameters, documents ...Document) ([]any, error) {
	var inputs []input
	for _, document := range documents {
		source, err := json.Marshal(document)
		if err != nil {
			return nil, err
		}
		decoded, err := decode(source)
		if err != nil {
			return nil, err
		}
		inputs = append(inputs, input{decoded, string(source)})
	}
	text, err := json.Marshal(parameters)
	if err != nil {
		return nil, err
	}
	decoded, err := decode(text)
	if err != nil {
		return nil, err
	}
	return f.run(decoded, inputs)
}

// input is a document and the JSON that it was.
type input struct {
	values map[string]any
	source string
}

func decode(text []byte) (map[string]any, error) {
	decoder := json.NewDecoder(strings.NewReader(string(text)))
	decoder.UseNumber()
	var value map[string]any
	err := decoder.Decode(&value)
	return value, err
}

// A module has one memory, and so have the functions of a test.
var memory sync.Mutex

func (f *Function) run(parameters map[string]any, documents []input) (answers []any, err error) {
	memory.Lock()
	defer memory.Unlock()
	defer func() {
		switch failure := recover().(type) {
		case nil:
		case abi.Failure:
			err = errors.New(failure.Message)
		default:
			panic(failure)
		}
	}()
	f.Logs = nil
	abi.OnLog = func(_ int32, text string) { f.Logs = append(f.Logs, text) }
	l := &layout{bytes: make([]byte, 64)}
	answered, err := f.write(l, parameters, documents)
	if err != nil {
		return nil, err
	}
	abi.SetMemory(l.bytes)
	if code := f.call(0); code != 0 {
		return nil, fmt.Errorf("the function returned %d", code)
	}
	return f.read(l.bytes, answered, len(documents)), nil
}
