package manifold

import (
	"fmt"
	"math"
	"math/rand/v2"

	"fisherflow/internal/special"

	"gonum.org/v1/gonum/mat"
)

// Categorical is the family of all distributions on 1, …, K, in source
// coordinates p₁, …, p_{K−1}, with p_K = 1 − Σp_i the remainder, which is that of the
// float64 numbers p_i to rounding, 5.6e-17 for 0.3 and 0.7:
//
//	P(x = i) = p_i,   G = diag(1/p) + 11ᵀ/p_K.
//
// It is exponential with T_i = [x = i], h = 1, θ_i = log(p_i/p_K), η = p and
// A = −log p_K. By y = 2√p it is the positive orthant of a sphere of radius 2,
// of curvature ¼; the faces of the simplex are boundaries at finite distance.
// The stick-breaking chart v, p_i = σ(v_i) Π_{j<i}(1 − σ(v_j)), is orthogonal.
//
// The zero value has K = 2.
type Categorical struct {
	K int // number of outcomes, at least 2; 0 means 2
}

func (f Categorical) k() int {
	if f.K == 0 {
		return 2
	}
	return f.K
}

// Name is "categorical".
func (Categorical) Name() string { return "categorical" }

// Dim is K − 1.
func (f Categorical) Dim() int { return f.k() - 1 }

func numbered(prefix string, n int) []string {
	names := make([]string, n)
	for i := range names {
		names[i] = fmt.Sprintf("%s%d", prefix, i+1)
	}
	return names
}

// last is p_K.
func (f Categorical) last(p []float64) float64 { return remainder(p) }

// Check wants all probabilities, the last included, positive.
func (f Categorical) Check(p []float64) error {
	mustLen(len(p), f.Dim())
	return f.check(f.Name(), p)
}

func (f Categorical) check(family string, p []float64) error {
	for i, x := range p {
		if !unit.contains(x) {
			return &DomainError{Family: family, Coordinate: fmt.Sprintf("p%d", i+1), Value: x, Want: unit.want}
		}
	}
	return checkRemainder(family, "p", p)
}

// Charts lists the charts; "expectation" is a synonym of "source".
func (Categorical) Charts() []string { return []string{"source", "natural", "stick"} }

// Chart returns a chart by name.
func (f Categorical) Chart(name string) (Chart, bool) {
	switch name {
	case "source", "expectation":
		return newSource(f, name, numbered("p", f.Dim())), true
	case "natural":
		return &simplexNatural{family: f, names: numbered("theta", f.Dim())}, true
	case "stick":
		return &stickBreaking{family: f, names: numbered("v", f.Dim())}, true
	}
	return nil, false
}

// simplexNatural is the additive log-ratio chart, with J = diag(p) − ppᵀ.
type simplexNatural struct {
	family Family
	names  []string
}

func (c *simplexNatural) Name() string          { return "natural" }
func (c *simplexNatural) Coordinates() []string { return c.names }

func (c *simplexNatural) ToSource(dst, xi []float64) error {
	for i, x := range xi {
		if !realLine.contains(x) {
			return &DomainError{Family: c.family.Name(), Chart: c.Name(), Coordinate: c.names[i], Value: x, Want: realLine.want}
		}
	}
	top := 0.0
	for _, x := range xi {
		top = math.Max(top, x)
	}
	sum := math.Exp(-top)
	for i, x := range xi {
		dst[i] = math.Exp(x - top)
		sum += dst[i]
	}
	for i := range dst {
		dst[i] /= sum
	}
	return c.family.Check(dst)
}

func (c *simplexNatural) FromSource(dst, p []float64) error {
	if err := c.family.Check(p); err != nil {
		return err
	}
	last := math.Log(Categorical{}.last(p))
	for i, x := range p {
		dst[i] = math.Log(x) - last
	}
	return nil
}

func (c *simplexNatural) Push(dst, _, p, v []float64)        { covariance(dst, p, v) }
func (c *simplexNatural) Pull(dst, _, p, v []float64)        { covariance(dst, p, v) }
func (c *simplexNatural) PushInverse(dst, _, p, v []float64) { Categorical{}.lower(dst, p, v) }
func (c *simplexNatural) PullInverse(dst, _, p, v []float64) { Categorical{}.lower(dst, p, v) }

