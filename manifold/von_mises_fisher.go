package manifold

import (
	"fmt"
	"math"
	"math/rand/v2"

	"fisherflow/internal/special"

	"gonum.org/v1/gonum/mat"
)

// VonMisesFisher is the von Mises–Fisher family on the unit sphere in R^d, in
// natural coordinates θ = κu, with u the mean direction and κ = |θ| the
// concentration:
//
//	p(x) = e^(θ·x)/∫e^(θ·x),   G = A′uuᵀ + (A/κ)(I − uuᵀ),
//
// with respect to the area of the sphere; A = I_{d/2}(κ)/I_{d/2−1}(κ). It is
// exponential with T = x, h = 1, η = Au and log-partition
// (d/2) log 2π − (d/2−1) log κ + log I_{d/2−1}(κ) (Mardia & Jupp, Directional
// Statistics, 2000). θ = 0 is the uniform distribution, an ordinary point.
//
// The expectation chart finds κ with relative error ε/(1−|η|), about 2κε/(d−1).
// For d = 3 the chart "spherical" is (κ, polar angle, azimuth), which the axis of
// the third coordinate is not in.
//
// The zero value has d = 3.
type VonMisesFisher struct {
	Dimension int // d, at least 2; 0 means 3
}

func (f VonMisesFisher) d() int {
	if f.Dimension == 0 {
		return 3
	}
	return f.Dimension
}

func (f VonMisesFisher) ratio(kappa float64) special.Ratio {
	return special.BesselRatio(float64(f.d()), kappa)
}

// Name is "von-mises-fisher".
func (VonMisesFisher) Name() string { return "von-mises-fisher" }

// Dim is d.
func (f VonMisesFisher) Dim() int { return f.d() }

// Check wants finite coordinates.
func (f VonMisesFisher) Check(theta []float64) error {
	mustLen(len(theta), f.d())
	for i, x := range theta {
		if !realLine.contains(x) {
			return &DomainError{Family: f.Name(), Coordinate: fmt.Sprintf("theta%d", i+1), Value: x, Want: realLine.want}
		}
	}
	return nil
}

// Charts lists the charts; "natural" is a synonym of "source", and "spherical" is
// there for d = 3.
func (f VonMisesFisher) Charts() []string {
	if f.d() == 3 {
		return []string{"source", "spherical", "expectation"}
	}
	return []string{"source", "expectation"}
}

// Chart returns a chart by name.
func (f VonMisesFisher) Chart(name string) (Chart, bool) {
	switch name {
	case "source", "natural":
		return newSource(f, name, numbered("theta", f.d())), true
	case "expectation":
		return &meanDirection{family: f, names: numbered("eta", f.d()), work: make([]float64, f.d())}, true
	case "spherical":
		if f.d() == 3 {
			return &spherical{family: f}, true
		}
	}
	return nil, false
}

// split stores the direction of theta in u and returns its length; the direction
// of zero is zero.
func split(u, theta []float64) (length float64) {
	length = norm(theta)
	for i, x := range theta {
		u[i] = 0
		if length > 0 {
			u[i] = x / length
		}
	}
	return length
}

// alongAndAcross stores along·(v·u)u + across·(v − (v·u)u). dst and v may be the same
// slice.
func alongAndAcross(dst, u, v []float64, along, across float64) {
	inner := 0.0
	for i, x := range u {
		inner += x * v[i]
	}
	for i, x := range u {
		dst[i] = across*(v[i]-inner*x) + along*inner*x
	}
}

// meanDirection is the expectation chart η = Au.
type meanDirection struct {
	family VonMisesFisher
	names  []string
	work   []float64
}

func (c *meanDirection) Name() string          { return "expectation" }
func (c *meanDirection) Coordinates() []string { return c.names }

func (c *meanDirection) ToSource(dst, xi []float64) error {
	mustLen(len(xi), len(c.names))
	r := split(dst, xi)
	if !(r < 1) {
		// The largest coordinate, or the first that is not a number.
		worst := 0
		for i, x := range xi {
			if x != x {
				worst = i
				break
			}
			if math.Abs(x) > math.Abs(xi[worst]) {
				worst = i
			}
		}
		return &DomainError{Family: c.family.Name(), Chart: c.Name(), Coordinate: c.names[worst], Value: xi[worst],
			Want: "must lie with the other coordinates inside of the unit sphere"}
	}
	kappa := special.InverseBesselRatio(float64(len(xi)), r)
	for i := range dst {
		dst[i] *= kappa
	}
	return nil
}

