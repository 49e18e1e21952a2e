package main

import (
	"strings"

	"fisherflow/run"
)

// optimizerListing are the rules of [optimizer] with the keys that each has.
func optimizerListing() listing {
	l := listing{columns: []string{"name", "keys", "description"}, note: libraryNote()}
	for _, o := range run.Optimizers() {
		l.rows = append(l.rows, []any{o.Name, o.Keys, o.Description})
	}
	return l
}

// libraryNote says what does the products of matrices, on which the time of a
// network depends.
func libraryNote() string {
	name := run.Library()
	if strings.HasPrefix(name, "gonum") {
		return "Matrices are multiplied by gonum, in Go: about 5 GFLOP/s on a core. Built with -tags openblas it is OpenBLAS, about 35."
	}
	return "Matrices are multiplied by " + name + "."
}
