package network

import (
	"fmt"
	"math"
	"math/rand/v2"
)

// Initials lists the names of the random initialisations. In all of them the
// biases are zero and the weights of a layer independent; with m inputs and k
// outputs of a unit's layer, each times the number of positions of a kernel,
//
//	glorot-uniform  U(−a, a), a = √(6/(m + k))   (Glorot & Bengio, AISTATS 2010)
//	glorot-normal   N(0, 2/(m + k))
//	he-uniform      U(−a, a), a = √(6/m)         (He et al., arXiv 1502.01852)
//	he-normal       N(0, 2/m)
//	lecun-uniform   U(−a, a), a = √(3/m)         (LeCun et al., Efficient BackProp, 1998)
//	lecun-normal    N(0, 1/m)
//	zeros           0
func Initials() []string {
	return []string{"glorot-uniform", "glorot-normal", "he-uniform", "he-normal", "lecun-uniform", "lecun-normal", "zeros"}
}

// Initial stores the initialisation of that name in theta. The same seed gives
// the same numbers, those of layer l from the stream (seed, l).
func (n *Network) Initial(theta []float64, name string, seed uint64) error {
	if len(theta) != n.n {
		panic("network: length of theta and number of parameters differ")
	}
	var variance func(m, k float64) float64
	uniform := false
	switch name {
	case "glorot-uniform", "glorot-normal":
		variance, uniform = func(m, k float64) float64 { return 2 / (m + k) }, name == "glorot-uniform"
	case "he-uniform", "he-normal":
		variance, uniform = func(m, _ float64) float64 { return 2 / m }, name == "he-uniform"
	case "lecun-uniform", "lecun-normal":
		variance, uniform = func(m, _ float64) float64 { return 1 / m }, name == "lecun-uniform"
	case "zeros":
		clear(theta)
		return nil
	default:
		return fmt.Errorf("no initialisation is called %q (initialisations: %v)", name, Initials())
	}
	for l := range n.stages {
		s := &n.stages[l]
		m := s.inputs()
		k := s.q
		if s.conv != nil {
			k *= s.conv.Kernel * s.conv.Kernel
		}
		sd := math.Sqrt(variance(float64(max(m, 1)), float64(k)))
		rng := rand.New(rand.NewPCG(seed, uint64(l)))
		w := theta[s.offset : s.offset+s.p*s.q]
		for i := range w {
			switch {
			case i%s.p == m:
				w[i] = 0
			case uniform:
				w[i] = sd * math.Sqrt(3) * (2*rng.Float64() - 1)
			default:
				w[i] = sd * rng.NormFloat64()
			}
		}
	}
	return nil
}