func (c *meanDirection) FromSource(dst, theta []float64) error {
	if err := c.family.Check(theta); err != nil {
		return err
	}
	r := c.family.ratio(norm(theta))
	for i, x := range theta {
		dst[i] = r.OverKappa * x
	}
	return nil
}

func (c *meanDirection) raise(dst, theta, v []float64) {
	r := c.family.ratio(split(c.work, theta))
	alongAndAcross(dst, c.work, v, 1/r.Slope, 1/r.OverKappa)
}

func (c *meanDirection) lower(dst, theta, v []float64) {
	r := c.family.ratio(split(c.work, theta))
	alongAndAcross(dst, c.work, v, r.Slope, r.OverKappa)
}

func (c *meanDirection) Push(dst, _, theta, v []float64)        { c.raise(dst, theta, v) }
func (c *meanDirection) Pull(dst, _, theta, v []float64)        { c.raise(dst, theta, v) }
func (c *meanDirection) PushInverse(dst, _, theta, v []float64) { c.lower(dst, theta, v) }
func (c *meanDirection) PullInverse(dst, _, theta, v []float64) { c.lower(dst, theta, v) }

// spherical is the chart (κ, polar angle, azimuth) for d = 3.
type spherical struct{ family VonMisesFisher }

var (
	sphericalNames  = []string{"kappa", "polar", "azimuth"}
	sphericalRanges = []interval{positive, {0, math.Pi, "must lie between 0 and pi"}, realLine}
)

func (c *spherical) Name() string          { return "spherical" }
func (c *spherical) Coordinates() []string { return sphericalNames }

func (c *spherical) ToSource(dst, xi []float64) error {
	if err := check(c.family.Name(), c.Name(), sphericalNames, sphericalRanges, xi); err != nil {
		return err
	}
	r, _, _ := c.frame(xi)
	for i, x := range r {
		dst[i] = xi[0] * x
	}
	return c.family.Check(dst)
}

// frame are the unit vectors along the coordinates.
func (c *spherical) frame(xi []float64) (r, polar, azimuth [3]float64) {
	st, ct := math.Sincos(xi[1])
	sf, cf := math.Sincos(xi[2])
	return [3]float64{st * cf, st * sf, ct}, [3]float64{ct * cf, ct * sf, -st}, [3]float64{-sf, cf, 0}
}

func (c *spherical) FromSource(dst, theta []float64) error {
	if err := c.family.Check(theta); err != nil {
		return err
	}
	dst[0], dst[1], dst[2] = norm(theta), math.Atan2(math.Hypot(theta[0], theta[1]), theta[2]), math.Atan2(theta[1], theta[0])
	return check(c.family.Name(), c.Name(), sphericalNames, sphericalRanges, dst)
}

// lengths are those of the coordinate vectors.
func (c *spherical) lengths(xi []float64) [3]float64 {
	return [3]float64{1, xi[0], xi[0] * math.Sin(xi[1])}
}

// expand stores Σ w_a e_a, e the frame.
func (c *spherical) expand(dst, xi []float64, w [3]float64) {
	r, p, a := c.frame(xi)
	for i := range dst {
		dst[i] = w[0]*r[i] + w[1]*p[i] + w[2]*a[i]
	}
}

// components are the v·e_a.
func (c *spherical) components(xi, v []float64) (w [3]float64) {
	r, p, a := c.frame(xi)
	for i, x := range v {
		w[0] += x * r[i]
		w[1] += x * p[i]
		w[2] += x * a[i]
	}
	return w
}

func (c *spherical) Push(dst, xi, _, v []float64) {
	l := c.lengths(xi)
	c.expand(dst, xi, [3]float64{l[0] * v[0], l[1] * v[1], l[2] * v[2]})
}

func (c *spherical) PullInverse(dst, xi, _, v []float64) {
	l := c.lengths(xi)
	c.expand(dst, xi, [3]float64{v[0] / l[0], v[1] / l[1], v[2] / l[2]})
}

func (c *spherical) Pull(dst, xi, _, v []float64) {
	l, w := c.lengths(xi), c.components(xi, v)
	for i := range dst {
		dst[i] = l[i] * w[i]
	}
}

