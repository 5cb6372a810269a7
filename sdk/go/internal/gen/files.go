package gen

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
)

// Write makes both files in a folder. Files that are as they should be are left alone.
func Write(folder string) error {
	return each(folder, func(path string, content []byte) error {
		if old, err := os.ReadFile(path); err == nil && bytes.Equal(old, content) {
			return nil
		}
		return os.WriteFile(path, content, 0o644)
	})
}

// Check fails if a file in the folder isn't what Write would write, but for places in the author's files, which any change moves.
func Check(folder string) error {
	return each(folder, func(path string, content []byte) error {
		if !isCurrent(path, content) {
			return fmt.Errorf("%s is not up to date; run go generate", path)
		}
		return nil
	})
}

var places = regexp.MustCompile(`/\*line [^*]*\*/`)

func isCurrent(path string, content []byte) bool {
	old, err := os.ReadFile(path)
	return err == nil && bytes.Equal(places.ReplaceAll(old, nil), places.ReplaceAll(content, nil))
}

func each(folder string, do func(path string, content []byte) error) error {
	code, manifests, err := Generate(folder)
	if err != nil {
		return err
	}
	if err := do(filepath.Join(folder, Output), code); err != nil {
		return err
	}
	return do(filepath.Join(folder, Manifest), manifests)
}
