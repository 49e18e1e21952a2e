package manifold

import (
	"math"
	"math/rand/v2"

	"fisherflow/internal/special"

	"gonum.org/v1/gonum/mat"
)

// Beta is the beta family on (0, 1), in source coordinates (a, b), both
// positive:
//
//	p(x) = x^(a−1)(1−x)^(b−1)/B(a, b),   G = diag(ψ₁(a), ψ₁(b)) − ψ₁(a+b)11ᵀ.
//
// It is [Dirichlet] with k = 2 in the first of its two components: exponential
// with T = (log x, log(1−x)), h = 1, θ = (a−1, b−1),
// η = (ψ(a) − ψ(a+b), ψ(b) − ψ(a+b)) and A = log B(a, b), with the same limits of
// accuracy. The chart "mean-precision" is (a/(a+b), a+b).
type Beta struct{}

var (
	betaNames  = []string{"a", "b"}
	betaRanges = []interval{positive, positive}
)

// Name is "beta".
func (Beta) Name() string { return "beta" }

// Dim is 2.
func (Beta) Dim() int { return 2 }

// Check wants positive coordinates.
func (f Beta) Check(theta []float64) error { return check(f.Name(), "", betaNames, betaRanges, theta) }

// Charts lists the charts.
func (Beta) Charts() []string {
	return []string{"source", "natural", "expectation", "log", "mean-precision"}
}

// Chart returns a chart by name.
func (f Beta) Chart(name string) (Chart, bool) {
	switch name {
	case "source":
		return newSource(f, name, betaNames), true
	case "natural":
		return newCoordinatewise(f, name, []string{"theta1", "theta2"}, minusOneMap, minusOneMap), true
	case "expectation":
		return newMeanLog(f, []string{"E_log_x", "E_log_1mx"}), true
	case "log":
		return newCoordinatewise(f, name, []string{"log_a", "log_b"}, logMap, logMap), true
	case "mean-precision":
		return &planar{
			family: f, name: name, names: []string{"m", "phi"}, ranges: []interval{unit, positive},
			to: func(dst, xi []float64) (int, string, bool) {
				dst[0], dst[1] = xi[0]*xi[1], (1-xi[0])*xi[1]
				return 0, "", true
			},
			from: func(dst, theta []float64) {
				phi := theta[0] + theta[1]
				dst[0], dst[1] = theta[0]/phi, phi
			},
			jacobian: func(_, theta []float64) [4]float64 {
				phi := theta[0] + theta[1]
				return [4]float64{phi, theta[0] / phi, -phi, theta[1] / phi}
			},
			inverse: func(_, theta []float64) [4]float64 {
				phi := theta[0] + theta[1]
				return [4]float64{theta[1] / phi / phi, -theta[0] / phi / phi, 1, 1}
			},
			bend: func(_, _ []float64) [2][3]float64 { return [2][3]float64{{0, 1, 0}, {0, -1, 0}} },
		}, true
	}
	return nil, false
}

// FisherIn has the expectation chart, and the chart mean-precision in which the
// congruence cancels: with t = ψ₁ − 1/a it is
// [[φ²(ψ₁(a)+ψ₁(b)), at(a)−bt(b)], [·, (a²t(a)+b²t(b)−φ²t(φ))/φ²]].
func (Beta) FisherIn(dst *mat.SymDense, chart string, _, theta []float64) bool {
	switch chart {
	case "expectation":
		meanLogFisher(dst, theta)
	case "mean-precision":
		a, b := theta[0], theta[1]
		phi := a + b
		ta, tb, t := special.TrigammaMinusInverse(a), special.TrigammaMinusInverse(b), special.TrigammaMinusInverse(phi)
		set2(dst, phi*phi*(special.Trigamma(a)+special.Trigamma(b)), a*ta-b*tb, square(a/phi)*ta+square(b/phi)*tb-t)
	default:
		return false
	}
	return true
}

// CubicIn has the chart mean-precision, in which the pull-back cancels for large φ:
// with c = ψ₂ + 1/x² it is T_mmm = φ³(ψ₂(a) − ψ₂(b)), T_mmφ = φ(aψ₂(a) + bψ₂(b)),
// T_mφφ = (a²c(a) − b²c(b))/φ and T_φφφ = (a³c(a) + b³c(b))/φ³ − c(φ).
func (Beta) CubicIn(dst Tensor, chart string, _, theta []float64) bool {
	if chart != "mean-precision" {
		return false
	}
	a, b := theta[0], theta[1]
	phi := a + b
	pa, pb := special.Tetragamma(a), special.Tetragamma(b)
	ca, cb, c := shapeCurve(a), shapeCurve(b), shapeCurve(phi)
	x, y := a/phi, b/phi
	component := [4]float64{
		phi * phi * phi * (pa - pb), phi * (a*pa + b*pb),
		phi * (x*x*ca - y*y*cb), x*x*x*ca + y*y*y*cb - c,
	}
	dst.fill(func(i, j, k int) float64 { return component[i+j+k] })
	return true
}

