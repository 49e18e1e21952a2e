package double

import (
	"math"
	"math/big"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestArithmetic against numbers of 300 bits.
func TestArithmetic(t *testing.T) {
	wide := func(a Number) *big.Float {
		x := new(big.Float).SetPrec(300).SetFloat64(a.Hi)
		return x.Add(x, new(big.Float).SetFloat64(a.Lo))
	}
	near := func(want *big.Float, got Number, tol float64) {
		t.Helper()
		d := new(big.Float).SetPrec(300).Sub(wide(got), want)
		e, _ := d.Quo(d, want).Float64()
		require.LessOrEqual(t, math.Abs(e), tol)
	}
	empty := func() *big.Float { return new(big.Float).SetPrec(300) }
	a, b := Sum(1.1, 1e-17), Sum(-0.3, 3e-18)
	near(empty().Add(wide(a), wide(b)), a.Add(b), 0x1p-102)
	near(empty().Mul(wide(a), wide(b)), a.Multiply(b), 0x1p-102)
	near(empty().Quo(big.NewFloat(1), wide(a)), a.Reciprocal(), 0x1p-100)
	near(empty().Mul(big.NewFloat(1.1), big.NewFloat(0.7)), Product(1.1, 0.7), 0)
	require.Equal(t, 0.3, b.Negate().Value())
}
