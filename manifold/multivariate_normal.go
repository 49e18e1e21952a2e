package manifold

import (
	"fmt"
	"math"
	"math/rand/v2"

	"fisherflow/internal/cholesky"

	"gonum.org/v1/gonum/mat"
)

// MultivariateNormal is the family N(μ, Σ) on R^d, in source coordinates
// (μ, vech Σ), the lower triangle of Σ by rows (11, 21, 22, 31, …), of which an
// off-diagonal coordinate moves both entries. With P = Σ⁻¹ the Fisher metric is
//
//	⟨dθ, dθ'⟩ = dμᵀP dμ' + ½ tr(P dΣ P dΣ').
//
// It is exponential with T = (x_i; x_i x_j, i ≥ j), h = 1,
// θ = (Pμ; −½P_ii, −P_ij), η = (μ; Σ + μμᵀ) and
// A = ½μᵀPμ + ½ log|Σ| + (d/2) log 2π. All maps between the charts and the
// raise Σ̇ = 2ΣSΣ cost O(d³) (Barfoot, arXiv:2001.10025; Malagò & Pistone 2015).
//
// The zero value has Dim 2.
type MultivariateNormal struct {
	Dimension int // of x, at least 1; 0 means 2

	work *gaussian // nil: allocate in each call
}

func (f MultivariateNormal) d() int {
	if f.Dimension == 0 {
		return 2
	}
	return f.Dimension
}

// Name is "multivariate-normal".
func (MultivariateNormal) Name() string { return "multivariate-normal" }

// Dim is d + d(d+1)/2.
func (f MultivariateNormal) Dim() int { return f.d() + triangle(f.d()) }

// WithWorkspace returns the family with workspace of its own.
func (f MultivariateNormal) WithWorkspace() Family {
	f.work = newGaussian(f.d())
	return f
}

func (f MultivariateNormal) workspace() *gaussian { return f.work.orNew(f.d()) }

// packedNames are the names of a vector and of a lower triangle.
func packedNames(vector, matrix, diagonal string, d int) []string {
	names := numbered(vector, d)
	for i := 1; i <= d; i++ {
		for j := 1; j <= i; j++ {
			prefix := matrix
			if i == j {
				prefix = diagonal
			}
			// Two-digit indices are kept apart, as in S10_2.
			if d < 10 {
				names = append(names, fmt.Sprintf("%s%d%d", prefix, i, j))
			} else {
				names = append(names, fmt.Sprintf("%s%d_%d", prefix, i, j))
			}
		}
	}
	return names
}

// Check wants finite coordinates and a positive definite Σ.
func (f MultivariateNormal) Check(theta []float64) error {
	g := f.workspace()
	return f.checkCovariance(g, "", "S", theta, theta[f.d():])
}

// checkCovariance factors the covariance into g.m[0].
func (f MultivariateNormal) checkCovariance(g *gaussian, chart, letter string, coordinates, packed []float64) error {
	mustLen(len(coordinates), f.Dim())
	for i, x := range coordinates {
		if !realLine.contains(x) {
			return &DomainError{Family: f.Name(), Chart: chart, Coordinate: f.coordinate(chart, i), Value: x, Want: realLine.want}
		}
	}
	g.unpack(g.m[0], packed, 1, 1)
	return f.factorOrBlame(g, g.m[0], chart, letter)
}

func (f MultivariateNormal) factorOrBlame(g *gaussian, a []float64, chart, letter string) error {
	if g.factor(a) {
		return nil
	}
	return &DomainError{
		Family: f.Name(), Chart: chart, Coordinate: fmt.Sprintf("pivot %d of matrix %s", g.leadingBad, letter), Value: g.pivot,
		Want: "must be positive: the matrix is not positive definite",
	}
}

func (f MultivariateNormal) coordinate(chart string, i int) string {
	if chart == "" {
		chart = "source"
	}
	c, _ := f.Chart(chart)
	return c.Coordinates()[i]
}

// ObservationDim is d.
func (f MultivariateNormal) ObservationDim() int { return f.d() }

// CheckObservation wants d finite numbers.
func (f MultivariateNormal) CheckObservation(x []float64) error {
	return checkVector(f.Name(), x, f.d())
}

