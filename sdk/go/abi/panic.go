package abi

import (
	"runtime"
	"strconv"
	"strings"
)

// Recover turns a panic into the end of the call, with the panic's text and place. It is deferred by each exported function.
//
// Without it Go would print the panic and exit, and the message would be the end of a stack trace.
func Recover() {
	switch value := recover().(type) {
	case nil:
	case Failure:
		// Fail has been called, in a test.
		panic(value)
	default:
		Fail("panic: " + describe(value) + Place())
	}
}

// Failure is what Fail panics with outside of an engine, where nobody ends the call.
type Failure struct{ Message string }

// Error is the message.
func (f Failure) Error() string { return f.Message }

// describe is a panic's value as text. Package fmt would do that, and add a megabyte.
func describe(value any) string {
	switch value := value.(type) {
	case error:
		return value.Error()
	case interface{ String() string }:
		return value.String()
	case string:
		return value
	case int:
		return strconv.Itoa(value)
	default:
		return "a value that is no text"
	}
}

// Place is " (at file.go:12)" of the author's code that is running, or that panicked; empty if that isn't known.
func Place() string {
	var callers [32]uintptr
	frames := runtime.CallersFrames(callers[:runtime.Callers(2, callers[:])])
	nearest := ""
	for {
		frame, more := frames.Next()
		if strings.HasPrefix(frame.Function, "main.") {
			return placeOf(frame)
		}
		if nearest == "" && !isOurs(frame.Function) {
			nearest = placeOf(frame)
		}
		if !more {
			return nearest
		}
	}
}

// isOurs says whether a function is of Go's runtime or of the SDK.
func isOurs(function string) bool {
	for _, prefix := range []string{"runtime.", "internal/", "diagon/udf.", "diagon/udf/abi."} {
		if strings.HasPrefix(function, prefix) {
			return true
		}
	}
	return function == ""
}

func placeOf(frame runtime.Frame) string {
	return " (at " + shorten(frame.File) + ":" + strconv.Itoa(frame.Line) + ")"
}

// shorten leaves the last folder and the file's name.
func shorten(path string) string {
	if cut := strings.LastIndexByte(path, '/'); cut >= 0 {
		if cut = strings.LastIndexByte(path[:cut], '/'); cut >= 0 {
			return path[cut+1:]
		}
	}
	return path
}
