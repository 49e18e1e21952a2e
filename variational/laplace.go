package variational

import (
	"fmt"
	"math"

	"fisherflow/variational/target"

	"gonum.org/v1/gonum/mat"
)

// Laplace is the normal approximation at a mode of the target: the mean is
// where Newton's method with Levenberg's damping arrives from z, and the
// covariance the inverse of minus the Hessian there. Where that is not positive
// definite (the search ended away from a mode, as it does where the density has
// none), its eigenvalues enter by their sizes, at least 1e-8 of the largest.
// Conditional are the standard deviations of each coordinate given the others,
// those of a mean field. It is a start for a flow, not an answer.
func Laplace(t target.Target, z []float64) (mean []float64, cov *mat.SymDense, conditional []float64, err error) {
	d := t.Dim()
	mean = append([]float64(nil), z...)
	g, trial := make([]float64, d), make([]float64, d)
	h := mat.NewSymDense(d, nil)
	value, err := t.LogDensity(g, mean)
	if err != nil {
		return nil, nil, nil, fmt.Errorf("the target cannot be evaluated at the start: %w", err)
	}
	if math.IsInf(value, 0) || math.IsNaN(value) {
		return nil, nil, nil, fmt.Errorf("the log density is %v at the start %.6g: %w", value, mean, target.ErrDomain)
	}
	const (
		iterations = 200
		decrement  = 1e-20 // of log p left, by the quadratic model
	)
	damping := 1.0
	step := mat.NewVecDense(d, nil)
	damped := mat.NewSymDense(d, nil)
	var factor mat.Cholesky
	for range iterations {
		if err := hessian(t, h, mean); err != nil {
			return nil, nil, nil, err
		}
		moved := false
		for range 60 {
			for i := range d {
				for j := i; j < d; j++ {
					damped.SetSym(i, j, -h.At(i, j))
				}
				damped.SetSym(i, i, -h.At(i, i)+damping*(math.Abs(h.At(i, i))+1e-12))
			}
			if !factor.Factorize(damped) {
				damping = math.Max(4*damping, 1e-8)
				continue
			}
			_ = factor.SolveVecTo(step, mat.NewVecDense(d, g)) // ill-conditioned is good enough
			for i := range trial {
				trial[i] = mean[i] + step.AtVec(i)
			}
			if v, err := t.LogDensity(nil, trial); err == nil && v >= value && !math.IsInf(v, 0) {
				moved = true
				damping /= 8
				break
			}
			damping = math.Max(4*damping, 1e-8)
		}
		if !moved {
			break
		}
		left := mat.Dot(step, mat.NewVecDense(d, g)) / 2
		copy(mean, trial)
		if value, err = t.LogDensity(g, mean); err != nil {
			return nil, nil, nil, err
		}
		if left <= decrement*(1+math.Abs(value)) && damping < 1e-3 {
			break
		}
	}
	if err := hessian(t, h, mean); err != nil {
		return nil, nil, nil, err
	}
	if cov, err = inverseBySize(h); err != nil {
		return nil, nil, nil, err
	}
	conditional = make([]float64, d)
	for i := range conditional {
		conditional[i] = 1 / math.Sqrt(math.Max(math.Abs(h.At(i, i)), 1e-300))
	}
	return mean, cov, conditional, nil
}

// inverseBySize is the inverse of −h with the sizes of its eigenvalues, in
// coordinates scaled to a diagonal of ones.
func inverseBySize(h *mat.SymDense) (*mat.SymDense, error) {
	d := h.SymmetricDim()
	scale := make([]float64, d)
	scaled := mat.NewSymDense(d, nil)
	for i := range d {
		if scale[i] = math.Sqrt(math.Abs(h.At(i, i))); !(scale[i] > 0) || math.IsInf(scale[i], 0) {
			scale[i] = 1
		}
	}
	for i := range d {
		for j := i; j < d; j++ {
			scaled.SetSym(i, j, -h.At(i, j)/(scale[i]*scale[j]))
		}
	}
	cov := mat.NewSymDense(d, nil)
	var factor mat.Cholesky
	if factor.Factorize(scaled) {
		_ = factor.InverseTo(cov)
	} else {
		var eigen mat.EigenSym
		if !eigen.Factorize(scaled, true) {
			return nil, fmt.Errorf("the Hessian at the start has no eigenvalues: %w", target.ErrDomain)
		}
		values := eigen.Values(nil)
		var vectors mat.Dense
		eigen.VectorsTo(&vectors)
		most := 0.0
		for _, v := range values {
			most = math.Max(most, math.Abs(v))
		}
		for k, v := range values {
			cov.SymRankOne(cov, 1/math.Max(math.Abs(v), 1e-8*most), vectors.ColView(k))
		}
	}
	for i := range d {
		for j := i; j < d; j++ {
			cov.SetSym(i, j, cov.At(i, j)/(scale[i]*scale[j]))
		}
	}
	return cov, nil
}

// hessian is the target's own, or that of its gradient by central differences.
func hessian(t target.Target, h *mat.SymDense, z []float64) error {
	if own, ok := t.(target.Hessian); ok {
		return own.Hessian(h, z)
	}
	d := t.Dim()
	x, up, down := append([]float64(nil), z...), make([]float64, d), make([]float64, d)
	full := mat.NewDense(d, d, nil)
	for j := range d {
		step := 1e-5 * math.Max(1, math.Abs(z[j]))
		x[j] = z[j] + step
		if _, err := t.LogDensity(up, x); err != nil {
			return err
		}
		x[j] = z[j] - step
		if _, err := t.LogDensity(down, x); err != nil {
			return err
		}
		x[j] = z[j]
		for i := range d {
			full.Set(i, j, (up[i]-down[i])/(2*step))
		}
	}
	for i := range d {
		for j := i; j < d; j++ {
			h.SetSym(i, j, (full.At(i, j)+full.At(j, i))/2)
		}
	}
	return nil
}
