package manifold

import (
	"fmt"
	"math"
	"math/rand/v2"
)

// Pareto is the Pareto family on [x_m, ∞) with x_m given, in its source
// coordinate α > 0, the shape:
//
//	p(x) = α x_m^α x^(−α−1),   G = 1/α².
//
// It is exponential with T = log x, h = 1, θ = −α−1, η = log x_m + 1/α and
// A = −log α − α log x_m. log(x/x_m) is exponential with rate α. The expectation
// chart keeps α with relative error ε(1 + α|log x_m|), the natural chart with
// ε(1 + 1/α).
//
// The zero value has x_m = 1. An x_m that is to be estimated moves the support,
// and is no exponential family.
type Pareto struct {
	scaleFamily[pareto]
	Xm float64 // the least observation, positive; 0 means 1
}

type pareto struct{}

func (pareto) scaling() *scaling { return &paretoScaling }

var paretoScaling = scaling{
	family: "pareto", coordinate: "alpha", shape: 1, factor: 1, power: 1,
	charts: []string{"source", "natural", "expectation", "log"}, further: logOf("log_alpha"),
}

func (f Pareto) least() float64 {
	if f.Xm == 0 {
		return 1
	}
	return f.Xm
}

// Chart returns a chart by name.
func (f Pareto) Chart(name string) (Chart, bool) {
	switch name {
	case "natural":
		return newCoordinatewise(f, name, []string{"theta"}, belowMinusOneMap), true
	case "expectation":
		log := math.Log(f.least())
		return newCoordinatewise(f, name, []string{"eta"}, scalarMap{
			interval{log, math.Inf(1), "must exceed log xm"},
			func(x float64) float64 { return 1 / (x - log) }, func(a float64) float64 { return log + 1/a },
			func(_, a float64) float64 { return -a * a },
			reciprocalMap.bend,
		}), true
	}
	return f.scaleFamily.Chart(name)
}

// ObservationDim is 1.
func (Pareto) ObservationDim() int { return 1 }

// CheckObservation wants a number of at least x_m.
func (f Pareto) CheckObservation(x []float64) error {
	return checkScalar(f.Name(), x, func(x float64) bool { return x >= f.least() }, fmt.Sprintf("must be at least xm = %g", f.least()))
}

// LogDensity is with respect to Lebesgue measure.
func (f Pareto) LogDensity(x, theta []float64) float64 {
	if !(x[0] >= f.least()) {
		return math.Inf(-1)
	}
	return math.Log(theta[0]) - theta[0]*logRatio(f.least(), x[0]) - math.Log(x[0])
}

// Score is 1/α − log(x/x_m).
func (f Pareto) Score(dst, x, theta []float64) error {
	return f.score(dst, logRatio(f.least(), x[0]), theta)
}

// Entropy is log(x_m/α) + 1 + 1/α.
func (f Pareto) Entropy(theta []float64) (float64, error) {
	if err := f.Check(theta); err != nil {
		return math.NaN(), err
	}
	return math.Log(f.least()) - math.Log(theta[0]) + 1 + 1/theta[0], nil
}

// Sample draws x_m e^y, y exponential with rate α.
func (f Pareto) Sample(dst, theta []float64, rng *rand.Rand) error {
	if err := f.Check(theta); err != nil {
		return err
	}
	dst[0] = f.least() * math.Exp(rng.ExpFloat64()/theta[0])
	return nil
}

// Sufficient is log x.
func (Pareto) Sufficient(dst, x []float64) { dst[0] = math.Log(x[0]) }

// LogBase is 0.
func (Pareto) LogBase([]float64) float64 { return 0 }

// MeanLogBase is 0.
func (Pareto) MeanLogBase([]float64) (float64, bool) { return 0, true }

// LogPartition is −log α − α log x_m.
func (f Pareto) LogPartition(theta []float64) float64 {
	return -math.Log(theta[0]) - theta[0]*math.Log(f.least())
}

var _ closedForm = Pareto{}
