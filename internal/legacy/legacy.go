// Package legacy draws the random numbers of numpy.random.RandomState, bit for
// bit, so that published data can be drawn again from their published seeds.
//
// The generator is MT19937 (Matsumoto & Nishimura, ACM TOMACS 8, 1998); normal
// deviates come in pairs by the polar method (Marsaglia & Bray 1964), gamma
// deviates by Marsaglia & Tsang (ACM TOMS 26, 2000). Nothing new should be drawn
// by it: math/rand/v2 is better in every respect but this.
package legacy

import "math"

// A Source is a stream of random numbers. Use [New].
type Source struct {
	state  [624]uint32
	next   int
	spare  float64 // the second normal deviate of a pair
	stored bool
}

// New returns the stream of numpy.random.seed(seed).
func New(seed uint32) *Source {
	g := &Source{next: 624}
	g.state[0] = seed
	for i := 1; i < len(g.state); i++ {
		g.state[i] = 1812433253*(g.state[i-1]^g.state[i-1]>>30) + uint32(i)
	}
	return g
}

// Uint32 draws 32 random bits.
func (g *Source) Uint32() uint32 {
	if g.next == len(g.state) {
		for i := range g.state {
			y := g.state[i]&0x80000000 | g.state[(i+1)%624]&0x7fffffff
			g.state[i] = g.state[(i+397)%624] ^ y>>1 ^ (y&1)*0x9908b0df
		}
		g.next = 0
	}
	y := g.state[g.next]
	g.next++
	y ^= y >> 11
	y ^= y << 7 & 0x9d2c5680
	y ^= y << 15 & 0xefc60000
	return y ^ y>>18
}

// AtMost is uniform on 0 … most, by rejection under the smallest mask.
func (g *Source) AtMost(most uint32) uint32 {
	mask := most
	for shift := 1; shift < 32; shift *= 2 {
		mask |= mask >> shift
	}
	for {
		if v := g.Uint32() & mask; v <= most {
			return v
		}
	}
}

// Shuffle puts n things in random order, swapping i and j.
func (g *Source) Shuffle(n int, swap func(i, j int)) {
	for i := n - 1; i > 0; i-- {
		swap(i, int(g.AtMost(uint32(i))))
	}
}

// Float64 is uniform on [0, 1), with 53 random bits.
func (g *Source) Float64() float64 {
	a, b := g.Uint32()>>5, g.Uint32()>>6
	return (float64(a)*67108864 + float64(b)) / 9007199254740992
}

// Normal is a standard normal deviate, as randn draws it.
func (g *Source) Normal() float64 {
	if g.stored {
		g.stored = false
		return g.spare
	}
	for {
		x1 := 2*g.Float64() - 1
		x2 := 2*g.Float64() - 1
		r := float64(x1*x1) + float64(x2*x2) // not fused
		if r >= 1 || r == 0 {
			continue
		}
		f := math.Sqrt(-2 * math.Log(r) / r)
		g.spare, g.stored = f*x1, true
		return f * x2
	}
}

// Gamma is a gamma deviate of a shape above 1 and a scale.
func (g *Source) Gamma(shape, scale float64) float64 {
	b := shape - 1.0/3
	c := 1 / math.Sqrt(9*b)
	for {
		x, v := 0.0, 0.0
		for v <= 0 {
			x = g.Normal()
			v = 1 + float64(c*x)
		}
		v = v * v * v
		u := g.Float64()
		if u < 1-float64(0.0331*(x*x)*(x*x)) || math.Log(u) < float64(0.5*x*x)+float64(b*(1-v+math.Log(v))) {
			return scale * b * v
		}
	}
}
