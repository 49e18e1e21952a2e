package special

import (
	"math"
	"math/big"
)

// Exp is eˣ to 0.52 ulp, with a third of math.Exp's latency: in a vector field
// one exponential waits for the one before. x is reduced to k·(log 2)/128 + r,
// and 2^(k/128) comes from a table (Tang, ACM Trans. Math. Softw. 15, 1989, p.
// 144; the polynomial is that of the optimized routines of ARM, whose bound
// holds for |r| < log 2/256).
func Exp(x float64) float64 {
	const (
		inverse = 0x1.71547652b82fep0 * expSize // 128/log 2
		high    = -0x1.62e42fefa0000p-8         // −(log 2)/128 in two parts
		low     = -0x1.cf79abc9e3b39p-47
		shift   = 0x1.8p52 // leaves the nearest whole number in the low bits
	)
	if !(math.Abs(x) < 700) {
		return math.Exp(x)
	}
	k := float64(inverse*x) + shift
	bits := math.Float64bits(k)
	k -= shift
	r := x + float64(k*high) + float64(k*low)
	p := expTable[bits%expSize]
	q := r * r
	s := p.tail + r + q*(0x1.ffffffffffdbdp-2+r*0x1.555555555543cp-3) + q*q*(0x1.55555cf172b91p-5+r*0x1.1111167a4d017p-7)
	scale := math.Float64frombits(p.bits + bits<<(52-7))
	return scale + scale*s
}

const expSize = 1 << 7

// A power is 2^(i/128): the bits of the float64 nearest to it less those that i
// brings along in the sum of the exponents, and what that float64 misses of it,
// relatively.
type power struct {
	bits uint64
	tail float64
}

var expTable = expPowers()

func expPowers() (table [expSize]power) {
	precise := func() *big.Float { return new(big.Float).SetPrec(128) }
	root := precise().SetInt64(2)
	for range 7 {
		root.Sqrt(root)
	}
	exact := precise().SetInt64(1)
	for i := range table {
		h, _ := exact.Float64()
		miss := precise().Sub(exact, precise().SetFloat64(h))
		tail, _ := miss.Quo(miss, exact).Float64()
		table[i] = power{math.Float64bits(h) - uint64(i)<<(52-7), tail}
		exact.Mul(exact, root)
	}
	return table
}
