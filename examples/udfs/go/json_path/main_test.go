package main

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"diagon/udf/udftest"
)

func open(t *testing.T) (value, is *udftest.Function) {
	return udftest.Open(t, "json_path", jsonPathBatch), udftest.Open(t, "json_path_is", jsonPathIsBatch)
}

func TestCases(t *testing.T) {
	value, is := open(t)
	value.Cases("tests.jsonl")
	is.Cases("tests.jsonl")
}

func TestGeneratedFilesAreFresh(t *testing.T) { udftest.Fresh(t) }

func TestMalformedPaths(t *testing.T) {
	for path, wanted := range map[string]string{
		"":                         `expected a path at character 1 of ""`,
		"$.":                       `expected a name at character 3`,
		".":                        `expected a name at character 1`,
		"a..b":                     `expected a name at character 3`,
		"$.a b":                    `expected a name; others than plain ones are written ['name'] at character 4`,
		"$.a]":                     `expected a name; others than plain ones are written ['name'] at character 4`,
		"$a":                       `expected "." or "[" at character 2`,
		"$['a":                     `expected '\'' at character 5`,
		"$['a'":                    `expected "]" at character 6`,
		"$['a'x]":                  `expected "]" at character 6`,
		"$[]":                      `expected a place such as 0 or -1, a name in quotes, or * at character 3`,
		"$[1-2]":                   `expected a place such as 0 or -1, a name in quotes, or * at character 3`,
		"$[9999999999]":            `expected a place such as 0 or -1, a name in quotes, or * at character 3`,
		"$[0]a":                    `expected "." or "[" at character 5`,
		"$.*":                      `expected a name; others than plain ones are written ['name'] at character 3`,
		strings.Repeat("[0]", 101): `more than 100 steps at character 304`,
	} {
		_, err := parsePath(path)
		if err == nil || !strings.HasPrefix(err.Error(), "parameter path: "+wanted) {
			t.Errorf("%s: %v, expected %s", path, err, wanted)
		}
	}
	value, _ := open(t)
	if _, err := value.Try(udftest.Parameters{"path": "a["}, udftest.Document{}); err == nil || !strings.Contains(err.Error(), "parameter path") {
		t.Error(err)
	}
}

func TestWhatIsNoJSON(t *testing.T) {
	whole := `{"a": [1, "\"", {"b": null}], "c": "\u00e9\ud83d\ude00"}`
	for _, text := range []string{"$.c", "$.a[*].b", "a[-1].b", "$.a[1]", "$"} {
		at, err := parsePath(text)
		if err != nil {
			t.Fatal(err)
		}
		for cut := range len(whole) {
			// Nothing to check but that it ends: a value may be cut off.
			JSONPath(whole[:cut], at)
			JSONPath(whole[cut:], at)
		}
	}
}

func TestTheFirstOfEqualNamesCounts(t *testing.T) {
	at, _ := parsePath("a")
	if got, ok := JSONPath(`{"a": 1, "a": 2}`, at); !ok || got != "1" {
		t.Error(got, ok)
	}
}

// TestAgainstDecoding compares with a twin that decodes the whole document, over random documents and paths.
func TestAgainstDecoding(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	there := 0
	for range 20_000 {
		document := randomValue(random, 4)
		var source bytes.Buffer
		encoder := json.NewEncoder(&source)
		encoder.SetEscapeHTML(random.IntN(2) == 0)
		if random.IntN(2) == 0 {
			encoder.SetIndent(" ", "\t")
		}
		if err := encoder.Encode(document); err != nil {
			t.Fatal(err)
		}
		written := randomPath(random)
		at, err := parsePath(written)
		if err != nil {
			t.Fatalf("%s: %v", written, err)
		}
		wanted, isThere := decoded(source.String(), at)
		got, ok := JSONPath(source.String(), at)
		if JSONPathIs(source.String(), at, got) != isThere || JSONPathIs(source.String(), at, got+"x") {
			t.Fatalf("%s of %s is not %q", written, source.String(), got)
		}
		if strings.HasPrefix(got, "{") || strings.HasPrefix(got, "[") {
			var compact bytes.Buffer
			if json.Compact(&compact, []byte(got)) == nil {
				got = compact.String()
			}
		}
		if got != wanted || ok != isThere {
			t.Fatalf("%s of %s: %q, %v, expected %q, %v", written, source.String(), got, ok, wanted, isThere)
		}
		if isThere {
			there++
		}
	}
	if there < 2_000 {
		t.Errorf("only %d paths led to something", there)
	}
}

var names = []string{"a", "b", "é", "x y", `q"`, "back\\slash", ""}

func randomValue(random *rand.Rand, depth int) any {
	switch kind := random.IntN(9); {
	case kind < 3 && depth > 0:
		object := map[string]any{}
		for range random.IntN(4) {
			object[names[random.IntN(len(names))]] = randomValue(random, depth-1)
		}
		return object
	case kind < 6 && depth > 0:
		list := []any{}
		for range random.IntN(4) {
			list = append(list, randomValue(random, depth-1))
		}
		return list
	case kind == 6:
		return []any{nil, true, false}[random.IntN(3)]
	case kind == 7:
		return random.NormFloat64() * 1e3
	default:
		return []string{"", "plain", "né 😀 <&>", "\"]},{[\"", "\\\\\"", "tab\tnull\x00\u2028"}[random.IntN(6)]
	}
}

func randomPath(random *rand.Rand) string {
	written := "$"
	for range random.IntN(5) {
		switch random.IntN(4) {
		case 0, 1:
			name := names[random.IntN(len(names))]
			quoted := "'" + strings.ReplaceAll(name, `\`, `\\`) + "'"
			written += "[" + quoted + "]"
		case 2:
			written += "[" + strconv.Itoa(random.IntN(5)-2) + "]"
		default:
			written += "[*]"
		}
	}
	return written
}

// decoded is what JSONPath is to return, by decoding everything.
func decoded(source string, at path) (string, bool) {
	found := descend(json.RawMessage(source), at)
	if found == nil {
		return "", false
	}
	var text string
	if json.Unmarshal(found, &text) == nil {
		return text, true
	}
	var compact bytes.Buffer
	if json.Compact(&compact, found) != nil {
		return "", false
	}
	return compact.String(), true
}

func descend(value json.RawMessage, at path) json.RawMessage {
	if strings.TrimSpace(string(value)) == "null" {
		return nil
	}
	if len(at) == 0 {
		return value
	}
	if at[0].kind == member {
		var object map[string]json.RawMessage
		if json.Unmarshal(value, &object) != nil || object[at[0].name] == nil {
			return nil
		}
		return descend(object[at[0].name], at[1:])
	}
	var list []json.RawMessage
	if json.Unmarshal(value, &list) != nil {
		return nil
	}
	if at[0].kind == anyItem {
		for _, inner := range list {
			if found := descend(inner, at[1:]); found != nil {
				return found
			}
		}
		return nil
	}
	index := at[0].index
	if index < 0 {
		index += len(list)
	}
	if index < 0 || index >= len(list) {
		return nil
	}
	return descend(list[index], at[1:])
}

func TestSkippingCostsNoMemory(t *testing.T) {
	at, _ := parsePath("$.c[-1].d")
	source := `{"a": {"b": [1, 2, {"x": "y\\"}]}, "c": [{"d": 1}, {"d": "found"}]}`
	if n := testing.AllocsPerRun(100, func() {
		if !JSONPathIs(source, at, "found") {
			t.Error("not found")
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
