package manifold

import (
	"math"
	"math/rand/v2"

	"fisherflow/internal/special"

	"gonum.org/v1/gonum/mat"
)

// ExponentialRate is the exponential family on the positive reals in its
// source coordinate λ > 0, the rate:
//
//	p(x) = λ e^(−λx),   G = 1/λ².
//
// It is an exponential family with T = x, h = 1, θ = −λ, η = 1/λ and
// A = −log λ. Named for its coordinate, since [Exponential] is what it and most
// others are.
type ExponentialRate struct{}

var exponentialNames, exponentialRanges = []string{"lambda"}, []interval{positive}

// Name is "exponential".
func (ExponentialRate) Name() string { return "exponential" }

// Dim is 1.
func (ExponentialRate) Dim() int { return 1 }

// Check wants a positive rate.
func (f ExponentialRate) Check(theta []float64) error {
	return check(f.Name(), "", exponentialNames, exponentialRanges, theta)
}

// Charts lists the charts.
func (ExponentialRate) Charts() []string {
	return []string{"source", "natural", "expectation", "log", "softplus"}
}

// Chart returns a chart by name.
func (f ExponentialRate) Chart(name string) (Chart, bool) {
	switch name {
	case "source":
		return newSource(f, name, exponentialNames), true
	case "natural":
		return newCoordinatewise(f, name, []string{"theta"}, negatedMap), true
	case "expectation":
		return newCoordinatewise(f, name, []string{"eta"}, reciprocalMap), true
	case "log":
		return newCoordinatewise(f, name, []string{"log_lambda"}, logMap), true
	case "softplus":
		return newCoordinatewise(f, name, []string{"softplus_inv_lambda"}, softplusMap), true
	}
	return nil, false
}

// ObservationDim is 1.
func (ExponentialRate) ObservationDim() int { return 1 }

// CheckObservation wants a number that is not negative.
func (f ExponentialRate) CheckObservation(x []float64) error {
	return checkScalar(f.Name(), x, func(x float64) bool { return x >= 0 }, "must not be negative")
}

// LogDensity is with respect to Lebesgue measure.
func (ExponentialRate) LogDensity(x, theta []float64) float64 {
	if !(x[0] >= 0) {
		return math.Inf(-1)
	}
	return math.Log(theta[0]) - theta[0]*x[0]
}

// Score is 1/λ − x.
func (f ExponentialRate) Score(dst, x, theta []float64) error {
	if err := f.Check(theta); err != nil {
		return err
	}
	dst[0] = 1/theta[0] - x[0]
	return nil
}

// Fisher is 1/λ².
func (f ExponentialRate) Fisher(dst *mat.SymDense, theta []float64) error {
	if err := f.Check(theta); err != nil {
		return err
	}
	dst.SetSym(0, 0, 1/theta[0]/theta[0])
	return nil
}

// Cubic is −2/λ³.
func (f ExponentialRate) Cubic(dst Tensor, theta []float64) error {
	if err := f.Check(theta); err != nil {
		return err
	}
	dst[0][0][0] = -2 / (theta[0] * theta[0] * theta[0])
	return nil
}

// KL is φ(λ_q/λ_p − 1), φ(u) = u − log(1+u).
func (f ExponentialRate) KL(p, q []float64) (float64, error) {
	if err := checkBoth(f, p, q); err != nil {
		return math.NaN(), err
	}
	return special.Excess((q[0] - p[0]) / p[0]), nil
}

// Entropy is 1 − log λ.
func (f ExponentialRate) Entropy(theta []float64) (float64, error) {
	if err := f.Check(theta); err != nil {
		return math.NaN(), err
	}
	return 1 - math.Log(theta[0]), nil
}

// logRatio is log(q/p) for positive numbers, accurate when they are close.
func logRatio(p, q float64) float64 {
	if u := (q - p) / p; math.Abs(u) < 0.5 {
		return math.Log1p(u)
	}
	return math.Log(q) - math.Log(p)
}

// Distance is |log λ₁/λ₂|.
func (f ExponentialRate) Distance(p, q []float64) (float64, error) {
	if err := checkBoth(f, p, q); err != nil {
		return math.NaN(), err
	}
	return math.Abs(logRatio(p[0], q[0])), nil
}

// Geodesic is straight in log λ.
func (f ExponentialRate) Geodesic(dst, p, q []float64, s float64) error {
	if err := checkBoth(f, p, q); err != nil {
		return err
	}
	dst[0] = p[0] * math.Exp(s*logRatio(p[0], q[0]))
	return f.Check(dst)
}

// Log is λ_p log(λ_q/λ_p).
func (f ExponentialRate) Log(dst, p, q []float64) error {
	if err := checkBoth(f, p, q); err != nil {
		return err
	}
	dst[0] = p[0] * logRatio(p[0], q[0])
	return nil
}

// Sample draws an exponential variate.
func (f ExponentialRate) Sample(dst, theta []float64, rng *rand.Rand) error {
	if err := f.Check(theta); err != nil {
		return err
	}
	dst[0] = rng.ExpFloat64() / theta[0]
	return nil
}

// Sufficient is x.
func (ExponentialRate) Sufficient(dst, x []float64) { dst[0] = x[0] }

// LogBase is 0.
func (ExponentialRate) LogBase([]float64) float64 { return 0 }

// MeanLogBase is 0.
func (ExponentialRate) MeanLogBase([]float64) (float64, bool) { return 0, true }

// LogPartition is −log λ.
func (ExponentialRate) LogPartition(theta []float64) float64 { return -math.Log(theta[0]) }

var (
	_ Exponential = ExponentialRate{}
	_ Observed    = ExponentialRate{}
	_ LogDensity  = ExponentialRate{}
	_ Scorer      = ExponentialRate{}
	_ Fisherer    = ExponentialRate{}
	_ Diverger    = ExponentialRate{}
	_ Cuber       = ExponentialRate{}
	_ Entropic    = ExponentialRate{}
	_ Distancer   = ExponentialRate{}
	_ Geodesic    = ExponentialRate{}
	_ Logarithm   = ExponentialRate{}
	_ Sampler     = ExponentialRate{}
)