// covariance stores (diag(p) − ppᵀ)v.
func covariance(dst, p, v []float64) {
	mean := 0.0
	for i, x := range p {
		mean += x * v[i]
	}
	for i, x := range p {
		dst[i] = x * (v[i] - mean)
	}
}

// lower stores (diag(1/p) + 11ᵀ/p_K)v, the inverse of covariance.
func (f Categorical) lower(dst, p, v []float64) {
	sum := 0.0
	for _, x := range v {
		sum += x
	}
	sum /= f.last(p)
	for i, x := range v {
		dst[i] = x/p[i] + sum
	}
}

// stickBreaking is the chart of stick-breaking logits. With z_i = σ(v_i),
// ∂p_i/∂v_i = p_i(1−z_i) and ∂p_i/∂v_j = −z_j p_i for j < i.
type stickBreaking struct {
	family Categorical
	names  []string
}

func (c *stickBreaking) Name() string          { return "stick" }
func (c *stickBreaking) Coordinates() []string { return c.names }

func (c *stickBreaking) ToSource(dst, xi []float64) error {
	rest := 1.0
	for i, x := range xi {
		if !realLine.contains(x) {
			return &DomainError{Family: c.family.Name(), Chart: c.Name(), Coordinate: c.names[i], Value: x, Want: realLine.want}
		}
		dst[i] = rest * special.Logistic(x)
		rest *= special.Logistic(-x)
	}
	return c.family.Check(dst)
}

func (c *stickBreaking) FromSource(dst, p []float64) error {
	if err := c.family.Check(p); err != nil {
		return err
	}
	rest := c.family.last(p)
	for i := len(p) - 1; i >= 0; i-- {
		dst[i] = math.Log(p[i]) - math.Log(rest)
		rest += p[i]
	}
	return nil
}

func (c *stickBreaking) Push(dst, xi, p, v []float64) {
	sum := 0.0
	for i, x := range xi {
		dst[i] = p[i] * (special.Logistic(-x)*v[i] - sum)
		sum += special.Logistic(x) * v[i]
	}
}

func (c *stickBreaking) PushInverse(dst, xi, p, v []float64) {
	sum := 0.0
	for i, x := range xi {
		dst[i] = (v[i]/p[i] + sum) / special.Logistic(-x)
		sum += special.Logistic(x) * dst[i]
	}
}

func (c *stickBreaking) Pull(dst, xi, p, cv []float64) {
	sum := 0.0
	for j := len(xi) - 1; j >= 0; j-- {
		w := p[j] * cv[j]
		dst[j] = special.Logistic(-xi[j])*w - special.Logistic(xi[j])*sum
		sum += w
	}
}

func (c *stickBreaking) PullInverse(dst, xi, p, cv []float64) {
	sum := 0.0
	for j := len(xi) - 1; j >= 0; j-- {
		w := (cv[j] + special.Logistic(xi[j])*sum) / special.Logistic(-xi[j])
		dst[j] = w / p[j]
		sum += w
	}
}

// FisherIn is diag(p) − ppᵀ in the natural chart and diagonal in the
// stick-breaking chart, z_i(1−z_i) Π_{j<i}(1−z_j).
func (f Categorical) FisherIn(dst *mat.SymDense, chart string, xi, p []float64) bool {
	switch chart {
	case "natural":
		last := f.last(p)
		for i, x := range p {
			rest := last
			for j, y := range p {
				if j != i {
					rest += y
				}
				if j > i {
					dst.SetSym(i, j, -x*y)
				}
			}
			dst.SetSym(i, i, x*rest)
		}
	case "stick":
		rest := 1.0
		for i, v := range xi {
			for j := i + 1; j < len(xi); j++ {
				dst.SetSym(i, j, 0)
			}
			dst.SetSym(i, i, special.Logistic(v)*special.Logistic(-v)*rest)
			rest *= special.Logistic(-v)
		}
	default:
		return false
	}
	return true
}

