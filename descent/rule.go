package descent

import (
	"fmt"

	"fisherflow/flow"
	"fisherflow/ode"
)

// A Rule makes steps x → x⁺ that descend a loss under a metric.
//
// A zero rule with its settings is ready for Init; after it the rule has
// workspace, and memory of its steps, for one point and one goroutine.
type Rule interface {
	// Init binds the rule to a point, which the rule then moves, and forgets
	// all steps before. The error says what the rule needs and p lacks.
	Init(p flow.Point) error
	// Step stores in dst the point that follows x after a step of size h > 0.
	// dst and x may not overlap. An error that wraps ode.ErrDomain says that
	// the step leaves the domain, one that wraps [ErrNoSolution] that the
	// equation of an implicit rule has no solution at this step size.
	Step(dst, x []float64, h float64) error
}

// Facts are what is known of a rule.
type Facts struct {
	Name string
	// Accuracy is p where the distance to the flow is O(hᵖ) at a fixed time,
	// and Invariance that of the distance between charts; 0 means that there
	// is none but rounding.
	Accuracy, Invariance int
	// Monotone says that the loss falls at any step size.
	Monotone bool
	// New makes a rule with its default settings.
	New func() Rule
}

// All lists the rules that need nothing but a flow's point.
func All() []Facts {
	return []Facts{
		{"natural-gradient", 1, 1, false, func() Rule { return new(NaturalGradient) }},
		{"natural-midpoint", 2, 2, false, func() Rule { return new(NaturalMidpoint) }},
		{"geodesic-correction", 1, 2, false, func() Rule { return new(GeodesicCorrection) }},
		{"geodesic-correction-fast", 1, 2, false, func() Rule { return new(GeodesicCorrectionFast) }},
		{"geodesic-euler", 1, 0, false, func() Rule { return new(GeodesicEuler) }},
		{"exponential-natural", 2, 0, false, func() Rule { return &Exponential{Chart: "natural"} }},
		{"exponential-expectation", 2, 0, false, func() Rule { return &Exponential{Chart: "expectation"} }},
		{"discrete-gradient", 2, 2, true, func() Rule { return new(DiscreteGradient) }},
		{"discrete-gradient-avf", 2, 2, true, func() Rule { return new(AverageVectorField) }},
		{"itoh-abe", 1, 1, true, func() Rule { return new(ItohAbe) }},
		{"itoh-abe-fisher", 1, 1, true, func() Rule { return new(ItohAbeFisher) }},
	}
}

// Names lists the names of the rules.
func Names() []string {
	var names []string
	for _, f := range All() {
		names = append(names, f.Name)
	}
	return names
}

// ByName returns what is known of the rule of that name.
func ByName(name string) (Facts, bool) {
	for _, f := range All() {
		if f.Name == name {
			return f, true
		}
	}
	return Facts{}, false
}

// Method returns a rule as a method that integrates a [flow.Flow] with steps of
// the settings' Step. The steps are a sequence of points.
func Method(f Facts) ode.Method {
	return &ode.Scheme{Title: f.Name, Accuracy: f.Accuracy, Polygon: true, Bind: func(field ode.Field) (ode.Map, error) {
		fl, ok := field.(*flow.Flow)
		if !ok {
			return nil, fmt.Errorf("%s makes steps of gradient flows only", f.Name)
		}
		m := &stepMap{name: f.Name, rule: f.New(), point: fl.Point().Clone(), gradient: make([]float64, fl.Dim()), velocity: make([]float64, fl.Dim())}
		if err := m.rule.Init(fl.Point().Clone()); err != nil {
			return nil, fmt.Errorf("%s: %w", f.Name, err)
		}
		return m, nil
	}}
}

// MethodByName returns a method of package ode or a rule of this package.
func MethodByName(name string) (ode.Method, bool) {
	if m, ok := ode.ByName(name); ok {
		return m, true
	}
	if f, ok := ByName(name); ok {
		return Method(f), true
	}
	return nil, false
}

// stepMap is a rule as the map of a flow, whose last component is the loss that
// it has dissipated.
type stepMap struct {
	name               string
	rule               Rule
	point              flow.Point
	gradient, velocity []float64
}

// Step takes the dissipation of a rule that knows it, and of another one the
// trapezoidal rule with the error that its two ends show.
func (m *stepMap) Step(dst, err []float64, t0, t1 float64, y0 []float64) error {
	n := len(m.gradient)
	h := t1 - t0
	if !(h > 0) {
		return fmt.Errorf("%s goes forward in time only", m.name)
	}
	if e := m.rule.Step(dst[:n], y0[:n], h); e != nil {
		return fmt.Errorf("%s: %w", m.name, e)
	}
	for i := range n {
		if d := dst[i]; d-d != 0 {
			return fmt.Errorf("%s: coordinate %d of the step is %g: %w", m.name, i+1, d, ode.ErrDomain)
		}
	}
	if d, ok := m.rule.(Dissipator); ok {
		d.Residual(err[:n])
		dst[n] = y0[n] + d.Dissipated()
		return nil
	}
	before, e := m.rate(y0[:n])
	if e != nil {
		return e
	}
	after, e := m.rate(dst[:n])
	if e != nil {
		return fmt.Errorf("%s: %w", m.name, e)
	}
	dst[n] = y0[n] + h*(before+after)/2
	err[n] = h * (before - after) / 2
	return nil
}

// rate is ‖dL‖²_{G⁻¹} at x.
func (m *stepMap) rate(x []float64) (float64, error) {
	if err := m.point.At(x); err != nil {
		return 0, err
	}
	m.point.Gradient(m.gradient)
	if err := m.point.Raise(m.velocity, m.gradient); err != nil {
		return 0, err
	}
	sum := 0.0
	for i, g := range m.gradient {
		sum += g * m.velocity[i]
	}
	return sum, nil
}

// slope stores G⁻¹dL at x in dst, with dL in gradient, and leaves the point there.
func slope(dst, gradient []float64, p flow.Point, x []float64) error {
	if err := p.At(x); err != nil {
		return err
	}
	p.Gradient(gradient)
	return p.Raise(dst, gradient)
}