// LogDensity is with respect to Lebesgue measure.
func (f MultivariateNormal) LogDensity(x, theta []float64) float64 {
	g := f.workspace()
	if f.checkCovariance(g, "", "S", theta, theta[f.d():]) != nil {
		return math.NaN()
	}
	for i := range g.x {
		g.x[i] = x[i] - theta[i]
	}
	cholesky.SolveLower(g.m[0], g.d, g.x)
	return -square(norm(g.x))/2 - cholesky.LogDet(g.m[0], g.d)/2 - float64(g.d)*halfLog2Pi
}

func norm(x []float64) float64 {
	s := 0.0
	for _, v := range x {
		s = math.Hypot(s, v)
	}
	return s
}

// Score is (z; ½(zzᵀ − P) as a covector), z = P(x−μ).
func (f MultivariateNormal) Score(dst, x, theta []float64) error {
	g := f.workspace()
	if err := f.checkCovariance(g, "", "S", theta, theta[f.d():]); err != nil {
		return err
	}
	d := g.d
	for i := range d {
		dst[i] = x[i] - theta[i]
	}
	cholesky.Solve(g.m[0], d, dst[:d])
	g.invertFactored(g.m[1], g.m[0], g.m[2])
	g.scoreOfCovariance(dst[d:], g.m[1], dst)
	return nil
}

// Fisher is block diagonal, P for μ, and for the coordinates (ij), (kl) of Σ
// P_ik P_jl + P_il P_jk, halved for each of them that is diagonal.
func (f MultivariateNormal) Fisher(dst *mat.SymDense, theta []float64) error {
	g := f.workspace()
	if err := f.checkCovariance(g, "", "S", theta, theta[f.d():]); err != nil {
		return err
	}
	d := g.d
	g.invertFactored(g.m[1], g.m[0], g.m[2])
	p := func(i, j int) float64 { return g.m[1][i*d+j] }
	dst.Zero()
	for i := range d {
		for j := i; j < d; j++ {
			dst.SetSym(i, j, p(i, j))
		}
	}
	g.symmetricFisher(dst, d, g.m[1], 1)
	return nil
}

// Cubic contracts to tr(PU_a PU_b PU_c) + u_aᵀPU_cPu_b + u_aᵀPU_bPu_c +
// u_bᵀPU_aPu_c for directions (u, U) of (μ, Σ): the third cumulant of the
// scores uᵀPz + ½zᵀPUPz.
func (f MultivariateNormal) Cubic(dst Tensor, theta []float64) error {
	g := f.workspace()
	if err := f.checkCovariance(g, "", "S", theta, theta[f.d():]); err != nil {
		return err
	}
	d := g.d
	g.invertFactored(g.m[1], g.m[0], g.m[2])
	p := func(i, j int) float64 { return g.m[1][i*d+j] }
	dst.fillSymmetric(func(a, b, c int) float64 {
		switch {
		case c < d || b >= d && a < d:
			return 0 // an odd moment
		case b < d:
			sum := 0.0
			for _, u := range orders(c - d) {
				sum += p(a, u[0]) * p(u[1], b)
			}
			return sum
		}
		return g.traceOfThree(g.m[1], a-d, b-d, c-d)
	})
	return nil
}

// KL is ½(tr M − d − log|M|) + ½‖L_q⁻¹(μ_p−μ_q)‖², M = L_q⁻¹ Σ_p L_q⁻ᵀ, of which
// neither part cancels: right to 1e-14 for correlations up to ±(1 − 1e-9).
func (f MultivariateNormal) KL(p, q []float64) (float64, error) {
	g := f.workspace()
	d := g.d
	if err := f.checkCovariance(g, "", "S", p, p[d:]); err != nil {
		return math.NaN(), err
	}
	if err := f.checkCovariance(g, "", "S", q, q[d:]); err != nil {
		return math.NaN(), err
	}
	sum := g.excess(p[d:], q[d:], 1, 1)
	if g.isIll(g.m[0]) && g.widen(q[d:]) {
		return (sum + g.wideDistance(p[:d], q[:d])) / 2, nil
	}
	for i := range d {
		g.x[i] = p[i] - q[i]
	}
	cholesky.SolveLower(g.m[0], d, g.x)
	return (sum + square(norm(g.x))) / 2, nil
}

