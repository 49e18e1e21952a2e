package manifold

import (
	"math"
	"math/rand/v2"
)

// Cauchy is the Cauchy family on the real line in source coordinates (μ, σ),
// σ > 0:
//
//	p(x) = 1/(πσ(1+z²)), z = (x−μ)/σ,   G = diag(½, ½)/σ².
//
// Its curvature is −2, and its divergence a symmetric function of the distance
// (Chyzak & Nielsen, arXiv:1905.10965).
type Cauchy struct{ locationScale[cauchy] }

type cauchy struct{}

var cauchyTraits = traits{
	name: "cauchy", plane: halfPlane{a: 0.5, b: 0.5}, entropy: math.Log(4 * math.Pi),
}

func (cauchy) traits() *traits { return &cauchyTraits }

func (cauchy) logDensity(z float64) float64 { return -math.Log(math.Pi) - log1pSquare(z) }

// log1pSquare is log(1 + z²).
func log1pSquare(z float64) float64 {
	if math.Abs(z) > 1e9 {
		return 2 * math.Log(math.Abs(z))
	}
	return math.Log1p(z * z)
}

func (cauchy) score(z float64) (location, scale float64) {
	// z²/(1+z²) without overflow.
	w := 1 / (1 + 1/(z*z))
	return 2 / (z + 1/z), 2*w - 1
}

func (cauchy) draw(rng *rand.Rand) float64 { return math.Tan(math.Pi * (rng.Float64() - 0.5)) }

// KL is log(1 + ((Δμ)² + (Δσ)²)/(4σ_pσ_q)), the same both ways.
func (f Cauchy) KL(p, q []float64) (float64, error) {
	if err := checkBoth(f, p, q); err != nil {
		return math.NaN(), err
	}
	return log1pSquare(math.Hypot(p[0]-q[0], p[1]-q[1]) / (2 * math.Sqrt(p[1]) * math.Sqrt(q[1]))), nil
}
