// Package cholesky has the factorisation of small symmetric positive definite
// matrices on row-major slices, without allocation. Plain loops beat LAPACK up
// to a few tens of rows; above that Factor calls gonum's blocked routine.
package cholesky

import (
	"math"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/lapack/lapack64"
)

// blocked is the order from which the blocked factorisation is faster.
const blocked = 24

// Factor replaces the lower triangle of the n×n matrix a by its Cholesky
// factor L, A = LLᵀ; the upper triangle is neither read nor written. If a pivot
// is not positive it returns that index and false, and leaves the offending
// Schur complement, which may be NaN, on the diagonal there.
func Factor(a []float64, n int) (pivot int, ok bool) {
	if len(a) < n*n {
		panic("cholesky: matrix too short")
	}
	if n >= blocked {
		return factorBlocked(a, n)
	}
	return factorPlain(a, n)
}

func factorPlain(a []float64, n int) (pivot int, ok bool) {
	for i := range n {
		row := a[i*n : i*n+i+1]
		for j := range i {
			other := a[j*n : j*n+j+1]
			s := row[j]
			for k, x := range other[:j] {
				s -= row[k] * x
			}
			row[j] = s / other[j]
		}
		s := row[i]
		for _, x := range row[:i] {
			s -= x * x
		}
		if !(s > 0) || math.IsInf(s, 1) {
			row[i] = s
			return i, false
		}
		row[i] = math.Sqrt(s)
	}
	return 0, true
}

// factorBlocked factors with LAPACK, which leaves a failed pivot where it is.
func factorBlocked(a []float64, n int) (pivot int, ok bool) {
	_, ok = lapack64.Potrf(blas64.Symmetric{N: n, Data: a, Stride: n, Uplo: blas.Lower})
	if ok {
		return 0, true
	}
	for i := range n - 1 {
		if d := a[i*n+i]; !(d > 0) {
			return i, false
		}
	}
	return n - 1, false
}

// SolveLower replaces b by L⁻¹b.
func SolveLower(l []float64, n int, b []float64) {
	for i := range n {
		row := l[i*n : i*n+i+1]
		s := b[i]
		for k, x := range row[:i] {
			s -= x * b[k]
		}
		b[i] = s / row[i]
	}
}

// SolveUpper replaces b by L⁻ᵀb.
func SolveUpper(l []float64, n int, b []float64) {
	for i := n - 1; i >= 0; i-- {
		row := l[i*n : i*n+i+1]
		x := b[i] / row[i]
		b[i] = x
		for k, y := range row[:i] {
			b[k] -= y * x
		}
	}
}

// Solve replaces b by A⁻¹b, given the factor of A.
func Solve(l []float64, n int, b []float64) {
	SolveLower(l, n, b)
	SolveUpper(l, n, b)
}

// Invert stores the inverse of the lower triangular factor L in dst, whose
// upper triangle is set to zero.
func Invert(dst, l []float64, n int) {
	clear(dst[:n*n])
	for j := range n {
		dst[j*n+j] = 1 / l[j*n+j]
		for i := j + 1; i < n; i++ {
			row := l[i*n : i*n+i+1]
			s := 0.0
			for k := j; k < i; k++ {
				s -= row[k] * dst[k*n+j]
			}
			dst[i*n+j] = s / row[i]
		}
	}
}

// LogDet is log det A = 2 Σ log L_ii.
func LogDet(l []float64, n int) float64 {
	s := 0.0
	for i := range n {
		s += math.Log(l[i*n+i])
	}
	return 2 * s
}
