package manifold

import (
	"fmt"
	"math"
	"math/rand/v2"

	"fisherflow/internal/cholesky"
	"fisherflow/internal/special"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat/distuv"
)

// Wishart is the Wishart family W_d(V, n) on the positive definite d×d matrices, in
// source coordinates (n, vech V), degrees of freedom n > d−1 and the lower triangle
// of V by rows:
//
//	p(X) = |X|^((n−d−1)/2) e^(−½tr(V⁻¹X))/(2^(nd/2) |V|^(n/2) Γ_d(n/2)),
//
// with respect to Lebesgue measure of the lower triangle. With U = V⁻¹ and
// a_i = (n+1−i)/2 the Fisher metric is
//
//	¼Σψ₁(a_i) dn² + dn tr(U dV) + (n/2) tr(U dV U dV).
//
// It is exponential with T = (log|X|; X_ij, i ≥ j), h = 1,
// θ = ((n−d−1)/2; −½U_ii, −U_ij), η = (Σψ(a_i) + d log 2 + log|V|; nV) and
// A = (nd/2) log 2 + (n/2) log|V| + log Γ_d(n/2). In the coordinates n and nV the
// metric is block diagonal, D dn² + (n/2) tr((M⁻¹dM)²) with
// D = ¼Σψ₁(a_i) − d/(2n): by it the metric is inverted in O(d³).
//
// The natural chart keeps a relative accuracy of ε/(n−d+1) of n−d+1. The
// expectation chart finds n from log|M| − η₀ ≈ d(d+1)/(2n), with a relative error
// of about nε|η₀|: degrees of freedom of 1e8 and more are lost in float64.
//
// The zero value has d = 2.
type Wishart struct {
	Dimension int // d, at least 1; 0 means 2

	work *gaussian // nil: allocate in each call
}

func (f Wishart) d() int {
	if f.Dimension == 0 {
		return 2
	}
	return f.Dimension
}

// Name is "wishart".
func (Wishart) Name() string { return "wishart" }

// Dim is 1 + d(d+1)/2.
func (f Wishart) Dim() int { return 1 + triangle(f.d()) }

// WithWorkspace returns the family with workspace of its own.
func (f Wishart) WithWorkspace() Family {
	f.work = newGaussian(f.d())
	return f
}

func (f Wishart) workspace() *gaussian { return f.work.orNew(f.d()) }

// Check wants n > d−1 and a positive definite V.
func (f Wishart) Check(theta []float64) error { return f.factor(f.workspace(), theta) }

// factor leaves the Cholesky factor of V in m[0].
func (f Wishart) factor(g *gaussian, theta []float64) error {
	mustLen(len(theta), f.Dim())
	if n, low := theta[0], float64(g.d-1); !(n > low && realLine.contains(n)) {
		want := fmt.Sprintf("must exceed %g", low)
		if !realLine.contains(n) {
			want = realLine.want
		}
		return &DomainError{Family: f.Name(), Coordinate: "n", Value: n, Want: want}
	}
	return g.factorPacked(f.Name(), "", "V", theta[1:], 1, 1)
}

// invert leaves U in m[1] as well.
func (f Wishart) invert(g *gaussian, theta []float64) error {
	if err := f.factor(g, theta); err != nil {
		return err
	}
	g.invertFactored(g.m[1], g.m[0], g.m[2])
	return nil
}

// wishartSum is Σ v(a_i), a_i = (n+1−i)/2.
func wishartSum(n float64, d int, v func(a float64) float64) float64 {
	sum := 0.0
	for i := range d {
		sum += v((n - float64(i)) / 2)
	}
	return sum
}

// wishartSpread is D = ¼Σψ₁(a_i) − d/(2n), without cancellation.
func wishartSpread(n float64, d int) float64 {
	sum := 0.0
	for i := range d {
		k := float64(i)
		sum += special.TrigammaMinusInverse((n-k)/2) + 2*k/n/(n-k)
	}
	return sum / 4
}

