package descent

import (
	"errors"
	"fmt"
	"math"

	"fisherflow/flow"
	"fisherflow/manifold"

	"gonum.org/v1/gonum/mat"
)

// Exponential is the exponential Euler step (Rosenbrock's) in a dual coordinate
// system of an exponential family, whatever the chart of the flow,
//
//	y⁺ = y + h φ₁(hJ) f(y),  φ₁(z) = (eᶻ − 1)/z,
//
// with f the flow in the natural or expectation coordinates y and J = ∂f/∂y, by
// central differences. Where f is affine it is exact at any step size: in natural
// coordinates for KL(p‖p*), expectations, entropies and free energies, in
// expectation coordinates for KL(p*‖p) and likelihoods. Elsewhere accuracy is of
// order 2 (M. Hochbruck, A. Ostermann, Exponential integrators, Acta Numerica 19,
// 2010, §2.4). Two charts differ by rounding alone.
type Exponential struct {
	// Chart is "natural" or "expectation".
	Chart string

	point                flow.Point
	own, dual            manifold.Chart
	theta, x, v, d       []float64
	gradient, y, f, plus []float64
	minus                []float64
	augmented, grown     mat.Dense
}

// Init binds the rule to p, which must flow on an exponential family.
func (r *Exponential) Init(p flow.Point) error {
	c, ok := p.(*flow.ChartPoint)
	if !ok {
		return fmt.Errorf("dual coordinates need a family, not %T: %w", p, errors.ErrUnsupported)
	}
	e, ok := c.View().Base().(manifold.Exponential)
	if !ok {
		return fmt.Errorf("%s is no exponential family: %w", c.Family().Name(), errors.ErrUnsupported)
	}
	own, err := manifold.In(c.Family(), c.View().Chart().Name())
	if err != nil {
		return err
	}
	dual, ok := e.Chart(r.Chart)
	if !ok {
		return fmt.Errorf("%s has no chart %q: %w", c.Family().Name(), r.Chart, errors.ErrUnsupported)
	}
	n := p.Dim()
	vector := func() []float64 { return make([]float64, n) }
	*r = Exponential{
		Chart: r.Chart, point: p, own: own.Chart(), dual: dual, theta: vector(), x: vector(), v: vector(), d: vector(),
		gradient: vector(), y: vector(), f: vector(), plus: vector(), minus: vector(),
	}
	r.augmented.ReuseAs(n+1, n+1)
	r.grown.ReuseAs(n+1, n+1)
	return nil
}

// field stores the flow at y, in its coordinates.
func (r *Exponential) field(dst, y []float64) error {
	if err := r.dual.ToSource(r.theta, y); err != nil {
		return err
	}
	if err := r.own.FromSource(r.x, r.theta); err != nil {
		return err
	}
	if err := slope(r.d, r.gradient, r.point, r.x); err != nil {
		return err
	}
	r.own.Push(r.v, r.x, r.theta, r.d)
	r.dual.PushInverse(dst, y, r.theta, r.v)
	for i := range dst {
		dst[i] = -dst[i]
	}
	return nil
}

// Step makes a step.
func (r *Exponential) Step(dst, x []float64, h float64) error {
	n := len(x)
	if err := r.own.ToSource(r.theta, x); err != nil {
		return err
	}
	if err := r.dual.FromSource(r.y, r.theta); err != nil {
		return err
	}
	if err := r.field(r.f, r.y); err != nil {
		return err
	}
	// exp of [hJ hf; 0 0] has hφ₁(hJ)f in its last column (A. Al-Mohy, N. Higham,
	// SIAM J. Sci. Comput. 33, 2011, theorem 2.1).
	r.augmented.Zero()
	for j := range n {
		at := r.y[j]
		width, err := r.difference(j, at)
		if err != nil {
			return err
		}
		r.y[j] = at
		for i := range n {
			r.augmented.Set(i, j, h*(r.plus[i]-r.minus[i])/width)
		}
	}
	for i, f := range r.f {
		r.augmented.Set(i, n, h*f)
	}
	r.grown.Exp(&r.augmented)
	for i := range r.y {
		r.y[i] += r.grown.At(i, n)
	}
	if err := r.dual.ToSource(r.theta, r.y); err != nil {
		return err
	}
	return r.own.FromSource(dst, r.theta)
}

// difference stores the field on both sides of coordinate j, or on the one side
// that lies in the domain and at the point, and returns how far apart they are.
func (r *Exponential) difference(j int, at float64) (width float64, err error) {
	width = 1e-6 * math.Max(math.Abs(at), 1e-3)
	for range 40 {
		r.y[j] = at + width
		above := r.field(r.plus, r.y)
		r.y[j] = at - width
		below := r.field(r.minus, r.y)
		if above == nil && below == nil {
			return 2 * width, nil
		}
		err = errors.Join(above, below)
		width /= 4
	}
	return 0, err
}

var _ Rule = (*Exponential)(nil)
