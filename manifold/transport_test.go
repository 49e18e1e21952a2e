package manifold_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"fisherflow/manifold"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
)

// inner is uᵀGv at a source point.
func inner(t *testing.T, f manifold.Family, at, u, v []float64) float64 {
	g := mat.NewSymDense(f.Dim(), nil)
	require.NoError(t, f.(manifold.Fisherer).Fisher(g, at))
	return mat.Inner(mat.NewVecDense(len(u), u), g, mat.NewVecDense(len(v), v))
}

// transports are pairs of members, with closed forms and without.
func transports(t *testing.T) []struct {
	family manifold.Family
	p, q   []float64
} {
	return []struct {
		family manifold.Family
		p, q   []float64
	}{
		{manifold.Normal{}, []float64{0, 1}, []float64{3, .5}},
		{manifold.Normal{}, []float64{0, 1}, []float64{1e-9, 1}},
		{manifold.Lognormal{}, []float64{0, 1}, []float64{3, .5}},
		{manifold.Cauchy{}, []float64{0, 1}, []float64{-3, .5}},
		{manifold.Gumbel{}, []float64{0, 1}, []float64{2, 3}},
		{manifold.NewStudentT(3), []float64{0, 1}, []float64{2, 3}},
		{manifold.Weibull{}, []float64{1, 1}, []float64{3, 2}},
		{manifold.InverseGaussian{}, []float64{1, 2}, []float64{3, 1}},
		{manifold.DiagonalNormal{}, []float64{0, 1, 1, 2}, []float64{1, 1, 1, .3}},
		{manifold.Categorical{K: 3}, []float64{.2, .5}, []float64{.6, .1}},
		{manifold.Categorical{K: 5}, []float64{.1, .2, .3, .15}, []float64{.3, .3, .1, .01}},
		{manifold.Multinomial{N: 5, K: 4}, []float64{.1, .2, .3}, []float64{.3, .3, .1}},
		{manifold.CentredNormal{}, []float64{1, 0, 1}, []float64{2, .8, 1}},
		{manifold.CentredNormal{Dimension: 3}, []float64{1, .4, .7, -.2, .1, 1.2}, []float64{3, .4, .9, .2, -.1, .6}},
		{manifold.MultivariateNormal{}, []float64{.3, -.2, 1, .4, .7}, []float64{.3, -.2, 2, -.4, .5}},
		{manifold.Poisson{}, []float64{2}, []float64{9}},
		{manifold.ChiSquare{}, []float64{2}, []float64{9}},
		{manifold.MultivariateNormal{}, []float64{.3, -.2, 1, .4, .7}, []float64{.9, 1.2, 2, -.4, .5}},
		{manifold.Gamma{}, []float64{2.5, 4}, []float64{1, 3}},
		{manifold.Beta{}, []float64{2.5, 4}, []float64{1, 3}},
		{manifold.Dirichlet{K: 3}, []float64{2.5, 4, 1}, []float64{1, 3, 2}},
		{manifold.VonMisesFisher{}, []float64{1, -.4, 2}, []float64{.5, .6, 1}},
		{manifold.StudentTFree{}, []float64{0, 1, 3}, []float64{1, 1.5, 4}},
		{product(t, manifold.Normal{}, manifold.Gamma{}), []float64{0, 1, 2.5, 4}, []float64{1, .8, 2, 3}},
	}
}

