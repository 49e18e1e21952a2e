package ode

import "math"

// A Scheme is a one-step method of one's own, y₀ → y₁, as a [Method] of fixed
// step size. It is told the field once for every solve and may know more of it
// than its values: a scheme that keeps some structure of the field asks for a
// concrete type.
//
// A Scheme is used by its pointer, and is safe for concurrent use if Bind is.
type Scheme struct {
	// Title is the method's name and Accuracy its order.
	Title    string
	Accuracy int
	// Polygon says that the steps are a sequence of points with nothing but a
	// straight line between them. Without it there is the cubic polynomial
	// through both ends and the field there.
	Polygon bool
	// Bind makes the map for a field, with workspace of its own.
	Bind func(f Field) (Map, error)
}

// A Map makes the steps of a [Scheme] for one field.
type Map interface {
	// Step stores in dst the state at t1 that follows y0 at t0, and in err how
	// far dst may be from what the scheme defines, in every component; it is
	// zero on entry. It must not keep its arguments. An error that wraps
	// ErrDomain says that the step leaves the domain.
	Step(dst, err []float64, t0, t1 float64, y0 []float64) error
}

// Name is the scheme's title.
func (s *Scheme) Name() string { return s.Title }

// Order is the scheme's accuracy.
func (s *Scheme) Order() int { return s.Accuracy }

// EmbeddedOrder is 0.
func (s *Scheme) EmbeddedOrder() int { return 0 }

// DenseOrder is 1 of a polygon, and that of the cubic polynomial elsewhere.
func (s *Scheme) DenseOrder() int {
	if s.Polygon {
		return 1
	}
	return min(s.Accuracy, 3)
}

// Stages is 0: a scheme may ask the field as often as it likes.
func (s *Scheme) Stages() int { return 0 }

// Kind is "discrete".
func (s *Scheme) Kind() string { return "discrete" }

func (s *Scheme) stepper(n int, _ *Settings) stepper {
	return &schemeStepper{scheme: s, defect: make([]float64, n)}
}

var _ Method = (*Scheme)(nil)

type schemeStepper struct {
	scheme *Scheme
	bound  Map
	defect []float64
}

func (p *schemeStepper) layout() (slopes bool, extra int) { return p.scheme.Polygon, 0 }

func (p *schemeStepper) step(a *attempt) (square float64, err error) {
	if p.bound == nil {
		if p.bound, err = p.scheme.Bind(a.field.field); err != nil {
			return math.NaN(), err
		}
	}
	clear(p.defect)
	if err := p.bound.Step(a.y1, p.defect, a.t0, a.t1, a.y0); err != nil {
		return math.NaN(), err
	}
	a.err = p.defect
	return 0, a.field.eval(a.f1, a.last, a.y1)
}

func (p *schemeStepper) interpolate(a *attempt) error {
	if p.scheme.Polygon {
		n := len(a.y0)
		for i := range n {
			a.slopes[i] = a.y1[i] - a.y0[i]
			a.slopes[n+i] = a.slopes[i]
		}
	}
	return nil
}

func (*schemeStepper) keep(*attempt)   {}
func (*schemeStepper) keeps() bool     { return false }
func (*schemeStepper) reset(*Settings) {}
