package manifold

import (
	"errors"
	"math"
	"math/rand/v2"

	"fisherflow/internal/cholesky"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/lapack"
	"gonum.org/v1/gonum/lapack/lapack64"
	"gonum.org/v1/gonum/mat"
)

// CentredNormal is the family N(0, Σ) on R^d, in source coordinates vech Σ, the
// lower triangle of Σ by rows (11, 21, 22, 31, …), of which an off-diagonal
// coordinate moves both entries. With P = Σ⁻¹ the Fisher metric is half the
// affine-invariant one,
//
//	⟨dΣ, dΣ'⟩ = ½ tr(P dΣ P dΣ').
//
// It is exponential with T = x_i x_j, i ≥ j, h = 1, θ = (−½P_ii, −P_ij), η = vech Σ
// and A = ½ log|Σ| + (d/2) log 2π. With λ_i the eigenvalues of Σ_p⁻¹Σ_q,
// d(p, q)² = ½ Σ log²λ_i (Skovgaard, Scandinavian Journal of Statistics 11,
// 1984).
//
// The zero value has d = 2.
type CentredNormal struct {
	Dimension int // of x, at least 1; 0 means 2

	work *gaussian // nil: allocate in each call
}

func (f CentredNormal) d() int {
	if f.Dimension == 0 {
		return 2
	}
	return f.Dimension
}

// Name is "centred-normal".
func (CentredNormal) Name() string { return "centred-normal" }

// Dim is d(d+1)/2.
func (f CentredNormal) Dim() int { return triangle(f.d()) }

// WithWorkspace returns the family with workspace of its own.
func (f CentredNormal) WithWorkspace() Family {
	f.work = newGaussian(f.d())
	return f
}

func (f CentredNormal) workspace() *gaussian { return f.work.orNew(f.d()) }

// Check wants finite coordinates and a positive definite Σ.
func (f CentredNormal) Check(theta []float64) error { return f.factor(f.workspace(), theta) }

// factor leaves the Cholesky factor of Σ in m[0].
func (f CentredNormal) factor(g *gaussian, theta []float64) error {
	mustLen(len(theta), f.Dim())
	return g.factorPacked(f.Name(), "", "S", theta, 1, 1)
}

// Charts lists the charts; "expectation" is a synonym of "source".
func (CentredNormal) Charts() []string { return []string{"source", "natural", "log-cholesky"} }

// Chart returns a chart by name.
func (f CentredNormal) Chart(name string) (Chart, bool) {
	d := f.d()
	letter, diagonal, base := "S", "S", name
	switch name {
	case "source":
	case "expectation":
		base = "source"
	case "natural":
		letter, diagonal = "T", "T"
	case "log-cholesky":
		letter, diagonal = "L", "logL"
	default:
		return nil, false
	}
	full, _ := MultivariateNormal{Dimension: d}.Chart(base)
	c := &centred{family: f, name: name, full: full, d: d, names: packedNames("", letter, diagonal, d)[d:]}
	for i := range c.work {
		c.work[i] = make([]float64, d+triangle(d))
	}
	if base != "log-cholesky" {
		return &centredSymmetric{*c}, true
	}
	return c, true
}

// centred is a chart of the multivariate normal with mean zero, where it maps
// matrices to matrices.
type centred struct {
	family CentredNormal
	name   string
	names  []string
	full   Chart
	d      int
	work   [4][]float64
}

func (c *centred) Name() string          { return c.name }
func (c *centred) Coordinates() []string { return c.names }

// pad stores x behind d zeros in workspace i.
func (c *centred) pad(i int, x []float64) []float64 {
	copy(c.work[i][c.d:], x)
	return c.work[i]
}

func (c *centred) through(f func(dst, x []float64) error, dst, x []float64) error {
	mustLen(len(x), len(c.names))
	if err := f(c.work[1], c.pad(0, x)); err != nil {
		return c.blame(err)
	}
	copy(dst, c.work[1][c.d:])
	return nil
}

