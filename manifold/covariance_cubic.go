package manifold

import (
	"math"

	"fisherflow/internal/special"
)

// The cubic tensors of the covariance families in their charts. A pull-back from
// source coordinates takes small numbers from differences of cubes of Σ⁻¹, and
// loses the cube of the condition of Σ; these are polynomials in what the chart
// is about.

// CubicIn has every chart but the source. With directions (b, A) of the statistic
// bᵀx + xᵀAx, of which y = Σ(b + 2Aμ), it is in the natural chart the third cumulant
//
//	8 tr(ΣA_aΣA_bΣA_c) + 2(y_aᵀA_by_c + y_bᵀA_cy_a + y_cᵀA_ay_b);
//
// in the chart of P = Σ⁻¹, of changes V, −tr(ΣV_aΣV_bΣV_c) and −u_aᵀV_cu_b; and with
// (u, U) of (μ, Σ) in the expectation chart, U = E − uμᵀ − μuᵀ, what [MultivariateNormal.Cubic]
// says, from the products of all vectors in the metric P.
func (f MultivariateNormal) CubicIn(dst Tensor, chart string, xi, theta []float64) bool {
	g := f.workspace()
	d := g.d
	if chart == "source" || f.checkCovariance(g, "", "S", theta, theta[d:]) != nil {
		return false
	}
	switch chart {
	case "natural":
		g.unpack(g.m[1], theta[d:], 1, 1)
		g.normalCumulants(dst, g.m[1], theta[:d])
	case "expectation":
		g.expectationCubic(dst, theta[:d])
	case "precision":
		g.unpack(g.m[1], theta[d:], 1, 1)
		dst.fillSymmetric(func(a, b, c int) float64 {
			switch {
			case a >= d:
				return -g.traceOfThree(g.m[1], a-d, b-d, c-d)
			case b < d && c >= d:
				return -moves(c-d, a, b)
			}
			return 0
		})
	case "cholesky", "log-cholesky":
		c := g.frame(d, chart == "log-cholesky")
		dst.fillSymmetric(c.cubic)
	case "std-corr":
		stdCorrCubic(dst, xi)
	default:
		return false
	}
	return true
}

// CubicIn has the natural and the log-Cholesky chart, as [MultivariateNormal] has.
func (f CentredNormal) CubicIn(dst Tensor, chart string, _, theta []float64) bool {
	g := f.workspace()
	switch chart {
	case "natural":
		g.unpack(g.m[1], theta, 1, 1)
		dst.fillSymmetric(func(a, b, c int) float64 { return g.cumulant(g.m[1], a, b, c) })
	case "log-cholesky":
		if f.factor(g, theta) != nil {
			return false
		}
		c := g.frame(0, true)
		dst.fillSymmetric(c.cubic)
	default:
		return false
	}
	return true
}

// CubicIn has in the natural chart the cumulants Σψ₂(a_i), 0, 2(V_ir V_js + V_is V_jr)
// and 8n tr(VA_aVA_bVA_c). In the expectation chart, with S = M⁻¹dM and
// δ = (dη₀ − tr S)/(2D), it is n tr(S_aS_bS_c) − ½Σδ_a tr(S_bS_c) + D′δ_aδ_bδ_c, D the
// spread of n, from which the large terms are gone.
func (f Wishart) CubicIn(dst Tensor, chart string, _, theta []float64) bool {
	g := f.workspace()
	n := theta[0]
	switch chart {
	case "natural":
		v := g.m[1]
		g.unpack(v, theta[1:], 1, 1)
		first := wishartSum(n, g.d, special.Tetragamma)
		dst.fillSymmetric(func(a, b, c int) float64 {
			switch {
			case c == 0:
				return first
			case b == 0:
				return 0
			case a == 0:
				i, j := packedEntry(b - 1)
				r, s := packedEntry(c - 1)
				return 2 * (v[i*g.d+r]*v[j*g.d+s] + v[i*g.d+s]*v[j*g.d+r])
			}
			return n * g.cumulant(v, a-1, b-1, c-1)
		})
	case "expectation":
		if f.invert(g, theta) != nil {
			return false
		}
		u := g.m[1] // of M, from here on
		for i := range u {
			u[i] /= n
		}
		spread, slope := wishartSpread(n, g.d), wishartSpreadSlope(n, g.d)
		freedom := make([]float64, len(dst)) // δ
		freedom[0] = 1 / (2 * spread)
		for a := 1; a < len(dst); a++ {
			for _, o := range orders(a - 1) {
				freedom[a] -= u[o[0]*g.d+o[1]] / (2 * spread)
			}
		}
		pair := func(a, b int) float64 {
			if a == 0 || b == 0 {
				return 0
			}
			return g.traceOfTwo(u, a-1, b-1)
		}
		dst.fillSymmetric(func(a, b, c int) float64 {
			sum := slope*freedom[a]*freedom[b]*freedom[c] -
				(freedom[a]*pair(b, c)+freedom[b]*pair(c, a)+freedom[c]*pair(a, b))/2
			if a > 0 {
				sum += n * g.traceOfThree(u, a-1, b-1, c-1)
			}
			return sum
		})
	default:
		return false
	}
	return true
}

// moves is 1 if the packed coordinate a is the entry (i, j) or (j, i), and 0 if not.
func moves(a, i, j int) float64 {
	if triangle(max(i, j))+min(i, j) == a {
		return 1
	}
	return 0
}