// FisherMetric raises and lowers in O(K): G⁻¹ = diag(p) − ppᵀ.
func (f Categorical) FisherMetric() Metric {
	return &simplexMetric{family: f, p: make([]float64, f.Dim()), work: make([]float64, f.Dim())}
}

type simplexMetric struct {
	family  Categorical
	p, work []float64
}

func (m *simplexMetric) Dim() int { return len(m.p) }

func (m *simplexMetric) At(p []float64) error {
	copy(m.p, p)
	return m.family.Check(p)
}

func (m *simplexMetric) Raise(dst, covector []float64) error {
	copy(m.work, covector)
	covariance(dst, m.p, m.work)
	return nil
}

func (m *simplexMetric) Lower(dst, vector []float64) error {
	copy(m.work, vector)
	m.family.lower(dst, m.p, m.work)
	return nil
}

// ObservationDim is 1.
func (Categorical) ObservationDim() int { return 1 }

// CheckObservation wants a whole number from 1 to K.
func (f Categorical) CheckObservation(x []float64) error {
	return f.checkOutcome(f.Name(), x)
}

func (f Categorical) checkOutcome(family string, x []float64) error {
	return checkScalar(family, x, func(x float64) bool { return isCount(x) && x >= 1 && x <= float64(f.k()) },
		fmt.Sprintf("must be a whole number from 1 to %d", f.k()))
}

// LogDensity is with respect to counting measure.
func (f Categorical) LogDensity(x, p []float64) float64 {
	switch i := int(x[0]); {
	case float64(i) != x[0] || i < 1 || i > f.k():
		return math.Inf(-1)
	case i == f.k():
		return math.Log(f.last(p))
	default:
		return math.Log(p[i-1])
	}
}

// Score is e_x/p_x for x < K and −1/p_K for x = K.
func (f Categorical) Score(dst, x, p []float64) error {
	if err := f.Check(p); err != nil {
		return err
	}
	clear(dst)
	if i := int(x[0]); i < f.k() {
		dst[i-1] = 1 / p[i-1]
		return nil
	}
	for i := range dst {
		dst[i] = -1 / f.last(p)
	}
	return nil
}

// Fisher is diag(1/p) + 11ᵀ/p_K.
func (f Categorical) Fisher(dst *mat.SymDense, p []float64) error {
	if err := f.Check(p); err != nil {
		return err
	}
	rest := 1 / f.last(p)
	for i, x := range p {
		for j := i + 1; j < len(p); j++ {
			dst.SetSym(i, j, rest)
		}
		dst.SetSym(i, i, 1/x+rest)
	}
	return nil
}

// Curvature is ¼ for k = 3: the simplex is part of a sphere of radius 2.
func (f Categorical) Curvature(p []float64) (float64, error) {
	if f.Dim() != 2 {
		return math.NaN(), missing(f, "Gaussian curvature")
	}
	return 0.25, f.Check(p)
}

// Cubic is δ_ijk/p_i² − 1/p_K².
func (f Categorical) Cubic(dst Tensor, p []float64) error {
	if err := f.Check(p); err != nil {
		return err
	}
	rest := -1 / square(f.last(p))
	dst.fill(func(i, j, k int) float64 {
		if i == j && j == k {
			return 1/square(p[i]) + rest
		}
		return rest
	})
	return nil
}

// KL is Σ p_i φ(q_i/p_i − 1) over all outcomes, φ(u) = u − log(1+u).
func (f Categorical) KL(p, q []float64) (float64, error) {
	if err := checkBoth(f, p, q); err != nil {
		return math.NaN(), err
	}
	x := f.last(p)
	sum := x * special.RatioExcess(x, f.last(q), remainderDifference(p, q))
	for i, x := range p {
		sum += x * special.RatioExcess(x, q[i], q[i]-x)
	}
	return sum, nil
}

// Entropy is −Σ p_i log p_i.
func (f Categorical) Entropy(p []float64) (float64, error) {
	if err := f.Check(p); err != nil {
		return math.NaN(), err
	}
	x := f.last(p)
	h := -x * math.Log(x)
	for _, x := range p {
		h -= x * math.Log(x)
	}
	return h, nil
}

