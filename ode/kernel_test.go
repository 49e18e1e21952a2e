package ode

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestKernelsAgreeToTheBit holds the assembly to its portable twin.
func TestKernelsAgreeToTheBit(t *testing.T) {
	if !vectorised {
		t.Skip("this processor has no assembly kernel")
	}
	rng := rand.New(rand.NewPCG(1, 2))
	draw := func(n int) []float64 {
		v := make([]float64, n)
		for i := range v {
			v[i] = rng.NormFloat64() * math.Exp(20*rng.NormFloat64())
		}
		return v
	}
	for n := 1; n < 70; n++ {
		for terms := 1; terms <= 17; terms++ {
			k := make([][]float64, terms+2)
			weights := draw(terms + 2)
			weights[terms/2] = 0
			for j := range k {
				k[j] = draw(n)
			}
			r, y, h := newRow(weights), draw(n), rng.NormFloat64()
			fast, plain := make([]float64, n), make([]float64, n)
			require.True(t, combineVector(fast, y, h, &r, k))
			require.True(t, combinePlain(plain, y, h, &r, k))
			require.Equal(t, plain, fast, "n = %d, %d terms", n, terms)
			zero := make([]float64, n)
			scale(fast, h, &r, k)
			combinePlain(plain, zero, h, &r, k)
			require.Equal(t, plain, fast)

			at := rng.IntN(n)
			for _, v := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
				k[r.at[0]][at] = v
				require.False(t, combineVector(fast, y, h, &r, k), "n = %d, %d terms, component %d", n, terms, at)
				require.False(t, combinePlain(plain, y, h, &r, k), "n = %d, %d terms, component %d", n, terms, at)
			}
		}
		whole := draw(n)
		require.True(t, finite(whole))
		whole[rng.IntN(n)] = math.Inf(1)
		require.False(t, finite(whole))

		err, y0, y1 := draw(n), draw(n), draw(n)
		fast := rms(err, y0, y1, 1e-3, 1e-5)
		var lanes [4]float64
		for i, e := range err {
			q := e / (1e-5 + float64(1e-3*math.Max(math.Abs(y0[i]), math.Abs(y1[i]))))
			lanes[i%4] += float64(q * q)
		}
		require.Equal(t, math.Sqrt((lanes[0]+lanes[1]+(lanes[2]+lanes[3]))/float64(n)), fast, "n = %d", n)
	}
}

func BenchmarkCombine(b *testing.B) {
	for _, n := range []int{2, 4, 8, 16, 28, 1000} {
		for _, terms := range []int{2, 5, 6, 12} {
			k := make([][]float64, terms)
			weights := make([]float64, terms)
			for j := range k {
				k[j], weights[j] = make([]float64, n), 1
			}
			r := newRow(weights)
			y, dst := make([]float64, n), make([]float64, n)
			b.Run(fmt.Sprintf("vector/n=%d/terms=%d", n, terms), func(b *testing.B) {
				for b.Loop() {
					combineVector(dst, y, 1e-3, &r, k)
				}
			})
			b.Run(fmt.Sprintf("plain/n=%d/terms=%d", n, terms), func(b *testing.B) {
				for b.Loop() {
					combinePlain(dst, y, 1e-3, &r, k)
				}
			})
		}
	}
}
