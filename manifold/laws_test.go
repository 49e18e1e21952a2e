package manifold_test

import (
	"math"
	"testing"

	"fisherflow/manifold"
	"fisherflow/manifold/manifoldtest"

	"github.com/stretchr/testify/require"
)

func TestLaws(t *testing.T) {
	manifoldtest.Run(t, manifold.Normal{}, manifoldtest.Line, []float64{0, 1}, []float64{-1.3, .7}, []float64{20, 5})
	manifoldtest.Run(t, manifold.Gamma{}, manifoldtest.HalfLine, []float64{2.5, 4}, []float64{.4, .01}, []float64{30, 3})
	manifoldtest.Run(t, manifold.ExponentialRate{}, manifoldtest.HalfLine, []float64{1}, []float64{.03}, []float64{70})
	manifoldtest.Run(t, manifold.Poisson{}, manifoldtest.Counts, []float64{.3}, []float64{4}, []float64{90})
	manifoldtest.Run(t, manifold.Bernoulli{}, manifoldtest.Counts, []float64{.5}, []float64{.03}, []float64{.9})
	manifoldtest.Run(t, manifold.Categorical{}, manifoldtest.Counts, []float64{.3})
	manifoldtest.Run(t, manifold.Categorical{K: 3}, manifoldtest.Counts, []float64{.2, .5}, []float64{.01, .9})
	manifoldtest.Run(t, manifold.Categorical{K: 5}, manifoldtest.Counts, []float64{.1, .2, .3, .15})
	manifoldtest.Run(t, manifold.MultivariateNormal{Dimension: 1}, manifoldtest.Space, []float64{.4, 1.5})
	manifoldtest.Run(t, manifold.MultivariateNormal{}, manifoldtest.Space, []float64{.3, -.2, 1, .4, .7}, []float64{0, 0, 1, 0, 1})
	manifoldtest.Run(t, manifold.MultivariateNormal{Dimension: 3}, manifoldtest.Space, []float64{.3, -.2, .1, 1, .4, .7, -.2, .1, 1.2})
}

// TestLawsOfOneParameter: the families whose geometry is that of one rate, and
// the other curves.
func TestLawsOfOneParameter(t *testing.T) {
	manifoldtest.Run(t, manifold.HalfNormal{}, manifoldtest.HalfLine, []float64{1}, []float64{30})
	manifoldtest.Run(t, manifold.Rayleigh{}, manifoldtest.HalfLine, []float64{1}, []float64{.02})
	manifoldtest.Run(t, manifold.MaxwellBoltzmann{}, manifoldtest.HalfLine, []float64{1}, []float64{7})
	manifoldtest.Run(t, manifold.NormalKnownMean{Mean: .4}, manifoldtest.Line, []float64{1}, []float64{.09})
	manifoldtest.Run(t, manifold.NormalKnownVariance{SD: .7}, manifoldtest.Line, []float64{0}, []float64{-3})
	manifoldtest.Run(t, manifold.Pareto{Xm: 1.5}, manifoldtest.Above, []float64{3}, []float64{.8})
	manifoldtest.Run(t, manifold.ChiSquare{}, manifoldtest.HalfLine, []float64{1}, []float64{.3}, []float64{40})
	manifoldtest.Run(t, manifold.Binomial{N: 7}, manifoldtest.Counts, []float64{.3}, []float64{.98})
	manifoldtest.Run(t, manifold.Geometric{}, manifoldtest.Counts, []float64{.4}, []float64{.05}, []float64{.9})
	manifoldtest.Run(t, manifold.NegativeBinomial{R: 2.5}, manifoldtest.Counts, []float64{.4}, []float64{.05})
	manifoldtest.Run(t, manifold.NegativeBinomial{R: .3}, manifoldtest.Counts, []float64{.2})
	manifoldtest.Run(t, manifold.NegativeBinomial{R: 150}, manifoldtest.Counts, []float64{.6})
}

// TestLawsOfPlanes: the families of two coordinates on the positive reals.
func TestLawsOfPlanes(t *testing.T) {
	manifoldtest.Run(t, manifold.Lognormal{}, manifoldtest.HalfLine, []float64{0, 1}, []float64{-1.3, .4})
	manifoldtest.Run(t, manifold.InverseGamma{}, manifoldtest.HalfLine, []float64{2.5, 4}, []float64{.4, .01}, []float64{30, 3})
	manifoldtest.Run(t, manifold.InverseGaussian{}, manifoldtest.HalfLine, []float64{1, 1}, []float64{3, .2}, []float64{.1, 2})
}

