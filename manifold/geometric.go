package manifold

import (
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/mat"
)

// Geometric is the family of the number x of failures before the first success,
// in its source coordinate p, 0 < p < 1, the probability of success:
//
//	P(x) = p(1−p)ˣ,   G = 1/(p²(1−p)).
//
// It is exponential with T = x, h = 1, θ = log(1−p), η = (1−p)/p and
// A = −log p, and is [NegativeBinomial] with r = 1; the chart "logit" is that of
// log(p/(1−p)).
type Geometric struct{}

func (f Geometric) successes() successes { return successes{f.Name(), 1} }

// Name is "geometric".
func (Geometric) Name() string { return "geometric" }

// Dim is 1.
func (Geometric) Dim() int { return 1 }

// Check wants 0 < p < 1.
func (f Geometric) Check(theta []float64) error { return f.successes().check(theta) }

// Charts lists the charts.
func (Geometric) Charts() []string { return []string{"source", "natural", "expectation", "logit"} }

// Chart returns a chart by name.
func (f Geometric) Chart(name string) (Chart, bool) {
	if name == "logit" {
		return newCoordinatewise(f, name, []string{"logit_p"}, logitMap), true
	}
	return f.successes().chart(f, name)
}

// ObservationDim is 1.
func (Geometric) ObservationDim() int { return 1 }

// CheckObservation wants a whole number that is not negative.
func (f Geometric) CheckObservation(x []float64) error {
	return checkScalar(f.Name(), x, isCount, "must be a whole number, not negative")
}

// LogDensity is with respect to counting measure.
func (Geometric) LogDensity(x, theta []float64) float64 {
	if !isCount(x[0]) {
		return math.Inf(-1)
	}
	return math.Log(theta[0]) + x[0]*math.Log1p(-theta[0])
}

// Score is 1/p − x/(1−p).
func (f Geometric) Score(dst, x, theta []float64) error { return f.successes().score(dst, x, theta) }

// Fisher is 1/(p²(1−p)).
func (f Geometric) Fisher(dst *mat.SymDense, theta []float64) error {
	return f.successes().fisher(dst, theta)
}

// FisherIn is e^θ/(1−e^θ)² in the natural, 1/(η(1+η)) in the expectation and 1−p
// in the logit chart.
func (f Geometric) FisherIn(dst *mat.SymDense, chart string, xi, _ []float64) bool {
	return f.successes().fisherIn(dst, chart, xi)
}

// Cubic is −(2−p)/(p³(1−p)²).
func (f Geometric) Cubic(dst Tensor, theta []float64) error { return f.successes().cubic(dst, theta) }

// KL is log(p/q) + ((1−p)/p) log((1−p)/(1−q)), arranged so that it does not
// cancel.
func (f Geometric) KL(p, q []float64) (float64, error) { return f.successes().kl(p, q) }

// Entropy is −log p − ((1−p)/p) log(1−p).
func (f Geometric) Entropy(theta []float64) (float64, error) {
	if err := f.Check(theta); err != nil {
		return math.NaN(), err
	}
	return -math.Log(theta[0]) - f.successes().inner(theta[0]), nil
}

// Distance is 2|atanh √(1−p) − atanh √(1−q)|.
func (f Geometric) Distance(p, q []float64) (float64, error) { return f.successes().distance(p, q) }

// Geodesic is straight in atanh √(1−p).
func (f Geometric) Geodesic(dst, p, q []float64, s float64) error {
	return f.successes().geodesic(dst, p, q, s)
}

// Log is −2p√(1−p)(atanh √(1−q) − atanh √(1−p)).
func (f Geometric) Log(dst, p, q []float64) error { return f.successes().log(dst, p, q) }

// Sample draws ⌊y/(−log(1−p))⌋, y exponential with rate 1.
func (f Geometric) Sample(dst, theta []float64, rng *rand.Rand) error {
	if err := f.Check(theta); err != nil {
		return err
	}
	dst[0] = math.Floor(rng.ExpFloat64() / -math.Log1p(-theta[0]))
	return nil
}

// Sufficient is x.
func (Geometric) Sufficient(dst, x []float64) { dst[0] = x[0] }

// LogBase is 0.
func (Geometric) LogBase([]float64) float64 { return 0 }

// MeanLogBase is 0.
func (Geometric) MeanLogBase([]float64) (float64, bool) { return 0, true }

// LogPartition is −log p.
func (Geometric) LogPartition(theta []float64) float64 { return -math.Log(theta[0]) }

var (
	_ closedForm    = Geometric{}
	_ FisherInChart = Geometric{}
)
