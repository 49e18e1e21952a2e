package manifold_test

import (
	"math"
	"testing"

	"fisherflow/manifold"

	"github.com/stretchr/testify/require"
)

// Fisher–Rao distances by mpmath, mp.dps = 60, x = mpf(float) for each coordinate:
// 2*sqrt(r)*abs(atanh(sqrt(1-p))-atanh(sqrt(1-q))), 2*sqrt(n)*abs(asin(sqrt(p))-asin(sqrt(q))),
// abs(log(p/q)) times 2, sqrt(2), sqrt(6), 1, sqrt(0.5),
// 2*sqrt(2)*asinh(sqrt((dX**2+dY**2)/(Y1*Y2))/2) with X = sqrt(2/m), Y = 1/sqrt(l),
// 2*sqrt(2)*asinh(sqrt((dm**2/2+ds**2)/(s1*s2))/2), the root of the sum of its squares,
// 4*sqrt(n)*asin(sqrt(sum((sqrt(a)-sqrt(b))**2))/2),
// sqrt(sum(log(l)**2)/2) over the eigenvalues l of P**-1*Q.
var distances = []struct {
	family manifold.Family
	p, q   []float64
	want   float64
}{
	{manifold.Geometric{}, []float64{1e-15}, []float64{0.5}, 34.1623235819914893},
	{manifold.Geometric{}, []float64{0.999999999999999}, []float64{1e-15}, 35.9250706928103025},
	{manifold.Geometric{}, []float64{0.3}, []float64{0.30000000299999996}, 1.19522859295165125e-8},
	{manifold.Geometric{}, []float64{1e-15}, []float64{1.00000001e-15}, 9.99999994819959205e-9},
	{manifold.NegativeBinomial{R: 2.5}, []float64{1e-06}, []float64{0.999}, 23.9361299010114741},
	{manifold.Binomial{N: 7}, []float64{1e-15}, []float64{0.999999999999999}, 8.31187254746895678},
	{manifold.Binomial{N: 7}, []float64{0.3}, []float64{0.30000000299999996}, 1.73205078815815496e-8},
	{manifold.Binomial{N: 7}, []float64{1e-15}, []float64{2e-15}, 6.93111860171695858e-8},
	{manifold.Rayleigh{}, []float64{1e-09}, []float64{1000000000.0}, 82.8930633477856445},
	{manifold.Rayleigh{}, []float64{3.0}, []float64{3.00000003}, 1.99999997784505825e-8},
	{manifold.HalfNormal{}, []float64{1e-09}, []float64{1000000000.0}, 58.6142472065452863},
	{manifold.MaxwellBoltzmann{}, []float64{1e-09}, []float64{0.0001}, 28.2007928358718259},
	{manifold.Pareto{Xm: 2}, []float64{1e-06}, []float64{1000000000.0}, 34.5387763949106853},
	{manifold.NormalKnownMean{}, []float64{1e-06}, []float64{1000000000.0}, 24.4226030027272027},
	{manifold.InverseGaussian{}, []float64{1.0, 2.0}, []float64{3.0, 1.0}, 1.09209862096997763},
	{manifold.InverseGaussian{}, []float64{1e-09, 1000000000.0}, []float64{1000000000.0, 1e-09}, 30.8607959998112115},
	{manifold.InverseGaussian{}, []float64{1.0, 2.0}, []float64{1.00000001, 1.99999998}, 1.5811388129177263e-8},
	{manifold.Lognormal{}, []float64{0.0, 1.0}, []float64{1.0, 1.0}, 0.980258143468547192},
	{manifold.Lognormal{}, []float64{0.0, 1e-09}, []float64{5.0, 1000000000.0}, 58.6142472065452863},
	{manifold.DiagonalNormal{}, []float64{0.0, 1.0, 1.0, 2.0}, []float64{1.0, 1.0, 1.0, 1e-06}, 20.5417429828900799},
	{manifold.Multinomial{N: 5, K: 3}, []float64{0.2, 0.5}, []float64{0.3, 0.3}, 0.925610758504047387},
	{manifold.Multinomial{N: 5, K: 3}, []float64{1e-15, 0.5}, []float64{0.5, 1e-15}, 4.68320958975371164},
	{manifold.Multinomial{N: 5, K: 3}, []float64{0.2, 0.5}, []float64{0.200000002, 0.499999995}, 2.23606798873549306e-8},
	{manifold.CentredNormal{}, []float64{1.0, 0.0, 1.0}, []float64{2.0, 0.8, 1.0}, 0.755456796613923593},
	{manifold.CentredNormal{}, []float64{1.0, 0.0, 1.0}, []float64{1000000000.0, 0.0, 1e-09}, 20.7232658369464111},
	{manifold.CentredNormal{}, []float64{2.0, 0.8, 1.0}, []float64{2.00000002, 0.799999992, 1.000000005}, 2.16501352383093691e-8},
	{manifold.CentredNormal{}, []float64{1.0, 0.9999, 1.0}, []float64{1.0, -0.9999, 1.0}, 9.90343755128619652},
}

func TestDistances(t *testing.T) {
	for _, c := range distances {
		f := c.family.(closed)
		d, err := f.Distance(c.p, c.q)
		require.NoError(t, err)
		require.InEpsilon(t, c.want, d, 1e-12, "%s, %g to %g", f.Name(), c.p, c.q)
		back, err := f.Distance(c.q, c.p)
		require.NoError(t, err)
		require.InEpsilon(t, d, back, 1e-12, "%s is not symmetric", f.Name())
		// Two thirds of the way are two thirds of the length, and the geodesic
		// starts with the logarithm.
		between, v := make([]float64, len(c.p)), make([]float64, len(c.p))
		require.NoError(t, f.Geodesic(between, c.p, c.q, 2./3))
		part, err := f.Distance(c.p, between)
		require.NoError(t, err)
		require.InEpsilon(t, d*2/3, part, 1e-7, "%s, %g to %g", f.Name(), c.p, c.q)
		require.NoError(t, f.Log(v, c.p, c.q))
		for _, x := range v {
			require.False(t, math.IsNaN(x))
		}
	}
}

// closed has its geodesics in closed form.
type closed interface {
	manifold.Family
	manifold.Distancer
	manifold.Geodesic
	manifold.Logarithm
}
