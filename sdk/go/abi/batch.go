// Package abi is the lower layer under the code that udfgen writes: a batch of documents as the engine lays it out.
//
// Authors don't need it. Whoever wants to write a loop over a batch by hand finds in a generated file how it is used.
// What is handed out lies in the batch and is valid until the exported function returns.
package abi

import "unsafe"

// The numbers of types.
const (
	typeBool = 1
	typeI64  = 2
	typeF64  = 3
	typeStr  = 4
	typeList = 16
)

// Batch is a batch of documents, version 1 of the engine's batch ABI.
type Batch struct {
	version, documents     uint32
	columns, columnCount   uint32
	params, paramCount     uint32
	scores, docIDs, ids    uint32
	answers, answerPresent uint32
}

type column struct {
	kind, flags, length, values, present, offsets, child, _ uint32
}

type param struct {
	kind, length uint32
	value        uint64
}

// Open is the batch at an address of the module's memory.
func Open(address uint32) *Batch { return (*Batch)(at(address)) }

// Len is how many documents there are.
func (b *Batch) Len() int { return int(b.documents) }

func slice[T any](address uint32, length int) []T {
	if length == 0 {
		return nil
	}
	return unsafe.Slice((*T)(at(address)), length)
}

func text(address uint32, length int) string {
	if length == 0 {
		return ""
	}
	return unsafe.String((*byte)(at(address)), length)
}

func (b *Batch) column(index int, kind uint32) *column {
	if index >= int(b.columnCount) {
		panic("the manifest has more fields than the batch")
	}
	c := &slice[column](b.columns, index+1)[index]
	if c.kind != kind {
		panic("the manifest doesn't fit the module: another type of field")
	}
	return c
}

func (b *Batch) param(index int, kind uint32) *param {
	if index >= int(b.paramCount) {
		panic("the manifest has more parameters than the batch")
	}
	p := &slice[param](b.params, index+1)[index]
	if p.kind != 0 && p.kind != kind {
		panic("the manifest doesn't fit the module: another type of parameter")
	}
	return p
}

// DocIDs are the documents' numbers in their segment.
func (b *Batch) DocIDs() []uint32 { return slice[uint32](b.docIDs, b.Len()) }

// Scores are the scores of the query around the function.
func (b *Batch) Scores() []float32 {
	if b.scores == 0 {
		return make([]float32, b.Len())
	}
	return slice[float32](b.scores, b.Len())
}

// IDs are the documents' _ids.
func (b *Batch) IDs() Strings {
	return stringsOf((*column)(at(b.ids)))
}