// ObservationDim is 1.
func (Beta) ObservationDim() int { return 1 }

// CheckObservation wants a number between 0 and 1.
func (f Beta) CheckObservation(x []float64) error {
	return checkScalar(f.Name(), x, unit.contains, unit.want)
}

// LogDensity is with respect to Lebesgue measure.
func (Beta) LogDensity(x, theta []float64) float64 {
	if !unit.contains(x[0]) {
		return math.Inf(-1)
	}
	a, b := theta[0], theta[1]
	if a+b > 20 {
		both := [2]float64{x[0], 1 - x[0]}
		return logDirichlet(both[:], theta)
	}
	return (a-1)*math.Log(x[0]) + (b-1)*math.Log1p(-x[0]) - logBeta(theta)
}

// Score is (log x − ψ(a) + ψ(a+b), log(1−x) − ψ(b) + ψ(a+b)).
func (f Beta) Score(dst, x, theta []float64) error {
	if err := f.Check(theta); err != nil {
		return err
	}
	a, b := theta[0], theta[1]
	dst[0], dst[1] = math.Log(x[0])-digammaDifference(a, b), math.Log1p(-x[0])-digammaDifference(b, a)
	return nil
}

// Fisher is diag(ψ₁(a), ψ₁(b)) − ψ₁(a+b)11ᵀ.
func (f Beta) Fisher(dst *mat.SymDense, theta []float64) error {
	if err := f.Check(theta); err != nil {
		return err
	}
	a, b := theta[0], theta[1]
	set2(dst, trigammaDifference(a, b), -special.Trigamma(a+b), trigammaDifference(b, a))
	return nil
}

// Cubic is ψ₂(α_i)δ_ijk − ψ₂(a+b).
func (f Beta) Cubic(dst Tensor, theta []float64) error {
	if err := f.Check(theta); err != nil {
		return err
	}
	return Dirichlet{}.Cubic(dst, theta)
}

// KL is that of the Dirichlet family.
func (f Beta) KL(p, q []float64) (float64, error) {
	if err := checkBoth(f, p, q); err != nil {
		return math.NaN(), err
	}
	return dirichletDivergence(p, q), nil
}

// Entropy is A + (a+b−2)ψ(a+b) − (a−1)ψ(a) − (b−1)ψ(b).
func (f Beta) Entropy(theta []float64) (float64, error) {
	if err := f.Check(theta); err != nil {
		return math.NaN(), err
	}
	return dirichletEntropy(theta), nil
}

// FisherMetric raises and lowers by Sherman and Morrison, without the
// cancellation of a determinant.
func (f Beta) FisherMetric() Metric { return newDirichletMetric(f) }

// Sample draws a beta variate, kept off 0 and 1.
func (f Beta) Sample(dst, theta []float64, rng *rand.Rand) error {
	if err := f.Check(theta); err != nil {
		return err
	}
	var both [2]float64
	err := Dirichlet{}.Sample(both[:], theta, rng)
	dst[0] = math.Min(both[0], math.Nextafter(1, 0))
	return err
}

// Sufficient is (log x, log(1−x)).
func (Beta) Sufficient(dst, x []float64) { dst[0], dst[1] = math.Log(x[0]), math.Log1p(-x[0]) }

// LogBase is 0.
func (Beta) LogBase([]float64) float64 { return 0 }

// MeanLogBase is 0.
func (Beta) MeanLogBase([]float64) (float64, bool) { return 0, true }

// LogPartition is log B(a, b).
func (Beta) LogPartition(theta []float64) float64 { return logBeta(theta) }

var (
	_ Exponential      = Beta{}
	_ Observed         = Beta{}
	_ LogDensity       = Beta{}
	_ Scorer           = Beta{}
	_ Fisherer         = Beta{}
	_ FisherInChart    = Beta{}
	_ CubicInChart     = Beta{}
	_ StructuredFisher = Beta{}
	_ Diverger         = Beta{}
	_ Cuber            = Beta{}
	_ Entropic         = Beta{}
	_ Sampler          = Beta{}
	_ Curved           = Beta{}
)
