package flops

import "fisherflow/internal/openblas"

// Library names what does the products of matrices.
func Library() string { return openblas.Name() }
