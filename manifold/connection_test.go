package manifold_test

import (
	"math"
	"slices"
	"testing"

	"fisherflow/manifold"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
)

// exponentials are ordinary members of all exponential families.
func exponentials(t *testing.T) []member {
	return slices.Concat(members, []member{
		{manifold.Normal{}, []float64{.3, 1.7}},
		{manifold.Gamma{}, []float64{2.5, 4}},
		{manifold.ExponentialRate{}, []float64{2}},
		{manifold.Poisson{}, []float64{3}},
		{manifold.Bernoulli{}, []float64{.3}},
		{manifold.Categorical{K: 4}, []float64{.1, .2, .3}},
		{manifold.MultivariateNormal{}, []float64{1, -1, 2, .8, 1}},
		{manifold.MultivariateNormal{Dimension: 3}, []float64{1, 2, 3, 2, .3, 1, -.4, .2, 1.5}},
		{product(t, manifold.Gamma{}, manifold.Poisson{}), []float64{2.5, 4, 3}},
	})
}

// unitsOf are the Fisher units along the coordinates.
func unitsOf(t *testing.T, v *manifold.View, xi []float64) []float64 {
	g := mat.NewSymDense(v.Dim(), nil)
	require.NoError(t, v.Fisher(g, xi))
	units := make([]float64, v.Dim())
	for i := range units {
		units[i] = 1 / math.Sqrt(g.At(i, i))
	}
	return units
}

// requireTensors compares component by component in Fisher units.
func requireTensors(t *testing.T, want, got manifold.Tensor, units []float64, tol float64, what ...any) {
	t.Helper()
	for i := range want {
		for j := range want {
			for k := range want {
				w := units[i] * units[j] * units[k]
				require.InDelta(t, want[i][j][k]*w, got[i][j][k]*w, tol, what...)
			}
		}
	}
}

// TestFlatConnections: the exponential connection vanishes in natural, the
// mixture connection in expectation coordinates, exactly, and so do differences
// of the Fisher matrix say, which know nothing of either.
func TestFlatConnections(t *testing.T) {
	for _, c := range exponentials(t) {
		for chart, alpha := range map[string]float64{"natural": 1, "expectation": -1} {
			v, err := manifold.In(c.family, chart)
			require.NoError(t, err)
			n := v.Dim()
			xi := make([]float64, n)
			require.NoError(t, v.Chart().FromSource(xi, c.theta))
			units := unitsOf(t, v, xi)
			flat, accuracy, err := manifold.AlphaConnection(v, alpha, xi)
			require.NoError(t, err)
			require.Zero(t, accuracy, "%s, chart %s", c.family.Name(), chart)
			levi, accuracy, err := manifold.Christoffel(v, xi)
			require.NoError(t, err)
			require.Zero(t, accuracy, "%s, chart %s", c.family.Name(), chart)
			d, _, err := manifold.FisherDerivative(v, xi)
			require.NoError(t, err)
			for i := range n {
				for j := range n {
					for k := range n {
						w := units[i] * units[j] * units[k]
						require.Zero(t, flat[i][j][k], "%s, chart %s", c.family.Name(), chart)
						// Γ⁽⁰⁾ by differences.
						require.InDelta(t, (d[j][k][i]+d[i][k][j]-d[i][j][k])/2*w, levi[i][j][k]*w, 1e-8,
							"%s, chart %s, Γ_%d%d,%d", c.family.Name(), chart, i, j, k)
					}
				}
			}
		}
	}
}

// TestDualConnections: ∂_kG_ij = Γ⁽ᵅ⁾_{ki,j} + Γ⁽⁻ᵅ⁾_{kj,i} in every chart.
func TestDualConnections(t *testing.T) {
	for _, c := range append(exponentials(t), member{manifold.NewStudentT(3), []float64{.4, 2}}, member{manifold.Weibull{}, []float64{2, 3}}) {
		if c.family.Dim() > 6 {
			continue
		}
		for _, chart := range manifold.AllCharts(c.family) {
			v, err := manifold.In(c.family, chart)
			require.NoError(t, err)
			n := v.Dim()
			xi := make([]float64, n)
			if v.Chart().FromSource(xi, c.theta) != nil {
				continue
			}
			d, _, err := manifold.FisherDerivative(v, xi)
			require.NoError(t, err)
			a, _, err := manifold.AlphaConnection(v, 0.7, xi)
			require.NoError(t, err)
			b, _, err := manifold.AlphaConnection(v, -0.7, xi)
			require.NoError(t, err)
			units := unitsOf(t, v, xi)
			for i := range n {
				for j := range n {
					for k := range n {
						w := units[i] * units[j] * units[k]
						require.InDelta(t, d[i][j][k]*w, (a[k][i][j]+b[k][j][i])*w, 1e-7, "%s, chart %s", c.family.Name(), chart)
					}
				}
			}
		}
	}
}

// TestConnectionsOfTheNormal in (μ, σ): Γ⁽ᵅ⁾_{μσ,μ} = −(1+α)/σ³,
// Γ⁽ᵅ⁾_{μμ,σ} = (1−α)/σ³, Γ⁽ᵅ⁾_{σσ,σ} = −2(1+2α)/σ³ (Amari & Nagaoka, §2.3).
func TestConnectionsOfTheNormal(t *testing.T) {
	v, err := manifold.In(manifold.Normal{}, "source")
	require.NoError(t, err)
	const s = 1.7
	for _, alpha := range []float64{-1, 0, .4, 1} {
		got, accuracy, err := manifold.AlphaConnection(v, alpha, []float64{.3, s})
		require.NoError(t, err)
		require.Less(t, accuracy, 1e-10)
		c := 1 / (s * s * s)
		want := manifold.Tensor{{{0, (1 - alpha) * c}, {-(1 + alpha) * c, 0}}, {{-(1 + alpha) * c, 0}, {0, -2 * (1 + 2*alpha) * c}}}
		requireTensors(t, want, got, []float64{s, s}, 1e-10, "α = %g", alpha)
	}
}
