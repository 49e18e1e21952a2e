package metrics

import (
	"math"

	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/lapack"
	"gonum.org/v1/gonum/lapack/lapack64"
)

// wellConditioned is the norm of the inverse of a matrix of unit diagonal up to
// which a Cholesky factor is trusted although a square root is to be had.
const wellConditioned = 1e6

// A squareRoot decomposes M = RᵀR by the singular values of R: the condition
// number of R is the root of that of M, and what a step raised by M⁺ does to the
// model is right to machine precision times the former. RᵀR loses twice the
// digits before it is decomposed.
type squareRoot struct {
	rows             blas64.General // destroyed by the decomposition
	singular, vt     []float64
	work             []float64
	stacked, columns int
}

// decompose stores the eigenvalues of RᵀR, ascending, and its eigenvectors, of
// an n-column R, and reports whether the iteration converged.
func (r *squareRoot) decompose(values, vectors []float64) bool {
	m, n := r.rows.Rows, r.rows.Cols
	k := min(m, n)
	if len(r.singular) < k || len(r.vt) < k*n {
		r.singular, r.vt = make([]float64, k), make([]float64, k*n)
	}
	vt := blas64.General{Rows: k, Cols: n, Stride: n, Data: r.vt}
	if r.stacked != m || r.columns != n {
		var size [1]float64
		lapack64.Gesvd(lapack.SVDNone, lapack.SVDStore, r.rows, blas64.General{Stride: 1}, vt, r.singular[:k], size[:], -1)
		r.work = make([]float64, int(size[0]))
		r.stacked, r.columns = m, n
	}
	if !lapack64.Gesvd(lapack.SVDNone, lapack.SVDStore, r.rows, blas64.General{Stride: 1}, vt, r.singular[:k], r.work, len(r.work)) {
		return false
	}
	clear(values)
	clear(vectors)
	for j := range k {
		at := n - 1 - j
		values[at] = r.singular[j] * r.singular[j]
		for i := range n {
			vectors[i*n+at] = vt.Data[j*n+i]
		}
	}
	return true
}

// root stacks the gradients of which a block is the sum of squares, and for
// damping by blocks those of each layer alone once more. It reports false where
// they take too much memory.
func (s *blocks) root(b *block) (bool, error) {
	examples, passes := s.model.Examples(), s.moments.passes()
	copies := 1
	if b.owner < 0 && b.inflate > 0 {
		copies += s.model.Layers()
	}
	rows := copies * passes * examples
	if 8*float64(rows)*float64(b.n) > s.settings.Memory {
		return false, nil
	}
	r := &s.square
	grow(&r.rows, rows, b.n)
	clear(r.rows.Data)
	scale := math.Sqrt(s.moments.weight())
	if b.owner >= 0 {
		scale *= math.Sqrt(1 + b.inflate)
	}
	for j := range passes {
		if err := s.moments.pass(j); err != nil {
			return false, err
		}
		column := 0
		for _, u := range b.units {
			_, _, p, t, _ := s.model.Layer(u.layer)
			a, g := s.model.Inputs(u.layer), s.model.Cotangents(u.layer)
			for e := range examples {
				row := j*examples + e
				to := r.rows.Data[row*b.n+column : row*b.n+column+p]
				unitRow(to, a, g, e, t, u.row)
				for i := range to {
					to[i] *= scale
				}
				if copies > 1 {
					row += (1 + u.layer) * passes * examples
					for i, v := range to {
						r.rows.Data[row*b.n+column+i] = math.Sqrt(b.inflate) * v
					}
				}
			}
			column += p
		}
	}
	s.ops.Add(4 * float64(rows) * float64(b.n) * float64(b.n))
	s.ops.Add(20 * float64(b.n) * float64(b.n) * float64(b.n))
	return true, nil
}
