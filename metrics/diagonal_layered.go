package metrics

import (
	"math"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
)

// layeredDiagonal is the diagonal of the Fisher matrix,
//
//	D_ij = w Σ g_i² a_j²   for a layer with one position,
//
// 2Rpq operations for R gradients, and pq numbers.
type layeredDiagonal struct {
	*base
	weights []float64
	damped  []float64
	squares []blas64.General // a², layer by layer, and g² of the present one
	g       blas64.General
	row     []float64
}

func newLayeredDiagonal(b *base) *layeredDiagonal {
	return &layeredDiagonal{
		base: b, weights: make([]float64, b.n), damped: make([]float64, b.n),
		squares: make([]blas64.General, b.model.Layers()), row: make([]float64, widest(b.model)),
	}
}

// widest is the largest number of inputs of a layer.
func widest(m Layered) int {
	w := 0
	for l := range m.Layers() {
		_, _, p, _, _ := m.Layer(l)
		w = max(w, p)
	}
	return w
}

// At computes the diagonal.
func (d *layeredDiagonal) At(theta []float64) error {
	if err := d.model.At(theta); err != nil {
		return err
	}
	d.stale = true
	return d.build()
}

func (d *layeredDiagonal) build() error {
	clear(d.weights)
	for j := range d.moments.passes() {
		if err := d.moments.pass(j); err != nil {
			return err
		}
		for l := range d.model.Layers() {
			offset, q, p, t, _ := d.model.Layer(l)
			a, g := d.model.Inputs(l), d.model.Cotangents(l)
			to := part(d.weights, offset, q, p)
			if t == 1 {
				if j == 0 {
					square(&d.squares[l], a)
				}
				square(&d.g, g)
				d.ops.Gemm(blas.Trans, blas.NoTrans, d.moments.weight(), d.g, d.squares[l], 1, to)
				continue
			}
			d.ops.Add(2 * float64(g.Rows) * float64(q) * float64(p))
			for u := range q {
				for i := range d.model.Examples() {
					unitRow(d.row[:p], a, g, i, t, u)
					for k, v := range d.row[:p] {
						to.Data[u*p+k] += d.moments.weight() * v * v
					}
				}
			}
		}
	}
	return nil
}

func (d *layeredDiagonal) damp() {
	if !d.stale {
		return
	}
	d.stale = false
	trace := 0.0
	for _, w := range d.weights {
		trace += w
	}
	shift := d.damping.shift(trace, d.n)
	for i, w := range d.weights {
		switch d.damping.Kind {
		case "marquardt", "block":
			w *= 1 + d.damping.Value
		case "prior":
			w += d.damping.Value * d.damping.prior(i)
		}
		d.damped[i] = w + shift
	}
}

// Raise divides by the diagonal; a parameter that no output depends on stays.
func (d *layeredDiagonal) Raise(dst, covector []float64) error {
	d.damp()
	d.diagnosis = Diagnosis{Dim: d.n}
	for i, c := range covector {
		w := d.damped[i]
		if w == 0 {
			dst[i] = 0
			continue
		}
		d.diagnosis.Rank++
		dst[i] = c / w
	}
	d.ops.Add(float64(d.n))
	return nil
}

// Lower multiplies by the diagonal.
func (d *layeredDiagonal) Lower(dst, vector []float64) error {
	d.damp()
	for i, v := range vector {
		dst[i] = v * d.damped[i]
	}
	d.ops.Add(float64(d.n))
	return nil
}

// Trace is tr M.
func (d *layeredDiagonal) Trace() (float64, error) {
	d.damp()
	t := 0.0
	for _, w := range d.damped {
		t += w
	}
	return t, nil
}

// LogDet is log det M.
func (d *layeredDiagonal) LogDet() (float64, error) {
	d.damp()
	s := 0.0
	for _, w := range d.damped {
		s += math.Log(w)
	}
	return s, nil
}

var _ Tensor = (*layeredDiagonal)(nil)
