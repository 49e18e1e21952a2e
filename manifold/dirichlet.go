package manifold

import (
	"fmt"
	"math"
	"math/rand/v2"

	"fisherflow/internal/special"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat/distuv"
)

// Dirichlet is the Dirichlet family on the open simplex of k positive numbers
// x_i with Σx_i = 1, in source coordinates α₁, …, α_k, all positive:
//
//	p(x) = Γ(α₀)/ΠΓ(α_i) · Π x_i^(α_i−1),   G = diag ψ₁(α_i) − ψ₁(α₀)11ᵀ,
//
// α₀ = Σα_i, with respect to Lebesgue measure of (x₁, …, x_{k−1}). It is
// exponential with T_i = log x_i, h = 1, θ = α − 1, η_i = ψ(α_i) − ψ(α₀) and
// A = Σ log Γ(α_i) − log Γ(α₀).
//
// The natural chart keeps a relative accuracy of ε/α of a small α. The
// expectation chart finds α with a relative error of about α₀ε max|η|: sums α₀ of
// 1e9 and more are lost in float64.
//
// The zero value has k = 2.
type Dirichlet struct {
	K int // number of components, at least 2; 0 means 2
}

func (f Dirichlet) k() int {
	if f.K == 0 {
		return 2
	}
	return f.K
}

// Name is "dirichlet".
func (Dirichlet) Name() string { return "dirichlet" }

// Dim is k.
func (f Dirichlet) Dim() int { return f.k() }

// Check wants positive coordinates.
func (f Dirichlet) Check(alpha []float64) error {
	mustLen(len(alpha), f.k())
	for i, a := range alpha {
		if !positive.contains(a) {
			return check(f.Name(), "", []string{fmt.Sprintf("a%d", i+1)}, []interval{positive}, alpha[i:i+1])
		}
	}
	return nil
}

// Charts lists the charts.
func (Dirichlet) Charts() []string { return []string{"source", "natural", "expectation", "log"} }

// Chart returns a chart by name.
func (f Dirichlet) Chart(name string) (Chart, bool) {
	k := f.k()
	switch name {
	case "source":
		return newSource(f, name, numbered("a", k)), true
	case "natural":
		return newCoordinatewise(f, name, numbered("theta", k), repeated(minusOneMap, k)...), true
	case "log":
		return newCoordinatewise(f, name, numbered("log_a", k), repeated(logMap, k)...), true
	case "expectation":
		return newMeanLog(f, numbered("eta", k)), true
	}
	return nil, false
}

// minusOneMap is the natural coordinate α − 1.
var minusOneMap = shifted(interval{-1, math.Inf(1), "must exceed -1"}, 1)

func repeated(m scalarMap, n int) []scalarMap {
	maps := make([]scalarMap, n)
	for i := range maps {
		maps[i] = m
	}
	return maps
}

// meanLog is the chart of the E[log x_i] of Dirichlet parameters, with
// ∂η/∂α = G.
type meanLog struct {
	family Family
	names  []string
	work   []float64
	d      []float64 // 1/ψ₁(α)
}

func newMeanLog(f Family, names []string) Chart {
	return &meanLog{f, names, make([]float64, len(names)), make([]float64, len(names))}
}

func (c *meanLog) Name() string          { return "expectation" }
func (c *meanLog) Coordinates() []string { return c.names }

func (c *meanLog) ToSource(dst, xi []float64) error {
	mustLen(len(xi), len(c.names))
	mass := 0.0
	for i, x := range xi {
		if !negative.contains(x) {
			return check(c.family.Name(), c.Name(), c.names[i:i+1], []interval{negative}, xi[i:i+1])
		}
		mass += math.Exp(x)
	}
	if mass >= 1 {
		last := len(xi) - 1
		return &DomainError{Family: c.family.Name(), Chart: c.Name(), Coordinate: c.names[last], Value: xi[last],
			Want: "must leave the sum of the exponentials of the coordinates below 1"}
	}
	inverseDirichlet(dst, xi, c.work, c.d)
	return c.family.Check(dst)
}

func (c *meanLog) FromSource(dst, alpha []float64) error {
	if err := c.family.Check(alpha); err != nil {
		return err
	}
	sum, largest := total(alpha)
	for i, a := range alpha {
		dst[i] = digammaDifference(a, others(alpha, sum, i, largest))
	}
	return nil
}

