package manifold_test

import (
	"testing"

	"fisherflow/manifold"

	"github.com/stretchr/testify/require"
)

// TestDivergenceNearSingularCovariance: of members a relative 1e-8 apart, by mpmath,
// mp.dps = 60, with the matrices P, Q and d = μ_p−μ_q of the float64 coordinates:
// R = Q**-1; (trace(R*P)-n-log(det(P)/det(Q))+(d.T*R*d)[0])/2.
func TestDivergenceNearSingularCovariance(t *testing.T) {
	for _, c := range []struct {
		family interface {
			manifold.Family
			manifold.Diverger
		}
		p, q []float64
		want float64
	}{
		{manifold.MultivariateNormal{}, []float64{0, 0, 1, .999999999, 1}, []float64{0, 0, 1.00000001, 1.000000009, 1.00000001}, 3.106488541137733e-15},
		{manifold.MultivariateNormal{}, []float64{.5, -.5, 1, -.999999999, 1}, []float64{.5, -.5, 1.00000001, -1.000000009, 1.00000001}, 3.106488541137733e-15},
		{manifold.MultivariateNormal{}, []float64{.1, .2, 1, -.9999, 1.5e6}, []float64{.100000001, .200000001, 1.00000001, -.99990001, 1.50000001e6}, 3.6611104313136262e-17},
		{manifold.MultivariateNormal{}, []float64{.1, .2, 1, .999999999, 1}, []float64{.100000001, .200000001, 1.00000001, .99999999902, 1}, 0.47782233186570738},
		{manifold.CentredNormal{}, []float64{1, .999999999, 1}, []float64{1.00000001, 1.000000009, 1.00000001}, 3.106488541137733e-15},
		{manifold.CentredNormal{Dimension: 3}, []float64{1, .999999, 1, .5, .5, .26}, []float64{1.00000001, .9999990099999889, 1.00000001, .500000005, .500000005, .2600000026}, 8.0201601308776002e-17},
	} {
		kl, err := c.family.KL(c.p, c.q)
		require.NoError(t, err)
		require.InEpsilon(t, c.want, kl, 1e-14, "%s %g", c.family.Name(), c.p)
		own := manifold.Own(c.family).(manifold.Diverger)
		_, err = own.KL(c.p, c.q)
		require.NoError(t, err)
		require.Zero(t, testing.AllocsPerRun(10, func() { _, _ = own.KL(c.p, c.q) }))
	}
}
