package gen

import (
	"fmt"
	"strings"
)

// openAnswers gives the answers a variable, and what says which documents have one, where some may have none.
func (e *emitter) openAnswers() {
	n := e.names
	switch {
	case e.returnsText():
		e.line("%s := %s.TextAnswers()", n.answers, n.batch)
	case e.f.manifest.Kind == value && e.f.results.base != "bool":
		e.line("%s := %s.%sAnswers()[:%s]", n.answers, n.batch, abiNames[e.f.results.base], n.n)
	case e.f.manifest.Kind == score:
		e.line("%s := %s.F64Answers()[:%s]", n.answers, n.batch, n.n)
	default:
		e.line("%s := %s.Verdicts()[:%s]", n.answers, n.batch, n.n)
	}
	if e.f.results.hasOK || e.f.manifest.Kind == value && len(e.strict()) > 0 {
		e.line("%s := %s.Answered()", n.answered, n.batch)
	}
}

// strict are the variables that say which documents have a value in the fields without which the function isn't asked.
func (e *emitter) strict() []string {
	var all []string
	for _, arg := range e.f.args {
		if e.isStrict(arg) {
			all = append(all, e.present[arg.name])
		}
	}
	return all
}

// loops writes the loop over all documents. Where some may have to be left out it goes by words of 64 documents: words in which nothing
// is missing go through a plain loop, too.
func (e *emitter) loops() {
	n := e.names
	strict := e.strict()
	if len(strict) == 0 {
		e.line("for %s := range %s {", n.i, n.n)
		e.body()
		e.line("}")
		return
	}
	full, word, end := e.name("full"), e.name("word"), e.name("end")
	e.line("for %s := 0; %s < %s; %s += 64 {", n.first, n.first, n.n, n.first)
	e.line("%s := abi.Full(%s - %s)", full, n.n, n.first)
	all := full
	for _, present := range strict {
		all += fmt.Sprintf(" & %s[%s>>6]", present, n.first)
	}
	e.line("%s := %s", word, all)
	e.line("if %s == %s {", word, full)
	e.line("%s := abi.End(%s, %s)", end, n.first, n.n)
	e.line("for %s := %s; %s < %s; %s++ {", n.i, n.first, n.i, end, n.i)
	e.body()
	e.line("}\ncontinue\n}")
	if e.f.manifest.Kind == value {
		e.line("%s[%s>>6] = %s", n.answered, n.first, word)
	}
	e.line("for ; %s != 0; %s &= %s - 1 {", word, word, word)
	e.line("%s := %s + bits.TrailingZeros64(%s)", n.i, n.first, word)
	e.body()
	e.line("}\n}")
}

// body asks about one document, and notes the answer.
func (e *emitter) body() {
	n := e.names
	call := e.f.goName + "(" + strings.Join(e.arguments(), ", ") + ")"
	r := e.f.results
	if !r.hasOK && !r.hasErr {
		e.answer(call)
		return
	}
	answer, ok, err := e.names.answer, e.names.ok, e.names.err
	variables := []string{answer}
	if r.hasOK {
		variables = append(variables, ok)
	}
	if r.hasErr {
		variables = append(variables, err)
	}
	e.line("%s := %s", strings.Join(variables, ", "), call)
	if r.hasErr {
		report := "AnswerError"
		if e.f.manifest.Kind == filter {
			report = "FilterError"
		} else if r.base == "float64" {
			report = "F64Error"
		}
		e.line("if %s != nil {\n%s.%s(%s, %s)\ncontinue\n}", err, n.batch, report, n.i, err)
	}
	if r.hasOK {
		e.line("if !%s {\n%s.Unset(%s)\ncontinue\n}", ok, n.answered, n.i)
	}
	e.answer(answer)
}

func (e *emitter) answer(expression string) {
	if e.returnsText() {
		e.line("%s.Put(%s, %s)", e.names.answers, e.names.i, expression)
		return
	}
	e.line("%s[%s] = %s", e.names.answers, e.names.i, expression)
}
