package main

import (
	"slices"
	"testing"

	"diagon/udf/udftest"
)

func TestThreeColumns(t *testing.T) {
	f := udftest.Open(t, "three_columns", threeColumnsBatch)
	got := f.Run(udftest.Parameters{"max_price": 10.5, "since": 3, "least": 1},
		udftest.Document{"price": 10.5, "ts": 3, "stock": 1},
		udftest.Document{"price": 10.6, "ts": 3, "stock": 1},
		udftest.Document{"price": 10, "ts": 2, "stock": 1},
		udftest.Document{"ts": 3, "stock": 1},
		udftest.Document{"price": 10, "ts": 3})
	if !slices.Equal(got, []any{true, false, false, true, false}) {
		t.Error(got)
	}
}

func TestPrefix(t *testing.T) {
	f := udftest.Open(t, "prefix", prefixBatch)
	got := f.Run(udftest.Parameters{"prefix": "li"},
		udftest.Document{"name": "lib"}, udftest.Document{"name": "l"}, udftest.Document{}, udftest.Document{"name": "xli"})
	if !slices.Equal(got, []any{true, false, false, false}) {
		t.Error(got)
	}
}

func TestGeneratedFilesAreFresh(t *testing.T) { udftest.Fresh(t) }
