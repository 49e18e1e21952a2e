package manifoldtest

import (
	"errors"
	"fmt"
	"math"
	"testing"

	"fisherflow/manifold"

	"gonum.org/v1/gonum/mat"
)

// Support is what observations are.
type Support int

// The supports for which there are oracles.
const (
	Counts   Support = iota // whole numbers from 0
	Line                    // the real line
	HalfLine                // the positive reals
	Space                   // Rⁿ, with a density that is normal or nearly so
	Above                   // the reals above a positive bound, found from the density
	Unit                    // the numbers between 0 and 1
	Simplex                 // positive numbers that add up to 1
	Finite                  // vectors of whole numbers from −1 to 12, those that the family accepts
	Circle                  // angles
	Sphere                  // unit vectors in Rⁿ, n ≥ 2
	Matrices                // lower triangles of positive definite matrices of 1 or 2 rows
	Corner                  // the real line, with a density that has a corner at its peak
)

// Run checks the laws at each of the given source points.
func Run(t *testing.T, f manifold.Family, support Support, points ...[]float64) {
	t.Helper()
	for _, theta := range points {
		t.Run(fmt.Sprintf("%s%.3g", f.Name(), theta), func(t *testing.T) {
			for _, fault := range Check(f, support, theta) {
				t.Error(fault)
			}
		})
	}
}

// RunJointly is Run for a family whose observations are several independent
// numbers, with the support of each.
func RunJointly(t *testing.T, f manifold.Family, supports []Support, points ...[]float64) {
	t.Helper()
	for _, theta := range points {
		t.Run(fmt.Sprintf("%s%.3g", f.Name(), theta), func(t *testing.T) {
			for _, fault := range CheckJointly(f, supports, theta) {
				t.Error(fault)
			}
		})
	}
}

// CheckJointly is Check for a family whose observations are several
// independent numbers, with the support of each.
func CheckJointly(f manifold.Family, supports []Support, theta []float64) []Fault {
	c := &checker{family: f, theta: theta, n: f.Dim()}
	return c.check(func() (*oracle, error) { return jointly(f, theta, supports) })
}

// A Fault is a law that does not hold.
type Fault struct {
	Law    string
	Detail string
}

func (f Fault) Error() string { return f.Law + ": " + f.Detail }

// Check returns the laws that do not hold at a source point.
func Check(f manifold.Family, support Support, theta []float64) []Fault {
	c := &checker{family: manifold.Own(f), theta: theta, n: f.Dim(), corner: support == Corner, sparse: support == Space}
	return c.check(func() (*oracle, error) { return newOracle(f, theta, support) })
}

func (c *checker) check(expectations func() (*oracle, error)) []Fault {
	f, theta := c.family, c.theta
	if err := f.Check(theta); err != nil {
		c.fault("domain", "%v", err)
		return c.faults
	}
	var err error
	if c.oracle, err = expectations(); err != nil {
		c.fault("density", "%v", err)
		return c.faults
	}
	c.neighbour()
	if c.corner {
		// The other member's corner is where the ratio of the two has one.
		c.oracle = corners(f.(manifold.LogDensity), theta, c.other)
	}
	c.density()
	c.score()
	c.fisher()
	c.cubic()
	c.entropy()
	c.exponential()
	c.divergence()
	c.renyi()
	c.distance()
	c.charts()
	c.structured()
	return c.faults
}

type checker struct {
	family manifold.Family
	theta  []float64
	other  []float64 // another point, about a Fisher unit away
	n      int
	oracle *oracle
	matrix *mat.SymDense
	corner bool // whether divergences have a term of third order that no average cancels
	sparse bool // whether the oracle has few nodes, which serve polynomials best
	faults []Fault
}

func (c *checker) fault(law, format string, args ...any) {
	c.faults = append(c.faults, Fault{law, fmt.Sprintf(format, args...)})
}

