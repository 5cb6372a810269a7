package udf

import "testing"

func TestConditions(t *testing.T) {
	for _, a := range []bool{false, true} {
		for _, b := range []bool{false, true} {
			if And(a, b) != (a && b) || Or(a, b) != (a || b) {
				t.Error(a, b, And(a, b), Or(a, b))
			}
		}
	}
}

func TestOpt(t *testing.T) {
	if got := Some("").Or("fallback"); got != "" {
		t.Error(got)
	}
	if got := (Opt[int64]{}).Or(3); got != 3 {
		t.Error(got)
	}
}
