package manifold

import (
	"math"
	"math/rand/v2"

	"fisherflow/internal/special"
)

// Gumbel is the extreme value family of maxima on the real line in source
// coordinates (μ, σ), σ > 0:
//
//	p(x) = exp(−z − e^(−z))/σ, z = (x−μ)/σ,
//	G = [[1, −(1−γ)], [−(1−γ), π²/6 + (1−γ)²]]/σ²,  γ = 0.5772….
//
// With u = μ − (1−γ)σ the metric is (du² + (π²/6)dσ²)/σ², of curvature −6/π².
type Gumbel struct{ locationScale[gumbel] }

type gumbel struct{}

const apery = 1.2020569031595942853997381615114500 // ζ(3)

// The cubic tensor is made of moments E[eᵏ logʲe] = Γ⁽ʲ⁾(k+1) of e = e^(−z).
var gumbelTraits = traits{
	name: "gumbel", plane: halfPlane{a: 1, b: math.Pi * math.Pi / 6, shear: 1 - special.Euler}, entropy: 1 + special.Euler,
	cubic: [4]float64{
		-2,
		4 - 2*special.Euler,
		-4 + 8*special.Euler - 2*special.Euler*special.Euler - math.Pi*math.Pi/3,
		2 - 12*special.Euler + 12*special.Euler*special.Euler - 2*special.Euler*special.Euler*special.Euler +
			(2-special.Euler)*math.Pi*math.Pi - 4*apery,
	},
}

func (gumbel) traits() *traits { return &gumbelTraits }

func (gumbel) logDensity(z float64) float64 { return -z - math.Exp(-z) }

func (gumbel) score(z float64) (location, scale float64) {
	location = -math.Expm1(-z)
	return location, z*location - 1
}

func (gumbel) draw(rng *rand.Rand) float64 { return -math.Log(rng.ExpFloat64()) }

// KL is that of [extremeDivergence].
func (f Gumbel) KL(p, q []float64) (float64, error) {
	_, u, d, err := f.ratios(p, q)
	if err != nil {
		return math.NaN(), err
	}
	return extremeDivergence(u, d), nil
}

// extremeDivergence is KL(p‖q) between Gumbel densities with σ_p/σ_q = 1 + t
// and (μ_q − μ_p)/σ_q = d,
//
//	e^d Γ(2+t) − 1 − d − log(1+t) + γt,
//
// written with L = d + log Γ(2+t) as (e^L − 1 − L) + (log Γ(1+t) + γt), both
// of second order in a small separation.
func extremeDivergence(t, d float64) float64 {
	excess := special.LogGammaExcess(t)
	l := d + math.Log1p(t) - special.Euler*t + excess
	return special.ExpExcess(l) + excess
}
