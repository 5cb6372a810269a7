package abi

import (
	"runtime"
	"unsafe"
)

//go:wasmimport diagon log
func hostLog(level int32, text unsafe.Pointer, length int32)

//go:wasmimport diagon fail
func hostFail(text unsafe.Pointer, length int32)

// Log writes a line to the query's log.
func Log(level int32, text string) {
	hostLog(level, unsafe.Pointer(unsafe.StringData(text)), int32(len(text)))
	runtime.KeepAlive(text)
}

// Fail ends the call with a message. It doesn't return.
func Fail(message string) {
	hostFail(unsafe.Pointer(unsafe.StringData(message)), int32(len(message)))
	panic(message)
}

// at is what lies at an address of the module's memory.
func at(address uint32) unsafe.Pointer { return unsafe.Add(unsafe.Pointer(nil), address) }

// The first batches fit into this, so that an instance begins without asking Go's heap for memory.
var first [64 << 10]byte

var reserved = first[:]

// padding is how much can be read behind what was asked for.
const padding = 64

//go:wasmexport diagon_abi_v1
func version1() {}

// A batch has 4 MiB of data at most, if it isn't a single document, and something around that.
const largeBatch = 4<<20 + 256<<10

//go:wasmexport diagon_reserve
func reserve(size uint32) uint32 {
	if wanted := int(size) + padding; len(reserved) < wanted {
		// What was reserved before may go first: memory is short.
		if len(reserved) > len(first) {
			reserved = nil
			runtime.GC()
		}
		reserved = make([]byte, withRoom(wanted))
	}
	return uint32(uintptr(unsafe.Pointer(unsafe.SliceData(reserved))))
}

// withRoom is some more than what is wanted, so that the next batch, if that is a bit larger, needn't ask again.
func withRoom(wanted int) int { return max(wanted, min(2*wanted, largeBatch)) }

// publish tells the engine where the returned strings are.
func publish(answer *column, bytes []byte, offsets []int32) {
	answer.values = uint32(uintptr(unsafe.Pointer(unsafe.SliceData(bytes))))
	answer.offsets = uint32(uintptr(unsafe.Pointer(unsafe.SliceData(offsets))))
}
