package abi

// Present says which documents have a value: a bit each, the first one in the lowest bit of the first word.
type Present []uint64

// Where nothing is missing a column has no bits; loops that read them needn't know.
var allPresent Present

// Present says which documents have a value in a column.
func (b *Batch) Present(index int) Present {
	c := &slice[column](b.columns, index+1)[index]
	words := (b.Len() + 63) / 64
	if c.present != 0 {
		// Buffers are padded to 64 bytes, so that the last word is there as a whole.
		return slice[uint64](c.present, words)
	}
	for len(allPresent) < words {
		allPresent = append(allPresent, ^uint64(0))
	}
	return allPresent[:words]
}

// At says whether one document has a value.
func (p Present) At(i int) bool { return p[i>>6]>>(i&63)&1 != 0 }

// Full is a word with a bit for each of the next 64 documents, or of as many as there are.
func Full(documents int) uint64 {
	if documents >= 64 {
		return ^uint64(0)
	}
	return 1<<documents - 1
}

// End is where 64 documents end that begin at first, or where all of them do.
func End(first, documents int) int { return min(first+64, documents) }
