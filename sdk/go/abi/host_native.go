//go:build !wasm

package abi

import "unsafe"

// memory stands for the module's memory in tests: addresses of a batch count from here.
var memory unsafe.Pointer

// OnLog is called for each line of the log in tests.
var OnLog = func(level int32, text string) {}

// SetMemory tells where the batch of a test lies.
func SetMemory(bytes []byte) { memory = unsafe.Pointer(unsafe.SliceData(bytes)) }

// Log writes a line to the test's log.
func Log(level int32, text string) { OnLog(level, text) }

// Fail ends the call with a message. It doesn't return.
func Fail(message string) { panic(Failure{message}) }

func at(address uint32) unsafe.Pointer { return unsafe.Add(memory, address) }

// Returned is what a function of a test returned, if that was strings: they lie in Go's memory, where an address of a batch doesn't reach.
var Returned struct {
	Bytes   []byte
	Offsets []int32
}

func publish(_ *column, bytes []byte, offsets []int32) {
	Returned.Bytes, Returned.Offsets = bytes, offsets
}
