// Two functions over what stands at a path in a document's JSON: its value, and whether it is a given one.
package main

//go:generate go run diagon/udf/cmd/udfgen

// JSONPath returns what stands at a path in the document, as text.
//
//diagon:value version=1.0.0
//diagon:field source name=_source
//diagon:param path type=string
//diagon:once at=parsePath(path)
func JSONPath(source string, at path) (string, bool) {
	found, ok := at.find(source)
	if !ok {
		return "", false
	}
	return text(found), true
}

// JSONPathIs keeps documents in which the text at a path is a given one.
//
//diagon:filter version=1.0.0
//diagon:field source name=_source
//diagon:param path type=string
//diagon:param equals
//diagon:once at=parsePath(path)
func JSONPathIs(source string, at path, equals string) bool {
	found, ok := at.find(source)
	return ok && isText(found, equals)
}
