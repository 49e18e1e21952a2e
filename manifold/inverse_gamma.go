package manifold

import (
	"math"
	"math/rand/v2"

	"fisherflow/internal/special"

	"gonum.org/v1/gonum/mat"
)

// InverseGamma is the law of 1/y for gamma distributed y, in source coordinates
// (a, b), shape and scale, both positive:
//
//	p(x) = bᵃ x^(−a−1) e^(−b/x)/Γ(a),   G = [[ψ₁(a), −1/b], [−1/b, a/b²]].
//
// By x → 1/x its geometry is that of [Gamma]. It is exponential with
// T = (log x, 1/x), h = 1, θ = (−a−1, −b), η = (log b − ψ(a), a/b) and
// A = log Γ(a) − a log b. The natural and expectation charts lose the digits of
// small and of large shapes that they lose there.
type InverseGamma struct{}

var inverseGammaNames = []string{"shape", "scale"}

// Name is "inverse-gamma".
func (InverseGamma) Name() string { return "inverse-gamma" }

// Dim is 2.
func (InverseGamma) Dim() int { return 2 }

// Check wants positive shape and scale.
func (f InverseGamma) Check(theta []float64) error {
	return check(f.Name(), "", inverseGammaNames, gammaRanges, theta)
}

// Charts lists the charts.
func (InverseGamma) Charts() []string { return []string{"source", "natural", "expectation", "log"} }

// belowMinusOneMap is the natural coordinate −a−1.
var belowMinusOneMap = scalarMap{
	interval{math.Inf(-1), -1, "must be less than -1"},
	func(x float64) float64 { return -1 - x }, func(a float64) float64 { return -1 - a },
	func(_, _ float64) float64 { return -1 }, straightMap,
}

// Chart returns a chart by name.
func (f InverseGamma) Chart(name string) (Chart, bool) {
	switch name {
	case "source":
		return newSource(f, name, inverseGammaNames), true
	case "natural":
		return newCoordinatewise(f, name, []string{"theta1", "theta2"}, belowMinusOneMap, negatedMap), true
	case "expectation":
		return gammaExpectation(f, []string{"E_log_x", "E_inv_x"}, -1), true
	case "log":
		return newCoordinatewise(f, name, []string{"log_shape", "log_scale"}, logMap, logMap), true
	}
	return nil, false
}

// FisherIn is [[a, b], [b, b²ψ₁]]/(aψ₁−1) in the expectation chart.
func (InverseGamma) FisherIn(dst *mat.SymDense, chart string, _, theta []float64) bool {
	if chart != "expectation" {
		return false
	}
	gammaExpectationFisher(dst, theta, -1)
	return true
}

// ObservationDim is 1.
func (InverseGamma) ObservationDim() int { return 1 }

// CheckObservation wants a positive number.
func (f InverseGamma) CheckObservation(x []float64) error {
	return checkScalar(f.Name(), x, func(x float64) bool { return x > 0 }, "must be positive")
}

// LogDensity is with respect to Lebesgue measure.
func (f InverseGamma) LogDensity(x, theta []float64) float64 {
	if !(x[0] > 0) {
		return math.Inf(-1)
	}
	// That of 1/x, and the logarithm of the slope 1/x².
	y := [1]float64{1 / x[0]}
	return Gamma{}.LogDensity(y[:], theta) - 2*math.Log(x[0])
}

// Score is (log b − log x − ψ(a), a/b − 1/x).
func (f InverseGamma) Score(dst, x, theta []float64) error {
	if err := f.Check(theta); err != nil {
		return err
	}
	a, b := theta[0], theta[1]
	dst[0], dst[1] = math.Log(b)-math.Log(x[0])-special.Digamma(a), a/b-1/x[0]
	return nil
}

// Fisher is [[ψ₁(a), −1/b], [−1/b, a/b²]].
func (f InverseGamma) Fisher(dst *mat.SymDense, theta []float64) error {
	if err := f.Check(theta); err != nil {
		return err
	}
	return Gamma{}.Fisher(dst, theta)
}

// Cubic is that of the gamma family.
func (f InverseGamma) Cubic(dst Tensor, theta []float64) error {
	if err := f.Check(theta); err != nil {
		return err
	}
	return Gamma{}.Cubic(dst, theta)
}

// CubicIn has the expectation chart.
func (InverseGamma) CubicIn(dst Tensor, chart string, _, theta []float64) bool {
	if chart != "expectation" {
		return false
	}
	gammaExpectationCubic(dst, theta, -1)
	return true
}

// KL is that of the gamma family.
func (f InverseGamma) KL(p, q []float64) (float64, error) {
	if err := checkBoth(f, p, q); err != nil {
		return math.NaN(), err
	}
	return Gamma{}.KL(p, q)
}

// Entropy is a + log b + log Γ(a) − (1+a)ψ(a).
func (f InverseGamma) Entropy(theta []float64) (float64, error) {
	if err := f.Check(theta); err != nil {
		return math.NaN(), err
	}
	a, b := theta[0], theta[1]
	if a > 10 {
		// As for the gamma family, without the large terms.
		return stirling(a) + (a+1)*special.LogMinusDigamma(a) - math.Log(a) + math.Log(b), nil
	}
	lg, _ := math.Lgamma(a)
	return a + math.Log(b) + lg - (1+a)*special.Digamma(a), nil
}

// Curvature is that of the gamma family.
func (f InverseGamma) Curvature(theta []float64) (float64, error) {
	if err := f.Check(theta); err != nil {
		return math.NaN(), err
	}
	return gammaCurvature(theta[0]), nil
}

// Sample draws the inverse of a gamma variate.
func (f InverseGamma) Sample(dst, theta []float64, rng *rand.Rand) error {
	if err := f.Check(theta); err != nil {
		return err
	}
	if err := (Gamma{}).Sample(dst, theta, rng); err != nil {
		return err
	}
	dst[0] = 1 / dst[0]
	return nil
}

// Sufficient is (log x, 1/x).
func (InverseGamma) Sufficient(dst, x []float64) { dst[0], dst[1] = math.Log(x[0]), 1/x[0] }

// LogBase is 0.
func (InverseGamma) LogBase([]float64) float64 { return 0 }

// MeanLogBase is 0.
func (InverseGamma) MeanLogBase([]float64) (float64, bool) { return 0, true }

// LogPartition is log Γ(a) − a log b.
func (InverseGamma) LogPartition(theta []float64) float64 { return Gamma{}.LogPartition(theta) }

var (
	_ Exponential   = InverseGamma{}
	_ Observed      = InverseGamma{}
	_ LogDensity    = InverseGamma{}
	_ Scorer        = InverseGamma{}
	_ Fisherer      = InverseGamma{}
	_ FisherInChart = InverseGamma{}
	_ Diverger      = InverseGamma{}
	_ Cuber         = InverseGamma{}
	_ Entropic      = InverseGamma{}
	_ Sampler       = InverseGamma{}
	_ Curved        = InverseGamma{}
)
