// A filter in Go for tests: keeps the documents whose string `name` begins with the parameter `prefix`, or whose table of words, made
// when the module starts, has it. Written against the ABI by hand.
package main

import (
	"fmt"
	"strings"
	"unsafe"
)

// What starting a program is like: a map that is filled before the first call.
var words = map[string]int{}

func init() {
	for i := range 2000 {
		words[fmt.Sprintf("word%d", i)] = i
	}
}

var reserved []byte

//go:wasmexport diagon_abi_v1
func abi() {}

//go:wasmexport diagon_reserve
func reserve(size uint32) uint32 {
	if uint32(len(reserved)) < size {
		reserved = make([]byte, size)
	}
	return uint32(uintptr(unsafe.Pointer(unsafe.SliceData(reserved))))
}

func at(address uint32) unsafe.Pointer { return unsafe.Pointer(uintptr(address)) }

func word(address uint32) uint32 { return *(*uint32)(at(address)) }

func text(address, length uint32) string {
	if length == 0 {
		return ""
	}
	return unsafe.String((*byte)(at(address)), length)
}

//go:wasmexport filter
func filter(batch uint32) int32 {
	documents, column, parameter, out := word(batch+4), word(batch+8), word(batch+16), word(batch+36)
	prefix := text(word(parameter+8), word(parameter+4))
	values, offsets := word(column+12), word(column+20)
	for i := range documents {
		start, end := word(offsets+4*i), word(offsets+4*i+4)
		name := text(values+start, end-start)
		_, known := words[name]
		keep := (*byte)(at(out + i))
		if *keep = 0; known || strings.HasPrefix(name, prefix) {
			*keep = 1
		}
	}
	return 0
}

func main() {}