// wishartSpreadSlope is D′ = ⅛Σψ₂(a_i) + d/(2n²), without cancellation.
func wishartSpreadSlope(n float64, d int) float64 {
	sum := 0.0
	for i := range d {
		k := float64(i)
		sum += shapeCurve((n-k)/2)/8 - k*(2*n-k)/(2*square(n*(n-k)))
	}
	return sum
}

// wishartDeficit is log|nV| − E[log|X|] = Σ(log(n/2) − ψ(a_i)) > 0, for
// n = excess + d−1.
func wishartDeficit(excess float64, d int) float64 {
	n, sum := excess+float64(d-1), 0.0
	for i := range d {
		k := float64(d - 1 - i)
		sum += special.LogMinusDigamma((excess+k)/2) + logRatio(excess+k, n)
	}
	return sum
}

// inverseWishartDeficit is the n at which the deficit is c > 0: Newton's method on
// the logarithms of c and of n−d+1, which are nearly linear in each other.
func inverseWishartDeficit(c float64, d int) float64 {
	base := float64(d - 1)
	x := math.Max(float64(d*(d+1))/(2*c)-base, 1/c)
	for range 100 {
		f := wishartDeficit(x, d)
		step := (math.Log(f) - math.Log(c)) * f / (2 * wishartSpread(x+base, d) * x)
		if math.Abs(f-c) < 0.1*c {
			step = (f - c) / (2 * wishartSpread(x+base, d) * x)
		}
		x *= math.Exp(math.Max(-3, math.Min(3, step)))
		if math.Abs(step) < 4e-16 {
			break
		}
	}
	return x + base
}

// Charts lists the charts.
func (Wishart) Charts() []string { return []string{"source", "natural", "expectation"} }

// Chart returns a chart by name.
func (f Wishart) Chart(name string) (Chart, bool) {
	d := f.d()
	base := wishartChart{family: f, name: name, gaussian: newGaussian(d)}
	names := func(first, letter string) []string {
		return append([]string{first}, packedNames("", letter, letter, d)[d:]...)
	}
	switch name {
	case "source":
		base.names = names("n", "V")
		return &wishartSource{base}, true
	case "natural":
		base.names = names("t0", "T")
		return &wishartNatural{base}, true
	case "expectation":
		base.names = names("eta0", "E")
		return &wishartExpectation{base}, true
	}
	return nil, false
}

// wishartChart is what the charts of the Wishart family share.
type wishartChart struct {
	family Wishart
	name   string
	names  []string
	*gaussian
}

func (c *wishartChart) Name() string          { return c.name }
func (c *wishartChart) Coordinates() []string { return c.names }

func (c *wishartChart) Weights(dst []float64) {
	dst[0] = 1
	weighTriangle(dst[1:], c.d)
}

// wishartSource is the source chart.
type wishartSource struct{ wishartChart }

func (c *wishartSource) ToSource(dst, xi []float64) error {
	if err := c.family.factor(c.gaussian, xi); err != nil {
		return err
	}
	copy(dst, xi)
	return nil
}

func (c *wishartSource) FromSource(dst, theta []float64) error { return c.ToSource(dst, theta) }
func (c *wishartSource) Push(dst, _, _, v []float64)           { copy(dst, v) }
func (c *wishartSource) PushInverse(dst, _, _, v []float64)    { copy(dst, v) }
func (c *wishartSource) Pull(dst, _, _, v []float64)           { copy(dst, v) }
func (c *wishartSource) PullInverse(dst, _, _, v []float64)    { copy(dst, v) }

// wishartNatural is ((n−d−1)/2; −½U_ii, −U_ij).
type wishartNatural struct{ wishartChart }

