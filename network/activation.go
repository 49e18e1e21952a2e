package network

import (
	"fmt"
	"math"

	"fisherflow/internal/tanh"
)

// An Activation is a function φ applied to each number of a layer.
type Activation interface {
	// Name is the activation's name in spec files, as "tanh".
	Name() string
	// Eval stores φ(s) in h and φ′(s) in d, slices of one length; d and s may
	// be the same slice.
	Eval(h, d, s []float64)
}

// Identity is φ(s) = s.
type Identity struct{}

// Tanh is φ(s) = tanh s.
type Tanh struct{}

// Softplus is φ(s) = log(1 + eˢ).
type Softplus struct{}

// ReLU is φ(s) = max(0, s), with derivative 0 at 0.
type ReLU struct{}

// GELU is φ(s) = s Φ(s), Φ the standard normal distribution function
// (Hendrycks & Gimpel, arXiv 1606.08415), not its approximation by tanh.
type GELU struct{}

func (Identity) Name() string { return "identity" }
func (Tanh) Name() string     { return "tanh" }
func (Softplus) Name() string { return "softplus" }
func (ReLU) Name() string     { return "relu" }
func (GELU) Name() string     { return "gelu" }

// Eval stores φ and φ′.
func (Identity) Eval(h, d, s []float64) {
	copy(h, s)
	for i := range d {
		d[i] = 1
	}
}

// Eval stores φ and φ′ = 1 − φ².
func (Tanh) Eval(h, d, s []float64) { tanh.Eval(h, d, s) }

// Eval stores φ and φ′ = 1/(1 + e⁻ˢ).
func (Softplus) Eval(h, d, s []float64) {
	for i, x := range s {
		h[i], d[i] = softplus(x), sigmoid(x)
	}
}

// Eval stores φ and φ′.
func (ReLU) Eval(h, d, s []float64) {
	for i, x := range s {
		switch {
		case x > 0:
			h[i], d[i] = x, 1
		case x <= 0:
			h[i], d[i] = 0, 0
		default:
			h[i], d[i] = x, x // not a number: let it be seen
		}
	}
}

// Eval stores φ and φ′ = Φ + s φ_N.
func (GELU) Eval(h, d, s []float64) {
	for i, x := range s {
		cdf := 0.5 * math.Erfc(-x/math.Sqrt2)
		h[i], d[i] = x*cdf, cdf+x*math.Exp(-x*x/2)/math.Sqrt(2*math.Pi)
	}
}

// Activations lists the activations that have names.
func Activations() []string { return []string{"identity", "tanh", "softplus", "relu", "gelu"} }

// ActivationByName returns an activation by its name in spec files.
func ActivationByName(name string) (Activation, error) {
	for _, a := range []Activation{Identity{}, Tanh{}, Softplus{}, ReLU{}, GELU{}} {
		if a.Name() == name {
			return a, nil
		}
	}
	return nil, fmt.Errorf("no activation is called %q (activations: %v)", name, Activations())
}

// softplus is log(1 + eˣ) without overflow or cancellation.
func softplus(x float64) float64 { return max(x, 0) + math.Log1p(math.Exp(-math.Abs(x))) }

// sigmoid is 1/(1 + e⁻ˣ), to full relative precision at both ends.
func sigmoid(x float64) float64 {
	if x >= 0 {
		return 1 / (1 + math.Exp(-x))
	}
	e := math.Exp(x)
	return e / (1 + e)
}
