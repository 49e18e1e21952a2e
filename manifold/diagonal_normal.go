package manifold

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"

	"gonum.org/v1/gonum/mat"
)

// DiagonalNormal is the family of d independent normal variates, in source
// coordinates (μ₁, …, μ_d, σ₁, …, σ_d), all σ positive:
//
//	p(x) = Π N(x_i; μ_i, σ_i²),   G = diag(1/σ², 2/σ²).
//
// It is exponential with T = (x, x²), h = 1, θ = (μ/σ², −1/(2σ²)),
// η = (μ, μ²+σ²) and A the sum of those of [Normal]: a product of d of them,
// with the sum of their squared distances and pairwise geodesics.
//
// The zero value has d = 2.
type DiagonalNormal struct {
	Dimension int // of x, at least 1; 0 means 2
}

func (f DiagonalNormal) d() int {
	if f.Dimension == 0 {
		return 2
	}
	return f.Dimension
}

// Name is "diagonal-normal".
func (DiagonalNormal) Name() string { return "diagonal-normal" }

// Dim is 2d.
func (f DiagonalNormal) Dim() int { return 2 * f.d() }

// Check wants finite μ and positive σ.
func (f DiagonalNormal) Check(theta []float64) error {
	d := f.d()
	mustLen(len(theta), 2*d)
	for i, x := range theta {
		in, letter := realLine, "mu"
		if i >= d {
			in, letter = positive, "s"
		}
		if !in.contains(x) {
			return check(f.Name(), "", []string{fmt.Sprintf("%s%d", letter, i%d+1)}, []interval{in}, theta[i:i+1])
		}
	}
	return nil
}

// Charts lists the charts.
func (DiagonalNormal) Charts() []string {
	return []string{"source", "natural", "expectation", "log-scale"}
}

// pairLetters are the names of the coordinates by chart.
var pairLetters = map[string][2]string{
	"source": {"mu", "s"}, "natural": {"t", "u"}, "expectation": {"m", "q"}, "log-scale": {"mu", "log_s"},
}

// Chart returns a chart by name.
func (f DiagonalNormal) Chart(name string) (Chart, bool) {
	letters, ok := pairLetters[name]
	if !ok {
		return nil, false
	}
	one, _ := normalChart(Normal{}, name)
	return &pairs{family: f, one: one, names: slices.Concat(numbered(letters[0], f.d()), numbered(letters[1], f.d()))}, true
}

// pairs is a chart of the normal, applied to each pair (μ_i, σ_i).
type pairs struct {
	family     DiagonalNormal
	one        Chart
	names      []string
	a, b, c, e [2]float64
}

func (c *pairs) Name() string          { return c.one.Name() }
func (c *pairs) Coordinates() []string { return c.names }

// gather stores pair i of x.
func gather(dst *[2]float64, x []float64, i int) { dst[0], dst[1] = x[i], x[len(x)/2+i] }

func scatter(dst []float64, x *[2]float64, i int) { dst[i], dst[len(dst)/2+i] = x[0], x[1] }

// each applies a map of pairs.
func (c *pairs) each(dst, x []float64, f func(dst, x []float64) error) error {
	mustLen(len(x), len(c.names))
	for i := range len(x) / 2 {
		gather(&c.a, x, i)
		if err := f(c.b[:], c.a[:]); err != nil {
			return c.blame(err, i)
		}
		scatter(dst, &c.b, i)
	}
	return nil
}

// blame gives an error about one normal the name and coordinates of the family.
func (c *pairs) blame(err error, i int) error {
	var d *DomainError
	if !errors.As(err, &d) {
		return err
	}
	own := *d
	own.Family = c.family.Name()
	half := len(c.names) / 2
	if k := slices.Index(c.one.Coordinates(), d.Coordinate); k >= 0 {
		own.Coordinate = c.names[k*half+i]
	} else if k := slices.Index(normalNames, d.Coordinate); k >= 0 {
		own.Coordinate = fmt.Sprintf("%s%d", pairLetters["source"][k], i+1)
	}
	own.Want = strings.ReplaceAll(own.Want, "eta1", c.names[i])
	return &own
}

