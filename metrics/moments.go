package metrics

import (
	"errors"
	"math/rand/v2"

	"gonum.org/v1/gonum/blas/blas64"
)

// moments runs the backward passes whose cotangents g make up the matrix that
// is asked for: w Σ_j Σ_n of products of the gradients of pass j and example n.
type moments struct {
	model    Layered
	kind     string
	samples  int
	seed     uint64
	sequence uint64
	pcg      *rand.PCG
	rng      *rand.Rand
	outputs  blas64.General // cotangents of the outputs, N×C
}

func newMoments(m Layered, s Settings) moments {
	pcg := rand.NewPCG(s.Seed, 0)
	return moments{model: m, kind: s.Estimator, samples: s.Samples, seed: s.Seed, pcg: pcg, rng: rand.New(pcg)}
}

// passes is the number of backward passes.
func (e *moments) passes() int {
	switch e.kind {
	case "monte-carlo":
		return e.samples
	case "empirical":
		return 1
	}
	return e.model.Rank()
}

// weight is w.
func (e *moments) weight() float64 {
	w := 1 / float64(e.model.Examples())
	if e.kind == "monte-carlo" {
		w /= float64(e.samples)
	}
	return w
}

// errIndefinite says that there is no such metric.
var errIndefinite = errors.New("the curvature of the loss in the outputs is indefinite, and so is the GGN: take estimator \"exact\"")

// cotangents makes those of the outputs for pass j. Passes come in order.
func (e *moments) cotangents(j int) error {
	grow(&e.outputs, e.model.Examples(), e.model.Outputs())
	switch e.kind {
	case "monte-carlo":
		if j == 0 {
			e.pcg.Seed(e.seed, e.sequence)
		}
		e.model.Samples(e.outputs, e.rng)
	case "empirical":
		e.model.Residuals(e.outputs)
	case "ggn":
		if !e.model.CurvatureFactors(e.outputs, j) {
			return errIndefinite
		}
	default:
		e.model.Factors(e.outputs, j)
	}
	return nil
}

// pass takes those of pass j to all layers.
func (e *moments) pass(j int) error {
	if err := e.cotangents(j); err != nil {
		return err
	}
	e.model.Backward(e.outputs)
	return nil
}

// grow gives a matrix its size, with new memory where it has too little.
func grow(m *blas64.General, rows, columns int) {
	if cap(m.Data) < rows*columns {
		m.Data = make([]float64, rows*columns)
	}
	m.Data = m.Data[:rows*columns]
	m.Rows, m.Cols, m.Stride = rows, columns, max(1, columns)
}

// unitRow stores the gradient of example i with respect to row u of a layer's
// W: Σ_t g_tu a_t over its t positions.
func unitRow(dst []float64, a, g blas64.General, i, t, u int) {
	for k := range t {
		x := g.Data[(i*t+k)*g.Stride+u]
		row := a.Data[(i*t+k)*a.Stride : (i*t+k)*a.Stride+len(dst)]
		if k == 0 {
			for j, v := range row {
				dst[j] = x * v
			}
			continue
		}
		for j, v := range row {
			dst[j] += x * v
		}
	}
}

// square stores the squares of the numbers of a in dst.
func square(dst *blas64.General, a blas64.General) {
	grow(dst, a.Rows, a.Cols)
	for i := range a.Rows {
		to := dst.Data[i*dst.Stride : i*dst.Stride+a.Cols]
		for j, v := range a.Data[i*a.Stride : i*a.Stride+a.Cols] {
			to[j] = v * v
		}
	}
}

// part is a layer's part of a vector as a q×p matrix.
func part(v []float64, offset, q, p int) blas64.General {
	return blas64.General{Rows: q, Cols: p, Stride: p, Data: v[offset : offset+q*p]}
}

func dot(a, b []float64) float64 {
	s := 0.0
	b = b[:len(a)]
	for i, v := range a {
		s += v * b[i]
	}
	return s
}
