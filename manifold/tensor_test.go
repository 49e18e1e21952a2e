package manifold

import (
	"math"
	"testing"

	"fisherflow/internal/special"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
)

func TestGaussianCurvature(t *testing.T) {
	for _, c := range []struct {
		f     Exponential
		theta []float64
		want  float64
	}{
		{Normal{}, []float64{0.3, 1.7}, -0.5},
		{Categorical{K: 3}, []float64{0.2, 0.5}, 0.25},
		{Gamma{}, []float64{2.5, 4}, 0},
	} {
		if c.want == 0 {
			a := c.theta[0]
			p1, p2 := special.Trigamma(a), special.Tetragamma(a)
			c.want = (p1 + a*p2) / (4 * (a*p1 - 1) * (a*p1 - 1))
		}
		k, err := GaussianCurvature(c.f, c.theta)
		require.NoError(t, err)
		require.InDelta(t, c.want, k, 1e-13, c.f.Name())
	}
}

func TestChristoffelOfTheNormal(t *testing.T) {
	v, err := In(Normal{}, "source")
	require.NoError(t, err)
	const s = 1.7
	g, accuracy, err := Christoffel(v, []float64{0.3, s})
	require.NoError(t, err)
	require.Less(t, accuracy, 1e-10)
	// Γ_{μσ,μ} = −1/σ³, Γ_{μμ,σ} = 1/σ³, Γ_{σσ,σ} = −2/σ³.
	require.InDelta(t, -1/(s*s*s), g[0][1][0], 1e-11)
	require.InDelta(t, 1/(s*s*s), g[0][0][1], 1e-11)
	require.InDelta(t, -2/(s*s*s), g[1][1][1], 1e-11)
	require.InDelta(t, 0, g[0][0][0], 1e-11)
	require.InDelta(t, 0, g[1][1][0], 1e-11)
}

// TestAmariChentsovIsTheDerivativeOfTheMetric: in the natural chart of an
// exponential family T = ∂G, and by the tensor law everywhere else.
func TestAmariChentsovIsTheDerivativeOfTheMetric(t *testing.T) {
	for _, c := range []struct {
		f     Family
		theta []float64
	}{
		{Normal{}, []float64{.3, 1.7}}, {Gamma{}, []float64{2.5, 4}}, {ExponentialRate{}, []float64{2}}, {Poisson{}, []float64{3}},
		{Bernoulli{}, []float64{.3}}, {Categorical{K: 4}, []float64{.1, .2, .3}},
		{MultivariateNormal{}, []float64{1, -1, 2, .8, 1}}, {MultivariateNormal{Dimension: 3}, []float64{1, 2, 3, 2, .3, 1, -.4, .2, 1.5}},
	} {
		v, err := In(c.f, "natural")
		require.NoError(t, err)
		n := v.Dim()
		xi := make([]float64, n)
		require.NoError(t, v.Chart().FromSource(xi, c.theta))
		d, _, err := FisherDerivative(v, xi)
		require.NoError(t, err)
		got, err := AmariChentsov(v, xi)
		require.NoError(t, err)
		g := mat.NewSymDense(n, nil)
		require.NoError(t, v.Fisher(g, xi))
		for i := range n {
			for j := range n {
				for k := range n {
					scale := math.Sqrt(g.At(i, i) * g.At(j, j) * g.At(k, k))
					require.InDelta(t, d[i][j][k], got[i][j][k], 1e-9*scale, "%s, T_%d%d%d", c.f.Name(), i, j, k)
				}
			}
		}
	}
}

func TestAmariChentsovOfTheNormal(t *testing.T) {
	v, err := In(Normal{}, "source")
	require.NoError(t, err)
	const s = 1.7
	c, err := AmariChentsov(v, []float64{0.3, s})
	require.NoError(t, err)
	// E[z²(z²−1)] = 2 and E[(z²−1)³] = 8, over σ³; odd moments vanish.
	require.InDelta(t, 2/(s*s*s), c[0][0][1], 1e-15)
	require.InDelta(t, 8/(s*s*s), c[1][1][1], 1e-15)
	require.InDelta(t, 0, c[0][0][0], 1e-15)
	require.InDelta(t, 0, c[0][1][1], 1e-15)
}
