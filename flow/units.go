package flow

import (
	"math"

	"fisherflow/manifold"

	"gonum.org/v1/gonum/mat"
)

// units stores the length of a Fisher unit along each coordinate, 1/√G_ii, or
// max(1, |θ_i|) where the family has no Fisher matrix at theta.
func units(dst []float64, family manifold.Family, theta []float64) {
	for i, t := range theta {
		dst[i] = math.Max(1, math.Abs(t))
	}
	f, ok := family.(manifold.Fisherer)
	if !ok {
		return
	}
	g := mat.NewSymDense(len(theta), nil)
	if f.Fisher(g, theta) != nil {
		return
	}
	for i := range theta {
		if d := g.At(i, i); d > 0 && !math.IsInf(d, 1) {
			dst[i] = 1 / math.Sqrt(d)
		}
	}
}