func TestLawsOfSimplices(t *testing.T) {
	manifoldtest.Run(t, manifold.Beta{}, manifoldtest.Unit, []float64{2.5, 1.5}, []float64{.4, 3}, []float64{20, 70})
	manifoldtest.Run(t, manifold.Dirichlet{}, manifoldtest.Simplex, []float64{2.5, 1.5})
	manifoldtest.Run(t, manifold.Dirichlet{K: 3}, manifoldtest.Simplex, []float64{2.5, 1.5, 4}, []float64{.6, 2, 1})
	manifoldtest.Run(t, manifold.Multinomial{N: 5, K: 3}, manifoldtest.Finite, []float64{.2, .5}, []float64{.05, .9})
	manifoldtest.Run(t, manifold.Multinomial{N: 3, K: 4}, manifoldtest.Finite, []float64{.2, .3, .4})
	manifoldtest.Run(t, manifold.Multinomial{}, manifoldtest.Finite, []float64{.2})
}

func TestLawsOfNormals(t *testing.T) {
	manifoldtest.Run(t, manifold.DiagonalNormal{}, manifoldtest.Space, []float64{.3, -.2, 1, .4}, []float64{1, 5, .02, 3})
	manifoldtest.Run(t, manifold.DiagonalNormal{Dimension: 3}, manifoldtest.Space, []float64{.3, -.2, 1, .4, 2, 1})
	manifoldtest.Run(t, manifold.CentredNormal{}, manifoldtest.Space, []float64{1, .4, .7}, []float64{4, -1, .3})
	manifoldtest.Run(t, manifold.CentredNormal{Dimension: 3}, manifoldtest.Space, []float64{1, .4, .7, -.2, .1, 1.2})
	manifoldtest.Run(t, manifold.CentredNormal{Dimension: 1}, manifoldtest.Space, []float64{2})
}

func TestLawsOfSpheres(t *testing.T) {
	manifoldtest.Run(t, manifold.VonMises{}, manifoldtest.Circle, []float64{.4, 2}, []float64{-2, .5}, []float64{3, 40})
	manifoldtest.Run(t, manifold.VonMisesFisher{Dimension: 2}, manifoldtest.Sphere, []float64{1, -.4})
	manifoldtest.Run(t, manifold.VonMisesFisher{}, manifoldtest.Sphere, []float64{1, -.4, 2}, []float64{.3, .5, -.4}, []float64{3, 8, 4})
	manifoldtest.Run(t, manifold.VonMisesFisher{Dimension: 4}, manifoldtest.Sphere, []float64{.5, .3, -.2, .7}, []float64{0, 0, 0, 0})
}

func TestLawsOfFiniteEnsembles(t *testing.T) {
	manifoldtest.Run(t, manifold.Gibbs{Levels: []float64{0, 1, 1.5, 3}}, manifoldtest.Finite, []float64{.7}, []float64{-1.2}, []float64{6})
	manifoldtest.Run(t, manifold.Gibbs{}, manifoldtest.Finite, []float64{.3})
	manifoldtest.Run(t, manifold.Ising{N: 3}, manifoldtest.Finite, []float64{.3, -.2, .1, .5, -.4, .2}, []float64{1, -2, .1, .5, .4, 1.2})
	manifoldtest.Run(t, manifold.Ising{}, manifoldtest.Finite, []float64{.3, -.2, .1})
	manifoldtest.Run(t, manifold.Ising{N: 4}, manifoldtest.Finite, []float64{.3, -.2, .1, .2, .5, -.4, .2, 0, .1, -.1})
}

func TestLawsOfMatrices(t *testing.T) {
	manifoldtest.Run(t, manifold.Wishart{}, manifoldtest.Matrices, []float64{6, 1, .4, .8}, []float64{3.5, 1.5, -.5, 1.2})
	manifoldtest.Run(t, manifold.Wishart{Dimension: 1}, manifoldtest.Matrices, []float64{3, 2})
}

