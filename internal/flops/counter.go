// Package flops calls the dense kernels of BLAS and LAPACK and counts the
// floating point operations that they take, so that a cost is measured in
// operations as well as in seconds. All matrices are row-major.
package flops

import (
	"errors"
	"math"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/lapack"
	"gonum.org/v1/gonum/lapack/lapack64"
)

// A Counter counts operations; its zero value has counted none.
type Counter struct {
	// Count is the number of operations so far, by the leading terms of the
	// usual counts.
	Count float64
}

// Gemm computes C = αAB + βC, A and B transposed as asked.
func (c *Counter) Gemm(tA, tB blas.Transpose, alpha float64, a, b blas64.General, beta float64, to blas64.General) {
	inner := a.Cols
	if tA != blas.NoTrans {
		inner = a.Rows
	}
	c.Count += 2 * float64(inner) * float64(to.Rows) * float64(to.Cols)
	blas64.Gemm(tA, tB, alpha, a, b, beta, to)
}

// Gram adds αAᵀA, or αAAᵀ for t = NoTrans, to β times the lower triangle of the
// n×n matrix to.
func (c *Counter) Gram(t blas.Transpose, alpha float64, a blas64.General, beta float64, to []float64, n int) {
	inner := a.Cols
	if t != blas.NoTrans {
		inner = a.Rows
	}
	c.Count += float64(inner) * float64(n) * float64(n)
	blas64.Syrk(t, alpha, a, beta, blas64.Symmetric{N: n, Stride: n, Data: to, Uplo: blas.Lower})
}

// Cholesky replaces the lower triangle of a by its factor, and reports whether
// it is positive definite.
func (c *Counter) Cholesky(a []float64, n int) bool {
	c.Count += float64(n) * float64(n) * float64(n) / 3
	_, ok := lapack64.Potrf(blas64.Symmetric{N: n, Stride: n, Data: a, Uplo: blas.Lower})
	return ok
}

// Triangular solves with the lower triangular factor l of order n: it replaces
// B by op(L)⁻¹B, or by B op(L)⁻¹ on the right side.
func (c *Counter) Triangular(side blas.Side, t blas.Transpose, l []float64, n int, b blas64.General) {
	c.Count += float64(n) * float64(b.Rows) * float64(b.Cols)
	blas64.Trsm(side, t, 1, blas64.Triangular{N: n, Stride: n, Data: l, Uplo: blas.Lower, Diag: blas.NonUnit}, b)
}

// errEigen says that the eigenvalues of a matrix were not found.
var errEigen = errors.New("the eigenvalues of a matrix were not found")

// Eigen replaces the symmetric matrix a, of which it reads the lower triangle,
// by its eigenvectors, in columns, with ascending eigenvalues in w. Work is
// workspace, of EigenWork(n) numbers at least.
func (c *Counter) Eigen(a, w, work []float64, n int) error {
	c.Count += 9 * float64(n) * float64(n) * float64(n)
	for i := range n {
		for _, v := range a[i*n : i*n+i+1] {
			if math.IsNaN(v) || math.IsInf(v, 0) {
				return errEigen
			}
		}
	}
	if !lapack64.Syev(lapack.EVCompute, blas64.Symmetric{N: n, Stride: n, Data: a, Uplo: blas.Lower}, w, work, len(work)) {
		return errEigen
	}
	return nil
}

// EigenWork is the length of Eigen's workspace: blocks of 32 rows and the two
// diagonals.
func EigenWork(n int) int { return 34*n + 1 }

// Add counts n operations that were not those of a kernel.
func (c *Counter) Add(n float64) { c.Count += n }
