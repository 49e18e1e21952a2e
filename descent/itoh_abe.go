package descent

import (
	"errors"
	"fmt"
	"math"

	"fisherflow/flow"
	"fisherflow/internal/cholesky"
	"fisherflow/ode"
)

// ItohAbe is the step of [DiscreteGradient] with quotients of the loss along the
// coordinates, one after the other,
//
//	∇̄L_i = [L(y₁ … y_i, x_{i+1} … x_n) − L(y₁ … y_{i−1}, x_i … x_n)]/(y_i − x_i)
//
// (T. Itoh, K. Abe, Hamiltonian-conserving discrete canonical equations based on
// variational difference quotients, J. Comput. Phys. 76, 1988). Accuracy and
// invariance are of order 1, invariance of order 2 between charts that change one
// coordinate at a time. The corners of the box between x and y must lie in
// the domain, which bounds the step on a simplex.
type ItohAbe struct {
	midpointRule
	corner, slope []float64
}

// Init binds the rule to p.
func (r *ItohAbe) Init(p flow.Point) error {
	r.init(p)
	r.corner, r.slope = make([]float64, p.Dim()), make([]float64, p.Dim())
	r.midpointRule.gradient = r.quotients
	return nil
}

// Step makes a step.
func (r *ItohAbe) Step(dst, x []float64, h float64) error { return r.solve(dst, x, h) }

// shortSide is the Fisher length below which the rounding of a quotient is more
// than the second-order error of the derivative half-way, about ε^⅓.
const shortSide = 6e-6

func (r *ItohAbe) quotients(dst, x, y []float64) error {
	copy(r.corner, x)
	loss, known := r.before, true
	for i := range y {
		d := y[i] - x[i]
		if math.Abs(d) < shortSide*r.scale[i] {
			r.corner[i] = x[i] + d/2
			if err := r.point.At(r.corner); err != nil {
				return err
			}
			r.point.Gradient(r.slope)
			dst[i] = r.slope[i]
			r.corner[i] = y[i]
			known = known && d == 0
			continue
		}
		if !known {
			r.corner[i] = x[i]
			if err := r.point.At(r.corner); err != nil {
				return err
			}
			loss = r.point.Value()
		}
		r.corner[i] = y[i]
		if err := r.point.At(r.corner); err != nil {
			return err
		}
		next := r.point.Value()
		dst[i] = (next - loss) / d
		loss, known = next, true
	}
	return nil
}

// ItohAbeFisher searches along a frame that is orthonormal in the driving metric
// at x, G = LLᵀ, e_i the columns of L⁻ᵀ: for i in turn it solves
//
//	α² = −h [L(w + αe_i) − L(w)],  w ← w + αe_i,
//
// for an α ≠ 0 on the side on which the loss falls, so that L falls by Σα²/h
// (E. Celledoni, S. Eidnes, B. Owren, T. Ringholm, Dissipative numerical schemes
// on Riemannian manifolds with applications to gradient flows, SIAM J. Sci.
// Comput. 40, 2018). It needs values of the loss alone beside the sign of its
// slope. Accuracy and invariance are of order 1.
type ItohAbeFisher struct {
	point               flow.Point
	n                   int
	factor              []float64
	unit, gradient, at  []float64
	residual            []float64
	dissipated          float64
	loss, slope, weight float64 // at the current w, along the current vector
}

// Init binds the rule to p.
func (r *ItohAbeFisher) Init(p flow.Point) error {
	n := p.Dim()
	vector := func() []float64 { return make([]float64, n) }
	*r = ItohAbeFisher{point: p, n: n, factor: make([]float64, n*n), unit: vector(), gradient: vector(), at: vector(), residual: vector()}
	return nil
}

// Dissipated implements [Dissipator].
func (r *ItohAbeFisher) Dissipated() float64 { return r.dissipated }

// Residual implements [Dissipator].
func (r *ItohAbeFisher) Residual(dst []float64) { copy(dst, r.residual) }