func (c *meanLog) raise(dst, alpha, v []float64) {
	raiseDirichlet(dst, c.d, reciprocals(c.d, alpha), v)
}

func (c *meanLog) Push(dst, _, alpha, v []float64)        { c.raise(dst, alpha, v) }
func (c *meanLog) Pull(dst, _, alpha, v []float64)        { c.raise(dst, alpha, v) }
func (c *meanLog) PushInverse(dst, _, alpha, v []float64) { lowerDirichlet(dst, alpha, v) }
func (c *meanLog) PullInverse(dst, _, alpha, v []float64) { lowerDirichlet(dst, alpha, v) }

// ObservationDim is k.
func (f Dirichlet) ObservationDim() int { return f.k() }

// CheckObservation wants k positive numbers that add up to 1, to 1e-9.
func (f Dirichlet) CheckObservation(x []float64) error {
	if len(x) != f.k() {
		return &ObservationError{Family: f.Name(), Value: x, Want: fmt.Sprintf("must have %d components", f.k())}
	}
	if !inSimplex(x) {
		return &ObservationError{Family: f.Name(), Value: x, Want: "must be positive numbers that add up to 1"}
	}
	return nil
}

func inSimplex(x []float64) bool {
	sum := 0.0
	for _, v := range x {
		if !(v > 0) {
			return false
		}
		sum += v
	}
	return math.Abs(sum-1) <= 1e-9
}

// LogDensity is with respect to Lebesgue measure of the first k−1 components. It
// is −Σ α_i φ(α₀x_i/α_i − 1) − ΣS(α_i) + S(α₀) − Σ log x_i, whose terms stay
// small near the mean when the α are large.
func (f Dirichlet) LogDensity(x, alpha []float64) float64 {
	if !inSimplex(x) {
		return math.Inf(-1)
	}
	return logDirichlet(x, alpha)
}

func logDirichlet(x, alpha []float64) float64 {
	sum, _ := total(alpha)
	l := stirling(sum)
	for i, a := range alpha {
		m := sum * x[i]
		l -= a*special.RatioExcess(a, m, m-a) + stirling(a) + math.Log(x[i])
	}
	return l
}

// Score is log x_i − ψ(α_i) + ψ(α₀).
func (f Dirichlet) Score(dst, x, alpha []float64) error {
	if err := f.Check(alpha); err != nil {
		return err
	}
	sum, largest := total(alpha)
	for i, a := range alpha {
		dst[i] = math.Log(x[i]) - digammaDifference(a, others(alpha, sum, i, largest))
	}
	return nil
}

// Fisher is diag ψ₁(α_i) − ψ₁(α₀)11ᵀ.
func (f Dirichlet) Fisher(dst *mat.SymDense, alpha []float64) error {
	if err := f.Check(alpha); err != nil {
		return err
	}
	sum, largest := total(alpha)
	psi := special.Trigamma(sum)
	for i, a := range alpha {
		for j := range i {
			dst.SetSym(i, j, -psi)
		}
		dst.SetSym(i, i, trigammaDifference(a, others(alpha, sum, i, largest)))
	}
	return nil
}

// FisherIn is diag d + ddᵀ/D in the expectation chart, d = 1/ψ₁(α) and
// D = 1/ψ₁(α₀) − Σd.
func (f Dirichlet) FisherIn(dst *mat.SymDense, chart string, _, alpha []float64) bool {
	if chart != "expectation" {
		return false
	}
	meanLogFisher(dst, alpha)
	return true
}

func meanLogFisher(dst *mat.SymDense, alpha []float64) {
	var few [4]float64
	d := resized(few[:], len(alpha))
	scale := 1 / reciprocals(d, alpha)
	for i, a := range d {
		for j, b := range d[:i] {
			dst.SetSym(i, j, a*scale*b)
		}
		dst.SetSym(i, i, a*(1+a*scale))
	}
}

// Curvature is that of [Beta] for k = 2.
func (f Dirichlet) Curvature(alpha []float64) (float64, error) {
	if f.Dim() != 2 {
		return math.NaN(), missing(f, "Gaussian curvature")
	}
	return Beta{}.Curvature(alpha)
}