// blame gives an error about the multivariate normal the name and coordinates of
// the family.
func (c *centred) blame(err error) error {
	var d *DomainError
	if !errors.As(err, &d) {
		return err
	}
	own := *d
	own.Family = c.family.Name()
	for i, name := range c.full.Coordinates()[c.d:] {
		if name == own.Coordinate {
			own.Coordinate = c.names[i]
		}
	}
	return &own
}

func (c *centred) ToSource(dst, xi []float64) error { return c.through(c.full.ToSource, dst, xi) }

func (c *centred) FromSource(dst, theta []float64) error {
	return c.through(c.full.FromSource, dst, theta)
}

func (c *centred) linear(f func(dst, xi, theta, v []float64), dst, xi, theta, v []float64) {
	f(c.work[3], c.pad(0, xi), c.pad(1, theta), c.pad(2, v))
	copy(dst, c.work[3][c.d:])
}

func (c *centred) Push(dst, xi, theta, v []float64) { c.linear(c.full.Push, dst, xi, theta, v) }
func (c *centred) PushInverse(dst, xi, theta, v []float64) {
	c.linear(c.full.PushInverse, dst, xi, theta, v)
}
func (c *centred) Pull(dst, xi, theta, v []float64) { c.linear(c.full.Pull, dst, xi, theta, v) }
func (c *centred) PullInverse(dst, xi, theta, v []float64) {
	c.linear(c.full.PullInverse, dst, xi, theta, v)
}

// centredSymmetric has the coordinates of a symmetric matrix.
type centredSymmetric struct{ centred }

func (c *centredSymmetric) Weights(dst []float64) { weighTriangle(dst, c.d) }

// ObservationDim is d.
func (f CentredNormal) ObservationDim() int { return f.d() }

// CheckObservation wants d finite numbers.
func (f CentredNormal) CheckObservation(x []float64) error { return checkVector(f.Name(), x, f.d()) }

// LogDensity is with respect to Lebesgue measure.
func (f CentredNormal) LogDensity(x, theta []float64) float64 {
	g := f.workspace()
	if f.factor(g, theta) != nil {
		return math.NaN()
	}
	copy(g.x, x)
	cholesky.SolveLower(g.m[0], g.d, g.x)
	return -square(norm(g.x))/2 - cholesky.LogDet(g.m[0], g.d)/2 - float64(g.d)*halfLog2Pi
}

// Score is ½(zzᵀ − P) as a covector, z = Px.
func (f CentredNormal) Score(dst, x, theta []float64) error {
	g := f.workspace()
	if err := f.factor(g, theta); err != nil {
		return err
	}
	copy(g.x, x)
	cholesky.Solve(g.m[0], g.d, g.x)
	g.invertFactored(g.m[1], g.m[0], g.m[2])
	g.scoreOfCovariance(dst, g.m[1], g.x)
	return nil
}

// Fisher is ½ tr(P dΣ P dΣ').
func (f CentredNormal) Fisher(dst *mat.SymDense, theta []float64) error {
	g := f.workspace()
	if err := f.factor(g, theta); err != nil {
		return err
	}
	g.invertFactored(g.m[1], g.m[0], g.m[2])
	g.symmetricFisher(dst, 0, g.m[1], 1)
	return nil
}

// FisherIn has the charts in which the congruence cancels for correlations near
// ±1: Σ_ir Σ_js + Σ_is Σ_jr in the natural chart, and tr(M²) + tr(MMᵀ), M = L⁻¹dL, in
// the log-Cholesky chart.
func (f CentredNormal) FisherIn(dst *mat.SymDense, chart string, _, theta []float64) bool {
	g := f.workspace()
	switch chart {
	case "natural":
		g.unpack(g.m[0], theta, 1, 1)
		// P moves by −2 in a diagonal and by −1 in an off-diagonal coordinate.
		g.symmetricFisher(dst, 0, g.m[0], 1)
		g.scaleDiagonal(dst, 0, 2)
	case "log-cholesky":
		if f.factor(g, theta) != nil {
			return false
		}
		g.choleskyFisher(dst, 0, true)
	default:
		return false
	}
	return true
}