// traceOfTwo is tr(PU_aPU_b) for the directions of packed coordinates.
func (g *gaussian) traceOfTwo(p []float64, a, b int) float64 {
	sum := 0.0
	for _, v := range orders(a) {
		for _, w := range orders(b) {
			sum += p[v[1]*g.d+w[0]] * p[w[1]*g.d+v[0]]
		}
	}
	return sum
}

// cumulant is 8 tr(VA_aVA_bVA_c) for the forms x_i x_j = xᵀAx of packed coordinates:
// the third cumulant of x_i x_j, x ~ N(0, V).
func (g *gaussian) cumulant(v []float64, a, b, c int) float64 {
	sum := g.traceOfThree(v, a, b, c)
	for _, e := range [3]int{a, b, c} {
		if i, j := packedEntry(e); i == j {
			sum *= 2
		}
	}
	return sum
}

// normalCumulants stores the third cumulants of (x_i; x_i x_j, i ≥ j), x ~ N(μ, V).
func (g *gaussian) normalCumulants(dst Tensor, v, mu []float64) {
	d, n := g.d, len(dst)
	y := make([][]float64, n)
	for a := range y {
		y[a] = make([]float64, d)
		for k := range d {
			if a < d {
				y[a][k] = v[k*d+a]
				continue
			}
			i, j := packedEntry(a - d)
			y[a][k] = v[k*d+i]*mu[j] + v[k*d+j]*mu[i]
		}
	}
	mixed := func(a, b, c int) float64 {
		if a < d {
			return 0
		}
		i, j := packedEntry(a - d)
		return y[b][i]*y[c][j] + y[b][j]*y[c][i]
	}
	dst.fillSymmetric(func(a, b, c int) float64 {
		sum := mixed(a, b, c) + mixed(b, c, a) + mixed(c, a, b)
		if a >= d {
			sum += g.cumulant(v, a-d, b-d, c-d)
		}
		return sum
	})
}

// expectationCubic is that of the chart (μ; Σ + μμᵀ), given the Cholesky factor in
// m[0]: with the index d for μ itself, the products of e_i and μ in the metric P
// are those of the columns of L⁻¹ and of L⁻¹μ, which are known to the condition of L.
func (g *gaussian) expectationCubic(dst Tensor, mu []float64) {
	d := g.d
	g.invertFactored(g.m[1], g.m[0], g.m[2])
	h := make([]float64, d)
	g.apply(h, g.m[2], mu)
	product := make([][]float64, d+1)
	for i := range product {
		product[i] = make([]float64, d+1)
	}
	for i := range d {
		copy(product[i], g.m[1][i*d:i*d+d])
		for k := i; k < d; k++ {
			product[i][d] += g.m[2][k*d+i] * h[k]
		}
		product[d][i] = product[i][d]
	}
	product[d][d] = inner(h, h)
	// The pairs whose sum of pqᵀ is U, or −U for a mean.
	pairs := make([][][2]int, len(dst))
	for a := range pairs {
		if a < d {
			pairs[a] = [][2]int{{a, d}, {d, a}}
		} else {
			pairs[a] = orders(a - d)
		}
	}
	between := func(a, b, c int) float64 { // u_aᵀPU_cPu_b
		if a >= d || b >= d {
			return 0
		}
		sum := 0.0
		for _, w := range pairs[c] {
			sum += product[a][w[0]] * product[w[1]][b]
		}
		if c < d {
			return -sum
		}
		return sum
	}
	dst.fillSymmetric(func(a, b, c int) float64 {
		sum := 0.0
		for _, u := range pairs[a] {
			for _, v := range pairs[b] {
				for _, w := range pairs[c] {
					sum += product[u[1]][v[0]] * product[v[1]][w[0]] * product[w[1]][u[0]]
				}
			}
		}
		for _, e := range [3]int{a, b, c} {
			if e < d {
				sum = -sum
			}
		}
		return sum + between(a, b, c) + between(b, c, a) + between(c, a, b)
	})
}

// stdCorrCubic is that of (μ, log s₁, log s₂, t), ρ = tanh t, with c = cosh²t = 1/(1−ρ²).
func stdCorrCubic(dst Tensor, xi []float64) {
	r, c := math.Tanh(xi[4]), square(math.Cosh(xi[4]))
	s := r * r * c
	dst.fillSymmetric(func(i, j, k int) float64 {
		switch {
		case j < 2 && k >= 2:
			return -stdCorrSlope(xi, i, j, k)
		case i < 2:
			return 0
		case i == k && k < 4:
			return 8 + 6*s
		case k < 4:
			return -2 * s
		case i == 4:
			return -r * (6 + 2*r*r)
		case j == 4:
			return 2 + 2*r*r
		case i == j:
			return -2 * r * (2 + s)
		}
		return 2 * r * s
	})
}

// stdCorrSlope is the derivative of P_ij by the coordinate k of the chart std-corr.
func stdCorrSlope(xi []float64, i, j, k int) float64 {
	r := math.Tanh(xi[4])
	p := square(math.Cosh(xi[4])) * math.Exp(-xi[2+i]-xi[2+j])
	if k < 4 {
		if i != j {
			return r * p
		}
		if k == 2+i {
			return -2 * p
		}
		return 0
	}
	if i == j {
		return 2 * r * p
	}
	return -(1 + r*r) * p
}

var (
	_ CubicInChart = MultivariateNormal{}
	_ CubicInChart = CentredNormal{}
	_ CubicInChart = Wishart{}
)
