// Package openblas puts gonum's BLAS and LAPACK on OpenBLAS (BSD-3-Clause,
// openblas.net) in programs that are built with
//
//	go build -tags openblas ./...
//
// through cgo; they need its library and headers (Debian's libopenblas-dev).
// Without the tag it does nothing.
//
// Only what a dense metric spends its time in is replaced: products of matrices
// (gemm, syrk, symm, gemv), triangular solves of many columns, Cholesky's factor
// and symmetric eigenvalues. A row-major matrix is the transpose of a
// column-major one, so that nothing is copied. One thread is used unless
// OPENBLAS_NUM_THREADS says otherwise, since the bits of a result may depend on
// the number.
package openblas