func (c *wishartNatural) ToSource(dst, xi []float64) error {
	mustLen(len(xi), len(c.names))
	if err := check(c.family.Name(), c.name, c.names, []interval{{-1, math.Inf(1), "must exceed -1"}}, xi[:1]); err != nil {
		return err
	}
	if err := c.factorPacked(c.family.Name(), c.name, "T", xi[1:], -2, -1); err != nil {
		return err
	}
	c.invertFactored(c.m[1], c.m[0], c.m[2])
	dst[0] = 2*xi[0] + float64(c.d+1)
	c.pack(dst[1:], c.m[1], 1, 1)
	return c.family.factor(c.gaussian, dst)
}

func (c *wishartNatural) FromSource(dst, theta []float64) error {
	if err := c.family.invert(c.gaussian, theta); err != nil {
		return err
	}
	dst[0] = (theta[0] - float64(c.d+1)) / 2
	c.pack(dst[1:], c.m[1], -0.5, -1)
	return nil
}

// congruence stores −a s a, for symmetric a in m[0] and s in m[1], packed with
// scales.
func (c *wishartNatural) congruence(dst []float64, on, off float64) {
	c.sandwich(c.m[2], c.m[0], c.m[1], c.m[3], -1)
	c.pack(dst, c.m[2], on, off)
}

// Push is dV = −V dU V.
func (c *wishartNatural) Push(dst, _, theta, v []float64) {
	c.unpack(c.m[0], theta[1:], 1, 1)
	c.unpack(c.m[1], v[1:], -2, -1)
	dst[0] = 2 * v[0]
	c.congruence(dst[1:], 1, 1)
}

// PushInverse is dU = −U dV U.
func (c *wishartNatural) PushInverse(dst, xi, _, v []float64) {
	c.unpack(c.m[0], xi[1:], -2, -1)
	c.unpack(c.m[1], v[1:], 1, 1)
	dst[0] = v[0] / 2
	c.congruence(dst[1:], -0.5, -1)
}

// Pull has the symmetric gradient −VSV in U.
func (c *wishartNatural) Pull(dst, _, theta, v []float64) {
	c.unpack(c.m[0], theta[1:], 1, 1)
	c.unpack(c.m[1], v[1:], 1, 0.5)
	dst[0] = 2 * v[0]
	c.congruence(dst[1:], -2, -2)
}

// PullInverse has the symmetric gradient −USU in V.
func (c *wishartNatural) PullInverse(dst, xi, _, v []float64) {
	c.unpack(c.m[0], xi[1:], -2, -1)
	c.unpack(c.m[1], v[1:], -0.5, -0.5)
	dst[0] = v[0] / 2
	c.congruence(dst[1:], 1, 2)
}

// wishartExpectation is (E[log|X|]; M), M = nV.
type wishartExpectation struct{ wishartChart }

func (c *wishartExpectation) ToSource(dst, xi []float64) error {
	mustLen(len(xi), len(c.names))
	if err := check(c.family.Name(), c.name, c.names, []interval{realLine}, xi[:1]); err != nil {
		return err
	}
	if err := c.factorPacked(c.family.Name(), c.name, "E", xi[1:], 1, 1); err != nil {
		return err
	}
	short := cholesky.LogDet(c.m[0], c.d) - xi[0]
	if !(short > 0) {
		return &DomainError{Family: c.family.Name(), Chart: c.name, Coordinate: c.names[0], Value: xi[0], Want: "must be less than log|E|"}
	}
	dst[0] = inverseWishartDeficit(short, c.d)
	for i, m := range xi[1:] {
		dst[1+i] = m / dst[0]
	}
	return c.family.factor(c.gaussian, dst)
}

func (c *wishartExpectation) FromSource(dst, theta []float64) error {
	if err := c.family.factor(c.gaussian, theta); err != nil {
		return err
	}
	n := theta[0]
	dst[0] = c.family.meanLogDet(n, cholesky.LogDet(c.m[0], c.d))
	for i, v := range theta[1:] {
		dst[1+i] = n * v
	}
	return nil
}

