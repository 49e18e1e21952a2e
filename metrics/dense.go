package metrics

import (
	"math"

	"fisherflow/internal/cholesky"
	"fisherflow/manifold"

	"gonum.org/v1/gonum/mat"
)

// singularPivot is the Schur complement of a coordinate, as a fraction of its
// diagonal entry, under which float64 cannot tell the matrix from a singular
// one.
const singularPivot = 4 * 0x1p-52

// dense is a metric whose matrix is assembled and factored at each point:
// n³/3 operations, and n² for each raise and lower.
type dense struct {
	name, chart string
	fill        func(dst *mat.SymDense, x []float64) error

	n      int
	x      []float64
	matrix *mat.SymDense
	factor []float64 // lower Cholesky factor, row-major
	work   []float64
}

func newDense(name string, view *manifold.View, fill func(dst *mat.SymDense, x []float64) error) *dense {
	n := view.Dim()
	return &dense{
		name: name, chart: view.Chart().Name(), fill: fill, n: n,
		x: make([]float64, n), matrix: mat.NewSymDense(n, nil), factor: make([]float64, n*n), work: make([]float64, n),
	}
}

func (d *dense) Dim() int { return d.n }

func (d *dense) At(x []float64) error {
	copy(d.x, x)
	if err := d.fill(d.matrix, d.x); err != nil {
		return err
	}
	raw := d.matrix.RawSymmetric()
	for i := range d.n {
		row := d.factor[i*d.n : i*d.n+i+1]
		for j := range row {
			row[j] = raw.Data[j*raw.Stride+i] // the upper triangle is stored
		}
	}
	if pivot, ok := cholesky.Factor(d.factor, d.n); !ok {
		a := raw.Data[pivot*raw.Stride+pivot]
		return d.singular(pivot, d.factor[pivot*d.n+pivot]/a)
	}
	for i := range d.n {
		l := d.factor[i*d.n+i]
		if p := l * l / raw.Data[i*raw.Stride+i]; !(p > singularPivot) {
			return d.singular(i, p)
		}
	}
	return nil
}

func (d *dense) singular(pivot int, value float64) error {
	if math.IsInf(value, 0) || math.IsNaN(value) {
		value = 0
	}
	return &SingularError{Metric: d.name, Point: append([]float64(nil), d.x...), Chart: d.chart, Pivot: pivot, Value: value}
}

func (d *dense) Raise(dst, covector []float64) error {
	copy(dst, covector)
	cholesky.Solve(d.factor, d.n, dst)
	return nil
}

func (d *dense) Lower(dst, vector []float64) error {
	copy(d.work, vector)
	raw := d.matrix.RawSymmetric()
	for i := range dst {
		dst[i] = 0
	}
	for i := range d.n {
		row := raw.Data[i*raw.Stride : i*raw.Stride+d.n]
		s := row[i] * d.work[i]
		for j := i + 1; j < d.n; j++ {
			s += row[j] * d.work[j]
			dst[j] += row[j] * d.work[i]
		}
		dst[i] += s
	}
	return nil
}

var _ manifold.Metric = (*dense)(nil)
