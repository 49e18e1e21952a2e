package manifold

import (
	"testing"

	"fisherflow/internal/special"

	"github.com/stretchr/testify/require"
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
		k, accuracy, err := GaussianCurvature(c.f, c.theta)
		require.NoError(t, err)
		require.InDelta(t, c.want, k, 1e-10, c.f.Name())
		require.Less(t, accuracy, 1e-8)
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

func TestAmariChentsovOfTheNormal(t *testing.T) {
	v, err := In(Normal{}, "source")
	require.NoError(t, err)
	const s = 1.7
	c, accuracy, err := AmariChentsov(v, []float64{0.3, s})
	require.NoError(t, err)
	require.Less(t, accuracy, 1e-9)
	// E[z²(z²−1)] = 2 and E[(z²−1)³] = 8, over σ³; odd moments vanish.
	require.InDelta(t, 2/(s*s*s), c[0][0][1], 1e-10)
	require.InDelta(t, 8/(s*s*s), c[1][1][1], 1e-10)
	require.InDelta(t, 0, c[0][0][0], 1e-10)
	require.InDelta(t, 0, c[0][1][1], 1e-10)
}
