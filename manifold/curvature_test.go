package manifold

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"
)

// Each row: mpmath, mp.dps = 80, p1 = psi(1,·), p2 = psi(2,·), s = a+b:
// (p1(a)*p2(b)*p2(s)+p2(a)*p1(b)*p2(s)-p2(a)*p2(b)*p1(s))/(4*(p1(a)*p1(b)-p1(s)*(p1(a)+p1(b)))**2)
// (p1(a)+a*p2(a))/(4*(a*p1(a)-1)**2), and with A = besseli(1,k)/besseli(0,k), B = 1-A*A-A/k,
// C = -2*A*B-B/k+A/k/k: -(k*B-A)/(4*k*A*B)*(C/B-(k*B-A)/(k*A)); mp.dps = 1400 for 1e-300.
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
		{Beta{}, []float64{1e-300, 1}, -0.174095139608529628},
		{Beta{}, []float64{1e-09, 1e-06}, -1.23616556974998276e-12},
		{Beta{}, []float64{1e-06, 0.5}, -0.0986591917277818882},
		{Beta{}, []float64{0.2, 0.9}, -0.239261673678158089},
		{Beta{}, []float64{0.3, 1.1}, -0.289757566367969867},
		{Beta{}, []float64{0.24, 1.0}, -0.263069809093981135},
		{Beta{}, []float64{0.9, 0.99}, -0.3798179859380286},
		{Beta{}, []float64{1e-12, 1e-12}, -4.93480220051943592e-24},
		{Beta{}, []float64{0.1, 0.4}, -0.112993011688672313},
		{Beta{}, []float64{0.1, 0.41}, -0.115475717221383244},
		{Beta{}, []float64{1e-09, 1.5}, -0.20881057244523319},
		{Beta{}, []float64{0.26, 1000000.0}, -0.350492891168883038},
		{Beta{}, []float64{5, 7}, -0.495934482380168117},
		{Beta{}, []float64{1, 1000000000.0}, -0.456303691440192127},
		{Gamma{}, []float64{1e-300, 3}, -0.25},
		{Gamma{}, []float64{0.5, 3}, -0.403990512460841101},
		{Gamma{}, []float64{0.99, 3}, -0.455687194797448439},
		{Gamma{}, []float64{1.01, 3}, -0.456908786908712856},
		{Gamma{}, []float64{3.0, 3}, -0.493438463394562158},
		{Gamma{}, []float64{1000000.0, 3}, -0.499999999999944444},
		{VonMises{}, []float64{.4, 1e-320}, 0},
		{VonMises{}, []float64{.4, 1e-08}, -6.25000000000000026e-18},
		{VonMises{}, []float64{.4, 0.3}, -0.00562468537499420466},
		{VonMises{}, []float64{.4, 2.0}, -0.22910300347092393},
		{VonMises{}, []float64{.4, 59.0}, -0.500002029029206944},
		{VonMises{}, []float64{.4, 61.0}, -0.500001829351076495},
		{VonMises{}, []float64{.4, 10000.0}, -0.500000000000375225},
		{VonMises{}, []float64{.4, 1000000.0}, -0.5},
		{Beta{}, []float64{1e300, 1e300}, -0.5},
		{Gamma{}, []float64{1e300, 1e300}, -0.5},
		{InverseGamma{}, []float64{1e-300, 3}, -0.25},
		{VonMises{}, []float64{.4, 1e300}, -0.5},
		{InverseGamma{}, []float64{2.5, 3}, -0.49067096590622876},
		{InverseGaussian{}, []float64{2.5, 3}, -0.5},
		{Lognormal{}, []float64{2.5, 3}, -0.5},
	} {
		k, err := c.family.Curvature(c.theta)
		require.NoError(t, err)
		require.InDelta(t, c.want, k, -1e-13*c.want, "%T %g", c.family, c.theta)
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
