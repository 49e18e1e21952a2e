package manifold

import (
	"math"
	"math/rand/v2"
)

// ExponentialRate is the exponential family on the positive reals in its
// source coordinate λ > 0, the rate:
//
//	p(x) = λ e^(−λx),   G = 1/λ².
//
// It is an exponential family with T = x, h = 1, θ = −λ, η = 1/λ and
// A = −log λ. Named for its coordinate, since [Exponential] is what it and most
// others are.
type ExponentialRate struct{ scaleFamily[exponential] }

type exponential struct{}

func (exponential) scaling() *scaling { return &exponentialScaling }

var exponentialScaling = scaling{
	family: "exponential", coordinate: "lambda", shape: 1, factor: 1, power: 1,
	charts: []string{"source", "natural", "expectation", "log", "softplus"},
	further: func(chart string) (string, scalarMap) {
		if chart == "softplus" {
			return "softplus_inv_lambda", softplusMap
		}
		return logOf("log_lambda")(chart)
	},
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
func (f ExponentialRate) Score(dst, x, theta []float64) error { return f.score(dst, x[0], theta) }

// Entropy is 1 − log λ.
func (f ExponentialRate) Entropy(theta []float64) (float64, error) {
	if err := f.Check(theta); err != nil {
		return math.NaN(), err
	}
	return 1 - math.Log(theta[0]), nil
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

var _ closedForm = ExponentialRate{}
