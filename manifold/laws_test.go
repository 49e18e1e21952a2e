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