// chord is ½‖√p − √q‖, the sine of a quarter of the distance.
func (f Categorical) chord(p, q []float64) float64 {
	sum := square(remainderDifference(p, q) / (math.Sqrt(f.last(p)) + math.Sqrt(f.last(q))))
	for i, x := range p {
		sum += square((q[i] - x) / (math.Sqrt(x) + math.Sqrt(q[i])))
	}
	return math.Sqrt(sum) / 2
}

// Distance is 4 asin(½‖√p − √q‖) = 2 acos Σ√(p_i q_i).
func (f Categorical) Distance(p, q []float64) (float64, error) {
	if err := checkBoth(f, p, q); err != nil {
		return math.NaN(), err
	}
	return 4 * math.Asin(math.Min(1, f.chord(p, q))), nil
}

// Geodesic is a great circle in √p. Beyond q it is an error once it has met
// the boundary.
func (f Categorical) Geodesic(dst, p, q []float64, s float64) error {
	if err := checkBoth(f, p, q); err != nil {
		return err
	}
	return f.geodesic(f.Name(), dst, p, q, s)
}

func (f Categorical) geodesic(family string, dst, p, q []float64, s float64) error {
	angle := 2 * math.Asin(math.Min(1, f.chord(p, q)))
	if angle == 0 {
		copy(dst, p)
		return nil
	}
	a, b := math.Sin((1-s)*angle)/math.Sin(angle), math.Sin(s*angle)/math.Sin(angle)
	for i := range dst {
		y := a*math.Sqrt(p[i]) + b*math.Sqrt(q[i])
		if !(y > 0) {
			return &DomainError{Family: family, Coordinate: fmt.Sprintf("p%d", i+1), Value: 0, Want: "must be positive: the geodesic has met the boundary"}
		}
		dst[i] = y * y
	}
	return f.check(family, dst)
}

// Log is the initial velocity of the great circle.
func (f Categorical) Log(dst, p, q []float64) error {
	d, err := f.Distance(p, q)
	if err != nil {
		return err
	}
	angle := d / 2
	ratio := 1.0
	if angle > 1e-8 {
		ratio = angle / math.Sin(angle)
	}
	// y_q − cos(angle) y_p = (y_q − y_p) + 2 sin²(angle/2) y_p.
	back := 2 * square(math.Sin(angle/2))
	for i, x := range p {
		y := math.Sqrt(x)
		dst[i] = 2 * y * ratio * ((q[i]-x)/(math.Sqrt(q[i])+y) + back*y)
	}
	return nil
}

// Sample draws a number from 1 to K.
func (f Categorical) Sample(dst, p []float64, rng *rand.Rand) error {
	if err := f.Check(p); err != nil {
		return err
	}
	u := rng.Float64()
	for i, x := range p {
		if u -= x; u < 0 {
			dst[0] = float64(i + 1)
			return nil
		}
	}
	dst[0] = float64(f.k())
	return nil
}

// Sufficient is the indicator of the first K−1 outcomes.
func (f Categorical) Sufficient(dst, x []float64) {
	clear(dst)
	if i := int(x[0]); i < f.k() {
		dst[i-1] = 1
	}
}

// LogBase is 0.
func (Categorical) LogBase([]float64) float64 { return 0 }

// MeanLogBase is 0.
func (Categorical) MeanLogBase([]float64) (float64, bool) { return 0, true }

// LogPartition is −log p_K.
func (f Categorical) LogPartition(p []float64) float64 { return -math.Log(f.last(p)) }

var (
	_ Exponential      = Categorical{}
	_ Observed         = Categorical{}
	_ LogDensity       = Categorical{}
	_ Scorer           = Categorical{}
	_ Fisherer         = Categorical{}
	_ FisherInChart    = Categorical{}
	_ StructuredFisher = Categorical{}
	_ Diverger         = Categorical{}
	_ Cuber            = Categorical{}
	_ Curved           = Categorical{}
	_ Entropic         = Categorical{}
	_ Distancer        = Categorical{}
	_ Geodesic         = Categorical{}
	_ Logarithm        = Categorical{}
	_ Sampler          = Categorical{}
)
