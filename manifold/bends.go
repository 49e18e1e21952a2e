package manifold

import (
	"math"

	"fisherflow/internal/special"

	"gonum.org/v1/gonum/blas"
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

// Bend is D²Σ = Σ(UΣV + VΣU)Σ.
func (c *precisionChart) Bend(dst, _, theta, u, v []float64) bool {
	d := c.d
	clear(dst[:d])
	c.unpack(c.m[0], theta[d:], 1, 1)
	c.unpack(c.m[1], u[d:], 1, 1)
	c.unpack(c.m[2], v[d:], 1, 1)
	c.mul(c.m[3], blas.NoTrans, c.m[0], blas.NoTrans, c.m[1])
	c.mul(c.m[1], blas.NoTrans, c.m[3], blas.NoTrans, c.m[0]) // ΣUΣ
	c.mul(c.m[3], blas.NoTrans, c.m[1], blas.NoTrans, c.m[2])
	c.mul(c.m[2], blas.NoTrans, c.m[3], blas.NoTrans, c.m[0])
	c.addTransposed(c.m[3], c.m[2])
	c.pack(dst[d:], c.m[3], 1, 1)
	return true
}

// addTransposed stores the lower triangle of a + aᵀ.
func (g *gaussian) addTransposed(dst, a []float64) {
	for i := range g.d {
		for j := range i + 1 {
			dst[i*g.d+j] = a[i*g.d+j] + a[j*g.d+i]
		}
	}
}

// Bend is D²Σ = UVᵀ + VUᵀ for changes U and V of L; where the diagonal of L is
// logarithmic, that of L_ii along them, L_ii u_i v_i, counts too.
func (c *choleskyChart) Bend(dst, xi, _, u, v []float64) bool {
	d := c.d
	clear(dst[:d])
	c.lower(c.m[0], xi)
	c.unpackLower(c.m[1], u[d:])
	c.unpackLower(c.m[2], v[d:])
	second := make([]float64, d)
	if c.log {
		for i := range second {
			second[i] = c.m[0][i*d+i] * c.m[1][i*d+i] * c.m[2][i*d+i]
		}
	}
	c.weigh(c.m[1], c.m[0], false)
	c.weigh(c.m[2], c.m[0], false)
	c.mul(c.m[3], blas.NoTrans, c.m[1], blas.Trans, c.m[2])
	// The change of L is diagonal: that of Σ is its row, times the column of L.
	for i := range d {
		for j, s := range second {
			c.m[3][i*d+j] += c.m[0][i*d+j] * s
		}
	}
	c.addTransposed(c.m[1], c.m[3])
	c.pack(dst[d:], c.m[1], 1, 1)
	return true
}

// Bend has 4s²uv for the variances, ρs₁s₂ and s₁s₂(1−ρ²) for the covariance.
func (c *stdCorrChart) Bend(dst, xi, theta, u, v []float64) bool {
	dst[0], dst[1] = 0, 0
	dst[2], dst[4] = 4*theta[2]*u[2]*v[2], 4*theta[4]*u[3]*v[3]
	a, b := u[2]+u[3], v[2]+v[3]
	dst[3] = theta[3]*a*b + c.slope(xi)*(a*v[4]+b*u[4]-2*math.Tanh(xi[4])*u[4]*v[4])
	return true
}

// Bend is that of the multivariate normal.
func (c *centred) Bend(dst, xi, theta, u, v []float64) bool {
	b, ok := c.full.(Bent)
	if !ok {
		return false
	}
	full := make([]float64, c.d+len(u))
	copy(full[c.d:], v)
	out := make([]float64, len(full))
	if !b.Bend(out, c.pad(0, xi), c.pad(1, theta), c.pad(2, u), full) {
		return false
	}
	copy(dst, out[c.d:])
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
