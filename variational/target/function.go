package target

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/diff/fd"
)

// Function is a target from a Go function: f returns the log density at z and,
// where grad is not nil, stores its gradient. It must be safe for concurrent
// use if several flows run at once.
type Function struct {
	N int
	F func(grad, z []float64) float64
	// Parameters are names of the unknowns; nil stands for z[1], z[2], ….
	Parameters []string
}

var (
	_ Named  = Function{}
	_ Cloner = Function{}
)

// Clone returns the function itself.
func (t Function) Clone() Target { return t }

// Dim is N.
func (t Function) Dim() int { return t.N }

// LogDensity implements [Target]; NaN is an error that wraps [ErrDomain].
func (t Function) LogDensity(grad, z []float64) (float64, error) {
	checkLength(t.Dim(), grad, z)
	v := t.F(grad, z)
	if math.IsNaN(v) {
		return v, fmt.Errorf("the log density is NaN at %.6g: %w", z, ErrDomain)
	}
	return v, nil
}

// Names implements [Named].
func (t Function) Names() []string { return names(t.Parameters, t.N) }

// Coordinates implements [Named].
func (t Function) Coordinates() []string { return t.Names() }

// Constrain copies.
func (t Function) Constrain(dst, z []float64) []float64 { return identity(dst, z) }

func names(given []string, n int) []string {
	if given == nil {
		return numbered("z", n)
	}
	return given
}

func identity(dst, z []float64) []float64 {
	if dst == nil {
		dst = make([]float64, len(z))
	}
	copy(dst, z)
	return dst
}

// CheckGradient compares a target's gradient at z with fourth-order central
// differences of its value, and returns the largest difference in units of
// 1 + the largest component. For a right gradient that is about 1e-9; above
// 1e-5 the gradient is wrong or the density is not smooth there.
func CheckGradient(t Target, z []float64) (float64, error) {
	g := make([]float64, t.Dim())
	if _, err := t.LogDensity(g, z); err != nil {
		return math.Inf(1), err
	}
	var fault error
	want := fd.Gradient(nil, func(x []float64) float64 {
		v, err := t.LogDensity(nil, x)
		if err != nil {
			fault = err
		}
		return v
	}, z, &fd.Settings{Formula: fourth})
	if fault != nil {
		return math.Inf(1), fault
	}
	worst, scale := 0.0, 1.0
	for i := range g {
		scale = math.Max(scale, math.Abs(want[i]))
		worst = math.Max(worst, math.Abs(g[i]-want[i]))
	}
	if math.IsNaN(worst) {
		return math.Inf(1), nil
	}
	return worst / scale, nil
}

// fourth is the central difference formula of order four.
var fourth = fd.Formula{
	Stencil:    []fd.Point{{Loc: -2, Coeff: 1. / 12}, {Loc: -1, Coeff: -8. / 12}, {Loc: 1, Coeff: 8. / 12}, {Loc: 2, Coeff: -1. / 12}},
	Derivative: 1, Step: 1e-3,
}

// ValueOnly is a target from values alone: its gradient is by differences of
// order four at two step sizes.
type ValueOnly struct {
	n          int
	f          func(z []float64) float64
	parameters []string
	x          []float64
	accuracy   float64
}

var (
	_ Named  = (*ValueOnly)(nil)
	_ Cloner = (*ValueOnly)(nil)
)

// NewValueOnly makes the target of n unknowns; parameters may be nil.
func NewValueOnly(n int, f func(z []float64) float64, parameters []string) *ValueOnly {
	return &ValueOnly{n: n, f: f, parameters: parameters, x: make([]float64, n)}
}

// Accuracy is the largest estimated error of a component of the gradients so
// far, relative to 1 + the largest component: the difference between the two
// step sizes, of which the smaller counts.
func (t *ValueOnly) Accuracy() float64 { return t.accuracy }

// Clone has an accuracy of its own.
func (t *ValueOnly) Clone() Target { return NewValueOnly(t.n, t.f, t.parameters) }

// Dim is the number of unknowns.
func (t *ValueOnly) Dim() int { return t.n }

// LogDensity implements [Target].
func (t *ValueOnly) LogDensity(grad, z []float64) (float64, error) {
	checkLength(t.Dim(), grad, z)
	v := t.f(z)
	if math.IsNaN(v) {
		return v, fmt.Errorf("the log density is NaN at %.6g: %w", z, ErrDomain)
	}
	if grad == nil {
		return v, nil
	}
	copy(t.x, z)
	worst, scale := 0.0, 1.0
	for i, at := range z {
		// Steps in units of the coordinate, where it is large.
		h := 1e-3 * math.Max(1, math.Abs(at))
		fine, coarse := 0.0, 0.0
		for _, p := range fourth.Stencil {
			t.x[i] = at + p.Loc*h
			fine += p.Coeff * t.f(t.x)
			t.x[i] = at + 2*p.Loc*h
			coarse += p.Coeff * t.f(t.x)
		}
		t.x[i] = at
		grad[i] = fine / h
		// The error is O(h⁴): that of the finer is a fifteenth of their
		// difference, where rounding does not rule.
		worst = math.Max(worst, math.Abs(fine/h-coarse/(2*h))/15+1e-16*math.Abs(v)/h)
		scale = math.Max(scale, math.Abs(grad[i]))
		if math.IsNaN(grad[i]) {
			return v, fmt.Errorf("the log density is NaN near %.6g: %w", z, ErrDomain)
		}
	}
	t.accuracy = math.Max(t.accuracy, worst/scale)
	return v, nil
}

// Names implements [Named].
func (t *ValueOnly) Names() []string { return names(t.parameters, t.n) }

// Coordinates implements [Named].
func (t *ValueOnly) Coordinates() []string { return t.Names() }

// Constrain copies.
func (t *ValueOnly) Constrain(dst, z []float64) []float64 { return identity(dst, z) }
