package run

import "math/rand/v2"

// shuffle puts the rows in the random order of the spec.
func (s *ShuffleSpec) shuffle(rows []int) {
	swap := func(i, j int) { rows[i], rows[j] = rows[j], rows[i] }
	if s.RNG != "numpy-legacy" {
		rand.New(rand.NewPCG(uint64(s.Seed), 0)).Shuffle(len(rows), swap)
		return
	}
	g := newTwister(uint32(s.Seed))
	for i := len(rows) - 1; i > 0; i-- {
		swap(i, int(g.atMost(uint32(i))))
	}
}

// twister is MT19937 (Matsumoto & Nishimura, ACM TOMACS 8, 1998), the
// generator of numpy.random.RandomState.
type twister struct {
	state [624]uint32
	next  int
}

func newTwister(seed uint32) *twister {
	g := &twister{next: 624}
	g.state[0] = seed
	for i := 1; i < len(g.state); i++ {
		g.state[i] = 1812433253*(g.state[i-1]^g.state[i-1]>>30) + uint32(i)
	}
	return g
}

func (g *twister) Uint32() uint32 {
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

// atMost is uniform on 0 … most, by rejection under the smallest mask, as
// numpy's legacy random_interval.
func (g *twister) atMost(most uint32) uint32 {
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
