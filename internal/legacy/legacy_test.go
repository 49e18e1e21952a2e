package legacy

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

// Values of numpy 1.24: np.random.seed(0); np.random.randn(5); np.random.rand(3)
// and so on.
func TestStreamsAreNumpys(t *testing.T) {
	g := New(0)
	for _, want := range []float64{1.764052345967664, 0.4001572083672233, 0.9787379841057392, 2.240893199201458, 1.8675579901499675} {
		require.Equal(t, want, g.Normal())
	}
	for _, want := range []float64{0.4375872112626925, 0.8917730007820798, 0.9636627605010293} {
		require.Equal(t, want, g.Float64())
	}
	g = New(0)
	for _, want := range []float64{3.7548159128575267, 1.3500179737835067, 2.0835089928198847, 5.369151558059865} {
		require.InEpsilon(t, want, math.Exp(0.75*g.Normal()), 4e-16)
	}
	g = New(1234)
	for _, want := range []float64{1.0916152200963614, 0.7421866111572184, 0.8320510652603622, 1.193458131130042} {
		require.InEpsilon(t, want, g.Gamma(20, 1.0/20), 4e-16)
	}
	a := []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}
	New(0).Shuffle(len(a), func(i, j int) { a[i], a[j] = a[j], a[i] })
	require.Equal(t, []int{2, 8, 4, 9, 1, 6, 7, 3, 0, 5}, a)
}

// The means of 10 000 draws of Gamma(20, 1/20) after seed 1234 are sufficient
// for a published experiment.
func TestGammaMeans(t *testing.T) {
	g := New(1234)
	mean, meanLog := 0.0, 0.0
	for range 10000 {
		x := g.Gamma(20, 1.0/20)
		mean += x / 10000
		meanLog += math.Log(x) / 10000
	}
	require.InEpsilon(t, 1.0056316359665305, mean, 1e-13)
	require.InEpsilon(t, -0.018847442111271494, meanLog, 1e-12)
}
