package manifold_test

import (
	"testing"

	"fisherflow/manifold"
	"fisherflow/manifold/manifoldtest"
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
