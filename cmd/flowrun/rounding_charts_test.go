package main

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// A chart that rounds the point does not round what is said of it. In mpmath:
//
//	psi(1, mpf(1e-6))
//	a, b = mpf(1e9), mpf(1e-9); G = matrix([[psi(1, a), -1/b], [-1/b, a/b**2]]); J = matrix([[psi(1, a), -1/b], [1/b, -a/b**2]])
//	m, l = mpf(1e-6), mpf(1e9); G = matrix([[l/m**3, 0], [0, 1/(2*l**2)]]); J = matrix([[1, 0], [-1/m**2, -1/l**2]])
//	(J**-1).T*G*J**-1
func TestInspectInChartsThatRound(t *testing.T) {
	for _, c := range []struct {
		family, at, chart string
		want              [3]float64
	}{
		{"gamma", "1e-6,1", "natural", [3]float64{1000000000001.6450, 1, 1e-6}},
		{"gamma", "1e9,1e-9", "expectation", [3]float64{1.9999999993333333e+18, -1.9999999993333335, 2.0000000003333336e-18}},
		{"inverse-gaussian", "1e-6,1e9", "expectation", [3]float64{5.0000000000000109e+41, 5.0000000000000005e+29, 5e+17}},
		// μ² + σ² has lost the variance, the Fisher matrix has not.
		{"normal", "1e9,1e-3", "expectation", [3]float64{2e30, -1e21, 5e11}},
	} {
		g := inspect(t, c.family, "--at="+c.at).Fisher[c.chart]
		require.Len(t, g, 2, c.family)
		for k, got := range []float64{g[0][0], g[0][1], g[1][1]} {
			require.InEpsilon(t, c.want[k], got, 1e-13, "%s %s %s", c.family, c.at, c.chart)
		}
	}
	// The coordinates that were given are shown as they were given.
	require.Equal(t, []float64{-0.9999990000000001, -1}, inspect(t, "gamma", "--chart=natural", "--at=-0.9999990000000001,-1").Point["natural"])
}