func (c *spherical) PushInverse(dst, xi, _, v []float64) {
	l, w := c.lengths(xi), c.components(xi, v)
	for i := range dst {
		dst[i] = w[i] / l[i]
	}
}

// FisherIn is (1/A′)uuᵀ + (κ/A)(I − uuᵀ) in the expectation chart and
// diag(A′, κA, κA sin²) in the spherical chart.
func (f VonMisesFisher) FisherIn(dst *mat.SymDense, chart string, xi, theta []float64) bool {
	r := f.ratio(norm(theta))
	switch chart {
	case "expectation":
		f.set(dst, theta, 1/r.Slope, 1/r.OverKappa)
	case "spherical":
		dst.Zero()
		across := xi[0] * r.Value
		dst.SetSym(0, 0, r.Slope)
		dst.SetSym(1, 1, across)
		dst.SetSym(2, 2, across*square(math.Sin(xi[1])))
	default:
		return false
	}
	return true
}

// set stores along·uuᵀ + across·(I − uuᵀ), u the direction of theta; where theta
// is zero, across·I.
func (f VonMisesFisher) set(dst *mat.SymDense, theta []float64, along, across float64) {
	kappa := norm(theta)
	if kappa == 0 {
		dst.Zero()
		for i := range theta {
			dst.SetSym(i, i, across)
		}
		return
	}
	for i, x := range theta {
		rest := 0.0
		for j, y := range theta {
			if j != i {
				rest += square(y / kappa)
			}
			if j < i {
				dst.SetSym(i, j, (along-across)*(x/kappa)*(y/kappa))
			}
		}
		dst.SetSym(i, i, along*square(x/kappa)+across*rest)
	}
}

// ObservationDim is d.
func (f VonMisesFisher) ObservationDim() int { return f.d() }

// CheckObservation wants a unit vector, to 1e-9.
func (f VonMisesFisher) CheckObservation(x []float64) error {
	if err := checkVector(f.Name(), x, f.d()); err != nil {
		return err
	}
	if !onSphere(x) {
		return &ObservationError{Family: f.Name(), Value: x, Want: "must be a vector of norm 1"}
	}
	return nil
}

func onSphere(x []float64) bool { return math.Abs(norm(x)-1) <= 1e-9 }

// LogDensity is with respect to the area of the sphere.
func (f VonMisesFisher) LogDensity(x, theta []float64) float64 {
	if !onSphere(x) {
		return math.Inf(-1)
	}
	kappa := norm(theta)
	l := -special.LogSphereIntegral(float64(f.d()), kappa)
	if kappa == 0 {
		return l
	}
	// κ(u·x − 1) = −½κ|u − x|².
	for i, v := range theta {
		l -= kappa / 2 * square(v/kappa-x[i])
	}
	return l
}

// Score is x − η.
func (f VonMisesFisher) Score(dst, x, theta []float64) error {
	if err := f.Check(theta); err != nil {
		return err
	}
	r := f.ratio(norm(theta))
	for i, v := range theta {
		dst[i] = x[i] - r.OverKappa*v
	}
	return nil
}

// Fisher is A′uuᵀ + (A/κ)(I − uuᵀ).
func (f VonMisesFisher) Fisher(dst *mat.SymDense, theta []float64) error {
	if err := f.Check(theta); err != nil {
		return err
	}
	r := f.ratio(norm(theta))
	f.set(dst, theta, r.Slope, r.OverKappa)
	return nil
}

// FisherMetric raises and lowers in O(d).
func (f VonMisesFisher) FisherMetric() Metric {
	return &radialMetric{family: f, u: make([]float64, f.d())}
}

type radialMetric struct {
	family        VonMisesFisher
	u             []float64
	along, across float64
}

func (m *radialMetric) Dim() int { return len(m.u) }

func (m *radialMetric) At(theta []float64) error {
	if err := m.family.Check(theta); err != nil {
		return err
	}
	r := m.family.ratio(split(m.u, theta))
	m.along, m.across = r.Slope, r.OverKappa
	return nil
}

func (m *radialMetric) Raise(dst, covector []float64) error {
	alongAndAcross(dst, m.u, covector, 1/m.along, 1/m.across)
	return nil
}

func (m *radialMetric) Lower(dst, vector []float64) error {
	alongAndAcross(dst, m.u, vector, m.along, m.across)
	return nil
}

