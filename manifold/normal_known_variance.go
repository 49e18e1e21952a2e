package manifold

import (
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/mat"
)

// NormalKnownVariance is the family N(μ, s²) with s given, in its source
// coordinate μ:
//
//	p(x) = exp(−(x−μ)²/(2s²))/√(2πs²),   G = 1/s².
//
// It is exponential with T = x, h the density of N(0, s²), θ = μ/s², η = μ and
// A = μ²/(2s²). The family is flat: μ/s is arc length.
//
// The zero value has s = 1.
type NormalKnownVariance struct {
	SD float64 // the standard deviation s, positive; 0 means 1
}

var knownVarianceNames, knownVarianceRanges = []string{"mu"}, []interval{realLine}

func (f NormalKnownVariance) sd() float64 {
	if f.SD == 0 {
		return 1
	}
	return f.SD
}

// Name is "normal-known-variance".
func (NormalKnownVariance) Name() string { return "normal-known-variance" }

// Dim is 1.
func (NormalKnownVariance) Dim() int { return 1 }

// Check wants a finite mean.
func (f NormalKnownVariance) Check(theta []float64) error {
	return check(f.Name(), "", knownVarianceNames, knownVarianceRanges, theta)
}

// Charts lists the charts; "expectation" is a synonym of "source".
func (NormalKnownVariance) Charts() []string { return []string{"source", "natural"} }

// Chart returns a chart by name.
func (f NormalKnownVariance) Chart(name string) (Chart, bool) {
	switch name {
	case "source", "expectation":
		return newSource(f, name, knownVarianceNames), true
	case "natural":
		return newCoordinatewise(f, name, []string{"theta"}, multiplied(realLine, square(f.sd()))), true
	}
	return nil, false
}

// ObservationDim is 1.
func (NormalKnownVariance) ObservationDim() int { return 1 }

// CheckObservation wants a finite number.
func (f NormalKnownVariance) CheckObservation(x []float64) error {
	return checkScalar(f.Name(), x, func(x float64) bool { return x == x }, "must be finite")
}

// LogDensity is with respect to Lebesgue measure.
func (f NormalKnownVariance) LogDensity(x, theta []float64) float64 {
	return -square((x[0]-theta[0])/f.sd())/2 - math.Log(f.sd()) - halfLog2Pi
}

// Score is (x−μ)/s².
func (f NormalKnownVariance) Score(dst, x, theta []float64) error {
	if err := f.Check(theta); err != nil {
		return err
	}
	dst[0] = (x[0] - theta[0]) / square(f.sd())
	return nil
}

// Fisher is 1/s².
func (f NormalKnownVariance) Fisher(dst *mat.SymDense, theta []float64) error {
	if err := f.Check(theta); err != nil {
		return err
	}
	dst.SetSym(0, 0, 1/square(f.sd()))
	return nil
}

// Cubic is 0.
func (f NormalKnownVariance) Cubic(dst Tensor, theta []float64) error {
	if err := f.Check(theta); err != nil {
		return err
	}
	dst[0][0][0] = 0
	return nil
}

// KL is ½((μ_p−μ_q)/s)².
func (f NormalKnownVariance) KL(p, q []float64) (float64, error) {
	d, err := f.Distance(p, q)
	return d * d / 2, err
}

// Entropy is log s + ½ log 2πe.
func (f NormalKnownVariance) Entropy(theta []float64) (float64, error) {
	if err := f.Check(theta); err != nil {
		return math.NaN(), err
	}
	return math.Log(f.sd()) + halfLog2Pi + 0.5, nil
}

// Distance is |μ_p−μ_q|/s.
func (f NormalKnownVariance) Distance(p, q []float64) (float64, error) {
	if err := checkBoth(f, p, q); err != nil {
		return math.NaN(), err
	}
	return math.Abs(q[0]-p[0]) / f.sd(), nil
}

// Geodesic is straight in μ.
func (f NormalKnownVariance) Geodesic(dst, p, q []float64, s float64) error {
	if err := checkBoth(f, p, q); err != nil {
		return err
	}
	dst[0] = (1-s)*p[0] + s*q[0]
	return f.Check(dst)
}

// Log is μ_q − μ_p.
func (f NormalKnownVariance) Log(dst, p, q []float64) error {
	if err := checkBoth(f, p, q); err != nil {
		return err
	}
	dst[0] = q[0] - p[0]
	return nil
}

// Sample draws from N(μ, s²).
func (f NormalKnownVariance) Sample(dst, theta []float64, rng *rand.Rand) error {
	if err := f.Check(theta); err != nil {
		return err
	}
	dst[0] = theta[0] + f.sd()*rng.NormFloat64()
	return nil
}

// Sufficient is x.
func (NormalKnownVariance) Sufficient(dst, x []float64) { dst[0] = x[0] }

// LogBase is that of N(0, s²).
func (f NormalKnownVariance) LogBase(x []float64) float64 { return f.LogDensity(x, []float64{0}) }

// MeanLogBase is −(μ/s)²/2 − ½ log 2πes².
func (f NormalKnownVariance) MeanLogBase(theta []float64) (float64, bool) {
	return -f.LogPartition(theta) - math.Log(f.sd()) - halfLog2Pi - 0.5, false
}

// LogPartition is μ²/(2s²).
func (f NormalKnownVariance) LogPartition(theta []float64) float64 {
	return square(theta[0]/f.sd()) / 2
}

var _ closedForm = NormalKnownVariance{}
