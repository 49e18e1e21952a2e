package manifold

import (
	"math"
	"math/rand/v2"

	"fisherflow/internal/special"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat/distuv"
)

// NegativeBinomial is the family of the number x of failures before the r-th
// success, r > 0 given, which need not be whole, in its source coordinate p,
// 0 < p < 1, the probability of success:
//
//	P(x) = Γ(x+r)/(Γ(r) x!) pʳ(1−p)ˣ,   G = r/(p²(1−p)).
//
// It is exponential with T = x, h = Γ(x+r)/(Γ(r) x!), θ = log(1−p),
// η = r(1−p)/p and A = −r log p: the geometry is r times that of [Geometric].
// 2 atanh √(1−p) is arc length up to √r; p → 1 is a boundary at finite distance.
//
// The zero value has r = 1.
type NegativeBinomial struct {
	R float64 // number of successes, positive; 0 means 1
}

func (f NegativeBinomial) successes() successes {
	if f.R == 0 {
		return successes{f.Name(), 1}
	}
	return successes{f.Name(), f.R}
}

// successes is the geometry of the failures before r successes.
type successes struct {
	family string
	r      float64
}

func (k successes) check(theta []float64) error {
	return check(k.family, "", bernoulliNames, bernoulliRanges, theta)
}

func (k successes) checkBoth(p, q []float64) error {
	if err := k.check(p); err != nil {
		return err
	}
	return k.check(q)
}

// failureMap is the natural chart log(1−p).
var failureMap = scalarMap{negative, func(x float64) float64 { return -math.Expm1(x) }, func(p float64) float64 { return math.Log1p(-p) },
	func(x, _ float64) float64 { return -math.Exp(x) }, func(x, _ float64) float64 { return -math.Exp(x) }}

func (k successes) chart(f Family, name string) (Chart, bool) {
	switch name {
	case "source":
		return newSource(f, name, bernoulliNames), true
	case "natural":
		return newCoordinatewise(f, name, []string{"theta"}, failureMap), true
	case "expectation":
		return newCoordinatewise(f, name, []string{"eta"}, scalarMap{
			positive,
			func(x float64) float64 { return k.r / (k.r + x) },
			func(p float64) float64 { return k.r * (1 - p) / p },
			func(_, p float64) float64 { return -p * p / k.r },
			func(_, p float64) float64 { return 2 * p * p * p / (k.r * k.r) },
		}), true
	}
	return nil, false
}

// logDensity takes x between the whole numbers too.
func (k successes) logDensity(x, p float64) float64 {
	if x == 0 {
		return k.r * math.Log(p)
	}
	return logBinomial(k.r, k.r+x, p, 1-p) + math.Log(k.r) - math.Log(k.r+x)
}

func (k successes) score(dst, x, theta []float64) error {
	if err := k.check(theta); err != nil {
		return err
	}
	p := theta[0]
	dst[0] = (k.r*(1-p)/p - x[0]) / (1 - p)
	return nil
}

func (k successes) fisher(dst *mat.SymDense, theta []float64) error {
	if err := k.check(theta); err != nil {
		return err
	}
	p := theta[0]
	dst.SetSym(0, 0, k.r/p/p/(1-p))
	return nil
}

func (k successes) fisherIn(dst *mat.SymDense, chart string, xi []float64) bool {
	x := xi[0]
	switch chart {
	case "natural":
		dst.SetSym(0, 0, k.r*math.Exp(x)/square(math.Expm1(x)))
	case "expectation":
		dst.SetSym(0, 0, k.r/x/(k.r+x))
	case "logit":
		dst.SetSym(0, 0, k.r*special.Logistic(-x))
	default:
		return false
	}
	return true
}

func (k successes) cubic(dst Tensor, theta []float64) error {
	if err := k.check(theta); err != nil {
		return err
	}
	p := theta[0]
	dst[0][0][0] = -k.r * (2 - p) / (p * p * p * square(1-p))
	return nil
}

// kl is (r/p_p) Σ over both outcomes of one trial of p φ(q/p − 1).
func (k successes) kl(p, q []float64) (float64, error) {
	if err := k.checkBoth(p, q); err != nil {
		return math.NaN(), err
	}
	a, b := p[0], q[0]
	d := b - a
	return k.r * (special.RatioExcess(a, b, d) + (1-a)/a*special.RatioExcess(1-a, 1-b, -d)), nil
}

