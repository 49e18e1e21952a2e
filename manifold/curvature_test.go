package manifold

import (
	"errors"
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

// Each row: mpmath, mp.dps = 80, p1 = psi(1,·), p2 = psi(2,·), s = a+b:
// (p1(a)*p2(b)*p2(s)+p2(a)*p1(b)*p2(s)-p2(a)*p2(b)*p1(s))/(4*(p1(a)*p1(b)-p1(s)*(p1(a)+p1(b)))**2)
// and (p1(a)+a*p2(a))/(4*(a*p1(a)-1)**2).
func TestCurvatures(t *testing.T) {
	for _, c := range []struct {
		family Curved
		theta  []float64
		want   float64
	}{
		{Beta{}, []float64{2.5, 1.5}, -0.461408649609395139},
		{Beta{}, []float64{0.3, 0.7}, -0.241000047426588467},
		{Beta{}, []float64{1e-06, 1e-06}, -4.93477695746335593e-12},
		{Beta{}, []float64{1e-06, 1.0}, -0.174095581671862667},
		{Beta{}, []float64{1e-06, 1000000000.0}, -0.250000499999516299},
		{Beta{}, []float64{0.001, 0.5}, -0.0990487752991107032},
		{Beta{}, []float64{30.0, 2.0}, -0.485725964432433381},
		{Beta{}, []float64{1000000000.0, 1000000000.0}, -0.5},
		{Beta{}, []float64{1000000000.0, 2000000.0}, -0.499999999999986111},
		{Gamma{}, []float64{1e-06, 3}, -0.2500004999995163},
		{Gamma{}, []float64{0.3, 3}, -0.36150412638169197},
		{Gamma{}, []float64{2.5, 3}, -0.49067096590622876},
		{Gamma{}, []float64{9.0, 3}, -0.499281665800115601},
		{Gamma{}, []float64{12.0, 3}, -0.499599582984187083},
		{Gamma{}, []float64{1000000000.0, 3}, -0.5},
		{InverseGamma{}, []float64{2.5, 3}, -0.49067096590622876},
		{InverseGaussian{}, []float64{2.5, 3}, -0.5},
		{Lognormal{}, []float64{2.5, 3}, -0.5},
	} {
		k, err := c.family.Curvature(c.theta)
		require.NoError(t, err)
		require.InDelta(t, c.want, k, 4e-16/math.Min(1, c.theta[0])-1e-12*c.want, "%T %g", c.family, c.theta)
	}
}

// TestCurvatureByTheCubicTensor: the closed forms and that of any exponential
// family agree, and only surfaces have a Gaussian curvature.
func TestCurvatureByTheCubicTensor(t *testing.T) {
	type tensorOnly struct {
		Exponential
		Cuber
		Fisherer
	}
	for _, c := range []struct {
		family Exponential
		theta  []float64
	}{
		{Beta{}, []float64{2.5, 1.5}}, {Beta{}, []float64{.3, .7}}, {Gamma{}, []float64{2.5, 4}}, {InverseGamma{}, []float64{2.5, 4}},
		{InverseGaussian{}, []float64{2, 3}}, {Lognormal{}, []float64{1, .3}}, {Normal{}, []float64{1, .3}},
		{Categorical{K: 3}, []float64{.2, .5}}, {Multinomial{N: 5, K: 3}, []float64{.2, .5}}, {Dirichlet{K: 2}, []float64{.3, .7}},
	} {
		want, err := c.family.(Curved).Curvature(c.theta)
		require.NoError(t, err)
		got, err := GaussianCurvature(tensorOnly{c.family, c.family.(Cuber), c.family.(Fisherer)}, c.theta)
		require.NoError(t, err)
		require.InDelta(t, want, got, 1e-12, c.family.Name())
	}
	for _, solid := range []Curved{Categorical{K: 4}, Multinomial{N: 5, K: 4}, Dirichlet{K: 3}} {
		_, err := solid.Curvature([]float64{.2, .3, .4})
		require.ErrorIs(t, err, errors.ErrUnsupported)
	}
}
