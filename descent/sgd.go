package descent

import (
	"math"
)

// SGD is gradient descent in the coordinates, θ⁺ = θ − hg.
type SGD struct {
	// Rate is h; 0 means 0.1.
	Rate float64

	model          Model
	rate           float64
	gradient, step []float64
}

// Init binds the optimizer to m.
func (o *SGD) Init(m Model, _ uint64) (err error) {
	if o.rate, err = positive("rate", o.Rate, 0.1); err != nil {
		return err
	}
	o.model, o.gradient, o.step = m, make([]float64, m.Dim()), make([]float64, m.Dim())
	return nil
}

// Step makes a step.
func (o *SGD) Step(theta []float64, _ int) (Report, error) {
	if err := o.model.At(theta); err != nil {
		return Report{}, err
	}
	o.model.Gradient(o.gradient)
	for i, g := range o.gradient {
		o.step[i] = -o.rate * g
	}
	length, err := move(theta, o.step)
	return Report{Loss: o.model.Value(), Length: length, Ratio: math.NaN()}, err
}

// AppendBinary appends nothing: gradient descent remembers nothing.
func (o *SGD) AppendBinary(b []byte) ([]byte, error) { return b, nil }

// UnmarshalBinary wants nothing.
func (o *SGD) UnmarshalBinary(b []byte) error { return takeAll(b) }

var _ Optimizer = (*SGD)(nil)
