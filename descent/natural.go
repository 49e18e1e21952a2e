package descent

import (
	"encoding"
	"errors"
	"fmt"
	"math"

	"fisherflow/metrics"
	"fisherflow/ode"

	"gonum.org/v1/gonum/blas/blas64"
)

// Natural is the natural gradient step of a model under any of the
// [metrics.Structures],
//
//	Δ = (F̂ + D)⁻¹g,   δ⁺ = μδ − hΔ,   θ⁺ = θ + δ⁺,
//
// or, with [LevenbergMarquardt], the step that minimises a quadratic model of
// the loss with the exact F along −Δ and the step before. With structure "kfac"
// it is the optimizer of Martens & Grosse (arXiv 1503.05671), see [KFAC]; with
// "conjugate-gradient" that of Martens (Hessian-free optimization, ICML 2010)
// on the Fisher matrix, each solution begun at the last.
type Natural struct {
	// Structure of F̂; empty means "fisher", the dense exact matrix.
	Structure string
	// Metric says what F̂ estimates, and its damping D = λI or of another kind.
	// For "conjugate-gradient" Tolerance 0 means 1e-3 and MaxIterations 0 means
	// 250, and a solution is used as far as it goes.
	Metric metrics.Settings
	// Preconditioner of "conjugate-gradient" is another structure with the
	// damping λI, the factored one for "kfac"; empty is none.
	Preconditioner string
	// Rate is h; 0 means 0.1, and 1 with LevenbergMarquardt, where it
	// multiplies the step that the model chooses.
	Rate float64
	// Momentum is μ in [0, 1). LevenbergMarquardt chooses its own.
	Momentum float64
	// Norm bounds the length of a step in the metric, δᵀ(F̂ + D)δ ≤ Norm, twice
	// the nats that the model may move by; with LevenbergMarquardt δᵀFδ with
	// the exact F. Since Δᵀ(F̂ + D)Δ = Δᵀg, it costs nothing. 0 is no bound.
	Norm float64
	// LevenbergMarquardt adapts λ, from that of Metric on; nil keeps it.
	LevenbergMarquardt *LevenbergMarquardt

	model          Model
	tensor         metrics.Tensor
	preconditioner metrics.Tensor
	rate           float64
	lm             LevenbergMarquardt
	lambda         []float64 // one number, so that memory is made of slices
	gradient       []float64
	direction      []float64
	step           []float64 // δ
	next           []float64 // θ⁺
	tangents       [2]blas64.General
	raised         blas64.General
}

// KFAC returns the optimizer of Martens & Grosse: Kronecker factors with the
// exact output factor and factored damping, which Levenberg and Marquardt's rule
// adapts from 1 on. For batches set Metric.Average to 0.95, LevenbergMarquardt's
// Least to 1e-3, and where there are many outputs Metric.Estimator to
// "monte-carlo".
func KFAC() *Natural {
	return &Natural{
		Structure:          "kfac",
		Metric:             metrics.Settings{Damping: metrics.Damping{Kind: "factored", Value: 1}},
		LevenbergMarquardt: new(LevenbergMarquardt),
	}
}

