package manifold_test

import (
	"math"
	"testing"

	"fisherflow/manifold"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
)

// TestRemainderIsThatOfTheFloats: by mpmath, mp.dps = 50, p = [mpf(.3),
// mpf(.699999999999999)], r = 1-sum(p): 1/p[0]+1/r, 1/r, log(p[i]/r), log(p[0]/(1-p[0])),
// -r*log(r)-sum(x*log(x) for x in p), -log(r), and with all outcomes P and Q of p and q
// sum(a*log(a/b) for a, b in zip(P, Q)), 2*acos(sum(sqrt(a*b) for a, b in zip(P, Q))).
func TestRemainderIsThatOfTheFloats(t *testing.T) {
	f := manifold.Categorical{K: 3}
	p := []float64{.3, .699999999999999}
	g := mat.NewSymDense(2, nil)
	require.NoError(t, f.Fisher(g, p))
	require.InEpsilon(t, 948126237341160.39, g.At(0, 0), 1e-15)
	require.InEpsilon(t, 948126237341157.05, g.At(0, 1), 1e-15)
	require.InEpsilon(t, 34.485508771070606, f.LogPartition(p), 1e-15)
	xi := make([]float64, 2)
	for chart, want := range map[string][]float64{
		"natural": {33.28153596674467, 34.128833827131872},
		"stick":   {-0.84729786038720367, 34.128833827131872},
	} {
		c, _ := f.Chart(chart)
		require.NoError(t, c.FromSource(xi, p))
		require.InEpsilonSlice(t, want, xi, 1e-15, chart)
	}
	h, err := f.Entropy(p)
	require.NoError(t, err)
	require.InEpsilon(t, 0.6108643020549305, h, 1e-15)
	for _, c := range []struct {
		q       []float64
		kl, tol float64
	}{
		{[]float64{.2, .7999999999999}, 0.02816755759536523, 4e-15},
		{[]float64{.300000003, .69999999699999899}, 2.7717266759094334e-17, 4e-15},
	} {
		kl, err := f.KL(p, c.q)
		require.NoError(t, err)
		require.InEpsilon(t, c.kl, kl, c.tol)
		kl, err = manifold.Multinomial{N: 7, K: 3}.KL(p, c.q)
		require.NoError(t, err)
		require.InEpsilon(t, 7*c.kl, kl, c.tol)
	}
	d, err := f.Distance(p, []float64{.2, .7999999999999})
	require.NoError(t, err)
	require.InEpsilon(t, 0.23198426272643666, d, 1e-15)
	m := manifold.Multinomial{N: 7, K: 3}
	require.NoError(t, m.Fisher(g, p))
	require.InEpsilon(t, 7*948126237341157.05, g.At(0, 1), 1e-15)
	// Where only the last component is, the density is its own times its weight.
	mixed := manifold.Mixture{K: 3, Component: manifold.Normal{}}
	require.InEpsilon(t, -34.485508771070606-math.Log(2*math.Pi)/2,
		mixed.LogDensity([]float64{0}, []float64{.3, .699999999999999, 50, 60, 0, 1, 1, 1}), 1e-15)
	x, s := []float64{3}, make([]float64, 2)
	require.NoError(t, f.Score(s, x, p))
	require.InEpsilon(t, -948126237341157.05, s[0], 1e-15)
}

// TestProbabilitiesThatAddUpToOne or more are refused, whatever their order; of 0.3
// and 0.7 a little remains, mpf(1)-mpf(.3)-mpf(.7).
func TestProbabilitiesThatAddUpToOne(t *testing.T) {
	for _, p := range [][]float64{{.2, .8}, {.8, .2}, {.1, .9}, {.9, .1}, {.4, .6}, {.5, .5}} {
		require.ErrorIs(t, manifold.Categorical{K: 3}.Check(p), manifold.ErrDomain, "%g", p)
		require.ErrorIs(t, manifold.Multinomial{N: 2, K: 3}.Check(p), manifold.ErrDomain, "%g", p)
	}
	tenths := []float64{.1, .1, .1, .1, .1, .1, .1, .1, .1, .1}
	require.ErrorIs(t, manifold.Categorical{K: 11}.Check(tenths), manifold.ErrDomain)
	g := mat.NewSymDense(2, nil)
	for _, p := range [][]float64{{.3, .7}, {.7, .3}} {
		require.NoError(t, manifold.Categorical{K: 3}.Fisher(g, p))
		require.InEpsilon(t, 1/5.5511151231257827e-17, g.At(0, 1), 1e-15)
	}
}
