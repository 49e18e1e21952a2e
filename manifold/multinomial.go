package manifold

import (
	"fmt"
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat/distuv"
)

// Multinomial is the family of the counts x₁, …, x_k of n draws, n given, from a
// distribution on k outcomes, in source coordinates p₁, …, p_{k−1}, with
// p_k = 1 − Σp_i the remainder:
//
//	P(x) = n!/Πx_i! · Πp_i^{x_i},   G = n(diag(1/p) + 11ᵀ/p_k).
//
// It is exponential with T = (x₁, …, x_{k−1}), h = n!/Πx_i!, θ_i = log(p_i/p_k),
// η = np and A = −n log p_k: the geometry is n times that of [Categorical], on a
// sphere of curvature 1/(4n).
//
// The zero value has n = 1 and k = 2.
type Multinomial struct {
	N int // number of draws, at least 1; 0 means 1
	K int // number of outcomes, at least 2; 0 means 2
}

func (f Multinomial) n() float64               { return float64(max(f.N, 1)) }
func (f Multinomial) categorical() Categorical { return Categorical{K: f.K} }

// Name is "multinomial".
func (Multinomial) Name() string { return "multinomial" }

// Dim is k − 1.
func (f Multinomial) Dim() int { return f.categorical().Dim() }

// Check wants all probabilities, the last included, positive.
func (f Multinomial) Check(p []float64) error {
	mustLen(len(p), f.Dim())
	return f.categorical().check(f.Name(), p)
}

// Charts lists the charts.
func (Multinomial) Charts() []string { return []string{"source", "natural", "expectation"} }

// Chart returns a chart by name.
func (f Multinomial) Chart(name string) (Chart, bool) {
	switch name {
	case "source":
		return newSource(f, name, numbered("p", f.Dim())), true
	case "natural":
		return &simplexNatural{family: f, names: numbered("theta", f.Dim())}, true
	case "expectation":
		counts := interval{0, f.n(), fmt.Sprintf("must lie between 0 and n = %g", f.n())}
		return newCoordinatewise(f, name, numbered("eta", f.Dim()), repeated(multiplied(counts, 1/f.n()), f.Dim())...), true
	}
	return nil, false
}

// FisherIn is n(diag(p) − ppᵀ) in the natural chart.
func (f Multinomial) FisherIn(dst *mat.SymDense, chart string, xi, p []float64) bool {
	if chart != "natural" || !f.categorical().FisherIn(dst, chart, xi, p) {
		return false
	}
	dst.ScaleSym(f.n(), dst)
	return true
}

// FisherMetric raises and lowers in O(k): G⁻¹ = (diag(p) − ppᵀ)/n.
func (f Multinomial) FisherMetric() Metric {
	return &multinomialMetric{f.categorical().FisherMetric(), f}
}

// multinomialMetric is n times the metric of one draw.
type multinomialMetric struct {
	Metric
	family Multinomial
}

func (m *multinomialMetric) At(p []float64) error {
	if err := m.family.Check(p); err != nil {
		return err
	}
	return m.Metric.At(p)
}

func (m *multinomialMetric) Raise(dst, covector []float64) error {
	err := m.Metric.Raise(dst, covector)
	for i := range dst {
		dst[i] /= m.family.n()
	}
	return err
}

func (m *multinomialMetric) Lower(dst, vector []float64) error {
	err := m.Metric.Lower(dst, vector)
	for i := range dst {
		dst[i] *= m.family.n()
	}
	return err
}

// ObservationDim is k.
func (f Multinomial) ObservationDim() int { return f.Dim() + 1 }

// CheckObservation wants k whole numbers, not negative, that add up to n.
func (f Multinomial) CheckObservation(x []float64) error {
	if len(x) != f.ObservationDim() {
		return &ObservationError{Family: f.Name(), Value: x, Want: fmt.Sprintf("must have %d components", f.ObservationDim())}
	}
	if !f.counts(x) {
		return &ObservationError{Family: f.Name(), Value: x, Want: fmt.Sprintf("must be whole numbers, not negative, that add up to %g", f.n())}
	}
	return nil
}

func (f Multinomial) counts(x []float64) bool {
	sum := 0.0
	for _, v := range x {
		if !isCount(v) {
			return false
		}
		sum += v
	}
	return sum == f.n()
}

// probability is p_i, of the last outcome too.
func (f Multinomial) probability(p []float64, i int) float64 {
	if i < len(p) {
		return p[i]
	}
	return f.categorical().last(p)
}

// LogDensity is with respect to counting measure. The counts are independent
// Poisson variates given their sum, whose log-densities are free of large terms.
func (f Multinomial) LogDensity(x, p []float64) float64 {
	if !f.counts(x) {
		return math.Inf(-1)
	}
	l := -logPoisson(f.n(), f.n())
	for i, v := range x {
		l += logPoisson(v, f.n()*f.probability(p, i))
	}
	return l
}