// Step makes a step.
func (r *ItohAbeFisher) Step(dst, x []float64, h float64) error {
	n := r.n
	if err := r.point.At(x); err != nil {
		return err
	}
	clear(r.unit)
	for i := range n {
		r.unit[i] = 1
		if err := r.point.Lower(r.gradient, r.unit); err != nil {
			return err
		}
		r.unit[i] = 0
		copy(r.factor[i*n:i*n+n], r.gradient)
	}
	if _, ok := cholesky.Factor(r.factor, n); !ok {
		return fmt.Errorf("the metric at %.6g is not positive definite: %w", x, ode.ErrDomain)
	}
	copy(dst, x)
	clear(r.residual)
	r.dissipated = 0
	for i := range n {
		if err := r.point.At(dst); err != nil {
			return err
		}
		r.loss, r.weight = r.point.Value(), r.point.Magnitude()
		r.point.Gradient(r.gradient)
		clear(r.unit)
		r.unit[i] = 1
		cholesky.SolveUpper(r.factor, n, r.unit)
		r.slope = 0
		for k, g := range r.gradient {
			r.slope += g * r.unit[k]
		}
		if r.slope == 0 {
			continue
		}
		alpha, err := r.search(dst, h)
		if err != nil {
			return err
		}
		for k, e := range r.unit {
			dst[k] += alpha * e
			r.residual[k] = math.Max(r.residual[k], 4*epsilon*math.Abs(alpha*e))
		}
		r.dissipated += alpha * alpha / h
	}
	return nil
}

// balance is α + h[L(w + αe) − L(w)]/α, of the sign of α beyond the root, and +Inf
// times that sign outside the domain.
func (r *ItohAbeFisher) balance(w []float64, alpha, h float64) float64 {
	for k, e := range r.unit {
		r.at[k] = w[k] + alpha*e
	}
	if r.point.At(r.at) != nil {
		return math.Copysign(math.Inf(1), alpha)
	}
	change := r.point.Value() - r.loss
	if math.Abs(change) < 64*epsilon*(r.weight+r.point.Magnitude()) {
		// The quotient would be rounding: the mean of the slopes at both ends.
		r.point.Gradient(r.gradient)
		slope := 0.0
		for k, g := range r.gradient {
			slope += g * r.unit[k]
		}
		return alpha + h*(r.slope+slope)/2
	}
	if math.IsNaN(change) {
		return math.Copysign(math.Inf(1), alpha)
	}
	return alpha + h*change/alpha
}

// search finds the root by bracketing, then by regula falsi and bisection in turn.
func (r *ItohAbeFisher) search(w []float64, h float64) (float64, error) {
	side := -math.Copysign(1, r.slope)
	f := func(a float64) float64 { return side * r.balance(w, side*a, h) }
	explicit := h * math.Abs(r.slope)
	low, high := 0.0, math.Min(explicit, 1)
	fLow, fHigh := -explicit, f(high)
	for fHigh < 0 {
		if high > 1e6 {
			return math.NaN(), fmt.Errorf("the loss falls without end from %.6g, so that a step of size %.6g has no end: take smaller steps: %w", w, h, ErrNoSolution)
		}
		low, fLow = high, fHigh
		high *= 2
		fHigh = f(high)
	}
	for k := range 200 {
		if high-low <= 2*epsilon*high || fHigh == 0 {
			break
		}
		middle := low + (high-low)/2
		if !math.IsInf(fHigh, 0) && k%3 < 2 {
			if m := high - fHigh*(high-low)/(fHigh-fLow); m > low && m < high {
				middle = m
			}
		}
		// The Illinois rule halves the value of an end that stays.
		if value := f(middle); value >= 0 {
			high, fHigh = middle, value
			fLow /= 2
		} else {
			low, fLow = middle, value
			fHigh /= 2
		}
	}
	if math.IsInf(fHigh, 0) {
		if low == 0 {
			return math.NaN(), fmt.Errorf("no step from %.6g stays in the domain: %w", w, ErrNoSolution)
		}
		return math.NaN(), errors.Join(fmt.Errorf("the loss falls until the end of the domain next to %.6g, and a step of size %.6g would leave it: take smaller steps", r.at, h), ErrNoSolution)
	}
	return side * high, nil
}

var (
	_ Dissipator = (*ItohAbe)(nil)
	_ Dissipator = (*ItohAbeFisher)(nil)
)
