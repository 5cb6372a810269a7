package gen

import "testing"

// TestWhatLooksLikeADirective: a comment that was meant as one is never taken for prose without a word.
func TestWhatLooksLikeADirective(t *testing.T) {
	const like, apart = "Go takes this for a plain comment; the directive is written ",
		"this directive belongs to no function: it must stand right above one, with no blank line between"
	const fine = "//diagon:filter version=1.0.0\n"
	const f = "func F(x, y float64) bool { return true }"
	for _, c := range []struct{ source, wanted string }{
		{fine + "// diagon:param y\n" + f, "main.go:8:1: " + like + "//diagon:param y"},
		{fine + "//diagon: param y\n" + f, "main.go:8:1: " + like + "//diagon:param y"},
		{fine + "//Diagon:Param y\n" + f, "main.go:8:1: " + like + "//diagon:param y"},
		{fine + "// diagon : param y default=1.5\n" + f, "main.go:8:1: " + like + "//diagon:param y default=1.5"},
		{fine + "//\tdiagon:parm y\n" + f, "main.go:8:1: " + like + "//diagon:parm y"},
		{"// diagon:filter version=1.0.0\n" + f, "main.go:7:1: " + like + "//diagon:filter version=1.0.0"},
		{fine + "//diagon:param y\n\n" + f, "main.go:7:1: " + apart},
		{"// diagon:filter version=1.0.0\n\n" + f, "main.go:7:1: " + apart},
		{"//diagon:param y\n\n" + fine + f, "main.go:7:1: " + apart},
		{fine + "var x int\n\n" + f, "main.go:7:1: " + apart},
		{"// Diagon: the engine that asks F.\n" + f,
			"main.go:1:9: no function has a directive; write //diagon:filter version=1.0.0 above one (or score, value)"},
		{"// F is asked by diagon:filter.\n//\n" + fine + f, ""},
		{"// Diagon: the engine that asks F.\n//\n" + fine + f, ""},
		{"// diagon:param is how parameters are marked.\n\n" + fine + f, ""},
	} {
		_, _, err := Generate(folder(t, head+c.source))
		if got := message(err); got != c.wanted {
			t.Errorf("%s\ngot      %s\nexpected %s", c.source, got, c.wanted)
		}
	}
}

func message(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
