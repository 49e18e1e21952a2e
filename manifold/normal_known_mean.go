package manifold

import (
	"math"
	"math/rand/v2"
)

// NormalKnownMean is the family N(m, v) with m given, in its source coordinate
// v > 0, the variance:
//
//	p(x) = exp(−(x−m)²/(2v))/√(2πv),   G = 1/(2v²).
//
// It is exponential with T = (x−m)², h = 1, θ = −1/(2v), η = v and
// A = ½ log 2πv.
type NormalKnownMean struct {
	scaleFamily[normalKnownMean]
	Mean float64
}

type normalKnownMean struct{}

func (normalKnownMean) scaling() *scaling { return &normalKnownMeanScaling }

var normalKnownMeanScaling = scaling{
	family: "normal-known-mean", coordinate: "v", shape: 0.5, factor: 0.5, power: -1,
	charts: []string{"source", "natural", "sigma", "log"},
	further: func(chart string) (string, scalarMap) {
		if chart == "sigma" {
			return "sigma", sigmaMap
		}
		return logOf("log_v")(chart)
	},
}

// sigmaMap takes a standard deviation to its variance.
var sigmaMap = scalarMap{positive, square, math.Sqrt, func(sd, _ float64) float64 { return 2 * sd }, func(_, _ float64) float64 { return 2 }}

// Chart returns a chart by name; "expectation" is a synonym of "source".
func (f NormalKnownMean) Chart(name string) (Chart, bool) {
	if name == "expectation" {
		return newSource(f, name, []string{f.scaling().coordinate}), true
	}
	return f.scaleFamily.Chart(name)
}

// ObservationDim is 1.
func (NormalKnownMean) ObservationDim() int { return 1 }

// CheckObservation wants a finite number.
func (f NormalKnownMean) CheckObservation(x []float64) error {
	return checkScalar(f.Name(), x, func(x float64) bool { return x == x }, "must be finite")
}

// LogDensity is with respect to Lebesgue measure.
func (f NormalKnownMean) LogDensity(x, theta []float64) float64 {
	return -square(x[0]-f.Mean)/theta[0]/2 - f.LogPartition(theta)
}

// Score is ((x−m)²/v − 1)/(2v).
func (f NormalKnownMean) Score(dst, x, theta []float64) error {
	return f.score(dst, square(x[0]-f.Mean), theta)
}

// Entropy is ½ log 2πev.
func (f NormalKnownMean) Entropy(theta []float64) (float64, error) {
	if err := f.Check(theta); err != nil {
		return math.NaN(), err
	}
	return f.LogPartition(theta) + 0.5, nil
}

// Sample draws from N(m, v).
func (f NormalKnownMean) Sample(dst, theta []float64, rng *rand.Rand) error {
	if err := f.Check(theta); err != nil {
		return err
	}
	dst[0] = f.Mean + math.Sqrt(theta[0])*rng.NormFloat64()
	return nil
}

// Sufficient is (x−m)².
func (f NormalKnownMean) Sufficient(dst, x []float64) { dst[0] = square(x[0] - f.Mean) }

// LogBase is 0.
func (NormalKnownMean) LogBase([]float64) float64 { return 0 }

// MeanLogBase is 0.
func (NormalKnownMean) MeanLogBase([]float64) (float64, bool) { return 0, true }

// LogPartition is ½ log 2πv.
func (NormalKnownMean) LogPartition(theta []float64) float64 {
	return math.Log(theta[0])/2 + halfLog2Pi
}

var _ closedForm = NormalKnownMean{}
