package ode

// A Method is a numerical method: a description and the maker of its stepper.
// The methods of this package are values that may be compared and shared.
type Method interface {
	// Name is the method's name in spec files, as "dopri5".
	Name() string
	// Order is p where the global error is O(hᵖ).
	Order() int
	// EmbeddedOrder is the order of the companion whose difference estimates
	// the error, 0 for a method of fixed step size.
	EmbeddedOrder() int
	// DenseOrder is the order of the interpolant, uniformly over a step.
	DenseOrder() int
	// Stages is the number of evaluations of the field in a step, not counting
	// one that the next step reuses.
	Stages() int
	// Kind is "explicit" or "implicit".
	Kind() string

	stepper(n int) stepper
}

// A stepper makes single steps of one method for one dimension, with its own
// workspace.
type stepper interface {
	// step goes from (t0, y0), where the field is f0, to t1. It fills y1, f1
	// (the field at the end), the error estimate, and the coarse estimate, as
	// far as the method has them.
	step(field *guarded, t0, t1 float64, y0, f0, y1, f1, err, coarse []float64) error
	// interpolate fills the extra terms of the interpolant of the step just
	// made, one after the other, which may cost evaluations.
	interpolate(field *guarded, t0, t1 float64, y0, extra []float64) error
}

// Methods lists the methods of this package.
func Methods() []Method {
	return []Method{Euler, Midpoint, Heun, RK4, BogackiShampine, DormandPrince, Tsitouras, DOP853}
}

// ByName returns the method of that name.
func ByName(name string) (Method, bool) {
	for _, m := range Methods() {
		if m.Name() == name {
			return m, true
		}
	}
	return nil, false
}
