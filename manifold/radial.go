package manifold

import (
	"math"
	"math/rand/v2"

	"fisherflow/internal/special"
)

// HalfNormal is the law of |x| for x ~ N(0, σ²), in its source coordinate σ > 0:
//
//	p(x) = √(2/π)/σ · exp(−x²/(2σ²)),   G = 2/σ².
//
// It is exponential with T = x², h = 1, θ = −1/(2σ²), η = σ² and
// A = log σ + ½ log(π/2).
type HalfNormal struct{ radial[halfNormal] }

// Rayleigh is the law of the length of a normal vector N(0, σ²I) in the plane,
// in its source coordinate σ > 0:
//
//	p(x) = x/σ² · exp(−x²/(2σ²)),   G = 4/σ².
//
// It is exponential with T = x², h = x, θ = −1/(2σ²), η = 2σ² and A = 2 log σ.
type Rayleigh struct{ radial[rayleigh] }

// MaxwellBoltzmann is the law of the length of a normal vector N(0, a²I) in
// space, the speed of a molecule with a = √(kT/m), in its source coordinate
// a > 0:
//
//	p(x) = √(2/π) x²/a³ · exp(−x²/(2a²)),   G = 6/a².
//
// It is exponential with T = x², h = x², θ = −1/(2a²), η = 3a² and
// A = 3 log a + ½ log(π/2).
type MaxwellBoltzmann struct{ radial[maxwellBoltzmann] }

type (
	halfNormal       struct{}
	rayleigh         struct{}
	maxwellBoltzmann struct{}
)

func (halfNormal) scaling() *scaling       { return &halfNormalScaling }
func (rayleigh) scaling() *scaling         { return &rayleighScaling }
func (maxwellBoltzmann) scaling() *scaling { return &maxwellScaling }

var (
	halfNormalScaling = scaling{
		family: "half-normal", coordinate: "sigma", shape: 0.5, factor: 0.5, power: -2,
		charts: []string{"source", "natural", "expectation"},
	}
	rayleighScaling = scaling{
		family: "rayleigh", coordinate: "sigma", shape: 1, factor: 0.5, power: -2,
		charts: []string{"source", "natural", "expectation", "log"}, further: logOf("log_sigma"),
	}
	maxwellScaling = scaling{
		family: "maxwell-boltzmann", coordinate: "a", shape: 1.5, factor: 0.5, power: -2,
		charts: []string{"source", "natural", "expectation", "log"}, further: logOf("log_a"),
	}
)

// radial is the length of a normal vector with 2k components: x² is gamma
// distributed with shape k and rate r = 1/(2σ²),
//
//	log p = k log r − log Γ(k) + log 2 + (2k−1) log x − rx².
type radial[K scaled] struct{ scaleFamily[K] }

// ObservationDim is 1.
func (radial[K]) ObservationDim() int { return 1 }

// CheckObservation wants a positive number.
func (f radial[K]) CheckObservation(x []float64) error {
	return checkScalar(f.Name(), x, func(x float64) bool { return x > 0 }, "must be positive")
}

// LogDensity is with respect to Lebesgue measure.
func (f radial[K]) LogDensity(x, theta []float64) float64 {
	if !(x[0] > 0) {
		return math.Inf(-1)
	}
	z := x[0] / theta[0]
	return -z*z/2 + f.LogBase(x) - f.LogPartition(theta)
}

// Score is −(2/σ)(k − x²/(2σ²)).
func (f radial[K]) Score(dst, x, theta []float64) error { return f.score(dst, x[0]*x[0], theta) }

// Entropy is A + k − E[log h].
func (f radial[K]) Entropy(theta []float64) (float64, error) {
	if err := f.Check(theta); err != nil {
		return math.NaN(), err
	}
	// The logarithms of σ of A and E[log h] leave one.
	k := f.scaling().shape
	lg, _ := math.Lgamma(k)
	return math.Log(theta[0]) + lg - math.Ln2/2 + k - (k-0.5)*special.Digamma(k), nil
}

// Sample draws the length of a normal vector.
func (f radial[K]) Sample(dst, theta []float64, rng *rand.Rand) error {
	if err := f.Check(theta); err != nil {
		return err
	}
	sum := 0.0
	for range int(2 * f.scaling().shape) {
		sum += square(rng.NormFloat64())
	}
	dst[0] = theta[0] * math.Sqrt(sum)
	return nil
}

// Sufficient is x².
func (radial[K]) Sufficient(dst, x []float64) { dst[0] = x[0] * x[0] }

// LogBase is (2k−1) log x.
func (f radial[K]) LogBase(x []float64) float64 {
	power := 2*f.scaling().shape - 1
	if power == 0 {
		return 0
	}
	return power * math.Log(x[0])
}

// MeanLogBase is (2k−1)E[log x], which is zero for the half-normal alone.
func (f radial[K]) MeanLogBase(theta []float64) (float64, bool) {
	k := f.scaling().shape
	if k == 0.5 {
		return 0, true
	}
	return (2*k - 1) * (math.Log(theta[0]) + (special.Digamma(k)+math.Ln2)/2), false
}

// LogPartition is 2k log σ + log Γ(k) + (k−1) log 2.
func (f radial[K]) LogPartition(theta []float64) float64 {
	k := f.scaling().shape
	lg, _ := math.Lgamma(k)
	return 2*k*math.Log(theta[0]) + lg + (k-1)*math.Ln2
}

var (
	_ closedForm = HalfNormal{}
	_ closedForm = Rayleigh{}
	_ closedForm = MaxwellBoltzmann{}
)
