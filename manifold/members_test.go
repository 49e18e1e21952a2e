package manifold_test

import (
	"testing"

	"fisherflow/manifold"
)

// members are one or two ordinary members of each further exponential family.
var members = []member{
	{manifold.HalfNormal{}, []float64{2}},
	{manifold.Rayleigh{}, []float64{.7}},
	{manifold.MaxwellBoltzmann{}, []float64{3}},
	{manifold.Pareto{Xm: 1.5}, []float64{2.5}},
	{manifold.NormalKnownMean{Mean: .4}, []float64{2}},
	{manifold.NormalKnownVariance{SD: .7}, []float64{-1}},
	{manifold.ChiSquare{}, []float64{3}},
	{manifold.Binomial{N: 7}, []float64{.3}},
	{manifold.Geometric{}, []float64{.3}},
	{manifold.NegativeBinomial{R: 2.5}, []float64{.4}},
	{manifold.Lognormal{}, []float64{.5, .6}},
	{manifold.InverseGamma{}, []float64{5, .2}},
	{manifold.InverseGaussian{}, []float64{2, 3}},
	{manifold.Beta{}, []float64{.6, 3}},
	{manifold.Dirichlet{K: 4}, []float64{.6, 3, 2, 7}},
	{manifold.Multinomial{N: 6, K: 4}, []float64{.1, .2, .3}},
	{manifold.DiagonalNormal{}, []float64{.3, -.2, 1, .4}},
	{manifold.VonMises{}, []float64{.4, 2}},
	{manifold.VonMises{}, []float64{1, 80}},
	{manifold.VonMisesFisher{}, []float64{1, -.4, 2}},
	{manifold.VonMisesFisher{Dimension: 5}, []float64{1, -.4, 2, 0, 5}},
	{manifold.Gibbs{Levels: []float64{0, 1, 1.5, 3}}, []float64{.7}},
	{manifold.Ising{N: 3}, []float64{.3, -.2, .1, .5, -.4, .2}},
	{manifold.Wishart{}, []float64{3.5, 1.5, -.5, 1.2}},
	{manifold.Wishart{Dimension: 3}, []float64{5, 1, .4, .7, -.2, .1, 1.2}},
	{manifold.CentredNormal{Dimension: 3}, []float64{1, .4, .7, -.2, .1, 1.2}},
}

func TestSamplesOfMembers(t *testing.T) {
	for _, c := range members {
		requireSamples(t, c)
	}
}

func TestNoAllocationOfMembers(t *testing.T) {
	for _, c := range members {
		requireNoAllocation(t, c)
	}
}
