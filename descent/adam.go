package descent

import "math"

// Adam divides the mean of the gradients by the root of the mean of their
// squares (D. Kingma, J. Ba, Adam: a method for stochastic optimization,
// arXiv 1412.6980, algorithm 1): with t the number of the step, from 1,
//
//	m⁺ = β₁m + (1 − β₁)g,   v⁺ = β₂v + (1 − β₂)g²,
//	θ⁺ = θ − h m⁺/(1 − β₁ᵗ) / (√(v⁺/(1 − β₂ᵗ)) + ε).
type Adam struct {
	// Rate is h; 0 means 1e-3.
	Rate float64
	// Beta1 and Beta2 are the shares that the means keep, in [0, 1); 0 means
	// 0.9 and 0.999.
	Beta1, Beta2 float64
	// Epsilon is ε; 0 means 1e-8.
	Epsilon float64

	model                              Model
	rate, b1, b2, eps                  float64
	powers                             [2]float64 // β₁ᵗ, β₂ᵗ
	gradient, mean, square, step, both []float64
}

// Init binds the optimizer to m.
func (o *Adam) Init(m Model, _ uint64) (err error) {
	if o.rate, err = positive("rate", o.Rate, 1e-3); err != nil {
		return err
	}
	if o.eps, err = positive("epsilon", o.Epsilon, 1e-8); err != nil {
		return err
	}
	if o.b1, err = share("beta1", o.Beta1); err != nil {
		return err
	}
	if o.b2, err = share("beta2", o.Beta2); err != nil {
		return err
	}
	if o.b1 == 0 {
		o.b1 = 0.9
	}
	if o.b2 == 0 {
		o.b2 = 0.999
	}
	n := m.Dim()
	o.model, o.gradient, o.step = m, make([]float64, n), make([]float64, n)
	o.both = make([]float64, 2*n)
	o.mean, o.square = o.both[:n], o.both[n:]
	o.powers = [2]float64{1, 1}
	return nil
}

// Step makes a step.
func (o *Adam) Step(theta []float64, _ int) (Report, error) {
	if err := o.model.At(theta); err != nil {
		return Report{}, err
	}
	o.model.Gradient(o.gradient)
	o.powers[0] *= o.b1
	o.powers[1] *= o.b2
	h, root := o.rate/(1-o.powers[0]), math.Sqrt(1-o.powers[1])
	for i, g := range o.gradient {
		m := o.b1*o.mean[i] + (1-o.b1)*g
		v := o.b2*o.square[i] + (1-o.b2)*g*g
		o.mean[i], o.square[i] = m, v
		o.step[i] = -h * m / (math.Sqrt(v)/root + o.eps)
	}
	length, err := move(theta, o.step)
	return Report{Loss: o.model.Value(), Length: length, Ratio: math.NaN()}, err
}

// AppendBinary appends both means and the powers of β.
func (o *Adam) AppendBinary(b []byte) ([]byte, error) {
	return appendNumbers(appendNumbers(b, o.powers[:]...), o.both...), nil
}

// UnmarshalBinary takes them back.
func (o *Adam) UnmarshalBinary(b []byte) error { return takeAll(b, o.powers[:], o.both) }

var _ Optimizer = (*Adam)(nil)