// meanLogDet is E[log|X|], given log|V|.
func (f Wishart) meanLogDet(n, logDet float64) float64 {
	return wishartSum(n, f.d(), special.Digamma) + float64(f.d())*math.Ln2 + logDet
}

// at has U in m[1], and D.
func (c *wishartExpectation) at(theta []float64) (n, spread float64) {
	if c.family.invert(c.gaussian, theta) != nil {
		return math.NaN(), math.NaN()
	}
	return theta[0], wishartSpread(theta[0], c.d)
}

// trace is tr(ab) for a full symmetric a and a packed symmetric b whose
// off-diagonal entries count off times.
func (g *gaussian) trace(a, packed []float64, off float64) float64 {
	sum, k := 0.0, 0
	for i := range g.d {
		for j := range i {
			sum += off * a[i*g.d+j] * packed[k]
			k++
		}
		sum += a[i*g.d+i] * packed[k]
		k++
	}
	return sum
}

// Push is dn = (dη₀ − tr(M⁻¹dM))/(2D), dV = (dM − V dn)/n.
func (c *wishartExpectation) Push(dst, _, theta, v []float64) {
	n, spread := c.at(theta)
	dn := (v[0] - c.trace(c.m[1], v[1:], 2)/n) / (2 * spread)
	for i, dm := range v[1:] {
		dst[1+i] = (dm - theta[1+i]*dn) / n
	}
	dst[0] = dn
}

// PushInverse is dη₀ = 2D dn + tr(M⁻¹dM), dM = n dV + V dn.
func (c *wishartExpectation) PushInverse(dst, _, theta, v []float64) {
	n, spread := c.at(theta)
	dn := v[0]
	for i, dv := range v[1:] {
		dst[1+i] = n*dv + theta[1+i]*dn
	}
	dst[0] = 2*spread*dn + c.trace(c.m[1], dst[1:], 2)/n
}

// Pull has, with w = (c_n − tr(SV)/n)/(2D), the parts w and S/n − wM⁻¹.
func (c *wishartExpectation) Pull(dst, _, theta, v []float64) {
	n, spread := c.at(theta)
	c.unpack(c.m[2], theta[1:], 1, 1)
	w := (v[0] - c.trace(c.m[2], v[1:], 1)/n) / (2 * spread)
	c.pack(dst[1:], c.m[1], -w/n, -2*w/n)
	for i, s := range v[1:] {
		dst[1+i] += s / n
	}
	dst[0] = w
}

// PullInverse has the parts ½Σψ₁ e₀ + tr(S_M V) and e₀U + nS_M.
func (c *wishartExpectation) PullInverse(dst, _, theta, v []float64) {
	n, _ := c.at(theta)
	c.unpack(c.m[2], theta[1:], 1, 1)
	e := v[0]
	dst[0] = wishartSum(n, c.d, special.Trigamma)/2*e + c.trace(c.m[2], v[1:], 1)
	c.pack(dst[1:], c.m[1], e, 2*e)
	for i, s := range v[1:] {
		dst[1+i] += n * s
	}
}

// ObservationDim is d(d+1)/2: an observation is the lower triangle of X.
func (f Wishart) ObservationDim() int { return triangle(f.d()) }

// CheckObservation wants the lower triangle of a positive definite matrix.
func (f Wishart) CheckObservation(x []float64) error {
	if err := checkVector(f.Name(), x, f.ObservationDim()); err != nil {
		return err
	}
	g := f.workspace()
	g.unpack(g.m[5], x, 1, 1)
	if !g.factor(g.m[5]) {
		return &ObservationError{Family: f.Name(), Value: x, Want: "must be the lower triangle of a positive definite matrix"}
	}
	return nil
}

// logDet is log|X|, −Inf if X is not positive definite; it uses m[5].
func (g *gaussian) logDet(x []float64) float64 {
	g.unpack(g.m[5], x, 1, 1)
	if !g.factor(g.m[5]) {
		return math.Inf(-1)
	}
	return cholesky.LogDet(g.m[5], g.d)
}

