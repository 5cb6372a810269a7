package udftest

import (
	"fmt"
	"math"
	"testing"
)

// TestNumbersThatTheEngineRefuses: they are errors of the document here, too.
func TestNumbersThatTheEngineRefuses(t *testing.T) {
	most := 2.5
	for _, c := range []struct {
		kind   string
		max    *float64
		number float64
		wanted string
	}{
		{"score", nil, 0, "0"},
		{"score", nil, math.MaxFloat32, "3.4028234663852886e+38"},
		{"score", nil, -0.5, "the score is -0.5, expected a number from 0 to 3.4028235e38"},
		{"score", nil, math.Inf(1), "the score is +Inf, expected a number from 0 to 3.4028235e38"},
		{"score", nil, math.NaN(), errDocument.Error()},
		{"score", &most, 2.5, "2.5"},
		{"score", &most, 2.6, "the score is 2.6, above the manifest's `max_score`, 2.5"},
		{"value", nil, -0.5, "-0.5"},
		{"value", nil, math.NaN(), errDocument.Error()},
		{"value", nil, math.Inf(-1), "the value is -Inf"},
	} {
		f := Function{manifest: manifest{Kind: c.kind, MaxScore: c.max}}
		got := f.number(c.number)
		_, isError := got.(error)
		if fmt.Sprint(got) != c.wanted || isError == (got == any(c.number)) {
			t.Errorf("%+v: got %v", c, got)
		}
	}
}
