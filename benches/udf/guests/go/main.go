// Two filters as anybody would write them, measured against hand-written WebAssembly.
package main

import "strings"

//go:generate go run diagon/udf/cmd/udfgen

// ThreeColumns keeps what is cheap, new and in stock.
//
//diagon:filter version=1.0.0
//diagon:field price default=0
//diagon:field ts default=0
//diagon:field stock default=0
//diagon:param maxPrice
//diagon:param since
//diagon:param least
func ThreeColumns(price float64, ts, stock int64, maxPrice float64, since, least int64) bool {
	return price <= maxPrice && ts >= since && stock >= least
}

// Prefix keeps names that begin with a prefix.
//
//diagon:filter version=1.0.0
//diagon:field name default=""
//diagon:param prefix
func Prefix(name, prefix string) bool {
	return strings.HasPrefix(name, prefix)
}