// LogDensity is with respect to Lebesgue measure of the lower triangle.
func (f Wishart) LogDensity(x, theta []float64) float64 {
	g := f.workspace()
	if f.invert(g, theta) != nil {
		return math.NaN()
	}
	l := g.logDet(x)
	if math.IsInf(l, -1) {
		return l
	}
	return (theta[0]-float64(g.d+1))/2*l - g.trace(g.m[1], x, 2)/2 - f.logPartition(theta[0], cholesky.LogDet(g.m[0], g.d))
}

// Score is ½(log|X| − E[log|X|]), and ½U(X − nV)U as a covector.
func (f Wishart) Score(dst, x, theta []float64) error {
	g := f.workspace()
	if err := f.invert(g, theta); err != nil {
		return err
	}
	n := theta[0]
	dst[0] = (g.logDet(x) - f.meanLogDet(n, cholesky.LogDet(g.m[0], g.d))) / 2
	g.unpack(g.m[2], x, 1, 1)
	g.unpack(g.m[3], theta[1:], n, n)
	for i, v := range g.m[3] {
		g.m[2][i] -= v
	}
	g.sandwich(g.m[3], g.m[1], g.m[2], g.m[4], 0.5)
	g.pack(dst[1:], g.m[3], 1, 2)
	return nil
}

// Fisher is [[¼Σψ₁(a_i), ½tr(U·)], [·, (n/2)tr(U·U·)]].
func (f Wishart) Fisher(dst *mat.SymDense, theta []float64) error {
	g := f.workspace()
	if err := f.invert(g, theta); err != nil {
		return err
	}
	dst.SetSym(0, 0, wishartSum(theta[0], g.d, special.Trigamma)/4)
	g.firstRow(dst, g.m[1], 0.5, 1)
	g.symmetricFisher(dst, 1, g.m[1], theta[0])
	return nil
}

// firstRow sets the row 0 of dst behind its first entry to the packed matrix a,
// scaled.
func (g *gaussian) firstRow(dst *mat.SymDense, a []float64, on, off float64) {
	k := 1
	for i := range g.d {
		for j := 0; j <= i; j++ {
			v := off * a[i*g.d+j]
			if i == j {
				v = on * a[i*g.d+i]
			}
			dst.SetSym(0, k, v)
			k++
		}
	}
}

// FisherIn is [[Σψ₁(a_i), 2V], [·, n(V_ir V_js + V_is V_jr)]] in the natural chart,
// and (dη₀ − tr(M⁻¹dM))²/(4D) + (n/2)tr((M⁻¹dM)²) in the expectation chart.
func (f Wishart) FisherIn(dst *mat.SymDense, chart string, _, theta []float64) bool {
	g := f.workspace()
	n := theta[0]
	switch chart {
	case "natural":
		g.unpack(g.m[0], theta[1:], 1, 1)
		dst.SetSym(0, 0, wishartSum(n, g.d, special.Trigamma))
		g.firstRow(dst, g.m[0], 2, 2)
		// U moves by −2 in a diagonal and by −1 in an off-diagonal coordinate.
		g.symmetricFisher(dst, 1, g.m[0], n)
		g.scaleDiagonal(dst, 1, 2)
	case "expectation":
		if f.invert(g, theta) != nil {
			return false
		}
		w := 1 / (4 * wishartSpread(n, g.d))
		for i := range g.m[1] {
			g.m[1][i] /= n
		}
		g.symmetricFisher(dst, 1, g.m[1], n)
		dst.SetSym(0, 0, w)
		g.firstRow(dst, g.m[1], -w, -2*w)
		for a := 1; a < f.Dim(); a++ {
			for b := 1; b <= a; b++ {
				dst.SetSym(b, a, dst.At(b, a)+dst.At(0, a)*dst.At(0, b)/w)
			}
		}
	default:
		return false
	}
	return true
}