// close reports a fault unless the numbers agree to tol, relative to scale.
func (c *checker) close(law, what string, got, want, tol, scale float64) {
	if !(math.Abs(got-want) <= tol*scale) {
		c.fault(law, "%s is %.16g, should be %.16g (off by %.2g, allowed %.2g)", what, got, want, math.Abs(got-want), tol*scale)
	}
}

func (c *checker) logDensity(x, theta []float64) float64 {
	return c.family.(manifold.LogDensity).LogDensity(x, theta)
}

// units are the lengths of a Fisher unit along each coordinate, from the
// variance of differences of the log-density.
func (c *checker) units() []float64 {
	u := make([]float64, c.n)
	for i := range u {
		h := 1e-4 * math.Max(math.Abs(c.theta[i]), 1e-3)
		up, down := append([]float64(nil), c.theta...), append([]float64(nil), c.theta...)
		up[i] += h
		down[i] -= h
		v := c.oracle.mean(func(x []float64) float64 {
			d := (c.logDensity(x, up) - c.logDensity(x, down)) / (2 * h)
			return d * d
		})
		u[i] = 1 / math.Sqrt(v)
	}
	return u
}

// neighbour finds a second member, half a Fisher unit off in every coordinate.
func (c *checker) neighbour() {
	u := c.units()
	c.other = append([]float64(nil), c.theta...)
	for s := 0.5; s > 1e-3; s /= 2 {
		for i := range c.other {
			c.other[i] = c.theta[i] + s*u[i]*[]float64{1, -0.6, 0.8}[i%3]
		}
		if c.family.Check(c.other) == nil {
			return
		}
	}
	copy(c.other, c.theta)
}

func (c *checker) density() {
	c.close("density", "the total mass", c.oracle.mean(func([]float64) float64 { return 1 }), 1, 1e-11, 1)
}

func (c *checker) score() {
	s, ok := c.family.(manifold.Scorer)
	if !ok {
		return
	}
	got := make([]float64, c.n)
	units := c.units()
	scores := c.scores(s)
	for i := range c.n {
		// In Fisher units every component has variance one.
		mean := c.oracle.meanAt(func(k int) float64 { return scores[k][i] })
		c.close("score", fmt.Sprintf("E[s_%d]", i+1), mean*units[i], 0, 1e-10, 1)
	}
	for k := 0; k < len(c.oracle.nodes); k += 1 + len(c.oracle.nodes)/50 {
		x := c.oracle.nodes[k]
		if c.oracle.weights[k] < 1e-12 {
			continue
		}
		if err := s.Score(got, x, c.theta); err != nil {
			c.fault("score", "%v", err)
			return
		}
		for i := range c.n {
			// A coordinate may be known no better than to many times itself,
			// and the density then varies on the scale of the coordinate.
			h := 1e-3 * math.Max(1e-3*units[i], math.Min(units[i], math.Abs(c.theta[i])))
			if c.corner && c.cornered(x, i, h) {
				continue
			}
			d := c.difference(func(theta []float64) float64 { return c.logDensity(x, theta) }, i, h)
			scale := math.Abs(d)*units[i] + 1
			c.close("score", fmt.Sprintf("s_%d(%.3g)", i+1, x), got[i]*units[i], d*units[i], 1e-7, scale)
		}
	}
}

// cornered reports whether the corner of the density meets x when a source
// coordinate moves by ±2h: the slopes on both sides differ.
func (c *checker) cornered(x []float64, i int, h float64) bool {
	at := func(k float64) float64 {
		theta := append([]float64(nil), c.theta...)
		theta[i] += k * h
		return c.logDensity(x, theta)
	}
	left, right := at(0)-at(-2), at(2)-at(0)
	return math.Abs(left-right) > 0.1*(math.Abs(left)+math.Abs(right))
}

// difference is a central difference of order four along a source coordinate.
func (c *checker) difference(f func(theta []float64) float64, i int, h float64) float64 {
	at := func(k float64) float64 {
		theta := append([]float64(nil), c.theta...)
		theta[i] += k * h
		return f(theta)
	}
	return (8*(at(1)-at(-1)) - (at(2) - at(-2))) / (12 * h)
}