// Init binds the optimizer to m.
func (o *Natural) Init(m Model, seed uint64) (err error) {
	structure, s := o.Structure, o.Metric
	if structure == "" {
		structure = "fisher"
	}
	s.Seed = seed
	if structure == "conjugate-gradient" {
		s.Truncate = true
		if s.Tolerance == 0 {
			s.Tolerance = 1e-3
		}
		if s.MaxIterations == 0 {
			s.MaxIterations = 250
		}
	}
	if s.Average != 0 && structure != "kfac" && structure != "ekfac" {
		return fmt.Errorf("metric %q keeps no average of its factors", structure)
	}
	usual := 0.1
	if o.LevenbergMarquardt != nil {
		usual = 1
		if o.Momentum != 0 {
			return errors.New("momentum is chosen by levenberg-marquardt: leave it out")
		}
		if o.lm, err = o.LevenbergMarquardt.withDefaults(s.Damping); err != nil {
			return err
		}
	}
	if o.rate, err = positive("rate", o.Rate, usual); err != nil {
		return err
	}
	if _, err = share("momentum", o.Momentum); err != nil {
		return err
	}
	if !(o.Norm >= 0) || math.IsInf(o.Norm, 1) {
		return fmt.Errorf("norm constraint %g must be finite and not negative", o.Norm)
	}
	o.preconditioner = nil
	if o.Preconditioner != "" {
		if structure != "conjugate-gradient" {
			return fmt.Errorf("metric %q takes no preconditioner: conjugate-gradient does", structure)
		}
		p := s
		p.Damping.Kind, p.Average = "tikhonov", 0
		if o.Preconditioner == "kfac" {
			p.Damping.Kind = "factored"
		}
		if o.preconditioner, err = metrics.OnModel(o.Preconditioner, m, p); err != nil {
			return fmt.Errorf("preconditioner: %w", err)
		}
		s.Preconditioner = o.preconditioner
	}
	if o.tensor, err = metrics.OnModel(structure, m, s); err != nil {
		return err
	}
	n := m.Dim()
	o.model, o.lambda = m, []float64{s.Damping.Value}
	o.gradient, o.direction, o.step, o.next = make([]float64, n), make([]float64, n), make([]float64, n), make([]float64, n)
	return nil
}

// Step makes a step.
func (o *Natural) Step(theta []float64, count int) (Report, error) {
	if r, ok := o.tensor.(metrics.Redrawer); ok {
		r.Redraw(uint64(count))
	}
	if r, ok := o.preconditioner.(metrics.Redrawer); ok {
		r.Redraw(uint64(count))
	}
	if err := o.tensor.At(theta); err != nil {
		return Report{}, err
	}
	o.model.Gradient(o.gradient)
	if err := o.tensor.Raise(o.direction, o.gradient); err != nil {
		return Report{}, err
	}
	r := Report{Loss: o.model.Value(), Damping: o.lambda[0], Ratio: math.NaN(), Diagnosis: o.tensor.Diagnosis()}
	if o.LevenbergMarquardt != nil {
		err := o.adapt(theta, count, &r)
		return r, err
	}
	h := o.rate
	if o.Norm > 0 {
		if square := h * h * dot(o.direction, o.gradient); square > o.Norm {
			h *= math.Sqrt(o.Norm / square)
		}
	}
	for i, d := range o.direction {
		o.step[i] = o.Momentum*o.step[i] - h*d
	}
	var err error
	r.Length, err = move(theta, o.step)
	return r, err
}

// setDamping replaces λ.
func (o *Natural) setDamping(lambda float64) {
	o.lambda[0] = lambda
	o.tensor.SetDamping(lambda)
	if o.preconditioner != nil {
		o.preconditioner.SetDamping(lambda)
	}
}

// AppendBinary appends λ, δ and what the metric remembers.
func (o *Natural) AppendBinary(b []byte) ([]byte, error) {
	b = appendNumbers(appendNumbers(b, o.lambda...), o.step...)
	if t, ok := o.tensor.(encoding.BinaryAppender); ok {
		return t.AppendBinary(b)
	}
	return b, nil
}

// UnmarshalBinary takes them back.
func (o *Natural) UnmarshalBinary(b []byte) error {
	rest, err := takeNumbers(o.lambda, b)
	if err == nil {
		rest, err = takeNumbers(o.step, rest)
	}
	if err != nil {
		return err
	}
	o.setDamping(o.lambda[0])
	t, ok := o.tensor.(encoding.BinaryUnmarshaler)
	switch {
	case ok:
		return t.UnmarshalBinary(rest)
	case len(rest) > 0:
		return errMemory
	}
	return nil
}

var _ Optimizer = (*Natural)(nil)

// isDomain reports whether a model could not be set at a point.
func isDomain(err error) bool { return errors.Is(err, ode.ErrDomain) }
