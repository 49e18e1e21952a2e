//go:build !openblas

package openblas

// Name says which library does the products of matrices.
func Name() string { return "gonum" }
