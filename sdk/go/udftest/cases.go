package udftest

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"slices"
	"strings"
)

// testCase is a line of tests.jsonl.
type testCase struct {
	Function   string
	Document   json.RawMessage
	Parameters json.RawMessage
	Expected   json.RawMessage
	Score      any
	Tolerance  float64
	// Comment is for people.
	Comment string
}

// Cases runs those lines of a file such as tests.jsonl that are about the function, or about none in particular.
func (f *Function) Cases(path string) {
	f.t.Helper()
	file, err := os.Open(path)
	if err != nil {
		f.t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 16<<20)
	ran := 0
	for number := 1; lines.Scan(); number++ {
		if strings.TrimSpace(lines.Text()) == "" {
			continue
		}
		c, err := f.caseOf(lines.Bytes())
		if err != nil {
			f.t.Fatalf("%s:%d: %v", path, number, err)
		}
		if c.Function != "" && c.Function != f.manifest.Name {
			continue
		}
		ran++
		if wrong := f.runCase(c); wrong != "" {
			f.t.Errorf("%s:%d: %s: %s; logged %q", path, number, c.Document, wrong, f.Logs)
		}
	}
	if err := lines.Err(); err != nil || ran == 0 {
		f.t.Fatalf("%s: %d cases for %s, %v", path, ran, f.manifest.Name, err)
	}
}

// caseOf reads a line, and refuses what diagon udf test refuses.
func (f *Function) caseOf(line []byte) (c testCase, err error) {
	decoder := json.NewDecoder(bytes.NewReader(line))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&c); err != nil {
		return c, err
	}
	if len(c.Document) == 0 || len(c.Expected) == 0 {
		return c, errors.New(`a case has "document" and "expected"`)
	}
	c.Function, _, _ = strings.Cut(c.Function, "@")
	if c.Function == "" && len(f.names) > 1 || c.Function != "" && !slices.Contains(f.names, c.Function) {
		return c, fmt.Errorf(`say which function is meant, as in {"function": "%s", …}: the module has %s`, f.manifest.Name, strings.Join(f.names, ", "))
	}
	return c, nil
}

// runCase says what is wrong with the answer, or nothing.
func (f *Function) runCase(c testCase) string {
	values, err := decode(c.Document)
	if err != nil {
		return err.Error()
	}
	if c.Score == nil && slices.Contains(f.manifest.Inputs, "score") {
		return `the function reads the score of the query: give "score"`
	}
	if c.Score != nil {
		values["_score"] = json.Number(fmt.Sprint(c.Score))
	}
	parameters := map[string]any{}
	if len(c.Parameters) > 0 {
		if parameters, err = decode(c.Parameters); err != nil {
			return err.Error()
		}
	}
	var expected any
	if err := json.Unmarshal(c.Expected, &expected); err != nil {
		return err.Error()
	}
	answers, err := f.run(parameters, []input{{values, string(c.Document)}})
	if part, isError := expected.(map[string]any); isError {
		return f.wrongError(fmt.Sprint(part["error"]), answers, err)
	}
	if err != nil {
		return err.Error()
	}
	if !equal(answers[0], expected, c.Tolerance) {
		return fmt.Sprintf("expected %v, got %v", expected, answers[0])
	}
	return ""
}

// wrongError says so if neither the call's error nor what was logged has the text.
func (f *Function) wrongError(text string, answers []any, err error) string {
	told := strings.Join(f.Logs, "\n")
	if err != nil {
		told = err.Error()
	} else if wrong, isError := answers[0].(error); !isError {
		return fmt.Sprintf("expected an error, got %v", answers[0])
	} else if wrong != errDocument {
		told = wrong.Error()
	}
	if !strings.Contains(told, text) {
		return fmt.Sprintf("expected an error with %q, got %q", text, told)
	}
	return ""
}

func equal(got, expected any, tolerance float64) bool {
	want, isNumber := expected.(float64)
	if !isNumber {
		return got == expected
	}
	number, isNumber := got.(float64)
	if whole, isWhole := got.(int64); isWhole {
		number, isNumber = float64(whole), true
	}
	if tolerance == 0 {
		tolerance = 1e-9 * math.Abs(want)
	}
	return isNumber && math.Abs(number-want) <= tolerance
}
