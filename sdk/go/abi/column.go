package abi

// F64s is a column of floating point numbers; 0 where a value is missing.
func (b *Batch) F64s(index int) []float64 {
	return slice[float64](b.column(index, typeF64).values, b.Len())
}

// I64s is a column of integers; 0 where a value is missing.
func (b *Batch) I64s(index int) []int64 {
	return slice[int64](b.column(index, typeI64).values, b.Len())
}

// Bools is a column of booleans; false where a value is missing.
func (b *Batch) Bools(index int) []bool {
	return slice[bool](b.column(index, typeBool).values, b.Len())
}

// Strings is a column of strings.
type Strings struct {
	all     string
	offsets []int32
}

// Strings is a column of strings; empty where a value is missing.
func (b *Batch) Strings(index int) Strings { return stringsOf(b.column(index, typeStr)) }

func stringsOf(c *column) Strings {
	offsets := slice[int32](c.offsets, int(c.length)+1)
	return Strings{text(c.values, int(offsets[c.length])), offsets}
}

// At is one of them. It points into the batch.
func (s *Strings) At(i int) string { return s.all[s.offsets[i]:s.offsets[i+1]] }

// Lists is a column of lists.
type Lists[T bool | int64 | float64] struct {
	items   []T
	offsets []int32
}

// At is the list of one document, empty if it has no value.
func (l *Lists[T]) At(i int) []T {
	to := l.offsets[i+1]
	return l.items[l.offsets[i]:to:to]
}

func listsOf[T bool | int64 | float64](b *Batch, index int, kind uint32) Lists[T] {
	c, child := b.list(index, kind)
	return Lists[T]{slice[T](child.values, int(child.length)), slice[int32](c.offsets, b.Len()+1)}
}

func (b *Batch) list(index int, kind uint32) (list, child *column) {
	list = b.column(index, typeList)
	child = (*column)(at(list.child))
	if child.kind != kind {
		panic("the manifest doesn't fit the module: another type of a list's items")
	}
	return list, child
}

// F64Lists is a column of lists of floating point numbers.
func (b *Batch) F64Lists(index int) Lists[float64] { return listsOf[float64](b, index, typeF64) }

// I64Lists is a column of lists of integers.
func (b *Batch) I64Lists(index int) Lists[int64] { return listsOf[int64](b, index, typeI64) }

// BoolLists is a column of lists of booleans.
func (b *Batch) BoolLists(index int) Lists[bool] { return listsOf[bool](b, index, typeBool) }

// StringLists is a column of lists of strings. Lists are made in a slice that is kept, so that a document costs no memory.
type StringLists struct {
	items   Strings
	offsets []int32
	buffer  []string
}

// Open turns to the lists of another batch.
func (l *StringLists) Open(b *Batch, index int) {
	list, child := b.list(index, typeStr)
	l.items = stringsOf(child)
	l.offsets = slice[int32](list.offsets, b.Len()+1)
}

// At is the list of one document, empty if it has no value, and valid until the next call.
func (l *StringLists) At(i int) []string {
	from, to := int(l.offsets[i]), int(l.offsets[i+1])
	if from == to {
		return nil
	}
	l.buffer = l.items.appendTo(l.buffer[:0], from, to)
	return l.buffer
}

func (s *Strings) appendTo(list []string, from, to int) []string {
	for i := from; i < to; i++ {
		list = append(list, s.At(i))
	}
	return list
}
