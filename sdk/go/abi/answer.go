package abi

import "math"

// The answer of a filter that says "error in this document".
const verdictError = 2

// Verdicts is where a filter's answers go; no at first.
func (b *Batch) Verdicts() []bool { return slice[bool](b.answers, b.Len()) }

// F64Answers is where scores or values go; 0 at first.
func (b *Batch) F64Answers() []float64 { return slice[float64](b.answers, b.Len()) }

// I64Answers is where values go; 0 at first.
func (b *Batch) I64Answers() []int64 { return slice[int64](b.answers, b.Len()) }

// Answered says which documents have an answer; all at first.
func (b *Batch) Answered() Present { return slice[uint64](b.answerPresent, (b.Len()+63)/64) }

// Unset says that a document has no answer.
func (p Present) Unset(i int) { p[i>>6] &^= 1 << (i & 63) }

// FilterError says that a filter has no verdict about a document, and logs why.
func (b *Batch) FilterError(i int, err error) {
	slice[uint8](b.answers, b.Len())[i] = verdictError
	logError(err)
}

// F64Error says that a score or a floating point value can't be told of a document, and logs why.
func (b *Batch) F64Error(i int, err error) {
	b.F64Answers()[i] = math.NaN()
	logError(err)
}

// AnswerError says the same of other values, for which the engine has nothing but "missing", and logs why.
func (b *Batch) AnswerError(i int, err error) {
	b.Answered().Unset(i)
	logError(err)
}

// The level of the log for what is wrong with a document: the engine tells it with the document.
const levelReason = 4

func logError(err error) { Log(levelReason, err.Error()) }

// Text collects the strings that a value function returns.
type Text struct {
	bytes   []byte
	offsets []int32
	filled  int
	answer  *column
}

// What one batch returned is of no use when the next one comes: its memory serves again.
var returned Text

// TextAnswers is where strings go, in the documents' order; documents may be left out.
func (b *Batch) TextAnswers() *Text {
	returned.answer = (*column)(at(b.answers))
	returned.bytes = returned.bytes[:0]
	if wanted := b.Len() + 1; cap(returned.offsets) < wanted {
		returned.offsets = make([]int32, wanted)
	}
	returned.offsets = returned.offsets[:b.Len()+1]
	returned.filled = 0
	return &returned
}

// Put sets a document's string. It is copied.
func (t *Text) Put(i int, value string) {
	t.fill(i)
	t.bytes = append(t.bytes, value...)
}

// Done tells the engine where the strings are.
func (t *Text) Done() {
	t.fill(len(t.offsets) - 1)
	publish(t.answer, t.bytes, t.offsets)
}

// fill lets all documents up to i begin where the bytes end.
func (t *Text) fill(i int) {
	for ; t.filled <= i; t.filled++ {
		t.offsets[t.filled] = int32(len(t.bytes))
	}
}