// arc is atanh √(1−q) − atanh √(1−p).
func (successes) arc(p, q float64) float64 {
	a, b := math.Sqrt(1-p), math.Sqrt(1-q)
	// (b−a)/(1−ab), without differences of like numbers.
	if t := (p - q) / (a + b) * ((1 + a*b) / (p + q*(1-p))); math.Abs(t) < 0.5 {
		return math.Atanh(t)
	}
	return math.Log1p(b) - math.Log1p(a) + (math.Log(p)-math.Log(q))/2
}

func (k successes) distance(p, q []float64) (float64, error) {
	if err := k.checkBoth(p, q); err != nil {
		return math.NaN(), err
	}
	return 2 * math.Sqrt(k.r) * math.Abs(k.arc(p[0], q[0])), nil
}

func (k successes) geodesic(dst, p, q []float64, s float64) error {
	if err := k.checkBoth(p, q); err != nil {
		return err
	}
	// With u = atanh √(1−p), p is 1/cosh²u, and cosh(u+δ)/cosh u = cosh δ + tanh u sinh δ.
	a, d := math.Sqrt(1-p[0]), s*k.arc(p[0], q[0])
	if !(a+math.Tanh(d) > 0) {
		return &DomainError{Family: k.family, Coordinate: "p", Value: 1, Want: "must be less than 1: the geodesic has met the boundary"}
	}
	dst[0] = p[0] / square(math.Cosh(d)+a*math.Sinh(d))
	return k.check(dst)
}

func (k successes) log(dst, p, q []float64) error {
	if err := k.checkBoth(p, q); err != nil {
		return err
	}
	dst[0] = -2 * p[0] * math.Sqrt(1-p[0]) * k.arc(p[0], q[0])
	return nil
}

// inner is θη, (r/p)(1−p) log(1−p).
func (k successes) inner(p float64) float64 { return k.r * (1 - p) / p * math.Log1p(-p) }

// Name is "negative-binomial".
func (NegativeBinomial) Name() string { return "negative-binomial" }

// Dim is 1.
func (NegativeBinomial) Dim() int { return 1 }

// Check wants 0 < p < 1.
func (f NegativeBinomial) Check(theta []float64) error { return f.successes().check(theta) }

// Charts lists the charts.
func (NegativeBinomial) Charts() []string { return []string{"source", "natural", "expectation"} }

// Chart returns a chart by name.
func (f NegativeBinomial) Chart(name string) (Chart, bool) { return f.successes().chart(f, name) }

// ObservationDim is 1.
func (NegativeBinomial) ObservationDim() int { return 1 }

// CheckObservation wants a whole number that is not negative.
func (f NegativeBinomial) CheckObservation(x []float64) error {
	return checkScalar(f.Name(), x, isCount, "must be a whole number, not negative")
}

// LogDensity is with respect to counting measure.
func (f NegativeBinomial) LogDensity(x, theta []float64) float64 {
	if !isCount(x[0]) {
		return math.Inf(-1)
	}
	return f.successes().logDensity(x[0], theta[0])
}

// Score is (r(1−p)/p − x)/(1−p).
func (f NegativeBinomial) Score(dst, x, theta []float64) error {
	return f.successes().score(dst, x, theta)
}

// Fisher is r/(p²(1−p)).
func (f NegativeBinomial) Fisher(dst *mat.SymDense, theta []float64) error {
	return f.successes().fisher(dst, theta)
}

// FisherIn is re^θ/(1−e^θ)² in the natural and r/(η(r+η)) in the expectation
// chart.
func (f NegativeBinomial) FisherIn(dst *mat.SymDense, chart string, xi, _ []float64) bool {
	return f.successes().fisherIn(dst, chart, xi)
}

// Cubic is −r(2−p)/(p³(1−p)²).
func (f NegativeBinomial) Cubic(dst Tensor, theta []float64) error {
	return f.successes().cubic(dst, theta)
}

// KL is r(log(p/q) + ((1−p)/p) log((1−p)/(1−q))), arranged so that it does not
// cancel.
func (f NegativeBinomial) KL(p, q []float64) (float64, error) { return f.successes().kl(p, q) }

