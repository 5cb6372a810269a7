// Udfgen makes of a package of plain functions a module for the engine: it reads their directives and writes udf_gen.go, which has the
// exports and the loop over a batch of documents, and manifest.json.
//
//	//go:generate go run diagon/udf/cmd/udfgen
//
// With -check it writes nothing, and fails if the files aren't what it would write.
package main

import (
	"flag"
	"fmt"
	"os"

	"diagon/udf/internal/gen"
)

func main() {
	check := flag.Bool("check", false, "write nothing; fail if the files are not up to date")
	flag.Usage = func() {
		fmt.Fprintln(flag.CommandLine.Output(), "usage: udfgen [-check] [FOLDER]")
		flag.PrintDefaults()
	}
	flag.Parse()
	folder := "."
	if flag.NArg() > 0 {
		folder = flag.Arg(0)
	}
	run := gen.Write
	if *check {
		run = gen.Check
	}
	if err := run(folder); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