func (c *checker) fisher() {
	f, ok := c.family.(manifold.Fisherer)
	if !ok {
		return
	}
	c.matrix = mat.NewSymDense(c.n, nil)
	if err := f.Fisher(c.matrix, c.theta); err != nil {
		c.fault("fisher", "%v", err)
		return
	}
	s, ok := c.family.(manifold.Scorer)
	if !ok {
		return
	}
	scores := c.scores(s)
	for i := range c.n {
		for j := range i + 1 {
			want := c.oracle.meanAt(func(k int) float64 { return scores[k][i] * scores[k][j] })
			scale := math.Sqrt(c.matrix.At(i, i) * c.matrix.At(j, j))
			c.close("fisher", fmt.Sprintf("G_%d%d against E[s s]", i+1, j+1), c.matrix.At(i, j), want, 1e-10, scale)
		}
	}
}

// scores are those of all nodes.
func (c *checker) scores(s manifold.Scorer) [][]float64 {
	scores := make([][]float64, len(c.oracle.nodes))
	for k, x := range c.oracle.nodes {
		scores[k] = make([]float64, c.n)
		if err := s.Score(scores[k], x, c.theta); err != nil {
			c.fault("score", "%v", err)
			scores[k][0] = math.NaN()
		}
	}
	return scores
}

// cubic compares E[s_i s_j s_k] with the family's tensor.
func (c *checker) cubic() {
	f, ok := c.family.(manifold.Cuber)
	s, ok2 := c.family.(manifold.Scorer)
	if !ok || !ok2 || c.matrix == nil {
		return
	}
	t := make(manifold.Tensor, c.n)
	for i := range t {
		t[i] = make([][]float64, c.n)
		for j := range t[i] {
			t[i][j] = make([]float64, c.n)
		}
	}
	if err := f.Cubic(t, c.theta); err != nil {
		c.fault("cubic", "%v", err)
		return
	}
	scores := c.scores(s)
	for i := range c.n {
		for j := range i + 1 {
			for k := range j + 1 {
				want := c.oracle.meanAt(func(node int) float64 { return scores[node][i] * scores[node][j] * scores[node][k] })
				size := math.Sqrt(c.matrix.At(i, i)*c.matrix.At(j, j)*c.matrix.At(k, k)) + math.Abs(want)
				for _, p := range [][3]int{{i, j, k}, {j, i, k}, {k, j, i}, {i, k, j}, {j, k, i}, {k, i, j}} {
					c.close("cubic", fmt.Sprintf("T_%d%d%d against E[s s s]", p[0]+1, p[1]+1, p[2]+1), t[p[0]][p[1]][p[2]], want, 1e-10, size)
				}
			}
		}
	}
}

func (c *checker) entropy() {
	e, ok := c.family.(manifold.Entropic)
	if !ok {
		return
	}
	got, err := e.Entropy(c.theta)
	if err != nil {
		c.fault("entropy", "%v", err)
		return
	}
	want := -c.oracle.mean(func(x []float64) float64 { return c.logDensity(x, c.theta) })
	c.close("entropy", "H", got, want, 1e-10, math.Max(1, math.Abs(want)))
}