// Cubic is tr(PU_aPU_bPU_c) for directions U of Σ.
func (f CentredNormal) Cubic(dst Tensor, theta []float64) error {
	g := f.workspace()
	if err := f.factor(g, theta); err != nil {
		return err
	}
	g.invertFactored(g.m[1], g.m[0], g.m[2])
	dst.fillSymmetric(func(a, b, c int) float64 { return g.traceOfThree(g.m[1], a, b, c) })
	return nil
}

// FisherMetric raises by Σ̇ = 2ΣSΣ and lowers by ½PVP, in O(d³).
func (f CentredNormal) FisherMetric() Metric {
	return &centredMetric{family: f, gaussian: newGaussian(f.d())}
}

type centredMetric struct {
	family CentredNormal
	*gaussian
	inverted bool
}

func (m *centredMetric) Dim() int { return m.family.Dim() }

// At keeps L in m[0] and Σ in m[1]; P comes to m[2] when first lowered.
func (m *centredMetric) At(theta []float64) error {
	m.inverted = false
	if err := m.family.factor(m.gaussian, theta); err != nil {
		return err
	}
	m.unpack(m.m[1], theta, 1, 1)
	return nil
}

func (m *centredMetric) Raise(dst, covector []float64) error {
	// A covector's off-diagonal components count both entries.
	m.unpack(m.m[3], covector, 1, 0.5)
	m.sandwich(m.m[4], m.m[1], m.m[3], m.m[5], 2)
	m.pack(dst, m.m[4], 1, 1)
	return nil
}

func (m *centredMetric) Lower(dst, vector []float64) error {
	if !m.inverted {
		m.invertFactored(m.m[2], m.m[0], m.m[3])
		m.inverted = true
	}
	m.unpack(m.m[3], vector, 1, 1)
	m.sandwich(m.m[4], m.m[2], m.m[3], m.m[5], 0.5)
	m.pack(dst, m.m[4], 1, 2)
	return nil
}

// KL is ½(tr Σ_q⁻¹Σ_p − d − log|Σ_p|/|Σ_q|), without cancellation.
func (f CentredNormal) KL(p, q []float64) (float64, error) {
	g := f.workspace()
	if err := f.factor(g, p); err != nil {
		return math.NaN(), err
	}
	if err := f.factor(g, q); err != nil {
		return math.NaN(), err
	}
	return g.excess(p, q, 1, 1) / 2, nil
}

// Entropy is ½ log|Σ| + (d/2) log 2πe.
func (f CentredNormal) Entropy(theta []float64) (float64, error) {
	g := f.workspace()
	if err := f.factor(g, theta); err != nil {
		return math.NaN(), err
	}
	return cholesky.LogDet(g.m[0], g.d)/2 + float64(g.d)*(halfLog2Pi+0.5), nil
}

// spectrum stores the logarithms of the eigenvalues of L⁻¹Σ_qL⁻ᵀ, L the Cholesky
// factor of Σ_p, and leaves the eigenvectors in the columns of m[2] and L in m[0].
func (f CentredNormal) spectrum(g *gaussian, p, q []float64) ([]float64, error) {
	if err := f.factor(g, q); err != nil {
		return nil, err
	}
	if err := f.factor(g, p); err != nil {
		return nil, err
	}
	d := g.d
	cholesky.Invert(g.m[1], g.m[0], d)
	logs := make([]float64, d)
	// Of the difference of the two, unless they are far from each other.
	for _, shift := range []float64{1, 0} {
		for i, x := range q {
			g.m[4][i] = x - shift*p[i]
		}
		g.unpack(g.m[2], g.m[4], 1, 1)
		g.whiten(g.m[2], g.m[1], g.m[3])
		if err := eigen(g.m[2], logs); err != nil {
			return nil, err
		}
		if shift == 1 && !(logs[0] > -0.5) {
			continue
		}
		for i, x := range logs {
			if shift == 1 {
				logs[i] = math.Log1p(x)
			} else {
				logs[i] = math.Log(x)
			}
		}
		break
	}
	return logs, nil
}

