package special

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// The table is from
//
//	import mpmath as m; m.mp.dps = 60
//	for x in [1e-9, 1e-6, .5, 1, 3, 9.5, 20, 1e5, 1e9]: print(m.nstr(m.psi(3, m.mpf(x)), 20))
func TestPentagamma(t *testing.T) {
	for _, c := range [][2]float64{
		{1e-09, 5.9999999999999985052e+36},
		{1e-06, 6.000000000000001086e+24},
		{0.5, 97.409091034002437236},
		{1.0, 6.4939394022668291491},
		{3.0, 0.1189394022668291491},
		{9.5, 0.0027267288350372494836},
		{20.0, 0.00026937422133963891459},
		{100000.0, 2.0000300002e-15},
		{1000000000.0, 2.000000003000000002e-27},
	} {
		require.InEpsilon(t, c[1], Pentagamma(c[0]), 1e-14, "%g", c[0])
	}
	require.NotEqual(t, Pentagamma(0), Pentagamma(0))
}

// The table is from
//
//	import mpmath as m; m.mp.dps = 80
//	f = lambda v: (m.psi(2, (v+1)/2) - m.psi(2, v/2))/4 - 2/v**3 - 3/v**4
//	for x in [1e-6, 1e-3, .5, 1, 3, 9.5, 19.9, 20, 57, 1e5, 1e9]: print(m.nstr(f(m.mpf(x)), 20))
func TestHalfStepCurve(t *testing.T) {
	for _, c := range [][2]float64{
		{1e-06, -2.999998000000000543e+24},
		{0.001, -2998000000003.5945799},
		{0.5, -32.993723319700179825},
		{1.0, -1.3938292905212171438},
		{3.0, -0.0049404016323282549119},
		{9.5, -6.5081793726190721802e-6},
		{19.9, -7.9671727086400606245e-8},
		{20.0, -7.7319228275455800543e-8},
		{57.0, -1.4559965588150863828e-10},
		{100000.0, -4.9999999979000000015e-30},
		{1000000000.0, -4.999999999999999979e-54},
	} {
		require.InEpsilon(t, c[1], HalfStepCurve(c[0]), 1e-14, "%g", c[0])
	}
}
