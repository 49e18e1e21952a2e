package manifold

import (
	"math"
	"math/rand/v2"

	"fisherflow/internal/special"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat/distuv"
)

// Poisson is the Poisson family on 0, 1, 2, … in its source coordinate λ > 0,
// the mean:
//
//	p(x) = λˣ e^(−λ)/x!,   G = 1/λ.
//
// It is exponential with T = x, h = 1/x!, θ = log λ, η = λ and A = λ; the
// chart u = 2√λ is arc length. λ → 0 is a boundary at finite distance.
type Poisson struct{}

var poissonNames, poissonRanges = []string{"lambda"}, []interval{positive}

// Name is "poisson".
func (Poisson) Name() string { return "poisson" }

// Dim is 1.
func (Poisson) Dim() int { return 1 }

// Check wants a positive mean.
func (f Poisson) Check(theta []float64) error {
	return check(f.Name(), "", poissonNames, poissonRanges, theta)
}

// Charts lists the charts; "expectation" is a synonym of "source".
func (Poisson) Charts() []string { return []string{"source", "natural", "sqrt"} }

var sqrtMap = scalarMap{positive, func(u float64) float64 { return u * u / 4 }, func(l float64) float64 { return 2 * math.Sqrt(l) },
	func(u, _ float64) float64 { return u / 2 }, func(_, _ float64) float64 { return 0.5 }}

// Chart returns a chart by name.
func (f Poisson) Chart(name string) (Chart, bool) {
	switch name {
	case "source", "expectation":
		return newSource(f, name, poissonNames), true
	case "natural":
		return newCoordinatewise(f, name, []string{"theta"}, logMap), true
	case "sqrt":
		return newCoordinatewise(f, name, []string{"u"}, sqrtMap), true
	}
	return nil, false
}

// ObservationDim is 1.
func (Poisson) ObservationDim() int { return 1 }

// CheckObservation wants a whole number that is not negative.
func (f Poisson) CheckObservation(x []float64) error {
	return checkScalar(f.Name(), x, isCount, "must be a whole number, not negative")
}

func logFactorial(x float64) float64 {
	v, _ := math.Lgamma(x + 1)
	return v
}

// LogDensity is with respect to counting measure.
func (Poisson) LogDensity(x, theta []float64) float64 {
	if !isCount(x[0]) {
		return math.Inf(-1)
	}
	return logPoisson(x[0], theta[0])
}

// Score is x/λ − 1.
func (f Poisson) Score(dst, x, theta []float64) error {
	if err := f.Check(theta); err != nil {
		return err
	}
	dst[0] = (x[0] - theta[0]) / theta[0]
	return nil
}

// Fisher is 1/λ.
func (f Poisson) Fisher(dst *mat.SymDense, theta []float64) error {
	if err := f.Check(theta); err != nil {
		return err
	}
	dst.SetSym(0, 0, 1/theta[0])
	return nil
}

// Cubic is 1/λ².
func (f Poisson) Cubic(dst Tensor, theta []float64) error {
	if err := f.Check(theta); err != nil {
		return err
	}
	dst[0][0][0] = 1 / (theta[0] * theta[0])
	return nil
}

// KL is λ_p φ(λ_q/λ_p − 1), φ(u) = u − log(1+u).
func (f Poisson) KL(p, q []float64) (float64, error) {
	if err := checkBoth(f, p, q); err != nil {
		return math.NaN(), err
	}
	return p[0] * special.RatioExcess(p[0], q[0], q[0]-p[0]), nil
}

// Entropy is λ(1 − log λ) + E[log x!].
func (f Poisson) Entropy(theta []float64) (float64, error) {
	if err := f.Check(theta); err != nil {
		return math.NaN(), err
	}
	l := theta[0]
	if l > largeMean {
		return largeMeanEntropy(l), nil
	}
	base, _ := f.MeanLogBase(theta)
	return l*(1-math.Log(l)) - base, nil
}

// largeMean is the mean above which the entropy has its asymptotic series.
const largeMean = 1e4

func largeMeanEntropy(l float64) float64 {
	return halfLog2Pi + 0.5 + math.Log(l)/2 - 1/(12*l) - 1/(24*l*l) - 19/(360*l*l*l)
}

// Distance is 2|√λ₁ − √λ₂|.
func (f Poisson) Distance(p, q []float64) (float64, error) {
	if err := checkBoth(f, p, q); err != nil {
		return math.NaN(), err
	}
	return 2 * math.Abs(q[0]-p[0]) / (math.Sqrt(p[0]) + math.Sqrt(q[0])), nil
}

// Geodesic is straight in √λ.
func (f Poisson) Geodesic(dst, p, q []float64, s float64) error {
	if err := checkBoth(f, p, q); err != nil {
		return err
	}
	r := math.Sqrt(p[0]) + s*(q[0]-p[0])/(math.Sqrt(p[0])+math.Sqrt(q[0]))
	if !(r > 0) {
		return &DomainError{Family: f.Name(), Coordinate: "lambda", Value: 0, Want: "must be positive: the geodesic has met the boundary"}
	}
	dst[0] = r * r
	return nil
}

// Log is 2√λ_p(√λ_q − √λ_p).
func (f Poisson) Log(dst, p, q []float64) error {
	if err := checkBoth(f, p, q); err != nil {
		return err
	}
	r := math.Sqrt(p[0])
	dst[0] = 2 * r * (q[0] - p[0]) / (r + math.Sqrt(q[0]))
	return nil
}

// Sample draws a Poisson variate.
func (f Poisson) Sample(dst, theta []float64, rng *rand.Rand) error {
	if err := f.Check(theta); err != nil {
		return err
	}
	dst[0] = distuv.Poisson{Lambda: theta[0], Src: rng}.Rand()
	return nil
}

// Sufficient is x.
func (Poisson) Sufficient(dst, x []float64) { dst[0] = x[0] }

// LogBase is −log x!.
func (Poisson) LogBase(x []float64) float64 { return -logFactorial(x[0]) }

// MeanLogBase is −E[log x!], summed to rounding; it varies with λ.
func (Poisson) MeanLogBase(theta []float64) (float64, bool) {
	l := theta[0]
	if !(l > 0) || math.IsInf(l, 1) {
		return math.NaN(), false
	}
	if l > largeMean {
		return l*(1-math.Log(l)) - largeMeanEntropy(l), false
	}
	reach := 40 + 12*math.Sqrt(l)
	low := math.Max(2, math.Floor(l-reach))
	sum := 0.0
	for x := low; x <= l+reach; x++ {
		f := logFactorial(x)
		sum += math.Exp(x*math.Log(l)-l-f) * f
	}
	return -sum, false
}

// LogPartition is λ.
func (Poisson) LogPartition(theta []float64) float64 { return theta[0] }

var (
	_ Exponential = Poisson{}
	_ Observed    = Poisson{}
	_ LogDensity  = Poisson{}
	_ Scorer      = Poisson{}
	_ Fisherer    = Poisson{}
	_ Diverger    = Poisson{}
	_ Cuber       = Poisson{}
	_ Entropic    = Poisson{}
	_ Distancer   = Poisson{}
	_ Geodesic    = Poisson{}
	_ Logarithm   = Poisson{}
	_ Sampler     = Poisson{}
)
