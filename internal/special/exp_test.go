package special

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// exactExp is eˣ in 200 bits, by the series of x/2¹² and twelve squarings.
func exactExp(x float64) *big.Float {
	precise := func() *big.Float { return new(big.Float).SetPrec(200) }
	y := precise().SetMantExp(precise().SetFloat64(x), -12)
	sum, term := precise().SetInt64(1), precise().SetInt64(1)
	for k := int64(1); k < 60; k++ {
		term.Mul(term, y)
		term.Quo(term, precise().SetInt64(k))
		sum.Add(sum, term)
	}
	for range 12 {
		sum.Mul(sum, sum)
	}
	return sum
}

func TestExp(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	points := []float64{0, math.Copysign(0, -1), 1, -1, 1e-300, -1e-18, 699.9, -699.9, math.Ln2, -math.Ln2 / 256, math.Ln2 / 256}
	for range 4000 {
		points = append(points, 20*rng.NormFloat64(), 1400*rng.Float64()-700, rng.NormFloat64())
	}
	worst := 0.0
	for _, x := range points {
		if math.Abs(x) > 700 {
			continue
		}
		want := exactExp(x)
		near, _ := want.Float64()
		miss, _ := new(big.Float).Sub(want, new(big.Float).SetFloat64(Exp(x))).Float64()
		worst = max(worst, math.Abs(miss)/(math.Nextafter(near, math.Inf(1))-near))
	}
	require.Less(t, worst, 0.52)
	for _, x := range []float64{math.NaN(), math.Inf(1), math.Inf(-1), 710, 800, -720, -745, -800} {
		if want := math.Exp(x); want == want {
			require.Equal(t, want, Exp(x))
		} else {
			require.True(t, math.IsNaN(Exp(x)))
		}
	}
}

// The latency: each waits for the one before.
func BenchmarkExp(b *testing.B) {
	b.Run("here", func(b *testing.B) {
		x := 0.3
		for b.Loop() {
			x = Exp(-x)
		}
	})
	b.Run("math", func(b *testing.B) {
		x := 0.3
		for b.Loop() {
			x = math.Exp(-x)
		}
	})
}