// TestTransport: keeps inner products, carries the geodesic's velocity into its
// velocity, is linear, and goes back.
func TestTransport(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 1))
	for _, c := range transports(t) {
		n := c.family.Dim()
		f := manifold.Own(c.family)
		tol := 1e-10
		if _, ok := f.(manifold.StudentTFree); ok {
			tol = 1e-8 // by differences of the Fisher matrix
		}
		carry := func(p, q, v []float64) []float64 {
			w := make([]float64, n)
			accuracy, err := manifold.Transport(f, w, p, q, v)
			require.NoError(t, err, f.Name())
			require.LessOrEqual(t, accuracy, 10*tol*math.Sqrt(inner(t, f, p, v, v)), f.Name())
			return w
		}
		view, err := manifold.In(f, "source")
		require.NoError(t, err)
		units := unitsOf(t, view, c.p)
		u, v := make([]float64, n), make([]float64, n)
		for i := range u {
			u[i], v[i] = units[i]*rng.NormFloat64(), units[i]*rng.NormFloat64()
		}
		a, b := carry(c.p, c.q, u), carry(c.p, c.q, v)
		for _, pair := range [][4][]float64{{u, u, a, a}, {u, v, a, b}, {v, v, b, b}} {
			want := inner(t, f, c.p, pair[0], pair[1])
			size := math.Sqrt(inner(t, f, c.p, pair[0], pair[0]) * inner(t, f, c.p, pair[1], pair[1]))
			require.InDelta(t, want, inner(t, f, c.q, pair[2], pair[3]), tol*size, "%s %g to %g", f.Name(), c.p, c.q)
		}
		near := func(want, got, at []float64, what string) {
			d := make([]float64, n)
			for i := range d {
				d[i] = got[i] - want[i]
			}
			require.LessOrEqual(t, inner(t, f, at, d, d), tol*tol*math.Max(1, inner(t, f, at, want, want)), "%s %g to %g: %s", f.Name(), c.p, c.q, what)
		}
		near(u, carry(c.q, c.p, a), c.p, "there and back")
		// The velocity.
		forth, back := make([]float64, n), make([]float64, n)
		if l, ok := f.(manifold.Logarithm); ok {
			require.NoError(t, l.Log(forth, c.p, c.q))
			require.NoError(t, l.Log(back, c.q, c.p))
		} else if s, err := manifold.NewShooting(f); n > 1 && err == nil && f.Name() != "product" {
			_, err := s.Log(forth, c.p, c.q)
			require.NoError(t, err)
			_, err = s.Log(back, c.q, c.p)
			require.NoError(t, err)
		}
		for i := range back {
			back[i] = -back[i]
		}
		if f.Name() != "multivariate-normal" {
			near(back, carry(c.p, c.q, forth), c.q, "velocity")
		}
	}
}

// TestTransportByShooting finds the closed forms, in natural coordinates and by
// differences.
func TestTransportByShooting(t *testing.T) {
	for _, c := range transports(t) {
		if _, ok := c.family.(manifold.Distancer); !ok || c.family.Dim() > 5 {
			continue
		}
		n := c.family.Dim()
		s, err := manifold.NewShooting(c.family)
		require.NoError(t, err)
		v, want, got := make([]float64, n), make([]float64, n), make([]float64, n)
		for i := range v {
			v[i] = .3 + .2*float64(i*i)
		}
		_, err = manifold.Transport(c.family, want, c.p, c.q, v)
		require.NoError(t, err)
		accuracy, err := s.Transport(got, c.p, c.q, v)
		require.NoError(t, err)
		for i := range got {
			got[i] -= want[i]
		}
		size := math.Sqrt(inner(t, c.family, c.p, v, v))
		require.LessOrEqual(t, math.Sqrt(inner(t, c.family, c.q, got, got)), 1e-9*size, "%s %g to %g, said to be %.3g", c.family.Name(), c.p, c.q, accuracy)
	}
}

// TestTransportInCharts: the same vector in every chart.
func TestTransportInCharts(t *testing.T) {
	p, q, v := []float64{0, 1}, []float64{2, .5}, []float64{.3, -.7}
	want := make([]float64, 2)
	_, err := manifold.Transport(manifold.Normal{}, want, p, q, v)
	require.NoError(t, err)
	for _, name := range manifold.AllCharts(manifold.Normal{}) {
		view, err := manifold.In(manifold.Normal{}, name)
		require.NoError(t, err)
		c, a, b := view.Chart(), make([]float64, 2), make([]float64, 2)
		require.NoError(t, c.FromSource(a, p))
		require.NoError(t, c.FromSource(b, q))
		x, y, got := make([]float64, 2), make([]float64, 2), make([]float64, 2)
		c.PushInverse(x, a, p, v)
		_, err = manifold.Transport(view, y, a, b, x)
		require.NoError(t, err)
		c.Push(got, b, q, y)
		require.InDeltaSlice(t, want, got, 1e-13, name)
	}
}
