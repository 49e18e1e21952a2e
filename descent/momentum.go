package descent

import "math"

// Momentum is gradient descent with a memory of its direction,
//
//	v⁺ = μv + g,   θ⁺ = θ − hv⁺             (B. Polyak, 1964)
//	               θ⁺ = θ − h(g + μv⁺)      (Nesterov, as Sutskever et al., ICML 2013)
//
// so that a constant gradient moves θ by hg/(1 − μ) in a step.
type Momentum struct {
	// Rate is h; 0 means 0.1.
	Rate float64
	// Momentum is μ in [0, 1); 0 means 0.9. Without momentum this is [SGD].
	Momentum float64
	// Nesterov takes the second form.
	Nesterov bool

	model                    Model
	rate, mu                 float64
	gradient, velocity, step []float64
}

// Init binds the optimizer to m.
func (o *Momentum) Init(m Model, _ uint64) (err error) {
	if o.rate, err = positive("rate", o.Rate, 0.1); err != nil {
		return err
	}
	if o.mu, err = share("momentum", o.Momentum); err != nil {
		return err
	}
	if o.mu == 0 {
		o.mu = 0.9
	}
	n := m.Dim()
	o.model, o.gradient, o.velocity, o.step = m, make([]float64, n), make([]float64, n), make([]float64, n)
	return nil
}

// Step makes a step.
func (o *Momentum) Step(theta []float64, _ int) (Report, error) {
	if err := o.model.At(theta); err != nil {
		return Report{}, err
	}
	o.model.Gradient(o.gradient)
	for i, g := range o.gradient {
		v := o.mu*o.velocity[i] + g
		o.velocity[i] = v
		if o.Nesterov {
			v = g + o.mu*v
		}
		o.step[i] = -o.rate * v
	}
	length, err := move(theta, o.step)
	return Report{Loss: o.model.Value(), Length: length, Ratio: math.NaN()}, err
}

// AppendBinary appends v.
func (o *Momentum) AppendBinary(b []byte) ([]byte, error) {
	return appendNumbers(b, o.velocity...), nil
}

// UnmarshalBinary takes v back.
func (o *Momentum) UnmarshalBinary(b []byte) error { return takeAll(b, o.velocity) }

var _ Optimizer = (*Momentum)(nil)