func TestLawsOfLocationAndScale(t *testing.T) {
	points := [][]float64{{0, 1}, {-1.3, .7}, {20, 5}}
	manifoldtest.Run(t, manifold.Cauchy{}, manifoldtest.Line, points...)
	manifoldtest.Run(t, manifold.Gumbel{}, manifoldtest.Line, points...)
	manifoldtest.Run(t, manifold.Laplace{}, manifoldtest.Corner, points...)
	manifoldtest.Run(t, manifold.Logistic{}, manifoldtest.Line, points...)
	for _, nu := range []float64{.7, 3, 5.5, 200} {
		manifoldtest.Run(t, manifold.NewStudentT(nu), manifoldtest.Line, points...)
	}
	manifoldtest.Run(t, manifold.Weibull{}, manifoldtest.HalfLine, []float64{1, 1}, []float64{.6, 30}, []float64{12, .02})
}

func TestLawsOfFreeShapes(t *testing.T) {
	manifoldtest.Run(t, manifold.StudentTFree{}, manifoldtest.Line, []float64{0, 1, 3}, []float64{-1.3, .7, 1.2}, []float64{20, 5, 40})
	manifoldtest.Run(t, manifold.NegativeBinomialFree{}, manifoldtest.Counts, []float64{2.5, .4}, []float64{.3, .05}, []float64{40, .6})
}

func TestLawsOfMixtures(t *testing.T) {
	manifoldtest.Run(t, manifold.Own(manifold.Mixture{}), manifoldtest.Line, []float64{.3, -1, 1.5, .7, 1.2})
	manifoldtest.Run(t, manifold.Own(manifold.Mixture{K: 3}), manifoldtest.Line, []float64{.3, .2, -1, 1.5, 0, .7, 1.2, 2})
	gamma, err := manifold.NewMixture(manifold.Gamma{}, 2)
	require.NoError(t, err)
	manifoldtest.Run(t, manifold.Own(gamma), manifoldtest.HalfLine, []float64{.4, 2, 5, 1, 3})
	poisson, err := manifold.NewMixture(manifold.Poisson{}, 2)
	require.NoError(t, err)
	manifoldtest.Run(t, manifold.Own(poisson), manifoldtest.Counts, []float64{.4, 2, 9})
}

func TestLawsOfDensities(t *testing.T) {
	positive := math.Inf(1)
	normal, err := manifold.NewDensity("my-normal", []manifold.Coordinate{{Name: "m"}, {Name: "s", High: positive}},
		manifold.Support{Low: math.Inf(-1), High: positive},
		func(x float64, theta []float64) float64 {
			z := (x - theta[0]) / theta[1]
			return -z*z/2 - math.Log(theta[1]) - math.Log(2*math.Pi)/2
		})
	require.NoError(t, err)
	manifoldtest.Run(t, manifold.Own(normal), manifoldtest.Line, []float64{0, 1}, []float64{-1.3, .7})
}

func product(t *testing.T, factors ...manifold.Family) manifold.Family {
	t.Helper()
	f, err := manifold.NewProduct(factors...)
	require.NoError(t, err)
	return manifold.Own(f)
}

func TestLawsOfProducts(t *testing.T) {
	line, half, count := manifoldtest.Line, manifoldtest.HalfLine, manifoldtest.Counts
	exponential := product(t, manifold.Normal{}, manifold.Gamma{})
	require.Implements(t, (*manifold.Exponential)(nil), exponential)
	manifoldtest.RunJointly(t, exponential, []manifoldtest.Support{line, half}, []float64{-1.3, .7, 2.5, 4})
	geodesic := product(t, manifold.Weibull{}, manifold.Poisson{})
	require.Implements(t, (*manifold.Logarithm)(nil), geodesic)
	_, ok := geodesic.(manifold.Exponential)
	require.False(t, ok)
	manifoldtest.RunJointly(t, geodesic, []manifoldtest.Support{half, count}, []float64{1.5, 2, 4})
	both := product(t, manifold.Bernoulli{}, manifold.Poisson{})
	require.Implements(t, (*manifold.Exponential)(nil), both)
	require.Implements(t, (*manifold.Distancer)(nil), both)
	manifoldtest.RunJointly(t, both, []manifoldtest.Support{count, count}, []float64{.3, 2})
}
