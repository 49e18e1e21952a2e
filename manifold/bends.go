package manifold

import (
	"math"

	"fisherflow/internal/special"
)

// The second derivatives of the charts that move several coordinates at once.

// Bend is zero.
func (c *covarianceChart) Bend(dst, _, _, _, _ []float64) bool {
	clear(dst)
	return true
}

// Bend is zero.
func (c *wishartSource) Bend(dst, _, _, _, _ []float64) bool {
	clear(dst)
	return true
}

// Bend is that of each pair.
func (c *pairs) Bend(dst, xi, theta, u, v []float64) bool {
	b, ok := c.one.(Bent)
	if !ok {
		return false
	}
	var second, other [2]float64
	for i := range len(u) / 2 {
		gather(&c.a, xi, i)
		gather(&c.b, theta, i)
		gather(&c.c, u, i)
		gather(&other, v, i)
		if !b.Bend(second[:], c.a[:], c.b[:], c.c[:], other[:]) {
			return false
		}
		scatter(dst, &second, i)
	}
	return true
}

// Bend is p_i(a_i b_i − Σ_{j≤i} z_j(1−z_j)u_j v_j), where a_i = u_i − Σ_{j≤i} z_j u_j is the
// change of log p_i along u and b_i that along v.
func (c *stickBreaking) Bend(dst, xi, p, u, v []float64) bool {
	sumU, sumV, sum := 0.0, 0.0, 0.0
	for i, x := range xi {
		z, rest := special.Logistic(x), special.Logistic(-x)
		sum += z * rest * u[i] * v[i]
		dst[i] = p[i] * ((rest*u[i]-sumU)*(rest*v[i]-sumV) - sum)
		sumU += z * u[i]
		sumV += z * v[i]
	}
	return true
}

// Bend differentiates κ(sin t cos f, sin t sin f, cos t).
func (c *spherical) Bend(dst, xi, _, u, v []float64) bool {
	kappa := xi[0]
	s, k := math.Sincos(xi[1])
	kt, tt := u[0]*v[1]+u[1]*v[0], u[1]*v[1]
	kf, tf, ff := u[0]*v[2]+u[2]*v[0], u[1]*v[2]+u[2]*v[1], u[2]*v[2]
	// Along the radius, the polar angle and the azimuth: ∂r = e_t dt + sin t e_f df,
	// ∂e_t = −r dt + cos t e_f df, ∂e_f = −(sin t r + cos t e_t) df.
	c.expand(dst, xi, [3]float64{
		-kappa * (tt + s*s*ff),
		kt - kappa*s*k*ff,
		s*kf + kappa*k*tf,
	})
	return true
}
