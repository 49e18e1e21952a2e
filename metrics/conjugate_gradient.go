package metrics

import (
	"errors"
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"
)

// conjugateGradient is the Fisher matrix itself by products alone,
//
//	v ↦ (1/N) JᵀHJv + λv,
//
// 8Nn operations each and O(n) numbers. Raise solves by preconditioned
// conjugate gradients from the last solution, which is near the next one along
// a flow, until the residual is Tolerance times the covector.
type conjugateGradient struct {
	*base
	root
	shift    float64
	extra    []float64 // λ diag F̂ or λP; nil: none
	diagonal *layeredDiagonal

	solution, residual, search, product, preconditioned []float64
	in                                                  []float64
}

func newConjugateGradient(b *base) (*conjugateGradient, error) {
	s := &conjugateGradient{base: b, extra: make([]float64, b.n), diagonal: newLayeredDiagonal(b)}
	for _, v := range []*[]float64{&s.solution, &s.residual, &s.search, &s.product, &s.preconditioned, &s.in} {
		*v = make([]float64, b.n)
	}
	return s, nil
}

// At moves the model and, for kinds of damping that need it, computes the
// diagonal of F̂.
func (s *conjugateGradient) At(theta []float64) error {
	if err := s.model.At(theta); err != nil {
		return err
	}
	if s.moments.kind == "exact" {
		s.weight = s.moments.weight()
		grow(&s.z, s.model.Examples(), s.model.Outputs())
	} else if err := s.collect(&s.moments, nil); err != nil {
		return err
	}
	if kind := s.damping.Kind; kind == "relative" || kind == "marquardt" {
		if err := s.diagonal.At(theta); err != nil {
			return err
		}
	}
	if p := s.settings.Preconditioner; p != nil {
		if err := p.At(theta); err != nil {
			return err
		}
	}
	s.stale = true
	return nil
}

func (s *conjugateGradient) damp() {
	if !s.stale {
		return
	}
	s.stale = false
	trace := 0.0
	for i, d := range s.diagonal.weights {
		trace += d
		switch s.damping.Kind {
		case "marquardt":
			s.extra[i] = s.damping.Value * d
		case "prior":
			s.extra[i] = s.damping.Value * s.damping.prior(i)
		}
	}
	s.shift = s.damping.shift(trace, s.base.n)
}

// Lower stores the product.
func (s *conjugateGradient) Lower(dst, vector []float64) error {
	s.damp()
	copy(s.in, vector)
	s.multiply(dst, s.in)
	return nil
}

func (s *conjugateGradient) multiply(dst, v []float64) {
	m := s.model
	switch s.moments.kind {
	case "exact":
		m.JVP(s.z, v)
		m.Fishers(s.z)
		for i := range s.z.Data {
			s.z.Data[i] *= s.weight
		}
	default:
		m.JVP(s.z, v)
		n, c := s.z.Rows, s.z.Cols
		for i := range n {
			z := s.z.Data[i*c : (i+1)*c]
			out := s.moments.outputs.Data[i*c : (i+1)*c]
			clear(out)
			for j := range s.passes {
				u := s.cotangents.Data[(j*n+i)*c : (j*n+i+1)*c]
				x := s.weight * dot(u, z)
				for k, w := range u {
					out[k] += x * w
				}
			}
			copy(z, out)
		}
	}
	m.VJP(dst, s.z)
	for i, x := range v {
		dst[i] += (s.shift + s.extra[i]) * x
	}
}

// errSlow says that the iteration did not converge.
var errSlow = errors.New("conjugate gradients did not converge")

// Raise solves. Where the tolerance is not reached it fails, unless the
// settings truncate.
func (s *conjugateGradient) Raise(dst, covector []float64) error {
	s.damp()
	x, r, p, q := s.solution, s.residual, s.search, s.product
	s.multiply(q, x)
	for i, c := range covector {
		r[i] = c - q[i]
	}
	norm := math.Sqrt(dot(covector, covector))
	target := s.settings.Tolerance * norm
	if dot(r, r) > norm*norm || !(norm > 0) {
		clear(x) // the last solution is no help
		copy(r, covector)
	}
	s.diagnosis = Diagnosis{Dim: s.base.n, Rank: s.base.n, Iterations: 1}
	rho := 0.0
	for k := 0; ; k++ {
		size := math.Sqrt(dot(r, r))
		s.diagnosis.Iterations = k + 1
		if norm > 0 {
			s.diagnosis.Residual = size / norm
		}
		if size <= target {
			break
		}
		if k == s.settings.MaxIterations || math.IsNaN(size) {
			if s.settings.Truncate && !math.IsNaN(size) {
				break
			}
			return fmt.Errorf("metric: %w: residual %.2g of the covector after %d iterations, %.2g asked for: a damping or a preconditioner helps",
				errSlow, s.diagnosis.Residual, k, s.settings.Tolerance)
		}
		z := r
		if pre := s.settings.Preconditioner; pre != nil {
			z = s.preconditioned
			if err := pre.Raise(z, r); err != nil {
				return err
			}
		}
		next := dot(r, z)
		if k == 0 {
			copy(p, z)
		} else {
			beta := next / rho
			for i, v := range z {
				p[i] = v + beta*p[i]
			}
		}
		rho = next
		s.multiply(q, p)
		curvature := dot(p, q)
		if !(curvature > 0) {
			// What is left lies where the matrix is zero: as far as it goes.
			if s.settings.Truncate {
				break
			}
			return fmt.Errorf("metric: %w: the metric is singular, and a share %.2g of the covector outside of its range", errSlow, s.diagnosis.Residual)
		}
		alpha := rho / curvature
		for i := range x {
			x[i] += alpha * p[i]
			r[i] -= alpha * q[i]
		}
	}
	copy(dst, x)
	return nil
}

// Forget makes the next Raise start from zero.
func (s *conjugateGradient) Forget() { clear(s.solution) }

// Trace is tr M, from the diagonal: the passes of an estimate.
func (s *conjugateGradient) Trace() (float64, error) {
	s.damp()
	if err := s.diagonal.build(); err != nil {
		return 0, err
	}
	t := float64(s.base.n) * s.shift
	for i, v := range s.extra {
		t += v + s.diagonal.weights[i]
	}
	return t, nil
}

// LogDet assembles the matrix, n products: for small n.
func (s *conjugateGradient) LogDet() (float64, error) {
	if err := s.needs(2*float64(s.base.n)*float64(s.base.n), "the matrix whose determinant is asked for"); err != nil {
		return 0, err
	}
	m := mat.NewSymDense(s.base.n, nil)
	if err := Matrix(m, s); err != nil {
		return 0, err
	}
	var c mat.Cholesky
	if !c.Factorize(m) {
		return math.Inf(-1), nil
	}
	return c.LogDet(), nil
}

var _ Tensor = (*conjugateGradient)(nil)
