// Functions that take and return everything there is, for the SDK's own tests.
package main

import (
	"errors"
	"strconv"
	"strings"

	"diagon/udf"
)

//go:generate go run diagon/udf/cmd/udfgen

// Strict is asked where all four values are there.
//
//diagon:filter version=1.0.0
//diagon:param least
func Strict(f float64, i int64, b bool, s string, least float64) bool {
	return b && f+float64(i)+float64(len(s)) >= least
}

// Defaults is asked about all documents.
//
//diagon:filter version=1.0.0
//diagon:field f name=f default=0.5
//diagon:field i default=-3
//diagon:field b default=true
//diagon:field s default="d é"
func Defaults(f float64, i int64, b bool, s string) bool {
	return (f == 0.5) == (i == -3) && b == (s == "d é")
}

// Optional tells missing from zero.
//
//diagon:value version=1.0.0
func Optional(f udf.Opt[float64], i udf.Opt[int64], b udf.Opt[bool], s udf.Opt[string]) string {
	var parts []string
	if f.OK {
		parts = append(parts, strconv.FormatFloat(f.Value, 'g', -1, 64))
	}
	if i.OK {
		parts = append(parts, strconv.FormatInt(i.Value, 10))
	}
	if b.OK {
		parts = append(parts, strconv.FormatBool(b.Value))
	}
	return strings.Join(append(parts, s.Or("none")), " ")
}

// Lists sums and joins all values.
//
//diagon:value version=1.0.0
//diagon:field f name=fs
//diagon:field i name=is
//diagon:field b name=bs
//diagon:field s name=ss
//diagon:field again name=others
func Lists(f []float64, i []int64, b []bool, s []string, again []string) string {
	sum := 0.0
	for _, x := range f {
		sum += x
	}
	for _, x := range i {
		sum += float64(x)
	}
	for _, x := range b {
		if x {
			sum += 1000
		}
	}
	return strconv.FormatFloat(sum, 'g', -1, 64) + " " + strings.Join(s, ",") + "|" + strings.Join(again, ",")
}

// Parameters writes down all its parameters.
//
//diagon:value version=1.0.0
//diagon:field any optional
//diagon:param b
//diagon:param i32
//diagon:param i64 default=-9223372036854775808
//diagon:param f32 name="single precision"
//diagon:param f64 default=1e300
//diagon:param s default="a \"b\" é"
//diagon:param ob
//diagon:param of
//diagon:param os
//diagon:param bs default=[true,false]
//diagon:param i32s optional
//diagon:param i64s default=[1, 2]
//diagon:param f32s optional
//diagon:param f64s default=[]
//diagon:param ss default=["x y", "é"]
func Parameters(any udf.Opt[int64], b bool, i32 int32, i64 int64, f32 float32, f64 float64, s string,
	ob udf.Opt[bool], of udf.Opt[float32], os udf.Opt[string],
	bs []bool, i32s []int32, i64s []int64, f32s []float32, f64s []float64, ss []string) string {
	w := &writer{}
	w.add(b, i32, i64, f32, f64, s, ob.OK, ob.Value, of.OK, of.Value, os.OK, os.Value)
	for _, x := range bs {
		w.add(x)
	}
	for _, x := range i32s {
		w.add(x)
	}
	for _, x := range i64s {
		w.add(x)
	}
	for _, x := range f32s {
		w.add(x)
	}
	for _, x := range f64s {
		w.add(x)
	}
	for _, x := range ss {
		w.add(x)
	}
	return strings.Join(w.parts, ";")
}

// Absent tells lists that are absent from empty ones.
//
//diagon:value version=1.0.0
//diagon:param b optional
//diagon:param i32 optional
//diagon:param i64 optional
//diagon:param f32 optional
//diagon:param f64 optional
//diagon:param s optional
func Absent(b []bool, i32 []int32, i64 []int64, f32 []float32, f64 []float64, s []string) string {
	return strings.Join([]string{count(b), count(i32), count(i64), count(f32), count(f64), count(s)}, " ")
}

func count[T any](list []T) string {
	if list == nil {
		return "absent"
	}
	return strconv.Itoa(len(list))
}

type writer struct{ parts []string }

func (w *writer) add(values ...any) {
	for _, value := range values {
		switch v := value.(type) {
		case bool:
			w.parts = append(w.parts, strconv.FormatBool(v))
		case int32:
			w.parts = append(w.parts, strconv.FormatInt(int64(v), 10))
		case int64:
			w.parts = append(w.parts, strconv.FormatInt(v, 10))
		case float32:
			w.parts = append(w.parts, strconv.FormatFloat(float64(v), 'g', -1, 32))
		case float64:
			w.parts = append(w.parts, strconv.FormatFloat(v, 'g', -1, 64))
		case string:
			w.parts = append(w.parts, v)
		}
	}
}

// Inputs writes down what isn't a field.
//
//diagon:value version=1.0.0
func Inputs(doc udf.DocID, id udf.ID, score udf.Score) string {
	return strconv.Itoa(int(doc)) + " " + string(id) + " " + strconv.FormatFloat(float64(score), 'g', -1, 32)
}

// Made is used once a batch.
type Made struct{ count int }

// Calls counts how often something was made.
var calls int

func newMade(words []string, least int64) (*Made, error) {
	calls++
	if least < 0 {
		return nil, errors.New("least is negative")
	}
	return &Made{len(words) + int(least)}, nil
}

// Once compares with what is made once a batch.
//
//diagon:filter version=1.0.0 pure=false
//diagon:field i from_param=field param_default=i
//diagon:param words type=[]string
//diagon:param least type=int64 default=1
//diagon:once made=newMade(words, least)
//diagon:once upper=strings.ToUpper(words[0])
func Once(i int64, made *Made, upper string) bool { return int(i) == made.count && upper == "A" }

// Score has errors.
//
//diagon:score version=1.0.0 max_score=10
//diagon:limits query_ms=1000 memory_bytes=16777216
func Score(f float64) (float64, error) {
	if f < 0 {
		return 0, errors.New("f is negative")
	}
	return f, nil
}

// Verdict has errors.
//
//diagon:filter version=1.0.0
func Verdict(i int64) (bool, error) {
	if i < 0 {
		return true, errors.New("i is negative")
	}
	return i > 0, nil
}

// ValueF64 has everything.
//
//diagon:value version=1.0.0
//diagon:field lat from_param=point part=lat
func ValueF64(lat float64) (float64, bool, error) {
	if lat < 0 {
		return 0, true, errors.New("lat is negative")
	}
	return lat * 2, lat != 1, nil
}

// ValueI64 may be missing.
//
//diagon:value version=1.0.0
func ValueI64(i int64) (int64, bool) { return -i, i != 0 }

// ValueBool is of all documents with a value.
//
//diagon:value version=1.0.0
func ValueBool(b bool) bool { return !b }

// ValueStr may have errors.
//
//diagon:value version=1.0.0
func ValueStr(s string) (string, error) {
	if s == "" {
		return "x", errors.New("s is empty")
	}
	return s + s, nil
}

// Panics goes wrong where a list is short, or calls Fail.
//
//diagon:filter version=1.0.0
//diagon:field s name=ss
//diagon:param fail default=""
func Panics(s []string, fail string) bool {
	if fail != "" {
		udf.Log(udf.Warning, "about to fail")
		udf.Fail(fail)
	}
	return s[1] != ""
}
