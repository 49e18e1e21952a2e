package manifold

import (
	"math"
	"math/rand/v2"

	"fisherflow/internal/special"

	"gonum.org/v1/gonum/stat/distuv"
)

// concentrationDivergence is a(κ_q) − a(κ_p) − (κ_q−κ_p)A(κ_p), the divergence of
// the log-partition a of the von Mises–Fisher distribution in d dimensions as a
// function of the concentration, given the difference change = κ_q − κ_p.
func concentrationDivergence(d, p, q, change float64) float64 {
	if math.Abs(change) <= math.Max(1, 0.25*p) {
		// Taylor's remainder; a″ = A′ varies on the scale of 1 and of κ.
		sum := 0.0
		for _, g := range legendre8 {
			sum += g.weight * (1 - g.node) * special.BesselRatio(d, p+g.node*change).Slope
		}
		return change * change * sum
	}
	return special.LogSphereIntegral(d, q) - special.LogSphereIntegral(d, p) + change*special.BesselRatio(d, p).Complement
}

// sampleCosine draws 1 − t for the cosine t of the angle from the mean direction
// (A. Wood, Communications in Statistics: Simulation 23, 1994).
func sampleCosine(d, kappa float64, rng *rand.Rand) float64 {
	n := d - 1
	b := n / (2*kappa + math.Hypot(2*kappa, n))
	// 1 − x₀ and 1 − x₀², with x₀ = (1−b)/(1+b).
	y0, spread := 2*b/(1+b), 4*b/((1+b)*(1+b))
	for {
		z := distuv.Beta{Alpha: n / 2, Beta: n / 2, Src: rng}.Rand()
		y := 2 * b * z / (1 - (1-b)*z)
		if kappa*(y0-y)+n*math.Log((y0+(1-y0)*y)/spread) >= -rng.ExpFloat64() {
			return y
		}
	}
}
