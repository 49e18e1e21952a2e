package manifold

import (
	"math"

	"gonum.org/v1/gonum/mat"
)

// FisherIn has every chart but the source: the congruence cancels when
// a correlation is near ±1 or a mean is many standard deviations.
func (f MultivariateNormal) FisherIn(dst *mat.SymDense, chart string, xi, theta []float64) bool {
	g := f.workspace()
	d := g.d
	if chart == "source" || f.checkCovariance(g, "", "S", theta, theta[d:]) != nil {
		return false
	}
	dst.Zero()
	switch chart {
	case "natural":
		// Cov T, by the moments of a normal.
		g.unpack(g.m[1], theta[d:], 1, 1)
		setBlock(dst, g.m[1], d)
		g.symmetricFisher(dst, d, g.m[1], 1)
		g.scaleDiagonal(dst, d, 2)
		g.natural(dst, theta)
	case "expectation":
		g.invertFactored(g.m[1], g.m[0], g.m[2])
		g.symmetricFisher(dst, d, g.m[1], 1)
		g.expectation(dst, theta)
	case "precision":
		g.invertFactored(g.m[1], g.m[0], g.m[2])
		setBlock(dst, g.m[1], d)
		g.unpack(g.m[2], theta[d:], 1, 1)
		g.symmetricFisher(dst, d, g.m[2], 1)
	case "cholesky", "log-cholesky":
		g.choleskyFisher(dst, d, chart == "log-cholesky")
		setBlock(dst, g.m[1], d)
	case "std-corr":
		g.invertFactored(g.m[1], g.m[0], g.m[2])
		setBlock(dst, g.m[1], d)
		r := math.Tanh(xi[4])
		c := square(math.Cosh(xi[4]))
		dst.SetSym(2, 2, 1+c)
		dst.SetSym(3, 3, 1+c)
		dst.SetSym(2, 3, -r*r*c)
		dst.SetSym(2, 4, -r)
		dst.SetSym(3, 4, -r)
		dst.SetSym(4, 4, 1+r*r)
	default:
		return false
	}
	return true
}

// setBlock sets the leading d×d block.
func setBlock(dst *mat.SymDense, a []float64, d int) {
	for i := range d {
		for j := i; j < d; j++ {
			dst.SetSym(i, j, a[i*d+j])
		}
	}
}

// natural adds to Cov T of a centred normal what a mean contributes:
// Cov(x_a, x_i x_j) = μ_iΣ_aj + μ_jΣ_ai, and to Cov(x_i x_j, x_k x_l)
// μ_iμ_kΣ_jl + μ_iμ_lΣ_jk + μ_jμ_kΣ_il + μ_jμ_lΣ_ik, given Σ in m[1].
func (g *gaussian) natural(dst *mat.SymDense, mu []float64) {
	d := g.d
	s := func(i, j int) float64 { return g.m[1][i*d+j] }
	a := d
	for i := range d {
		for j := 0; j <= i; j++ {
			for k := range d {
				dst.SetSym(k, a, mu[i]*s(k, j)+mu[j]*s(k, i))
			}
			b := d
			for k := range i + 1 {
				for l := 0; l <= k && b <= a; l++ {
					v := mu[i]*(mu[k]*s(j, l)+mu[l]*s(j, k)) + mu[j]*(mu[k]*s(i, l)+mu[l]*s(i, k))
					dst.SetSym(b, a, dst.At(b, a)+v)
					b++
				}
			}
			a++
		}
	}
}

// expectation sets what belongs to the mean in dμᵀP dμ + ½tr(P dΣ P dΣ),
// dΣ = dE − dμ μᵀ − μ dμᵀ, given P in m[1]: with z = Pμ, P(1 + μ·z) + zzᵀ, and
// −(P_ai z_j + P_aj z_i) for μ_a and E_ij, half of it for a diagonal entry.
func (g *gaussian) expectation(dst *mat.SymDense, mu []float64) {
	d := g.d
	p := func(i, j int) float64 { return g.m[1][i*d+j] }
	g.apply(g.x, g.m[1], mu)
	z, c := g.x, 1+inner(mu[:d], g.x)
	for i := range d {
		for j := i; j < d; j++ {
			dst.SetSym(i, j, p(i, j)*c+z[i]*z[j])
		}
	}
	b := d
	for i := range d {
		for j := 0; j <= i; j++ {
			for a := range d {
				v := -(p(a, i)*z[j] + p(a, j)*z[i])
				if i == j {
					v /= 2
				}
				dst.SetSym(a, b, v)
			}
			b++
		}
	}
}

var _ FisherInChart = MultivariateNormal{}
