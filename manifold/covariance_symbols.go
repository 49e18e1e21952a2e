package manifold

import "math"

// A ConnectedInChart has Levi-Civita symbols of its own for some charts, where
// those of its source coordinates, pulled back, would lose digits; see
// [FisherInChart].
type ConnectedInChart interface {
	LeviCivitaIn(dst Tensor, chart string, xi, theta []float64) bool
}

// LeviCivitaIn has in the chart of P, for changes u of μ and V of P,
//
//	Γ_{uV,w} = ½wᵀVu,  Γ_{uw,V} = −½uᵀVw,  Γ_{UV,W} = −½ tr(ΣUΣVΣW),
//
// and the charts of Cholesky factors and of a correlation.
func (f MultivariateNormal) LeviCivitaIn(dst Tensor, chart string, xi, theta []float64) bool {
	g := f.workspace()
	d := g.d
	switch chart {
	case "precision":
		g.unpack(g.m[1], theta[d:], 1, 1)
		dst.fill(func(a, b, c int) float64 {
			a, b = min(a, b), max(a, b)
			switch {
			case a >= d && c >= d:
				return -g.traceOfThree(g.m[1], a-d, b-d, c-d) / 2
			case b < d && c >= d:
				return -moves(c-d, a, b) / 2
			case a < d && b >= d && c < d:
				return moves(b-d, a, c) / 2
			}
			return 0
		})
	case "cholesky", "log-cholesky":
		if f.checkCovariance(g, "", "S", theta, theta[d:]) != nil {
			return false
		}
		c := g.frame(d, chart == "log-cholesky")
		dst.fill(c.symbol)
	case "std-corr":
		stdCorrSymbols(dst, xi)
	default:
		return false
	}
	return true
}

// LeviCivitaIn has the log-Cholesky chart.
func (f CentredNormal) LeviCivitaIn(dst Tensor, chart string, _, theta []float64) bool {
	g := f.workspace()
	if chart != "log-cholesky" || f.factor(g, theta) != nil {
		return false
	}
	c := g.frame(0, true)
	dst.fill(c.symbol)
	return true
}

// stdCorrSymbols differentiates P and, with c = cosh²t and s = sinh²t,
// [[1+c, −s, −ρ], [·, 1+c, −ρ], [·, ·, 1+ρ²]].
func stdCorrSymbols(dst Tensor, xi []float64) {
	r, c := math.Tanh(xi[4]), square(math.Cosh(xi[4]))
	slope := func(k, i, j int) float64 { // ∂_kG_ij
		switch i, j := min(i, j), max(i, j); {
		case j < 2 && k >= 2:
			return stdCorrSlope(xi, i, j, k)
		case i < 2 || k != 4:
			return 0
		case i == 4:
			return 2 * r / c
		case j == 4:
			return -1 / c
		case i == j:
			return 2 * r * c
		}
		return -2 * r * c
	}
	dst.fill(func(i, j, k int) float64 { return (slope(i, j, k) + slope(j, i, k) - slope(k, i, j)) / 2 })
}

var (
	_ ConnectedInChart = MultivariateNormal{}
	_ ConnectedInChart = CentredNormal{}
)