func (c *pairs) ToSource(dst, xi []float64) error { return c.each(dst, xi, c.one.ToSource) }

func (c *pairs) FromSource(dst, theta []float64) error { return c.each(dst, theta, c.one.FromSource) }

// linear applies a linear map of the chart of one normal to each pair.
func (c *pairs) linear(dst, xi, theta, v []float64, f func(dst, xi, theta, v []float64)) {
	for i := range len(v) / 2 {
		gather(&c.a, xi, i)
		gather(&c.b, theta, i)
		gather(&c.c, v, i)
		f(c.e[:], c.a[:], c.b[:], c.c[:])
		scatter(dst, &c.e, i)
	}
}

func (c *pairs) Push(dst, xi, theta, v []float64) { c.linear(dst, xi, theta, v, c.one.Push) }
func (c *pairs) PushInverse(dst, xi, theta, v []float64) {
	c.linear(dst, xi, theta, v, c.one.PushInverse)
}
func (c *pairs) Pull(dst, xi, theta, v []float64) { c.linear(dst, xi, theta, v, c.one.Pull) }
func (c *pairs) PullInverse(dst, xi, theta, v []float64) {
	c.linear(dst, xi, theta, v, c.one.PullInverse)
}

// ObservationDim is d.
func (f DiagonalNormal) ObservationDim() int { return f.d() }

// CheckObservation wants d finite numbers.
func (f DiagonalNormal) CheckObservation(x []float64) error {
	return checkVector(f.Name(), x, f.d())
}

// LogDensity is with respect to Lebesgue measure.
func (f DiagonalNormal) LogDensity(x, theta []float64) float64 {
	d := f.d()
	l := -float64(d) * halfLog2Pi
	for i := range d {
		l -= square((x[i]-theta[i])/theta[d+i])/2 + math.Log(theta[d+i])
	}
	return l
}

// Score is (z/σ, (z²−1)/σ), z = (x−μ)/σ.
func (f DiagonalNormal) Score(dst, x, theta []float64) error {
	if err := f.Check(theta); err != nil {
		return err
	}
	d := f.d()
	for i := range d {
		s := theta[d+i]
		z := (x[i] - theta[i]) / s
		dst[i], dst[d+i] = z/s, (z*z-1)/s
	}
	return nil
}

// Fisher is diag(1/σ², 2/σ²).
func (f DiagonalNormal) Fisher(dst *mat.SymDense, theta []float64) error {
	if err := f.Check(theta); err != nil {
		return err
	}
	dst.Zero()
	d := f.d()
	for i := range d {
		p := 1 / square(theta[d+i])
		dst.SetSym(i, i, p)
		dst.SetSym(d+i, d+i, 2*p)
	}
	return nil
}

// FisherMetric raises and lowers in O(d): the metric is diagonal.
func (f DiagonalNormal) FisherMetric() Metric {
	return &diagonalMetric{family: f, weight: make([]float64, f.Dim())}
}

type diagonalMetric struct {
	family DiagonalNormal
	weight []float64
}

func (m *diagonalMetric) Dim() int { return len(m.weight) }

func (m *diagonalMetric) At(theta []float64) error {
	if err := m.family.Check(theta); err != nil {
		return err
	}
	d := len(theta) / 2
	for i, s := range theta[d:] {
		p := 1 / (s * s)
		m.weight[i], m.weight[d+i] = p, 2*p
	}
	return nil
}

func (m *diagonalMetric) Raise(dst, covector []float64) error {
	for i, w := range m.weight {
		dst[i] = covector[i] / w
	}
	return nil
}

func (m *diagonalMetric) Lower(dst, vector []float64) error {
	for i, w := range m.weight {
		dst[i] = vector[i] * w
	}
	return nil
}