// Entropy is ½ log|Σ| + (d/2) log 2πe.
func (f MultivariateNormal) Entropy(theta []float64) (float64, error) {
	g := f.workspace()
	if err := f.checkCovariance(g, "", "S", theta, theta[f.d():]); err != nil {
		return math.NaN(), err
	}
	return cholesky.LogDet(g.m[0], g.d)/2 + float64(g.d)*(halfLog2Pi+0.5), nil
}

// Sample draws μ + Lz.
func (f MultivariateNormal) Sample(dst, theta []float64, rng *rand.Rand) error {
	g := f.workspace()
	if err := f.checkCovariance(g, "", "S", theta, theta[f.d():]); err != nil {
		return err
	}
	for i := range g.x {
		g.x[i] = rng.NormFloat64()
	}
	g.apply(dst, g.m[0], g.x)
	for i := range dst {
		dst[i] += theta[i]
	}
	return nil
}

// Sufficient is (x_i; x_i x_j, i ≥ j).
func (f MultivariateNormal) Sufficient(dst, x []float64) {
	packOuter(dst[copy(dst, x):], x)
}

// LogBase is 0.
func (MultivariateNormal) LogBase([]float64) float64 { return 0 }

// MeanLogBase is 0.
func (MultivariateNormal) MeanLogBase([]float64) (float64, bool) { return 0, true }

// LogPartition is ½μᵀPμ + ½ log|Σ| + (d/2) log 2π.
func (f MultivariateNormal) LogPartition(theta []float64) float64 {
	g := f.workspace()
	if f.checkCovariance(g, "", "S", theta, theta[f.d():]) != nil {
		return math.NaN()
	}
	copy(g.x, theta)
	cholesky.SolveLower(g.m[0], g.d, g.x)
	return square(norm(g.x))/2 + cholesky.LogDet(g.m[0], g.d)/2 + float64(g.d)*halfLog2Pi
}

// FisherMetric raises by μ̇ = Σc, Σ̇ = 2ΣSΣ and lowers by Pv, ½PVP, in O(d³).
func (f MultivariateNormal) FisherMetric() Metric {
	return &gaussianMetric{family: f, gaussian: newGaussian(f.d()), n: f.Dim()}
}

type gaussianMetric struct {
	family MultivariateNormal
	*gaussian
	n        int
	inverted bool
}

func (m *gaussianMetric) Dim() int { return m.n }

// At keeps L in m[0] and Σ in m[1]; P comes to m[2] when first lowered.
func (m *gaussianMetric) At(theta []float64) error {
	m.inverted = false
	if err := m.family.checkCovariance(m.gaussian, "", "S", theta, theta[m.d:]); err != nil {
		return err
	}
	m.unpack(m.m[1], theta[m.d:], 1, 1)
	return nil
}

func (m *gaussianMetric) Raise(dst, covector []float64) error {
	// A covector's off-diagonal components count both entries.
	m.unpack(m.m[3], covector[m.d:], 1, 0.5)
	m.through(dst, covector, m.m[1], 2)
	m.pack(dst[m.d:], m.m[4], 1, 1)
	return nil
}

func (m *gaussianMetric) Lower(dst, vector []float64) error {
	if !m.inverted {
		m.invertFactored(m.m[2], m.m[0], m.m[3])
		m.inverted = true
	}
	m.unpack(m.m[3], vector[m.d:], 1, 1)
	m.through(dst, vector, m.m[2], 0.5)
	m.pack(dst[m.d:], m.m[4], 1, 2)
	return nil
}

// through stores a x for the leading part of src in dst, and scale·a S a for
// the matrix S in m[3] in m[4].
func (m *gaussianMetric) through(dst, src, a []float64, scale float64) {
	copy(m.x, src)
	m.sandwich(m.m[4], a, m.m[3], m.m[5], scale)
	m.apply(dst[:m.d], a, m.x)
}

var (
	_ Exponential      = MultivariateNormal{}
	_ Observed         = MultivariateNormal{}
	_ Workspaced       = MultivariateNormal{}
	_ LogDensity       = MultivariateNormal{}
	_ Scorer           = MultivariateNormal{}
	_ Fisherer         = MultivariateNormal{}
	_ StructuredFisher = MultivariateNormal{}
	_ Diverger         = MultivariateNormal{}
	_ Cuber            = MultivariateNormal{}
	_ Entropic         = MultivariateNormal{}
	_ Sampler          = MultivariateNormal{}
)
