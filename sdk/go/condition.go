package udf

// And is a && b with both sides always evaluated. Where a comparison's outcome is hard to guess, as on numbers of many documents, that is
// faster than a branch; it is the same where a side can't panic.
func And(a, b bool) bool { return bit(a)&bit(b) != 0 }

// Or is a || b with both sides always evaluated, see And.
func Or(a, b bool) bool { return bit(a)|bit(b) != 0 }

func bit(b bool) uint8 {
	var x uint8
	if b {
		x = 1
	}
	return x
}
