package abi

import "math"

// F64Param is a parameter that is an f64 or f32, and whether it is there.
func (b *Batch) F64Param(index int) (float64, bool) {
	p := b.param(index, typeF64)
	return math.Float64frombits(p.value), p.kind != 0
}

// F32Param is a parameter that is an f32, and whether it is there.
func (b *Batch) F32Param(index int) (float32, bool) {
	value, ok := b.F64Param(index)
	return float32(value), ok
}

// I64Param is a parameter that is an i64 or i32, and whether it is there.
func (b *Batch) I64Param(index int) (int64, bool) {
	p := b.param(index, typeI64)
	return int64(p.value), p.kind != 0
}

// I32Param is a parameter that is an i32, and whether it is there.
func (b *Batch) I32Param(index int) (int32, bool) {
	value, ok := b.I64Param(index)
	return int32(value), ok
}

// BoolParam is a parameter that is a boolean, and whether it is there.
func (b *Batch) BoolParam(index int) (value, ok bool) {
	p := b.param(index, typeBool)
	return p.value != 0, p.kind != 0
}

// StringParam is a parameter that is a string, and whether it is there.
func (b *Batch) StringParam(index int) (string, bool) {
	p := b.param(index, typeStr)
	return text(uint32(p.value), int(p.length)), p.kind != 0
}

// A list that is there is never nil, also if it has no items: an optional one that is absent is told apart by that.
func listParam[T any](b *Batch, index int, kind uint32) []T {
	p := b.param(index, typeList+kind)
	if p.kind == 0 {
		return nil
	}
	c := (*column)(at(uint32(p.value)))
	if c.length == 0 {
		return []T{}
	}
	return slice[T](c.values, int(c.length))
}

// F64ListParam is a parameter that is a list of f64 or f32, nil if it isn't there.
func (b *Batch) F64ListParam(index int) []float64 { return listParam[float64](b, index, typeF64) }

// I64ListParam is a parameter that is a list of i64 or i32, nil if it isn't there.
func (b *Batch) I64ListParam(index int) []int64 { return listParam[int64](b, index, typeI64) }

// BoolListParam is a parameter that is a list of booleans, nil if it isn't there.
func (b *Batch) BoolListParam(index int) []bool { return listParam[bool](b, index, typeBool) }

// F32ListParam is a parameter that is a list of f32, nil if it isn't there. It is a copy.
func (b *Batch) F32ListParam(index int) []float32 {
	return narrow[float32](b.F64ListParam(index))
}

// I32ListParam is a parameter that is a list of i32, nil if it isn't there. It is a copy.
func (b *Batch) I32ListParam(index int) []int32 {
	return narrow[int32](b.I64ListParam(index))
}

func narrow[To int32 | float32, From int64 | float64](wide []From) []To {
	if wide == nil {
		return nil
	}
	list := make([]To, len(wide))
	for i, value := range wide {
		list[i] = To(value)
	}
	return list
}

// StringListParam is a parameter that is a list of strings, nil if it isn't there. It is made in buffer, which grows if it has to.
func (b *Batch) StringListParam(index int, buffer *[]string) []string {
	p := b.param(index, typeList+typeStr)
	if p.kind == 0 {
		return nil
	}
	if *buffer == nil {
		*buffer = []string{}
	}
	all := stringsOf((*column)(at(uint32(p.value))))
	*buffer = all.appendTo((*buffer)[:0], 0, int(p.length))
	return *buffer
}
