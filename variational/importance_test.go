package variational

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// k̂ of weights with a Pareto tail of known shape.
func TestParetoK(t *testing.T) {
	for _, k := range []float64{0.1, 0.3, 0.7, 1, 1.5} {
		rng := rand.New(rand.NewPCG(1, 1))
		w := make([]float64, 100_000)
		for i := range w {
			w[i] = -k * math.Log(rng.Float64())
		}
		require.InDelta(t, k, ParetoK(w), 0.1, "%g", k)
	}
	rng := rand.New(rand.NewPCG(1, 1))
	w := make([]float64, 10_000)
	for i := range w {
		w[i] = 1e-3 * rng.NormFloat64()
	}
	require.Less(t, ParetoK(w), 0.2)
}
