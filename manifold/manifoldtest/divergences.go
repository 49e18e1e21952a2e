package manifoldtest

import (
	"errors"
	"fmt"
	"math"

	"fisherflow/manifold"
)

// renyi compares Rényi divergences, Bhattacharyya distance and squared Hellinger
// distance with expectations of powers of the ratio of densities, and for close
// members with ½αΔᵀGΔ.
func (c *checker) renyi() {
	if _, ok := c.family.(manifold.Diverger); !ok {
		return
	}
	divergence := func(alpha float64, p, q []float64) (float64, bool) {
		d, err := manifold.Renyi(c.family, alpha, p, q)
		if err != nil && !errors.Is(err, errors.ErrUnsupported) {
			c.fault("renyi", "order %g: %v", alpha, err)
		}
		return d, err == nil
	}
	tol := 1e-10
	if c.sparse {
		tol = 1e-8
	}
	logRatio := func(x []float64) float64 { return c.logDensity(x, c.other) - c.logDensity(x, c.theta) }
	// The nodes lie where p is, so that its power must be the greater one; skew
	// symmetry reaches the lesser ones.
	for _, alpha := range []float64{0.5, 0.6, 0.9, 0.999, 1.1} {
		got, ok := divergence(alpha, c.theta, c.other)
		if !ok {
			continue
		}
		if z, _ := divergence(alpha, c.theta, c.theta); math.Abs(z) > 1e-15 {
			c.fault("renyi", "D_%g(p‖p) is %g", alpha, z)
		}
		power := c.oracle.mean(func(x []float64) float64 { return math.Expm1((1 - alpha) * logRatio(x)) })
		want := math.Log1p(power) / (alpha - 1)
		if math.IsInf(got, 1) && alpha > 1 {
			continue // the sum over the nodes is finite even where the integral is not
		}
		c.close("renyi", fmt.Sprintf("D_%g(p‖q)", alpha), got, want, tol, math.Max(want, 1e-3)/math.Min(1, 10*math.Abs(1-alpha)))
		// Skew symmetry.
		if alpha < 1 {
			back, _ := divergence(1-alpha, c.other, c.theta)
			c.close("renyi", fmt.Sprintf("D_%g(q‖p)(1−α)/α", 1-alpha), back*alpha/(1-alpha), got, 1e-11, got)
		}
	}
	// D grows with its order, and is KL at 1.
	previous := 0.0
	for _, alpha := range []float64{0.05, 0.3, 0.5, 0.8, 0.99, 1, 1.01} {
		d, ok := divergence(alpha, c.theta, c.other)
		if !ok {
			continue
		}
		if !(d >= previous) {
			c.fault("renyi", "D_%g(p‖q) = %g is less than at the order before, %g", alpha, d, previous)
		}
		previous = d
	}
	if h, err := manifold.SquaredHellinger(c.family, c.theta, c.other); err == nil {
		want := -c.oracle.mean(func(x []float64) float64 { return math.Expm1(logRatio(x) / 2) })
		c.close("renyi", "squared Hellinger distance", h, want, tol, math.Max(want, 1e-3))
		b, _ := manifold.Bhattacharyya(c.family, c.theta, c.other)
		coefficient, _ := manifold.BhattacharyyaCoefficient(c.family, c.theta, c.other)
		c.close("renyi", "e^(−Bhattacharyya distance)", math.Exp(-b), coefficient, 1e-15, 1)
		c.close("renyi", "1 − the squared Hellinger distance", 1-h, coefficient, 1e-15, 1)
	}
	if c.matrix == nil {
		return
	}
	// Close points, as for KL: D_α(p‖p±Δ) is ½αΔᵀGΔ on average.
	units := c.units()
	for _, s := range []float64{1e-4, 1e-8} {
		up, down := append([]float64(nil), c.theta...), append([]float64(nil), c.theta...)
		square, rounding := 0.0, 0.0
		delta := make([]float64, c.n)
		for i := range up {
			up[i] += s * units[i] * []float64{1, -0.6, 0.8}[i%3]
			delta[i] = up[i] - c.theta[i]
			down[i] = c.theta[i] - delta[i]
			rounding = math.Max(rounding, 4e-16*math.Abs(c.theta[i])/math.Abs(delta[i]))
		}
		for i := range delta {
			for j := range delta {
				square += delta[i] * c.matrix.At(i, j) * delta[j]
			}
		}
		order := 1000 * s * s
		if c.corner {
			order = s
		}
		for _, alpha := range []float64{0.3, 0.5, 2} {
			a, ok1 := divergence(alpha, c.theta, up)
			b, ok2 := divergence(alpha, c.theta, down)
			if ok1 && ok2 {
				c.close("renyi", fmt.Sprintf("D_%g at separation %g", alpha, s), (a+b)/2, alpha*square/2, math.Max(1e-10, order)+rounding, alpha*square/2)
			}
		}
	}
}
