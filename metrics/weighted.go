package metrics

import (
	"math"

	"fisherflow/manifold"

	"gonum.org/v1/gonum/mat"
)

// diagonal is a metric whose matrix is diagonal in the chart's coordinates.
type diagonal struct {
	name, chart string
	x, weights  []float64
	fill        func(weights, x []float64) error
}

// ForEuclidean returns the metric of plain gradient descent in the chart's
// coordinates: the identity, and on the coordinates of a symmetric matrix the
// Frobenius product, in which an off-diagonal coordinate counts twice. Its
// flow is another one in every chart.
func ForEuclidean(view *manifold.View) (manifold.Metric, error) {
	d := newDiagonal("euclidean", view, nil)
	if w, ok := view.Chart().(manifold.Weighted); ok {
		w.Weights(d.weights)
	} else {
		for i := range d.weights {
			d.weights[i] = 1
		}
	}
	return d, nil
}

// ForDiagonal returns the diagonal of the Fisher matrix in the chart's
// coordinates: O(n) to raise, invariant under a rescaling of single
// coordinates and under nothing else.
func ForDiagonal(view *manifold.View) (manifold.Metric, error) {
	matrix := mat.NewSymDense(view.Dim(), nil)
	return newDiagonal("diagonal", view, func(weights, x []float64) error {
		if err := view.Fisher(matrix, x); err != nil {
			return err
		}
		for i := range weights {
			weights[i] = matrix.At(i, i)
		}
		return nil
	}), nil
}

func newDiagonal(name string, view *manifold.View, fill func(weights, x []float64) error) *diagonal {
	n := view.Dim()
	return &diagonal{name: name, chart: view.Chart().Name(), x: make([]float64, n), weights: make([]float64, n), fill: fill}
}

func (d *diagonal) Dim() int { return len(d.x) }

func (d *diagonal) At(x []float64) error {
	copy(d.x, x)
	if d.fill == nil {
		return nil
	}
	if err := d.fill(d.weights, d.x); err != nil {
		return err
	}
	for i, w := range d.weights {
		if !(w > 0) || math.IsInf(w, 1) {
			return &SingularError{Metric: d.name, Point: append([]float64(nil), d.x...), Chart: d.chart, Pivot: i, Value: w}
		}
	}
	return nil
}

func (d *diagonal) Raise(dst, covector []float64) error {
	for i, c := range covector {
		dst[i] = c / d.weights[i]
	}
	return nil
}

func (d *diagonal) Lower(dst, vector []float64) error {
	for i, v := range vector {
		dst[i] = v * d.weights[i]
	}
	return nil
}

var _ manifold.Metric = (*diagonal)(nil)
