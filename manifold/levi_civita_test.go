package manifold_test

import (
	"math"
	"testing"

	"fisherflow/manifold"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
)

// TestClosedSymbolsAreDerivativesOfTheMetric: in every chart in which the
// Levi-Civita symbols are closed they are those of differences of the Fisher
// matrix, to the error of the differences, in Fisher units; and they are closed
// in all charts but those of the families that are computed.
func TestClosedSymbolsAreDerivativesOfTheMetric(t *testing.T) {
	joint := product(t, manifold.Normal{}, manifold.Gamma{}, manifold.Categorical{K: 3})
	for _, c := range []struct {
		family manifold.Family
		theta  []float64
	}{
		{manifold.Bernoulli{}, []float64{.2}}, {manifold.Binomial{N: 7}, []float64{.3}}, {manifold.Geometric{}, []float64{.4}},
		{manifold.NegativeBinomial{R: 2.5}, []float64{.35}}, {manifold.Poisson{}, []float64{2.3}}, {manifold.ExponentialRate{}, []float64{1.7}},
		{manifold.HalfNormal{}, []float64{1.3}}, {manifold.Rayleigh{}, []float64{1.3}}, {manifold.MaxwellBoltzmann{}, []float64{1.3}},
		{manifold.NormalKnownMean{Mean: .4}, []float64{.8}}, {manifold.NormalKnownVariance{SD: .7}, []float64{.8}},
		{manifold.Pareto{Xm: 1.5}, []float64{2.2}}, {manifold.ChiSquare{}, []float64{3.1}}, {manifold.Gibbs{Levels: []float64{0, 1, 1.5, 3}}, []float64{.7}},
		{manifold.Normal{}, []float64{.3, 1.4}}, {manifold.Lognormal{}, []float64{.3, 1.4}}, {manifold.Gamma{}, []float64{2.5, 4}},
		{manifold.InverseGamma{}, []float64{2.5, 4}}, {manifold.InverseGaussian{}, []float64{1.3, 2.2}}, {manifold.Beta{}, []float64{2.5, 1.5}},
		{manifold.Dirichlet{K: 3}, []float64{2.5, 1.5, 4}}, {manifold.Categorical{K: 4}, []float64{.1, .4, .2}}, {manifold.Multinomial{N: 5, K: 3}, []float64{.2, .5}},
		{manifold.Cauchy{}, []float64{.3, 1.4}}, {manifold.Gumbel{}, []float64{.3, 1.4}}, {manifold.Laplace{}, []float64{.3, 1.4}},
		{manifold.Logistic{}, []float64{.3, 1.4}}, {manifold.NewStudentT(3), []float64{.3, 1.4}}, {manifold.Weibull{}, []float64{1.6, 2.3}},
		{manifold.StudentTFree{}, []float64{.3, 1.4, 1.2}}, {manifold.StudentTFree{}, []float64{.3, 1.4, 7}},
		{manifold.VonMises{}, []float64{.4, 2}}, {manifold.VonMisesFisher{}, []float64{1, -.4, 2}}, {manifold.VonMisesFisher{Dimension: 4}, []float64{.5, .3, -.2, .7}},
		{manifold.DiagonalNormal{}, []float64{.3, -.2, 1, .4}}, {manifold.CentredNormal{}, []float64{1, .4, .7}}, {manifold.MultivariateNormal{}, []float64{.3, -.2, 1, .4, .7}},
		{manifold.MultivariateNormal{Dimension: 3}, []float64{.3, -.2, .1, 1, .4, .7, -.2, .1, 1.2}},
		{manifold.Wishart{}, []float64{6, 1, .4, .8}}, {manifold.Ising{N: 3}, []float64{.3, -.2, .1, .5, -.4, .2}},
		{joint, []float64{.3, 1.4, 2.5, 4, .2, .5}},
	} {
		n := c.family.Dim()
		for _, name := range manifold.AllCharts(c.family) {
			v, err := manifold.In(c.family, name)
			require.NoError(t, err)
			xi := make([]float64, n)
			require.NoError(t, v.Chart().FromSource(xi, c.theta))
			gamma, accuracy, err := manifold.Christoffel(v, xi)
			require.NoError(t, err)
			require.Zero(t, accuracy, "%s/%s", c.family.Name(), name)
			d, accuracy, err := manifold.FisherDerivative(v, xi)
			require.NoError(t, err)
			g := mat.NewSymDense(n, nil)
			require.NoError(t, v.Fisher(g, xi))
			for i := range n {
				for j := range n {
					for k := range n {
						want := (d[j][k][i] + d[i][k][j] - d[i][j][k]) / 2
						unit := math.Sqrt(g.At(i, i) * g.At(j, j) * g.At(k, k))
						require.InDelta(t, want/unit, gamma[i][j][k]/unit, 1e-9+2*accuracy/unit, "%s/%s Γ_%d%d,%d", c.family.Name(), name, i+1, j+1, k+1)
					}
				}
			}
		}
	}
}
