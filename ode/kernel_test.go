package ode

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"
)

// drawVector draws numbers of very different sizes.
func drawVector(rng *rand.Rand, n int) []float64 {
	v := newVectors(1, n)[0]
	for i := range v {
		v[i] = rng.NormFloat64() * math.Exp(20*rng.NormFloat64())
	}
	return v
}

// TestKernelsAgreeToTheBit holds the assembly to its portable twin.
func TestKernelsAgreeToTheBit(t *testing.T) {
	if !vectorised {
		t.Skip("this processor has no assembly kernel")
	}
	rng := rand.New(rand.NewPCG(1, 2))
	for n := 1; n < 100; n++ {
		for terms := 1; terms <= 17; terms++ {
			k := make([][]float64, terms+2)
			for j := range k {
				k[j] = drawVector(rng, n)
			}
			weights, v := drawVector(rng, terms+2), drawVector(rng, terms+2)
			weights[terms/2] = 0
			h, from := rng.NormFloat64(), drawVector(rng, n)
			fast, plain := newVectors(2, n), newVectors(2, n)
			f, p := newPass(newRow(weights), fast[0], from, k), newPass(newRow(weights), plain[0], from, k)
			f.v, p.v = v[:len(f.at)], v[:len(f.at)]
			f.rest, p.rest = fast[1], plain[1]
			place := fmt.Sprintf("n = %d, %d terms", n, terms)
			for _, once := range []bool{false, true} {
				f.once, p.once = once, once
				require.True(t, sumAVX2(&f, h))
				require.True(t, p.sumPortable(h))
				require.Equal(t, plain, fast, place)
			}
			require.True(t, finishAVX2(&f, h))
			require.True(t, p.finishPortable(h))
			require.Equal(t, plain, fast, place)

			at := rng.IntN(n)
			for _, x := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
				k[f.at[0]][at] = x
				require.False(t, sumAVX2(&f, h), place)
				require.False(t, finishAVX2(&f, h), place)
				require.False(t, p.sumPortable(h), place)
			}
			k[f.at[0]][at] = 1
			f.from, p.from = nil, nil
			require.True(t, sumAVX2(&f, h))
			require.True(t, p.sumPortable(h))
			require.Equal(t, plain[0], fast[0], place)
		}
		whole := drawVector(rng, n)
		require.True(t, finite(whole))
		whole[rng.IntN(n)] = math.Inf(1)
		require.False(t, finite(whole))

		v := verdict{f: drawVector(rng, n), y0: drawVector(rng, n), y1: drawVector(rng, n), width: padded(n), w: 0.3, rtol: 1e-3, atol: 1e-5}
		fast, plain := drawVector(rng, n), newVectors(1, n)[0]
		copy(plain, fast)
		v.err = fast
		sum := judgeAVX2(&v, 1e-2)
		v.err = plain
		require.Equal(t, v.judgePortable(1e-2), sum, "n = %d", n)
		require.Equal(t, plain, fast)
	}
}

// TestPaddingStaysZero: what the kernels write beyond a vector's end is zero, so
// that it never reaches a sum.
func TestPaddingStaysZero(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for n := 1; n < 12; n++ {
		k := newVectors(3, n)
		for j := range k {
			copy(k[j], drawVector(rng, n))
		}
		v := newVectors(4, n)
		copy(v[0], drawVector(rng, n))
		p := newPass(newRow([]float64{1, 2, 3}), v[1], v[0], k)
		p.sum(0.1)
		p.v, p.rest, p.to = []float64{1, 2, 3}, v[2], v[3]
		if vectorised {
			finishAVX2(&p, 0.1)
		}
		for _, x := range v {
			for _, pad := range unsafe.Slice(&x[0], padded(n))[n:] {
				require.Zero(t, pad)
			}
		}
	}
}

func BenchmarkKernel(b *testing.B) {
	for _, n := range []int{2, 4, 28, 1000} {
		for _, terms := range []int{2, 5, 12} {
			v := newVectors(2, n)
			p := newPass(newRow(slices.Repeat([]float64{1}, terms)), v[0], v[1], newVectors(terms, n))
			b.Run(fmt.Sprintf("assembly/n=%d/terms=%d", n, terms), func(b *testing.B) {
				for b.Loop() {
					p.sum(1e-3)
				}
			})
			b.Run(fmt.Sprintf("portable/n=%d/terms=%d", n, terms), func(b *testing.B) {
				for b.Loop() {
					p.sumPortable(1e-3)
				}
			})
		}
	}
}