// Cubic is ψ₂(α_i)δ_ijk − ψ₂(α₀). Where one α is most of the sum its component is
// −∫ψ₃ over the rest, in which nothing cancels.
func (f Dirichlet) Cubic(dst Tensor, alpha []float64) error {
	if err := f.Check(alpha); err != nil {
		return err
	}
	sum, largest := total(alpha)
	all := -special.Tetragamma(sum)
	dst.fill(func(_, _, _ int) float64 { return all })
	for i, a := range alpha {
		rest := others(alpha, sum, i, largest)
		if rest <= 0.25*a {
			dst[i][i][i] = -rest * mean01(special.Pentagamma, a, rest)
		} else {
			dst[i][i][i] += special.Tetragamma(a)
		}
	}
	return nil
}

// KL is that of the categorical distributions α/α₀, reversed and β₀-fold, and a
// remainder; neither cancels.
func (f Dirichlet) KL(p, q []float64) (float64, error) {
	if err := checkBoth(f, p, q); err != nil {
		return math.NaN(), err
	}
	return dirichletDivergence(p, q), nil
}

// Entropy is A + (α₀−k)ψ(α₀) − Σ (α_i−1)ψ(α_i).
func (f Dirichlet) Entropy(alpha []float64) (float64, error) {
	if err := f.Check(alpha); err != nil {
		return math.NaN(), err
	}
	return dirichletEntropy(alpha), nil
}

// FisherMetric raises and lowers in O(k), by Sherman and Morrison.
func (f Dirichlet) FisherMetric() Metric {
	return newDirichletMetric(f)
}

type dirichletMetric struct {
	family   Family
	alpha, d []float64
	deficit  float64 // 0 until a covector is raised
}

func newDirichletMetric(f Family) Metric {
	n := f.Dim()
	return &dirichletMetric{family: f, alpha: make([]float64, n), d: make([]float64, n)}
}

func (m *dirichletMetric) Dim() int { return len(m.alpha) }

func (m *dirichletMetric) At(alpha []float64) error {
	copy(m.alpha, alpha)
	m.deficit = 0
	return m.family.Check(alpha)
}

func (m *dirichletMetric) Raise(dst, covector []float64) error {
	if m.deficit == 0 {
		m.deficit = reciprocals(m.d, m.alpha)
	}
	raiseDirichlet(dst, m.d, m.deficit, covector)
	return nil
}

func (m *dirichletMetric) Lower(dst, vector []float64) error {
	lowerDirichlet(dst, m.alpha, vector)
	return nil
}

// Sample draws gamma variates in proportion. A component that would underflow,
// as small α have them, is the least positive number.
func (f Dirichlet) Sample(dst, alpha []float64, rng *rand.Rand) error {
	if err := f.Check(alpha); err != nil {
		return err
	}
	top := math.Inf(-1)
	for i, a := range alpha {
		// Γ(a) is Γ(a+1)U^(1/a), whose logarithm does not underflow.
		dst[i] = math.Log(distuv.Gamma{Alpha: a + 1, Beta: 1, Src: rng}.Rand()) - rng.ExpFloat64()/a
		top = math.Max(top, dst[i])
	}
	sum := 0.0
	for i, l := range dst {
		dst[i] = math.Exp(l - top)
		sum += dst[i]
	}
	for i := range dst {
		dst[i] = math.Max(dst[i]/sum, math.SmallestNonzeroFloat64)
	}
	return nil
}

// Sufficient is log x_i.
func (Dirichlet) Sufficient(dst, x []float64) {
	for i, v := range x {
		dst[i] = math.Log(v)
	}
}

// LogBase is 0.
func (Dirichlet) LogBase([]float64) float64 { return 0 }

// MeanLogBase is 0.
func (Dirichlet) MeanLogBase([]float64) (float64, bool) { return 0, true }

// LogPartition is Σ log Γ(α_i) − log Γ(α₀).
func (Dirichlet) LogPartition(alpha []float64) float64 { return logBeta(alpha) }

var (
	_ Exponential      = Dirichlet{}
	_ Observed         = Dirichlet{}
	_ LogDensity       = Dirichlet{}
	_ Scorer           = Dirichlet{}
	_ Fisherer         = Dirichlet{}
	_ FisherInChart    = Dirichlet{}
	_ StructuredFisher = Dirichlet{}
	_ Diverger         = Dirichlet{}
	_ Cuber            = Dirichlet{}
	_ Curved           = Dirichlet{}
	_ Entropic         = Dirichlet{}
	_ Sampler          = Dirichlet{}
)