// Cubic has T_nnn = Σψ₂(a_i)/8, T_nnB = 0, T_nBB' = ½tr(UBUB') and T_BB'B″ =
// n tr(UBUB'UB″) for directions B of V.
func (f Wishart) Cubic(dst Tensor, theta []float64) error {
	g := f.workspace()
	if err := f.invert(g, theta); err != nil {
		return err
	}
	n, u := theta[0], g.m[1]
	first := wishartSum(n, g.d, special.Tetragamma) / 8
	dst.fillSymmetric(func(a, b, c int) float64 {
		switch {
		case c == 0:
			return first
		case b == 0:
			return 0
		case a == 0:
			return g.traceOfTwo(u, b-1, c-1) / 2
		}
		return n * g.traceOfThree(u, a-1, b-1, c-1)
	})
	return nil
}

// FisherMetric raises and lowers in O(d³), through the coordinates n and nV.
func (f Wishart) FisherMetric() Metric {
	return &wishartMetric{family: f, gaussian: newGaussian(f.d())}
}

type wishartMetric struct {
	family Wishart
	*gaussian
	n, spread float64
}

func (m *wishartMetric) Dim() int { return m.family.Dim() }

// At keeps U in m[1] and V in m[2].
func (m *wishartMetric) At(theta []float64) error {
	if err := m.family.invert(m.gaussian, theta); err != nil {
		return err
	}
	m.unpack(m.m[2], theta[1:], 1, 1)
	m.n, m.spread = theta[0], wishartSpread(theta[0], m.d)
	return nil
}

// Raise is ν = (c_n − tr(SV)/n)/D, B = (2VSV − νV)/n.
func (m *wishartMetric) Raise(dst, covector []float64) error {
	nu := (covector[0] - m.trace(m.m[2], covector[1:], 1)/m.n) / m.spread
	m.unpack(m.m[3], covector[1:], 1, 0.5)
	m.sandwich(m.m[4], m.m[2], m.m[3], m.m[5], 2/m.n)
	for i, v := range m.m[2] {
		m.m[4][i] -= nu / m.n * v
	}
	m.pack(dst[1:], m.m[4], 1, 1)
	dst[0] = nu
	return nil
}

// Lower has the parts ¼Σψ₁ν + ½tr(UB) and ½νU + (n/2)UBU.
func (m *wishartMetric) Lower(dst, vector []float64) error {
	nu := vector[0]
	c := wishartSum(m.n, m.d, special.Trigamma)/4*nu + m.trace(m.m[1], vector[1:], 2)/2
	m.unpack(m.m[3], vector[1:], 1, 1)
	m.sandwich(m.m[4], m.m[1], m.m[3], m.m[5], m.n/2)
	for i, u := range m.m[1] {
		m.m[4][i] += nu / 2 * u
	}
	m.pack(dst[1:], m.m[4], 1, 2)
	dst[0] = c
	return nil
}

// KL is, for p = (n, V) and q = (m, W), that of means nV and mW,
// (m/2)(tr R − d − log|R|), R = (mW)⁻¹nV, and that of the degrees of freedom, both
// without cancellation.
func (f Wishart) KL(p, q []float64) (float64, error) {
	g := f.workspace()
	if err := f.factor(g, p); err != nil {
		return math.NaN(), err
	}
	if err := f.factor(g, q); err != nil {
		return math.NaN(), err
	}
	n, m := p[0], q[0]
	sum := m / 2 * g.excess(p[1:], q[1:], n, m)
	for i := range g.d {
		k := float64(i)
		sum += shapeDivergence((n-k)/2, (m-k)/2, (m-n)/2) + freedomDivergence((m-k)/2, k/2, (n-m)/2)
	}
	return sum, nil
}

