// Package udf is what a function written for the Diagon search engine needs of the engine.
//
// A function is plain Go over one document's values and the query's parameters; the command diagon/udf/cmd/udfgen reads its directives
// and makes the rest: the loop over a batch of documents, the exports and the manifest. README.md beside this file is the reference.
//
//	// Affordable keeps what is within budget and not sold out.
//	//
//	//diagon:filter version=1.0.0
//	//diagon:param budget
//	func Affordable(price float64, tags []string, budget float64) bool {
//		return price <= budget && !slices.Contains(tags, "sold-out")
//	}
package udf

import "diagon/udf/abi"

// Opt is the type of an argument that may be missing: a field without a value in this document, or a parameter that the query
// doesn't give.
type Opt[T bool | int32 | int64 | float32 | float64 | string] struct {
	// Value is the zero value where there is none.
	Value T
	// OK says whether there is a value.
	OK bool
}

// Some is a value that is there.
func Some[T bool | int32 | int64 | float32 | float64 | string](value T) Opt[T] {
	return Opt[T]{Value: value, OK: true}
}

// Or is the value, or fallback where there is none.
func (o Opt[T]) Or(fallback T) T {
	if o.OK {
		return o.Value
	}
	return fallback
}

// DocID is the type of an argument that gets the document's number in its segment.
type DocID uint32

// ID is the type of an argument that gets the document's _id. As any string that a function is handed, it is valid during the call only.
type ID string

// Score is the type of an argument that gets the score of the query around the function.
type Score float32

// Level says how much a line of the log matters.
type Level int32

// The levels of the log.
const (
	Debug Level = iota
	Info
	Warning
	Error
)

// Log writes a line to the query's log. The host keeps 8 KiB of it by default.
func Log(level Level, text string) { abi.Log(int32(level), text) }

// Fail ends the call: every document of the batch fails with this message, and the place that called Fail. It is for parameters that
// make no sense; what is wrong with one document is an error that the function returns.
func Fail(message string) { abi.Fail(message + abi.Place()) }
