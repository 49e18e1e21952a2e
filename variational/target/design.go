package target

import (
	"math"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/mat"
)

// Sparse is a matrix in compressed rows: row i has the values
// Value[Start[i]:Start[i+1]] in the columns of the same positions.
type Sparse struct {
	Rows, Cols int
	Start      []int
	Column     []int
	Value      []float64
}

// Dims implements [mat.Matrix].
func (s *Sparse) Dims() (r, c int) { return s.Rows, s.Cols }

// At implements [mat.Matrix], by search along the row.
func (s *Sparse) At(i, j int) float64 {
	for k := s.Start[i]; k < s.Start[i+1]; k++ {
		if s.Column[k] == j {
			return s.Value[k]
		}
	}
	return 0
}

// T implements [mat.Matrix].
func (s *Sparse) T() mat.Matrix { return mat.Transpose{Matrix: s} }

// DoRowNonZero implements [mat.RowNonZeroDoer].
func (s *Sparse) DoRowNonZero(i int, f func(i, j int, value float64)) {
	for k := s.Start[i]; k < s.Start[i+1]; k++ {
		f(i, s.Column[k], s.Value[k])
	}
}

var _ mat.RowNonZeroDoer = (*Sparse)(nil)

// design is a matrix of predictors with products by rows: dense or sparse.
type design struct {
	matrix mat.Matrix
	dense  blas64.General
	sparse *Sparse
	n, d   int
}

func newDesign(x mat.Matrix) design {
	n, d := x.Dims()
	out := design{matrix: x, n: n, d: d}
	switch m := x.(type) {
	case *Sparse:
		out.sparse = m
	case mat.RawMatrixer:
		out.dense = m.RawMatrix()
	default:
		c := mat.DenseCopyOf(x)
		out.matrix, out.dense = c, c.RawMatrix()
	}
	return out
}

// times stores Xz in dst.
func (x *design) times(dst, z []float64) {
	if x.sparse != nil {
		for i := range dst {
			s := 0.0
			for k := x.sparse.Start[i]; k < x.sparse.Start[i+1]; k++ {
				s += x.sparse.Value[k] * z[x.sparse.Column[k]]
			}
			dst[i] = s
		}
		return
	}
	blas64.Gemv(blas.NoTrans, 1, x.dense, blas64.Vector{N: x.d, Data: z, Inc: 1}, 0, blas64.Vector{N: x.n, Data: dst, Inc: 1})
}

// addTransposed adds Xᵀw to dst.
func (x *design) addTransposed(dst, w []float64) {
	if x.sparse != nil {
		for i, a := range w {
			for k := x.sparse.Start[i]; k < x.sparse.Start[i+1]; k++ {
				dst[x.sparse.Column[k]] += a * x.sparse.Value[k]
			}
		}
		return
	}
	blas64.Gemv(blas.Trans, 1, x.dense, blas64.Vector{N: x.n, Data: w, Inc: 1}, 1, blas64.Vector{N: x.d, Data: dst, Inc: 1})
}

// row is row i; dst is used where it is not stored as such.
func (x *design) row(dst []float64, i int) []float64 {
	if x.sparse == nil {
		return x.dense.Data[i*x.dense.Stride : i*x.dense.Stride+x.d]
	}
	clear(dst)
	for k := x.sparse.Start[i]; k < x.sparse.Start[i+1]; k++ {
		dst[x.sparse.Column[k]] = x.sparse.Value[k]
	}
	return dst
}

// addGram adds Xᵀ diag(w) X to the leading d × d block of dst.
func (x *design) addGram(dst *mat.SymDense, w []float64) {
	raw := dst.RawSymmetric()
	if x.sparse != nil {
		for i, a := range w {
			s := x.sparse
			for k := s.Start[i]; k < s.Start[i+1]; k++ {
				for l := s.Start[i]; l < s.Start[i+1]; l++ {
					if p, q := s.Column[k], s.Column[l]; p <= q {
						raw.Data[p*raw.Stride+q] += a * s.Value[k] * s.Value[l]
					}
				}
			}
		}
		return
	}
	for i, a := range w {
		row := x.dense.Data[i*x.dense.Stride : i*x.dense.Stride+x.d]
		for p, v := range row {
			if v *= a; v == 0 {
				continue
			}
			to := raw.Data[p*raw.Stride : p*raw.Stride+x.d]
			for q := p; q < x.d; q++ {
				to[q] += v * row[q]
			}
		}
	}
}

func clearSym(dst *mat.SymDense) {
	raw := dst.RawSymmetric()
	for i := range raw.N {
		clear(raw.Data[i*raw.Stride+i : i*raw.Stride+raw.N])
	}
}

func finite(x float64) bool { return !math.IsNaN(x) && !math.IsInf(x, 0) }
