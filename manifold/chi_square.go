package manifold

import (
	"math"
	"math/rand/v2"

	"fisherflow/internal/special"

	"gonum.org/v1/gonum/mat"
)

// ChiSquare is the χ² family on the positive reals in its source coordinate
// k > 0, the degrees of freedom:
//
//	p(x) = x^(k/2−1) e^(−x/2)/(2^(k/2) Γ(k/2)),   G = ψ₁(k/2)/4.
//
// It is exponential with T = log x, h = e^(−x/2), θ = k/2 − 1,
// η = ψ(k/2) + log 2 and A = (k/2) log 2 + log Γ(k/2): the curve of rate ½ and
// shape k/2 in [Gamma]. The natural chart keeps a relative accuracy of ε/k of a
// small k.
type ChiSquare struct{}

var chiSquareNames, chiSquareRanges = []string{"k"}, []interval{positive}

// Name is "chi-square".
func (ChiSquare) Name() string { return "chi-square" }

// Dim is 1.
func (ChiSquare) Dim() int { return 1 }

// Check wants positive degrees of freedom.
func (f ChiSquare) Check(theta []float64) error {
	return check(f.Name(), "", chiSquareNames, chiSquareRanges, theta)
}

// Charts lists the charts.
func (ChiSquare) Charts() []string { return []string{"source", "natural", "expectation", "log"} }

var (
	halfMinusOneMap = scalarMap{
		interval{-1, math.Inf(1), "must exceed -1"},
		func(x float64) float64 { return 2 * (x + 1) }, func(k float64) float64 { return k/2 - 1 },
		func(_, _ float64) float64 { return 2 }, straightMap,
	}
	meanLogMap = scalarMap{
		realLine,
		func(x float64) float64 { return 2 * special.InverseDigamma(x-math.Ln2) },
		func(k float64) float64 { return special.Digamma(k/2) + math.Ln2 },
		func(_, k float64) float64 { return 2 / special.Trigamma(k/2) },
		nil, // the chart has its connection from the cubic tensor
	}
)

// Chart returns a chart by name.
func (f ChiSquare) Chart(name string) (Chart, bool) {
	switch name {
	case "source":
		return newSource(f, name, chiSquareNames), true
	case "natural":
		return newCoordinatewise(f, name, []string{"theta"}, halfMinusOneMap), true
	case "expectation":
		return newCoordinatewise(f, name, []string{"eta"}, meanLogMap), true
	case "log":
		return newCoordinatewise(f, name, []string{"log_k"}, logMap), true
	}
	return nil, false
}

// gamma is the member of [Gamma].
func (ChiSquare) gamma(theta []float64) [2]float64 { return [2]float64{theta[0] / 2, 0.5} }

// ObservationDim is 1.
func (ChiSquare) ObservationDim() int { return 1 }

// CheckObservation wants a positive number.
func (f ChiSquare) CheckObservation(x []float64) error {
	return checkScalar(f.Name(), x, func(x float64) bool { return x > 0 }, "must be positive")
}

// LogDensity is with respect to Lebesgue measure.
func (f ChiSquare) LogDensity(x, theta []float64) float64 {
	g := f.gamma(theta)
	return Gamma{}.LogDensity(x, g[:])
}

// Score is ½(log(x/2) − ψ(k/2)).
func (f ChiSquare) Score(dst, x, theta []float64) error {
	if err := f.Check(theta); err != nil {
		return err
	}
	dst[0] = (math.Log(x[0]/2) - special.Digamma(theta[0]/2)) / 2
	return nil
}

// Fisher is ψ₁(k/2)/4.
func (f ChiSquare) Fisher(dst *mat.SymDense, theta []float64) error {
	if err := f.Check(theta); err != nil {
		return err
	}
	dst.SetSym(0, 0, special.Trigamma(theta[0]/2)/4)
	return nil
}

// Cubic is ψ₂(k/2)/8.
func (f ChiSquare) Cubic(dst Tensor, theta []float64) error {
	if err := f.Check(theta); err != nil {
		return err
	}
	dst[0][0][0] = special.Tetragamma(theta[0]/2) / 8
	return nil
}

// KL is that of the gamma members, of which only the shapes a = k/2 differ:
// a_q φ(a_p/a_q − 1) + S(a_q) − S(a_p) − (a_q−a_p)S′(a_p), φ(u) = u − log(1+u).
func (f ChiSquare) KL(p, q []float64) (float64, error) {
	if err := checkBoth(f, p, q); err != nil {
		return math.NaN(), err
	}
	return logGammaDivergence(p[0]/2, q[0]/2), nil
}

// Entropy is that of the gamma member.
func (f ChiSquare) Entropy(theta []float64) (float64, error) {
	if err := f.Check(theta); err != nil {
		return math.NaN(), err
	}
	g := f.gamma(theta)
	return Gamma{}.Entropy(g[:])
}

// Sample draws a gamma variate.
func (f ChiSquare) Sample(dst, theta []float64, rng *rand.Rand) error {
	if err := f.Check(theta); err != nil {
		return err
	}
	g := f.gamma(theta)
	return Gamma{}.Sample(dst, g[:], rng)
}

// Sufficient is log x.
func (ChiSquare) Sufficient(dst, x []float64) { dst[0] = math.Log(x[0]) }

// LogBase is −x/2.
func (ChiSquare) LogBase(x []float64) float64 { return -x[0] / 2 }

// MeanLogBase is −k/2.
func (ChiSquare) MeanLogBase(theta []float64) (float64, bool) { return -theta[0] / 2, false }

// LogPartition is (k/2) log 2 + log Γ(k/2).
func (f ChiSquare) LogPartition(theta []float64) float64 {
	g := f.gamma(theta)
	return Gamma{}.LogPartition(g[:])
}

var (
	_ Exponential = ChiSquare{}
	_ Observed    = ChiSquare{}
	_ LogDensity  = ChiSquare{}
	_ Scorer      = ChiSquare{}
	_ Fisherer    = ChiSquare{}
	_ Diverger    = ChiSquare{}
	_ Cuber       = ChiSquare{}
	_ Entropic    = ChiSquare{}
	_ Sampler     = ChiSquare{}
)
