package ode

import (
	"errors"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/lapack/lapack64"
)

// errSingular refuses a step whose linear equations are singular.
var errSingular = errors.New("the linear equations of the step are singular")

// band is the shape of a square matrix: entry (i, j) is at i·step + j + shift of
// its storage. Rows of a dense matrix follow each other; those of a banded one
// hold the entries from the lowest diagonal on, so that its step is one less
// than their length.
type band struct {
	n, lower, upper int
	step, shift     int
}

func dense(n int) band { return band{n: n, lower: n - 1, upper: n - 1, step: n} }

// banded leaves room for fill above the band, which pivoting needs.
func banded(n, lower, upper, fill int) band {
	return band{n: n, lower: lower, upper: upper, step: lower + upper + fill, shift: lower}
}

// dense also holds for a diagonal matrix of one entry, which is the same.
func (b *band) dense() bool { return b.step == b.n }

func (b *band) size() int {
	if b.dense() {
		return b.n * b.n
	}
	return b.n * (b.step + 1)
}

// columns is the range of row i's columns inside of the band.
func (b *band) columns(i int) (from, to int) {
	return max(0, i-b.lower), min(b.n, i+b.upper+1)
}

// scalar is what matrices are of: a method's coefficient matrix has complex
// eigenvalues.
type scalar interface{ float64 | complex128 }

// lu is a triangular factorisation with partial pivoting. Large real dense
// matrices go to LAPACK; gonum's has neither complex nor general banded ones, and
// those are eliminated here, as are small ones, for which a call costs more.
type lu[T scalar] struct {
	band
	data   []T
	pivots []int
}

func newLU[T scalar](shape band) lu[T] {
	if !shape.dense() {
		shape = banded(shape.n, shape.lower, shape.upper, shape.lower)
	}
	return lu[T]{band: shape, data: make([]T, shape.size()), pivots: make([]int, shape.n)}
}

// shifted factors z·I − J.
func (f *lu[T]) shifted(z T, j *jacobian) error {
	clear(f.data)
	for r := range f.n {
		from, to := f.columns(r)
		for c := from; c < to; c++ {
			f.data[r*f.step+c+f.shift] = convert[T](-j.data[r*j.step+c+j.shift])
		}
		f.data[r*f.step+r+f.shift] += z
	}
	if real, ok := any(f).(*lu[float64]); ok && f.large() {
		if !lapack64.Getrf(real.general(), f.pivots) {
			return errSingular
		}
		return nil
	}
	return f.eliminate()
}

// large matrices are worth LAPACK.
func (b *band) large() bool { return b.dense() && b.n > 16 }

func convert[T scalar](x float64) T {
	var t T
	switch p := any(&t).(type) {
	case *float64:
		*p = x
	case *complex128:
		*p = complex(x, 0)
	}
	return t
}

func (f *lu[T]) general() blas64.General {
	return blas64.General{Rows: f.n, Cols: f.n, Stride: f.n, Data: any(f.data).([]float64)}
}

func (f *lu[T]) eliminate() error {
	n, a := f.n, f.data
	at := func(i, j int) int { return i*f.step + j + f.shift }
	for k := range n {
		last := min(n, k+f.lower+1)
		right := min(n, k+f.lower+f.upper+1)
		p := k
		for i := k + 1; i < last; i++ {
			if magnitude(a[at(i, k)]) > magnitude(a[at(p, k)]) {
				p = i
			}
		}
		f.pivots[k] = p
		if magnitude(a[at(p, k)]) == 0 {
			return errSingular
		}
		top := a[at(k, k) : at(k, right-1)+1]
		if p != k {
			other := a[at(p, k) : at(p, right-1)+1]
			for j, v := range top {
				top[j], other[j] = other[j], v
			}
		}
		inverse := 1 / top[0]
		for i := k + 1; i < last; i++ {
			below := a[at(i, k) : at(i, right-1)+1]
			m := below[0] * inverse
			below[0] = m
			if m == 0 {
				continue
			}
			for j := 1; j < len(below); j++ {
				below[j] -= m * top[j]
			}
		}
	}
	return nil
}

// solve replaces b by the solution.
func (f *lu[T]) solve(b []T) {
	if real, ok := any(b).([]float64); ok && f.large() {
		lapack64.Getrs(blas.NoTrans, f.general(), blas64.General{Rows: f.n, Cols: 1, Stride: 1, Data: real}, f.pivots)
		return
	}
	n, a := f.n, f.data
	at := func(i, j int) int { return i*f.step + j + f.shift }
	for k := range n {
		p := f.pivots[k]
		b[k], b[p] = b[p], b[k]
		for i := k + 1; i < min(n, k+f.lower+1); i++ {
			b[i] -= a[at(i, k)] * b[k]
		}
	}
	for k := n - 1; k >= 0; k-- {
		s := b[k]
		for j := k + 1; j < min(n, k+f.lower+f.upper+1); j++ {
			s -= a[at(k, j)] * b[j]
		}
		b[k] = s / a[at(k, k)]
	}
}

// magnitude is |re| + |im|.
func magnitude[T scalar](x T) float64 {
	switch x := any(x).(type) {
	case float64:
		return larger(x, -x)
	case complex128:
		return larger(real(x), -real(x)) + larger(imag(x), -imag(x))
	}
	return 0
}