// Cubic is that of each [Normal].
func (f DiagonalNormal) Cubic(dst Tensor, theta []float64) error {
	if err := f.Check(theta); err != nil {
		return err
	}
	d := f.d()
	dst.fill(func(i, j, k int) float64 {
		if i%d != j%d || j%d != k%d {
			return 0
		}
		s := theta[d+i%d]
		return [4]float64{0, 2, 0, 8}[i/d+j/d+k/d] / (s * s * s)
	})
	return nil
}

// KL is the sum of those of the normals.
func (f DiagonalNormal) KL(p, q []float64) (float64, error) {
	if err := checkBoth(f, p, q); err != nil {
		return math.NaN(), err
	}
	d, sum := f.d(), 0.0
	for i := range d {
		sum += normalDivergence(p[i], p[d+i], q[i], q[d+i])
	}
	return sum, nil
}

// Entropy is Σ log σ_i + (d/2) log 2πe.
func (f DiagonalNormal) Entropy(theta []float64) (float64, error) {
	if err := f.Check(theta); err != nil {
		return math.NaN(), err
	}
	d := f.d()
	h := float64(d) * (halfLog2Pi + 0.5)
	for _, s := range theta[d:] {
		h += math.Log(s)
	}
	return h, nil
}

// Distance is the root of the sum of the squared distances of the normals.
func (f DiagonalNormal) Distance(p, q []float64) (float64, error) {
	if err := checkBoth(f, p, q); err != nil {
		return math.NaN(), err
	}
	d, r := f.d(), 0.0
	for i := range d {
		r = math.Hypot(r, halfPlaneDistance(p[i]/math.Sqrt2, p[d+i], q[i]/math.Sqrt2, q[d+i], 2))
	}
	return r, nil
}

// Geodesic is that of each normal.
func (f DiagonalNormal) Geodesic(dst, p, q []float64, s float64) error {
	if err := checkBoth(f, p, q); err != nil {
		return err
	}
	d := f.d()
	for i := range d {
		x, y := halfPlaneGeodesic(p[i]/math.Sqrt2, p[d+i], q[i]/math.Sqrt2, q[d+i], s)
		dst[i], dst[d+i] = math.Sqrt2*x, y
	}
	return f.Check(dst)
}

// Log is that of each normal.
func (f DiagonalNormal) Log(dst, p, q []float64) error {
	if err := checkBoth(f, p, q); err != nil {
		return err
	}
	d := f.d()
	for i := range d {
		x, y := halfPlaneLog(p[i]/math.Sqrt2, p[d+i], q[i]/math.Sqrt2, q[d+i])
		dst[i], dst[d+i] = math.Sqrt2*x, y
	}
	return nil
}

// Sample draws μ + σz.
func (f DiagonalNormal) Sample(dst, theta []float64, rng *rand.Rand) error {
	if err := f.Check(theta); err != nil {
		return err
	}
	d := f.d()
	for i := range dst {
		dst[i] = theta[i] + theta[d+i]*rng.NormFloat64()
	}
	return nil
}

// Sufficient is (x, x²).
func (f DiagonalNormal) Sufficient(dst, x []float64) {
	for i, v := range x {
		dst[i], dst[len(x)+i] = v, v*v
	}
}

// LogBase is 0.
func (DiagonalNormal) LogBase([]float64) float64 { return 0 }

// MeanLogBase is 0.
func (DiagonalNormal) MeanLogBase([]float64) (float64, bool) { return 0, true }

// LogPartition is Σ (μ²/(2σ²) + log σ) + (d/2) log 2π.
func (f DiagonalNormal) LogPartition(theta []float64) float64 {
	d := f.d()
	a := float64(d) * halfLog2Pi
	for i := range d {
		a += square(theta[i]/theta[d+i])/2 + math.Log(theta[d+i])
	}
	return a
}

var (
	_ closedForm       = DiagonalNormal{}
	_ StructuredFisher = DiagonalNormal{}
)