// Cubic is A″uuu + (A′ − A/κ)/κ Σ (I − uuᵀ) ⊗ u, the sum over the three places of
// the u outside.
func (f VonMisesFisher) Cubic(dst Tensor, theta []float64) error {
	if err := f.Check(theta); err != nil {
		return err
	}
	u := make([]float64, len(theta))
	kappa := split(u, theta)
	r := f.ratio(kappa)
	mixed := -kappa * r.OverKappa * r.Delta
	across := func(i, j int) float64 {
		if i == j {
			return 1 - u[i]*u[j]
		}
		return -u[i] * u[j]
	}
	dst.fill(func(i, j, k int) float64 {
		return r.Curve*u[i]*u[j]*u[k] + mixed*(across(i, j)*u[k]+across(i, k)*u[j]+across(j, k)*u[i])
	})
	return nil
}

// Curvature is that of [VonMises] for d = 2.
func (f VonMisesFisher) Curvature(theta []float64) (float64, error) {
	if f.d() != 2 {
		return math.NaN(), missing(f, "Gaussian curvature")
	}
	return vonMisesCurvature(math.Hypot(theta[0], theta[1])), f.Check(theta)
}

// KL is that of the concentrations and A(κ_p)κ_q(1 − u_p·u_q), both from the
// difference of the points.
func (f VonMisesFisher) KL(p, q []float64) (float64, error) {
	if err := checkBoth(f, p, q); err != nil {
		return math.NaN(), err
	}
	a, b := norm(p), norm(q)
	inner, along, size := 0.0, 0.0, 0.0
	for i, x := range p {
		d := q[i] - x
		inner += x * q[i]
		along += x * d
		size += d * d
	}
	if a+b == 0 {
		return 0, nil
	}
	change := (2*along + size) / (a + b)
	turn := a*b - inner
	if a > 0 && b > 0 && inner > 0 {
		// ab(1 − cos) = ab sin²/(1 + cos), and b sin is the part of q−p across p.
		across := 0.0
		for i, x := range p {
			across += square(q[i] - x - along/a*(x/a))
		}
		turn = a / b * across / (1 + inner/a/b)
	}
	return concentrationDivergence(float64(f.d()), a, b, change) + f.ratio(a).OverKappa*turn, nil
}

// Entropy is the log-partition less κA.
func (f VonMisesFisher) Entropy(theta []float64) (float64, error) {
	if err := f.Check(theta); err != nil {
		return math.NaN(), err
	}
	return sphereEntropy(float64(f.d()), norm(theta)), nil
}

// Sample draws a unit vector: its cosine with the mean direction, and a uniform
// direction across.
func (f VonMisesFisher) Sample(dst, theta []float64, rng *rand.Rand) error {
	if err := f.Check(theta); err != nil {
		return err
	}
	u := make([]float64, len(theta))
	kappa := split(u, theta)
	if kappa == 0 {
		u[0] = 1
	}
	y := sampleCosine(float64(f.d()), kappa, rng)
	for i := range dst {
		dst[i] = rng.NormFloat64()
	}
	alongAndAcross(dst, u, dst, 0, 1)
	across := math.Sqrt(y*(2-y)) / norm(dst)
	for i, x := range u {
		dst[i] = (1-y)*x + across*dst[i]
	}
	return nil
}

// Sufficient is x.
func (VonMisesFisher) Sufficient(dst, x []float64) { copy(dst, x) }

// LogBase is 0.
func (VonMisesFisher) LogBase([]float64) float64 { return 0 }

// MeanLogBase is 0.
func (VonMisesFisher) MeanLogBase([]float64) (float64, bool) { return 0, true }

// LogPartition is (d/2) log 2π − (d/2−1) log κ + log I_{d/2−1}(κ).
func (f VonMisesFisher) LogPartition(theta []float64) float64 {
	kappa := norm(theta)
	return special.LogSphereIntegral(float64(f.d()), kappa) + kappa
}

var (
	_ Exponential      = VonMisesFisher{}
	_ Observed         = VonMisesFisher{}
	_ LogDensity       = VonMisesFisher{}
	_ Scorer           = VonMisesFisher{}
	_ Fisherer         = VonMisesFisher{}
	_ FisherInChart    = VonMisesFisher{}
	_ StructuredFisher = VonMisesFisher{}
	_ Diverger         = VonMisesFisher{}
	_ Cuber            = VonMisesFisher{}
	_ Entropic         = VonMisesFisher{}
	_ Sampler          = VonMisesFisher{}
)
