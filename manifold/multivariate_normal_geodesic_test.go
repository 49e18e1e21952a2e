package manifold_test

import (
	"math"
	"testing"

	"fisherflow/manifold"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
)

// TestGaussianDistances: the cases in which the distance between multivariate
// normals is known.
func TestGaussianDistances(t *testing.T) {
	one := manifold.MultivariateNormal{Dimension: 1}
	d, err := one.Distance([]float64{0, 1}, []float64{1, 1})
	require.NoError(t, err)
	require.InDelta(t, 0.98025814346854, d, 1e-14)
	middle := make([]float64, 2)
	require.NoError(t, one.Geodesic(middle, []float64{0, 1}, []float64{1, 1}, 0.5))
	require.InDeltaSlice(t, []float64{0.5, 1.125}, middle, 1e-14)

	two := manifold.MultivariateNormal{}
	p := []float64{.3, -.2, 2, .4, .7}
	// Equal means: d² = ½Σlog²λ, λ the eigenvalues of Σ₁⁻¹Σ₂, which for a
	// diagonal change of a diagonal matrix are ratios.
	d, err = two.Distance([]float64{1, 2, 2, 0, .5}, []float64{1, 2, 6, 0, .1})
	require.NoError(t, err)
	require.InDelta(t, math.Sqrt((math.Pow(math.Log(3), 2)+math.Pow(math.Log(.2), 2))/2), d, 1e-13)
	// Equal covariances: √2 acosh(1 + δ²/4), δ² = ΔᵀΣ⁻¹Δ.
	q := []float64{1.3, .8, 2, .4, .7}
	square := (.7 - 2*.4 + 2) / (2*.7 - .4*.4)
	d, err = two.Distance(p, q)
	require.NoError(t, err)
	require.InDelta(t, math.Sqrt2*math.Acosh(1+square/4), d, 1e-13)
	// Diagonal covariances and means that differ in one coordinate: a product
	// of normals. Where both means differ the geodesic leaves the diagonal,
	// Σ″ = Σ′PΣ′ − μ′μ′ᵀ, and is shorter.
	for _, c := range []struct {
		mean    float64
		product bool
	}{{-1, false}, {0, true}} {
		a, b := []float64{0, 0, 1, 0, 4}, []float64{2, c.mean, .25, 0, 1}
		d, err = two.Distance(a, b)
		require.NoError(t, err)
		sum := 0.0
		for i, k := range []int{2, 4} {
			r, err := manifold.Normal{}.Distance([]float64{a[i], math.Sqrt(a[k])}, []float64{b[i], math.Sqrt(b[k])})
			require.NoError(t, err)
			sum += r * r
		}
		if c.product {
			require.InDelta(t, math.Sqrt(sum), d, 1e-13)
		} else {
			require.Less(t, d, math.Sqrt(sum)-0.01)
		}
	}
}

// TestGaussianGeodesicsAgainstShooting in two and three dimensions, where the
// lift needs its antisymmetric part.
func TestGaussianGeodesicsAgainstShooting(t *testing.T) {
	for _, c := range []struct{ p, q []float64 }{
		{[]float64{0, 0, 1, .2, 1}, []float64{1, 0, 1, .3, 2}},
		{[]float64{.3, -.2, 1, .4, .7}, []float64{-1, 2, .5, -.2, 3}},
		{[]float64{.3, -.2, .1, 1, .4, .7, -.2, .1, 1.2}, []float64{1, 1, -1, 2, -.4, 1.7, .2, .1, .6}},
	} {
		f := manifold.MultivariateNormal{Dimension: map[int]int{5: 2, 9: 3}[len(c.p)]}
		s, err := manifold.NewShooting(f)
		require.NoError(t, err)
		want, accuracy, err := s.Distance(c.p, c.q)
		require.NoError(t, err)
		require.Less(t, accuracy, 1e-10)
		d, err := f.Distance(c.p, c.q)
		require.NoError(t, err)
		require.InDelta(t, want, d, 1e-10, "%g to %g", c.p, c.q)
		n := f.Dim()
		v, exact := make([]float64, n), make([]float64, n)
		_, err = s.Geodesic(exact, c.p, c.q, 0.3)
		require.NoError(t, err)
		require.NoError(t, f.Geodesic(v, c.p, c.q, 0.3))
		require.InDeltaSlice(t, exact, v, 1e-9)
		_, err = s.Log(exact, c.p, c.q)
		require.NoError(t, err)
		require.NoError(t, f.Log(v, c.p, c.q))
		require.InDeltaSlice(t, exact, v, 1e-9)
	}
}

// TestGaussianDistanceIsAffine: x ↦ Ax + c changes no distance; close and
// high-dimensional members keep the length of their logarithm.
func TestGaussianDistanceIsAffine(t *testing.T) {
	f := manifold.MultivariateNormal{}
	move := func(p []float64) []float64 {
		// A = [[2, 0], [1, 3]], c = (5, −7).
		s11, s21, s22 := p[2], p[3], p[4]
		return []float64{2*p[0] + 5, p[0] + 3*p[1] - 7, 4 * s11, 2*s11 + 6*s21, s11 + 6*s21 + 9*s22}
	}
	p, q := []float64{.3, -.2, 1, .4, .7}, []float64{-1, 2, .5, -.2, 3}
	d, err := f.Distance(p, q)
	require.NoError(t, err)
	moved, err := f.Distance(move(p), move(q))
	require.NoError(t, err)
	require.InDelta(t, d, moved, 1e-13*d)
	for _, d := range []int{2, 5, 10} {
		f := manifold.MultivariateNormal{Dimension: d}
		p := covariance(d)
		g := mat.NewSymDense(f.Dim(), nil)
		require.NoError(t, f.Fisher(g, p))
		for _, h := range []float64{1e-8, 0.1} {
			q := append([]float64(nil), p...)
			for i := range q {
				q[i] += h * math.Sin(float64(3*i)) / math.Sqrt(g.At(i, i))
			}
			r, err := f.Distance(p, q)
			require.NoError(t, err)
			v := make([]float64, f.Dim())
			require.NoError(t, f.Log(v, p, q))
			w := mat.NewVecDense(len(v), v)
			require.InEpsilon(t, r, math.Sqrt(mat.Inner(w, g, w)), 1e-11, "d = %d, h = %g", d, h)
			back, err := f.Distance(q, p)
			require.NoError(t, err)
			require.InEpsilon(t, r, back, 1e-12, "d = %d, h = %g", d, h)
		}
	}
}
