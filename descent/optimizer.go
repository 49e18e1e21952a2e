package descent

import (
	"encoding"
	"fmt"
	"math"
	"strings"

	"fisherflow/metrics"
	"fisherflow/ode"
)

// A Model is a layered model on examples that come in batches: its loss, its
// gradient and all that a metric takes from it are means over the batch.
// network.Evaluation is one.
type Model interface {
	metrics.Layered
	// Batch restricts the model to the examples of the given indices until the
	// next call; nil means all. The slice is kept.
	Batch(indices []int) error
}

// An Optimizer makes steps θ → θ⁺ that descend the loss of a model on batches of
// its data. Unlike a [Rule] it may remember: momentum, averages, dampings.
//
// A zero optimizer with its settings is ready for Init; after it the optimizer
// has workspace for one model and one goroutine, and steps do not allocate
// outside of BLAS and LAPACK while the batch has one size.
type Optimizer interface {
	// Init binds the optimizer to a model, which it then moves, and forgets all
	// steps before. The seed is that of its random draws, if it makes any.
	// The error says which setting is wrong.
	Init(m Model, seed uint64) error
	// Step replaces theta by the point that follows it, on the batch that the
	// model has. Steps are counted from 0; draws depend on the seed and on the
	// count alone. After an error theta is what it was.
	Step(theta []float64, count int) (Report, error)
	// AppendBinary appends the memory of the steps so far, from which
	// UnmarshalBinary of an optimizer of equal settings, bound to the same
	// model, goes on to the same bits.
	encoding.BinaryAppender
	encoding.BinaryUnmarshaler
}

// A Report is what a step saw and did.
type Report struct {
	// Loss of the batch before the step.
	Loss float64
	// Length of the step that was made, Euclidean.
	Length float64
	// Damping that the step was made with, where there is one.
	Damping float64
	// Of Levenberg and Marquardt's rule: how the loss fell in relation to what
	// the quadratic model foresaw, and whether the step was refused since the
	// loss would have risen. Ratio is NaN where it was not measured.
	Ratio   float64
	Refused bool
	// Diagnosis of the metric that was inverted; zero without one.
	Diagnosis metrics.Diagnosis
}

// Optimizers lists the names of the optimizers.
//
//	sgd               θ⁺ = θ − hg                                 [SGD]
//	momentum          the heavy ball, or Nesterov's form          [Momentum]
//	adam              Kingma & Ba, arXiv 1412.6980                [Adam]
//	fisher-step       θ⁺ = θ − h g/(diag F + ε)                   [FisherStep]
//	natural-gradient  θ⁺ = θ − h(F̂ + λ)⁻¹g, any structure        [Natural]
//	kfac              the same with Martens & Grosse's            [KFAC]
func Optimizers() []string {
	return []string{"sgd", "momentum", "adam", "fisher-step", "natural-gradient", "kfac"}
}

// OptimizerByName returns an optimizer with its default settings.
func OptimizerByName(name string) (Optimizer, error) {
	switch name {
	case "sgd":
		return new(SGD), nil
	case "momentum":
		return new(Momentum), nil
	case "adam":
		return new(Adam), nil
	case "fisher-step":
		return new(FisherStep), nil
	case "natural-gradient":
		return new(Natural), nil
	case "kfac":
		return KFAC(), nil
	}
	return nil, fmt.Errorf("no optimizer is called %q (optimizers: %s)", name, strings.Join(Optimizers(), ", "))
}

// positive returns value, or what stands for 0, or an error if that is not a
// finite number above zero.
func positive(what string, value, otherwise float64) (float64, error) {
	if value == 0 {
		value = otherwise
	}
	if !(value > 0) || math.IsInf(value, 1) {
		return 0, fmt.Errorf("%s %g must be finite and above 0", what, value)
	}
	return value, nil
}

// share returns value, or an error if it does not lie in [0, 1).
func share(what string, value float64) (float64, error) {
	if !(value >= 0 && value < 1) {
		return 0, fmt.Errorf("%s %g must lie in [0, 1)", what, value)
	}
	return value, nil
}

// move adds step to theta, unless a coordinate would no longer be finite, and
// returns the length of the step.
func move(theta, step []float64) (float64, error) {
	sum := 0.0
	for i, d := range step {
		if x := theta[i] + d; x-x != 0 {
			return 0, fmt.Errorf("the step takes parameter %d to %g: %w", i+1, x, ode.ErrDomain)
		}
		sum += d * d
	}
	for i, d := range step {
		theta[i] += d
	}
	return math.Sqrt(sum), nil
}

func dot(a, b []float64) float64 {
	s := 0.0
	b = b[:len(a)]
	for i, v := range a {
		s += v * b[i]
	}
	return s
}