// Distance is 2√r|atanh √(1−p) − atanh √(1−q)|.
func (f NegativeBinomial) Distance(p, q []float64) (float64, error) {
	return f.successes().distance(p, q)
}

// Geodesic is straight in atanh √(1−p).
func (f NegativeBinomial) Geodesic(dst, p, q []float64, s float64) error {
	return f.successes().geodesic(dst, p, q, s)
}

// Log is −2p√(1−p)(atanh √(1−q) − atanh √(1−p)).
func (f NegativeBinomial) Log(dst, p, q []float64) error { return f.successes().log(dst, p, q) }

// manySuccesses is the r above which the distribution is narrow enough to be
// summed, and below which the terms of the closed form do not cancel much.
const manySuccesses = 100

// Entropy is A − θη − E[log h], or summed over x where that cancels.
func (f NegativeBinomial) Entropy(theta []float64) (float64, error) {
	if err := f.Check(theta); err != nil {
		return math.NaN(), err
	}
	k, p := f.successes(), theta[0]
	if k.r > manySuccesses {
		mean, sd := k.moments(p)
		return latticeEntropy(func(x float64) float64 { return k.logDensity(x, p) }, mean, sd, 0, math.Inf(1)), nil
	}
	base, _ := f.MeanLogBase(theta)
	return f.LogPartition(theta) - k.inner(p) - base, nil
}

func (k successes) moments(p float64) (mean, sd float64) {
	return k.r * (1 - p) / p, math.Sqrt(k.r*(1-p)) / p
}

// Sample draws a Poisson variate with gamma distributed mean.
func (f NegativeBinomial) Sample(dst, theta []float64, rng *rand.Rand) error {
	if err := f.Check(theta); err != nil {
		return err
	}
	p := theta[0]
	mean := distuv.Gamma{Alpha: f.successes().r, Beta: p / (1 - p), Src: rng}.Rand()
	dst[0] = distuv.Poisson{Lambda: mean, Src: rng}.Rand()
	return nil
}

// Sufficient is x.
func (NegativeBinomial) Sufficient(dst, x []float64) { dst[0] = x[0] }

// LogBase is log Γ(x+r) − log Γ(r) − log x!.
func (f NegativeBinomial) LogBase(x []float64) float64 {
	r := f.successes().r
	if x[0] == 0 {
		return 0
	}
	// Γ(x+r)/(Γ(r) x!) by the density at p = ½, where both are moderate.
	return f.successes().logDensity(x[0], 0.5) + (r+x[0])*math.Ln2
}

// MeanLogBase is, by Malmstén's integral for log Γ,
//
//	E[log h] = ∫ (1 − M(t)) (e^(−t) − e^(−rt))/(1 − e^(−t)) dt/t,
//
// 0 < t < ∞, M(t) = E[e^(−xt)] = (p/(1 − (1−p)e^(−t)))ʳ, by the trapezoidal rule
// in log t, which converges geometrically; for large r it is summed over x. It
// varies with p unless r is 1.
func (f NegativeBinomial) MeanLogBase(theta []float64) (float64, bool) {
	k, p := f.successes(), theta[0]
	if k.r == 1 {
		return 0, true
	}
	if k.r > manySuccesses {
		mean, sd := k.moments(p)
		return latticeMean(func(x float64) float64 { return k.logDensity(x, p) },
			func(x, _ float64) float64 { return f.LogBase([]float64{x}) }, mean, sd, 0, math.Inf(1)), false
	}
	const h = 0.125
	low, high := math.Log(p)-40, math.Log(800/math.Min(1, k.r))
	sum := 0.0
	for u := low; u < high; u += h {
		t := math.Exp(u)
		// 1 − (1−p)e^(−t) = p + (1−p)(1 − e^(−t)).
		part := -math.Expm1(-t)
		m := -math.Expm1(-k.r * math.Log1p((1-p)/p*part))
		sum += m * (math.Expm1(-t) - math.Expm1(-k.r*t)) / part
	}
	return h * sum, false
}

// LogPartition is −r log p.
func (f NegativeBinomial) LogPartition(theta []float64) float64 {
	return -f.successes().r * math.Log(theta[0])
}

var (
	_ closedForm    = NegativeBinomial{}
	_ FisherInChart = NegativeBinomial{}
)