func (c *checker) exponential() {
	f, ok := c.family.(manifold.Exponential)
	if !ok {
		return
	}
	nat, eta := c.in("natural"), c.in("expectation")
	if nat == nil || eta == nil {
		c.fault("exponential", "no natural or expectation chart")
		return
	}
	t := make([]float64, c.n)
	for i := range c.n {
		want := c.oracle.mean(func(x []float64) float64 { f.Sufficient(t, x); return t[i] })
		size := c.oracle.mean(func(x []float64) float64 { f.Sufficient(t, x); return math.Abs(t[i]) })
		c.close("exponential", fmt.Sprintf("η_%d against E[T]", i+1), eta[i], want, 1e-10, math.Max(size, math.Abs(want)))
	}
	a := f.LogPartition(c.theta)
	for k := 0; k < len(c.oracle.nodes); k += 1 + len(c.oracle.nodes)/20 {
		x := c.oracle.nodes[k]
		if c.oracle.weights[k] == 0 {
			continue
		}
		f.Sufficient(t, x)
		got, size := f.LogBase(x)-a, math.Abs(f.LogBase(x))+math.Abs(a)
		for i := range t {
			got += nat[i] * t[i]
			size += math.Abs(nat[i] * t[i])
		}
		c.close("exponential", fmt.Sprintf("θ·T − A + log h at %.3g", x), got, c.logDensity(x, c.theta), 1e-13, math.Max(1, size))
	}
	base, constant := f.MeanLogBase(c.theta)
	want := c.oracle.mean(f.LogBase)
	c.close("exponential", "E[log h]", base, want, 1e-10, math.Max(1, math.Abs(want)))
	if other, _ := f.MeanLogBase(c.other); constant && other != base {
		c.fault("exponential", "E[log h] is said to be constant but is %g and %g", base, other)
	}
}

// in returns the coordinates of theta in a chart, nil if there is none.
func (c *checker) in(chart string) []float64 {
	ch, ok := c.family.(manifold.Charted)
	if !ok {
		return nil
	}
	k, ok := ch.Chart(chart)
	if !ok {
		return nil
	}
	xi := make([]float64, c.n)
	if err := k.FromSource(xi, c.theta); err != nil {
		c.fault("charts", "%s: %v", chart, err)
		return nil
	}
	return xi
}

func (c *checker) divergence() {
	f, ok := c.family.(manifold.Diverger)
	if !ok {
		return
	}
	kl := func(p, q []float64) float64 {
		v, err := f.KL(p, q)
		if err != nil {
			c.fault("divergence", "%v", err)
			return math.NaN()
		}
		return v
	}
	if z := kl(c.theta, c.theta); z != 0 {
		c.fault("divergence", "KL(p‖p) is %g", z)
	}
	got := kl(c.theta, c.other)
	want := c.oracle.mean(func(x []float64) float64 { return c.logDensity(x, c.theta) - c.logDensity(x, c.other) })
	c.close("divergence", "KL(p‖q)", got, want, 1e-10, math.Max(want, 1e-3))
	if !(got > 0) || !(kl(c.other, c.theta) > 0) {
		c.fault("divergence", "not positive between different members")
	}
	if c.matrix == nil {
		return
	}
	// Close points: ½ΔᵀGΔ. The next order cancels in the symmetric combination
	// ½(KL(p‖p+Δ) + KL(p‖p−Δ)), and the one after it is s² times moments of the
	// score, which reach hundreds near the boundary of a simplex.
	units := c.units()
	for _, s := range []float64{1e-4, 1e-8} {
		up, down := append([]float64(nil), c.theta...), append([]float64(nil), c.theta...)
		delta := make([]float64, c.n)
		for i := range up {
			up[i] += s * units[i] * []float64{1, -0.6, 0.8}[i%3]
			delta[i] = up[i] - c.theta[i]
			down[i] = c.theta[i] - delta[i]
		}
		square := 0.0
		for i := range delta {
			for j := range delta {
				square += delta[i] * c.matrix.At(i, j) * delta[j]
			}
		}
		// The coordinates of the points are rounded, which at small separations
		// shows in Δ itself.
		rounding := 0.0
		for i := range delta {
			rounding = math.Max(rounding, 4e-16*math.Abs(c.theta[i])/math.Abs(delta[i]))
		}
		order := 300 * s * s
		if c.corner {
			order = s
		}
		c.close("divergence", fmt.Sprintf("KL at separation %g", s), (kl(c.theta, up)+kl(c.theta, down))/2, square/2, math.Max(1e-10, order)+rounding, square/2)
	}
}