// freedomDivergence is Φ(b) − Φ(b+k) for Φ(b) = bφ(d/b), φ(u) = u − log(1+u): the
// integral of −Φ′ = φ(b/(b+d) − 1) over [b, b+k].
func freedomDivergence(b, k, d float64) float64 {
	if k <= 0.25*math.Min(b, b+d) {
		return k * mean01(func(x float64) float64 { return special.RatioExcess(x+d, x, -d) }, b, k)
	}
	c := b + k
	return b*special.RatioExcess(b, b+d, d) - c*special.RatioExcess(c, c+d, d)
}

// Entropy is A − θ·η, with the large terms of the gamma functions taken together:
// ½(d+1) log 2ᵈ|V| + log π d(d−1)/4 +
// Σ(½(d+2−i) log a_i + S(a_i) + ½(n−d−1)(log a_i − ψ(a_i)) + ½(i−1)).
func (f Wishart) Entropy(theta []float64) (float64, error) {
	g := f.workspace()
	if err := f.factor(g, theta); err != nil {
		return math.NaN(), err
	}
	n, d := theta[0], float64(g.d)
	h := (d+1)/2*(cholesky.LogDet(g.m[0], g.d)+d*math.Ln2) + d*(d-1)/4*math.Log(math.Pi)
	for i := range g.d {
		k := float64(i)
		a := (n - k) / 2
		h += (d+1-k)/2*math.Log(a) + stirling(a) + (n-d-1)/2*special.LogMinusDigamma(a) + k/2
	}
	return h, nil
}

// Sample draws LBBᵀLᵀ, V = LLᵀ, with normal variates below and roots of χ² variates
// on the diagonal of B (Bartlett).
func (f Wishart) Sample(dst, theta []float64, rng *rand.Rand) error {
	g := f.workspace()
	if err := f.factor(g, theta); err != nil {
		return err
	}
	d, b := g.d, g.m[1]
	clear(b)
	for i := range d {
		for j := range i {
			b[i*d+j] = rng.NormFloat64()
		}
		b[i*d+i] = math.Sqrt(2 * distuv.Gamma{Alpha: (theta[0] - float64(i)) / 2, Beta: 1, Src: rng}.Rand())
	}
	g.mul(g.m[2], blas.NoTrans, g.m[0], blas.NoTrans, b)
	g.mul(g.m[3], blas.NoTrans, g.m[2], blas.Trans, g.m[2])
	g.pack(dst, g.m[3], 1, 1)
	return nil
}

// Sufficient is (log|X|; X_ij, i ≥ j).
func (f Wishart) Sufficient(dst, x []float64) {
	dst[0] = f.workspace().logDet(x)
	copy(dst[1:], x)
}

// LogBase is 0.
func (Wishart) LogBase([]float64) float64 { return 0 }

// MeanLogBase is 0.
func (Wishart) MeanLogBase([]float64) (float64, bool) { return 0, true }

// LogPartition is (nd/2) log 2 + (n/2) log|V| + log Γ_d(n/2).
func (f Wishart) LogPartition(theta []float64) float64 {
	g := f.workspace()
	if f.factor(g, theta) != nil {
		return math.NaN()
	}
	return f.logPartition(theta[0], cholesky.LogDet(g.m[0], g.d))
}

func (f Wishart) logPartition(n, logDet float64) float64 {
	d := float64(f.d())
	return n/2*(d*math.Ln2+logDet) + d*(d-1)/4*math.Log(math.Pi) + wishartSum(n, f.d(), func(a float64) float64 {
		lg, _ := math.Lgamma(a)
		return lg
	})
}

var (
	_ Exponential      = Wishart{}
	_ Observed         = Wishart{}
	_ Workspaced       = Wishart{}
	_ LogDensity       = Wishart{}
	_ Scorer           = Wishart{}
	_ Fisherer         = Wishart{}
	_ FisherInChart    = Wishart{}
	_ StructuredFisher = Wishart{}
	_ Diverger         = Wishart{}
	_ Cuber            = Wishart{}
	_ Entropic         = Wishart{}
	_ Sampler          = Wishart{}
	_ Weighted         = (*wishartNatural)(nil)
)
