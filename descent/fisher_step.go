package descent

import (
	"math"

	"fisherflow/metrics"
)

// FisherStep is the natural gradient step with the diagonal of the Fisher
// matrix,
//
//	θ⁺_i = θ_i − h g_i/(F_ii + ε),
//
// which costs little more than a gradient, and keeps of the invariance only that
// under a rescaling of single parameters, and that for ε = 0.
type FisherStep struct {
	// Rate is h; 0 means 0.01.
	Rate float64
	// Epsilon is ε; 0 means 1e-8. It is the only thing that bounds a step
	// along a parameter which the outputs hardly depend on: a small ε with a
	// large rate overshoots, since the flow is stiff by up to n.
	Epsilon float64
	// Estimator and Samples are those of [metrics.Settings]; empty means the
	// exact diagonal.
	Estimator string
	Samples   int

	model          Model
	rate, eps      float64
	diagonal       metrics.Tensor
	gradient, step []float64
}

// Init binds the optimizer to m.
func (o *FisherStep) Init(m Model, seed uint64) (err error) {
	if o.rate, err = positive("rate", o.Rate, 0.01); err != nil {
		return err
	}
	if o.eps, err = positive("epsilon", o.Epsilon, 1e-8); err != nil {
		return err
	}
	o.diagonal, err = metrics.OnModel("diagonal", m, metrics.Settings{
		Estimator: o.Estimator, Samples: o.Samples, Seed: seed, Damping: metrics.Damping{Kind: "tikhonov", Value: o.eps},
	})
	if err != nil {
		return err
	}
	o.model, o.gradient, o.step = m, make([]float64, m.Dim()), make([]float64, m.Dim())
	return nil
}

// Step makes a step.
func (o *FisherStep) Step(theta []float64, count int) (Report, error) {
	if r, ok := o.diagonal.(metrics.Redrawer); ok {
		r.Redraw(uint64(count))
	}
	if err := o.diagonal.At(theta); err != nil {
		return Report{}, err
	}
	o.model.Gradient(o.gradient)
	if err := o.diagonal.Raise(o.step, o.gradient); err != nil {
		return Report{}, err
	}
	for i := range o.step {
		o.step[i] *= -o.rate
	}
	length, err := move(theta, o.step)
	return Report{Loss: o.model.Value(), Length: length, Damping: o.eps, Ratio: math.NaN()}, err
}

// AppendBinary appends nothing.
func (o *FisherStep) AppendBinary(b []byte) ([]byte, error) { return b, nil }

// UnmarshalBinary wants nothing.
func (o *FisherStep) UnmarshalBinary(b []byte) error { return takeAll(b) }

var _ Optimizer = (*FisherStep)(nil)