// Score is x_i/p_i − x_k/p_k.
func (f Multinomial) Score(dst, x, p []float64) error {
	if err := f.Check(p); err != nil {
		return err
	}
	last := x[len(p)] / f.probability(p, len(p))
	for i, v := range p {
		dst[i] = x[i]/v - last
	}
	return nil
}

// Fisher is n(diag(1/p) + 11ᵀ/p_k).
func (f Multinomial) Fisher(dst *mat.SymDense, p []float64) error {
	if err := f.Check(p); err != nil {
		return err
	}
	err := f.categorical().Fisher(dst, p)
	dst.ScaleSym(f.n(), dst)
	return err
}

// Curvature is 1/(4n) for k = 3.
func (f Multinomial) Curvature(p []float64) (float64, error) {
	k, err := f.categorical().Curvature(p)
	return k / f.n(), err
}

// Cubic is n(δ_ijk/p_i² − 1/p_k²).
func (f Multinomial) Cubic(dst Tensor, p []float64) error {
	if err := f.Check(p); err != nil {
		return err
	}
	err := f.categorical().Cubic(dst, p)
	dst.fill(func(i, j, k int) float64 { return f.n() * dst[i][j][k] })
	return err
}

// KL is n times that of [Categorical].
func (f Multinomial) KL(p, q []float64) (float64, error) {
	if err := checkBoth(f, p, q); err != nil {
		return math.NaN(), err
	}
	kl, err := f.categorical().KL(p, q)
	return f.n() * kl, err
}

// Entropy is summed over the counts, of which each is binomial, to rounding.
func (f Multinomial) Entropy(p []float64) (float64, error) {
	if err := f.Check(p); err != nil {
		return math.NaN(), err
	}
	// By the independent Poisson variates of LogDensity.
	n := f.n()
	h := logPoisson(n, n)
	for i := range f.ObservationDim() {
		q := f.probability(p, i)
		h -= f.marginalMean(q, func(x, _ float64) float64 { return logPoisson(x, n*q) })
	}
	return h, nil
}

// marginalMean is the mean of a function of a count of probability q.
func (f Multinomial) marginalMean(q float64, v func(x, logp float64) float64) float64 {
	b := Binomial{N: f.N}
	mean, sd := b.moments(q)
	return latticeMean(func(x float64) float64 { return b.logDensity(x, q) }, v, mean, sd, 0, f.n())
}

// Distance is √n times that of [Categorical].
func (f Multinomial) Distance(p, q []float64) (float64, error) {
	if err := checkBoth(f, p, q); err != nil {
		return math.NaN(), err
	}
	d, err := f.categorical().Distance(p, q)
	return math.Sqrt(f.n()) * d, err
}

// Geodesic is a great circle in √p. Beyond q it is an error once it has met the
// boundary.
func (f Multinomial) Geodesic(dst, p, q []float64, s float64) error {
	if err := checkBoth(f, p, q); err != nil {
		return err
	}
	return f.categorical().geodesic(f.Name(), dst, p, q, s)
}

// Log is the initial velocity of the great circle.
func (f Multinomial) Log(dst, p, q []float64) error {
	if err := checkBoth(f, p, q); err != nil {
		return err
	}
	return f.categorical().Log(dst, p, q)
}

// Sample draws the counts one after the other, each binomial given those before.
func (f Multinomial) Sample(dst, p []float64, rng *rand.Rand) error {
	if err := f.Check(p); err != nil {
		return err
	}
	left, rest := f.n(), 1.0
	for i, v := range p {
		dst[i] = 0
		if left > 0 {
			dst[i] = distuv.Binomial{N: left, P: math.Min(1, v/rest), Src: rng}.Rand()
		}
		left -= dst[i]
		rest -= v
	}
	dst[len(p)] = left
	return nil
}

// Sufficient is the first k−1 counts.
func (Multinomial) Sufficient(dst, x []float64) { copy(dst, x) }

// LogBase is log(n!/Πx_i!).
func (f Multinomial) LogBase(x []float64) float64 {
	l := logFactorial(f.n())
	for _, v := range x {
		l -= logFactorial(v)
	}
	return l
}

// MeanLogBase is summed over the counts, to rounding; it varies with p unless n
// is 1.
func (f Multinomial) MeanLogBase(p []float64) (float64, bool) {
	if f.n() == 1 {
		return 0, true
	}
	l := logFactorial(f.n())
	for i := range f.ObservationDim() {
		l -= f.marginalMean(f.probability(p, i), func(x, _ float64) float64 { return logFactorial(x) })
	}
	return l, false
}

// LogPartition is −n log p_k.
func (f Multinomial) LogPartition(p []float64) float64 {
	return f.n() * f.categorical().LogPartition(p)
}

var (
	_ closedForm       = Multinomial{}
	_ FisherInChart    = Multinomial{}
	_ StructuredFisher = Multinomial{}
	_ Curved           = Multinomial{}
)
