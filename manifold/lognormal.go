package manifold

import (
	"math"
	"math/rand/v2"
	"slices"

	"gonum.org/v1/gonum/mat"
)

// Lognormal is the law of x with log x ~ N(μ, σ²), in source coordinates
// (μ, σ), σ > 0:
//
//	p(x) = exp(−(log x−μ)²/(2σ²))/(x√(2πσ²)),   G = diag(1, 2)/σ².
//
// By x → log x its geometry is that of [Normal]. It is exponential with
// T = (log x, log²x), h = 1/x, θ = (μ/σ², −1/(2σ²)), η = (μ, μ²+σ²) and
// A = μ²/(2σ²) + log σ + ½ log 2π.
type Lognormal struct{}

// Name is "lognormal".
func (Lognormal) Name() string { return "lognormal" }

// Dim is 2.
func (Lognormal) Dim() int { return 2 }

// Check wants finite μ and positive σ.
func (f Lognormal) Check(theta []float64) error {
	return check(f.Name(), "", normalNames, normalRanges, theta)
}

// Charts lists the charts.
func (Lognormal) Charts() []string { return []string{"source", "natural", "expectation", "log-scale"} }

// Chart returns a chart by name.
func (f Lognormal) Chart(name string) (Chart, bool) {
	if !slices.Contains(f.Charts(), name) {
		return nil, false
	}
	return normalChart(f, name)
}

// ObservationDim is 1.
func (Lognormal) ObservationDim() int { return 1 }

// CheckObservation wants a positive number.
func (f Lognormal) CheckObservation(x []float64) error {
	return checkScalar(f.Name(), x, func(x float64) bool { return x > 0 }, "must be positive")
}

// LogDensity is with respect to Lebesgue measure.
func (Lognormal) LogDensity(x, theta []float64) float64 {
	if !(x[0] > 0) {
		return math.Inf(-1)
	}
	y := math.Log(x[0])
	z := (y - theta[0]) / theta[1]
	return -z*z/2 - math.Log(theta[1]) - halfLog2Pi - y
}

// Score is (z/σ, (z²−1)/σ), z = (log x−μ)/σ.
func (f Lognormal) Score(dst, x, theta []float64) error {
	if err := f.Check(theta); err != nil {
		return err
	}
	z := (math.Log(x[0]) - theta[0]) / theta[1]
	dst[0], dst[1] = z/theta[1], (z*z-1)/theta[1]
	return nil
}

// Fisher is diag(1, 2)/σ².
func (f Lognormal) Fisher(dst *mat.SymDense, theta []float64) error {
	if err := f.Check(theta); err != nil {
		return err
	}
	return Normal{}.Fisher(dst, theta)
}

// Cubic is that of the normal.
func (f Lognormal) Cubic(dst Tensor, theta []float64) error {
	if err := f.Check(theta); err != nil {
		return err
	}
	return Normal{}.Cubic(dst, theta)
}

// KL is that of the normal.
func (f Lognormal) KL(p, q []float64) (float64, error) {
	if err := checkBoth(f, p, q); err != nil {
		return math.NaN(), err
	}
	return Normal{}.KL(p, q)
}

// Entropy is μ + log σ + ½ log 2πe.
func (f Lognormal) Entropy(theta []float64) (float64, error) {
	if err := f.Check(theta); err != nil {
		return math.NaN(), err
	}
	h, err := Normal{}.Entropy(theta)
	return theta[0] + h, err
}

// Distance is that of the normal.
func (f Lognormal) Distance(p, q []float64) (float64, error) {
	if err := checkBoth(f, p, q); err != nil {
		return math.NaN(), err
	}
	return Normal{}.Distance(p, q)
}

// Geodesic is that of the normal.
func (f Lognormal) Geodesic(dst, p, q []float64, s float64) error {
	if err := checkBoth(f, p, q); err != nil {
		return err
	}
	return Normal{}.Geodesic(dst, p, q, s)
}

// Log is that of the normal.
func (f Lognormal) Log(dst, p, q []float64) error {
	if err := checkBoth(f, p, q); err != nil {
		return err
	}
	return Normal{}.Log(dst, p, q)
}

// Curvature is −½ everywhere.
func (f Lognormal) Curvature(theta []float64) (float64, error) { return -0.5, f.Check(theta) }

// Sample draws e^y, y ~ N(μ, σ²).
func (f Lognormal) Sample(dst, theta []float64, rng *rand.Rand) error {
	if err := f.Check(theta); err != nil {
		return err
	}
	dst[0] = math.Exp(theta[0] + theta[1]*rng.NormFloat64())
	return nil
}

// Sufficient is (log x, log²x).
func (Lognormal) Sufficient(dst, x []float64) {
	y := math.Log(x[0])
	dst[0], dst[1] = y, y*y
}

// LogBase is −log x.
func (Lognormal) LogBase(x []float64) float64 { return -math.Log(x[0]) }

// MeanLogBase is −μ.
func (Lognormal) MeanLogBase(theta []float64) (float64, bool) { return -theta[0], false }

// LogPartition is μ²/(2σ²) + log σ + ½ log 2π.
func (Lognormal) LogPartition(theta []float64) float64 { return Normal{}.LogPartition(theta) }

var (
	_ closedForm = Lognormal{}
	_ Curved     = Lognormal{}
)
