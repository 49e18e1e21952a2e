package problem

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestVectorisedFields holds the assembly to the loops that it stands for.
func TestVectorisedFields(t *testing.T) {
	for n := 1; n < 40; n++ {
		y, got := make([]float64, n), make([]float64, n)
		for i := range y {
			y[i] = math.Sin(float64(3*i + 1))
		}
		require.NoError(t, Heat{}.Eval(got, 0, y))
		at := func(i int) float64 {
			if i < 0 || i >= n {
				return 0
			}
			return y[i]
		}
		for i := range y {
			require.InDelta(t, at(i-1)-2*at(i)+at(i+1), got[i], 1e-15, "n = %d", n)
		}
		require.NoError(t, Oscillators{}.Eval(got, 0, y))
		for i := range y {
			switch {
			case i%2 == 1:
				require.Equal(t, -y[i-1], got[i])
			case i == n-1:
				require.Equal(t, -y[i], got[i])
			default:
				require.Equal(t, y[i+1], got[i])
			}
		}
	}
}
