package manifold_test

import (
	"errors"
	"math"
	"testing"

	"fisherflow/manifold"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
)

// TestDualGeodesicsAreStraight: in their own chart, and, in source coordinates,
// solutions of ẍ_k + Γ⁽ᵅ⁾_{ij,k}ẋⁱẋʲ = 0 with α = 1 and −1, by differences.
func TestDualGeodesicsAreStraight(t *testing.T) {
	type geodesic func(f manifold.Exponential, dst, p, q []float64, s float64) error
	for _, c := range exponentials(t) {
		f := manifold.Own(c.family).(manifold.Exponential)
		n := f.Dim()
		v, err := manifold.In(c.family, "source")
		require.NoError(t, err)
		units := unitsOf(t, v, c.theta)
		q := append([]float64(nil), c.theta...)
		for i := range q {
			q[i] += 0.2 * units[i] * []float64{1, -.6, .8}[i%3] / math.Sqrt(float64(n))
		}
		for chart, g := range map[string]geodesic{"natural": manifold.ExponentialGeodesic, "expectation": manifold.MixtureGeodesic} {
			at := func(s float64) []float64 {
				x := make([]float64, n)
				require.NoError(t, g(f, x, c.theta, q, s), f.Name())
				return x
			}
			require.Equal(t, c.theta, at(0))
			require.Equal(t, q, at(1))
			straight, _ := f.Chart(chart)
			a, b, m := make([]float64, n), make([]float64, n), make([]float64, n)
			require.NoError(t, errors.Join(straight.FromSource(a, c.theta), straight.FromSource(b, q), straight.FromSource(m, at(.3))))
			for i := range m {
				require.InDelta(t, a[i]+.3*(b[i]-a[i]), m[i], 1e-10*(math.Abs(a[i])+math.Abs(b[i])), f.Name())
			}
			if n > 9 {
				continue
			}
			alpha := 1.0
			if chart == "expectation" {
				alpha = -1
			}
			gamma, _, err := manifold.AlphaConnection(v, alpha, c.theta)
			require.NoError(t, err)
			fisher := mat.NewSymDense(n, nil)
			require.NoError(t, v.Fisher(fisher, c.theta))
			const h = 2e-2
			points := [][]float64{at(-2 * h), at(-h), at(h), at(2 * h)}
			first, second := make([]float64, n), make([]float64, n)
			for i, x := range c.theta {
				first[i] = (8*(points[2][i]-points[1][i]) - (points[3][i] - points[0][i])) / (12 * h)
				second[i] = (16*(points[2][i]+points[1][i]-2*x) - (points[3][i] + points[0][i] - 2*x)) / (12 * h * h)
			}
			for k := range n {
				sum, size := 0.0, 0.0
				for i := range n {
					sum += fisher.At(k, i) * second[i]
					size += math.Abs(fisher.At(k, i) * second[i])
					for j := range n {
						sum += gamma[i][j][k] * first[i] * first[j]
						size += math.Abs(gamma[i][j][k] * first[i] * first[j])
					}
				}
				require.InDelta(t, 0, sum*units[k], 1e-4*size*units[k]+1e-7, "%s, %s geodesic, component %d", f.Name(), chart, k)
			}
		}
	}
}

// TestDualGeodesicsMeetBoundaries at known parameters: of exponential rates
// λ(s) = 1 + s and 1/λ(s) = 1 − s/2, of normals 1/σ² = 1 − ¾s.
func TestDualGeodesicsMeetBoundaries(t *testing.T) {
	x := make([]float64, 2)
	for _, c := range []struct {
		f        manifold.Exponential
		geodesic func(f manifold.Exponential, dst, p, q []float64, s float64) error
		p, q     []float64
		s        float64
		want     string
	}{
		{manifold.ExponentialRate{}, manifold.ExponentialGeodesic, []float64{1}, []float64{2}, -3, "exponential: the exponential geodesic to parameter -3 has met the boundary at parameter -1:"},
		{manifold.ExponentialRate{}, manifold.MixtureGeodesic, []float64{1}, []float64{2}, 9, "exponential: the mixture geodesic to parameter 9 has met the boundary at parameter 2:"},
		{manifold.Normal{}, manifold.ExponentialGeodesic, []float64{0, 1}, []float64{1, 2}, 2, "normal: the exponential geodesic to parameter 2 has met the boundary at parameter 1.333333333:"},
		{manifold.Bernoulli{}, manifold.MixtureGeodesic, []float64{.25}, []float64{.5}, 4, "bernoulli: the mixture geodesic to parameter 4 has met the boundary at parameter 3:"},
	} {
		err := c.geodesic(c.f, x[:c.f.Dim()], c.p, c.q, c.s)
		require.ErrorIs(t, err, manifold.ErrDomain)
		require.ErrorContains(t, err, c.want)
	}
	require.NoError(t, manifold.ExponentialGeodesic(manifold.Normal{}, x, []float64{0, 1}, []float64{1, 2}, 1.33))
	require.ErrorContains(t, manifold.ExponentialGeodesic(manifold.Normal{}, x, []float64{0, 1}, []float64{1, 2}, math.NaN()), "no parameter NaN")
	require.ErrorIs(t, manifold.MixtureGeodesic(manifold.Normal{}, x, []float64{0, -1}, []float64{1, 2}, .5), manifold.ErrDomain)
}
