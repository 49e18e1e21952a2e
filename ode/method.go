package ode

// A Method is a numerical method: a description and the maker of its stepper.
// The methods of this package are values that may be compared and shared.
type Method interface {
	// Name is the method's name in spec files, as "dopri5".
	Name() string
	// Order is p where the global error is O(hᵖ); of a method that varies its
	// order, the highest.
	Order() int
	// EmbeddedOrder is the order of the companion whose difference estimates
	// the error, 0 for a method of fixed step size.
	EmbeddedOrder() int
	// DenseOrder is q where the error of a trajectory is O(h^q) everywhere,
	// between the steps as at their ends.
	DenseOrder() int
	// Stages is the number of evaluations of the field in a step, not counting
	// one that the next step reuses; 0 where it varies.
	Stages() int
	// Kind is "explicit", "implicit", "automatic" of one that switches, or
	// "discrete" of a [Scheme].
	Kind() string

	stepper(n int, s *Settings) stepper
}

// Methods lists the methods of this package.
func Methods() []Method {
	return []Method{
		Euler, Midpoint, Heun, RK4, BogackiShampine, DormandPrince, Tsitouras, DOP853, Verner98, GBS,
		Radau5, Rosenbrock, ImplicitMidpoint, Gauss4, Gauss6, Auto,
	}
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