// eigen replaces the symmetric a by its eigenvectors, in columns, and stores its
// eigenvalues in ascending order.
func eigen(a, values []float64) error {
	d := len(values)
	work := []float64{0}
	s := blas64.Symmetric{N: d, Stride: d, Data: a, Uplo: blas.Lower}
	lapack64.Syev(lapack.EVCompute, s, values, work, -1)
	work = make([]float64, int(work[0]))
	if !lapack64.Syev(lapack.EVCompute, s, values, work, len(work)) {
		return errors.New("centred-normal: the eigenvalues were not found")
	}
	return nil
}

// Distance is √(½ Σ log²λ_i).
func (f CentredNormal) Distance(p, q []float64) (float64, error) {
	logs, err := f.spectrum(f.workspace(), p, q)
	if err != nil {
		return math.NaN(), err
	}
	return norm(logs) / math.Sqrt2, nil
}

// along stores L Q diag(w) QᵀLᵀ, given L in m[0] and Q in m[2].
func (g *gaussian) along(dst, w []float64) {
	d := g.d
	for i := range d {
		for j, v := range w {
			g.m[3][i*d+j] = g.m[2][i*d+j] * v
		}
	}
	g.mul(g.m[4], blas.NoTrans, g.m[3], blas.Trans, g.m[2])
	g.mul(g.m[3], blas.NoTrans, g.m[0], blas.NoTrans, g.m[4])
	g.mul(g.m[4], blas.NoTrans, g.m[3], blas.Trans, g.m[0])
	g.pack(dst, g.m[4], 1, 1)
}

// Geodesic is L(L⁻¹Σ_qL⁻ᵀ)ˢLᵀ, Σ_p = LLᵀ.
func (f CentredNormal) Geodesic(dst, p, q []float64, s float64) error {
	g := f.workspace()
	logs, err := f.spectrum(g, p, q)
	if err != nil {
		return err
	}
	for i, x := range logs {
		logs[i] = math.Exp(s * x)
	}
	g.along(dst, logs)
	return f.Check(dst)
}

// Log is L log(L⁻¹Σ_qL⁻ᵀ) Lᵀ, Σ_p = LLᵀ.
func (f CentredNormal) Log(dst, p, q []float64) error {
	g := f.workspace()
	logs, err := f.spectrum(g, p, q)
	if err != nil {
		return err
	}
	g.along(dst, logs)
	return nil
}

// Sample draws Lz.
func (f CentredNormal) Sample(dst, theta []float64, rng *rand.Rand) error {
	g := f.workspace()
	if err := f.factor(g, theta); err != nil {
		return err
	}
	for i := range g.x {
		g.x[i] = rng.NormFloat64()
	}
	g.apply(dst, g.m[0], g.x)
	return nil
}

// Sufficient is x_i x_j, i ≥ j.
func (CentredNormal) Sufficient(dst, x []float64) { packOuter(dst, x) }

// LogBase is 0.
func (CentredNormal) LogBase([]float64) float64 { return 0 }

// MeanLogBase is 0.
func (CentredNormal) MeanLogBase([]float64) (float64, bool) { return 0, true }

// LogPartition is ½ log|Σ| + (d/2) log 2π.
func (f CentredNormal) LogPartition(theta []float64) float64 {
	g := f.workspace()
	if f.factor(g, theta) != nil {
		return math.NaN()
	}
	return cholesky.LogDet(g.m[0], g.d)/2 + float64(g.d)*halfLog2Pi
}

var (
	_ closedForm       = CentredNormal{}
	_ Workspaced       = CentredNormal{}
	_ FisherInChart    = CentredNormal{}
	_ StructuredFisher = CentredNormal{}
	_ Weighted         = (*centredSymmetric)(nil)
)
