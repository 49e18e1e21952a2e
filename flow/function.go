package flow

import (
	"math"

	"fisherflow/manifold"

	"gonum.org/v1/gonum/diff/fd"
)

// Function returns a loss from any function of the family's source
// coordinates. Its gradient is taken by central differences
// (gonum.org/v1/gonum/diff/fd), with steps that are a fixed part of each
// coordinate's Fisher unit 1/√G_ii where the family has a Fisher matrix; the
// accuracy it really has at the last point is reported by
// [Approximate.GradientError] and enters the bounds of the certificate.
//
// f returns an error that wraps [manifold.ErrDomain] where it is not defined;
// it must be safe for concurrent use if the flow is cloned.
func Function(name string, family manifold.Family, f func(theta []float64) (float64, error)) Loss {
	n := family.Dim()
	return &function{name: name, family: family, f: f, numeric: newNumericGradient(family, f), gradient: make([]float64, n)}
}

// An Approximate loss knows how accurate its gradient is.
type Approximate interface {
	// GradientError is the largest error of a component of the gradient at the
	// last point, estimated.
	GradientError() float64
}

type function struct {
	name     string
	family   manifold.Family
	f        func([]float64) (float64, error)
	numeric  *numericGradient
	value    float64
	gradient []float64
}

func (l *function) Name() string { return l.name }

func (l *function) At(theta []float64) error {
	if err := l.family.Check(theta); err != nil {
		return err
	}
	v, err := l.f(theta)
	if err != nil {
		return err
	}
	l.value = v
	return l.numeric.at(l.gradient, theta)
}

func (l *function) Value() float64         { return l.value }
func (l *function) Magnitude() float64     { return math.Abs(l.value) }
func (l *function) Gradient(dst []float64) { copy(dst, l.gradient) }
func (l *function) GradientError() float64 { return l.numeric.accuracy }
func (l *function) Clone() Loss            { return Function(l.name, l.family, l.f) }

// numericGradient differentiates a function on a family by central
// differences of order 4, with the difference to a second step size as the
// error estimate.
type numericGradient struct {
	family     manifold.Family
	f          func([]float64) (float64, error)
	x, scale   []float64
	first      []float64
	accuracy   float64
	failed     error
	difference fd.Formula
}

// fourthOrder is the central difference of order 4: its truncation error h⁴
// balances rounding ε/h at h ≈ 1e-3 of the coordinate's scale.
var fourthOrder = fd.Formula{
	Stencil: []fd.Point{
		{Loc: -2, Coeff: 1. / 12}, {Loc: -1, Coeff: -2. / 3}, {Loc: 1, Coeff: 2. / 3}, {Loc: 2, Coeff: -1. / 12},
	},
	Derivative: 1,
	Step:       1e-3,
}

func newNumericGradient(family manifold.Family, f func([]float64) (float64, error)) *numericGradient {
	n := family.Dim()
	return &numericGradient{
		family: family, f: f, difference: fourthOrder,
		x: make([]float64, n), scale: make([]float64, n), first: make([]float64, n),
	}
}

func (g *numericGradient) at(dst, theta []float64) error {
	g.failed = nil
	units(g.scale, g.family, theta)
	// u are coordinates in which one unit is one Fisher length, so that one
	// step size suits all of them.
	in := func(u []float64) float64 {
		for i := range g.x {
			g.x[i] = theta[i] + u[i]*g.scale[i]
		}
		if err := g.family.Check(g.x); err != nil {
			g.failed = err
			return math.NaN()
		}
		v, err := g.f(g.x)
		if err != nil {
			g.failed = err
			return math.NaN()
		}
		return v
	}
	origin := make([]float64, len(theta))
	fd.Gradient(dst, in, origin, &fd.Settings{Formula: g.difference})
	fd.Gradient(g.first, in, origin, &fd.Settings{Formula: g.difference, Step: 2 * g.difference.Step})
	if g.failed != nil {
		return g.failed
	}
	g.accuracy = 0
	for i := range dst {
		dst[i] /= g.scale[i]
		g.accuracy = math.Max(g.accuracy, math.Abs(dst[i]-g.first[i]/g.scale[i]))
	}
	return nil
}