func (c *checker) distance() {
	f, ok := c.family.(manifold.Distancer)
	if !ok {
		return
	}
	d, err := f.Distance(c.theta, c.other)
	if err != nil {
		c.fault("distance", "%v", err)
		return
	}
	back, _ := f.Distance(c.other, c.theta)
	c.close("distance", "d(q, p)", back, d, 1e-13, d)
	if zero, _ := f.Distance(c.theta, c.theta); zero != 0 {
		c.fault("distance", "d(p, p) is %g", zero)
	}
	if kl, ok := c.family.(manifold.Diverger); ok {
		// Locally d² = 2 KL, with an error of first order that cancels in the
		// symmetric divergence.
		near := append([]float64(nil), c.theta...)
		for i, u := range c.units() {
			near[i] += 1e-3 * u
		}
		a, _ := kl.KL(c.theta, near)
		b, _ := kl.KL(near, c.theta)
		r, _ := f.Distance(c.theta, near)
		tol := 1e-5
		if c.corner {
			tol = 1e-3
		}
		c.close("distance", "d² near p", r*r, a+b, tol, a+b)
	}
	if g, ok := c.family.(manifold.Geodesic); ok {
		point := make([]float64, c.n)
		for _, s := range []float64{0, 0.25, 0.5, 1} {
			if err := g.Geodesic(point, c.theta, c.other, s); err != nil {
				c.fault("geodesic", "%v", err)
				return
			}
			r, _ := f.Distance(c.theta, point)
			c.close("geodesic", fmt.Sprintf("d(p, γ(%g))", s), r, s*d, 1e-9, d)
			r, _ = f.Distance(point, c.other)
			c.close("geodesic", fmt.Sprintf("d(γ(%g), q)", s), r, (1-s)*d, 1e-9, d)
		}
	}
	if l, ok := c.family.(manifold.Logarithm); ok && c.matrix != nil {
		v := make([]float64, c.n)
		if err := l.Log(v, c.theta, c.other); err != nil {
			c.fault("logarithm", "%v", err)
			return
		}
		square := 0.0
		for i := range v {
			for j := range v {
				square += v[i] * c.matrix.At(i, j) * v[j]
			}
		}
		c.close("logarithm", "‖log_p q‖", math.Sqrt(square), d, 1e-12, d)
		if g, ok := c.family.(manifold.Geodesic); ok {
			// The geodesic leaves in the direction of the logarithm.
			const s = 1e-5
			up, down := make([]float64, c.n), make([]float64, c.n)
			if errors.Join(g.Geodesic(up, c.theta, c.other, s), g.Geodesic(down, c.theta, c.other, -s)) == nil {
				for i, u := range c.units() {
					c.close("logarithm", fmt.Sprintf("γ'(0)_%d", i+1), (up[i]-down[i])/(2*s)/u, v[i]/u, 1e-7, math.Max(d, math.Abs(c.theta[i])/u))
				}
			}
		}
	}
}

func (c *checker) structured() {
	f, ok := c.family.(manifold.StructuredFisher)
	if !ok || c.matrix == nil {
		return
	}
	m := f.FisherMetric()
	if err := m.At(c.theta); err != nil {
		c.fault("structured", "%v", err)
		return
	}
	v, w, back := make([]float64, c.n), make([]float64, c.n), make([]float64, c.n)
	for j := range c.n {
		clear(v)
		v[j] = 1 / math.Sqrt(c.matrix.At(j, j))
		if err := m.Lower(w, v); err != nil {
			c.fault("structured", "%v", err)
			return
		}
		for i := range c.n {
			scale := math.Sqrt(c.matrix.At(i, i))
			c.close("structured", fmt.Sprintf("lowered unit vector %d, component %d", j+1, i+1), w[i], c.matrix.At(i, j)*v[j], 1e-12, scale)
		}
		if err := m.Raise(back, w); err != nil {
			c.fault("structured", "%v", err)
			return
		}
		condition := mat.Cond(c.matrix, 2)
		for i := range c.n {
			c.close("structured", fmt.Sprintf("raised again, component %d", i+1), back[i], v[i], 1e-15*math.Max(condition, 100), math.Abs(v[j])+1/math.Sqrt(c.matrix.At(i, i)))
		}
	}
}
