package manifold

import (
	"math"
	"math/rand/v2"

	"fisherflow/internal/special"
)

// Laplace is the double exponential family on the real line in source
// coordinates (μ, σ), σ > 0:
//
//	p(x) = e^(−|z|)/(2σ), z = (x−μ)/σ,   G = diag(1, 1)/σ².
//
// Its score jumps at x = μ, so that the Fisher matrix is the variance of the
// score and not minus the mean Hessian, and KL(p‖q) has a term |Δμ|³. The
// curvature is −1.
type Laplace struct{ locationScale[laplace] }

type laplace struct{}

var laplaceTraits = traits{
	name: "laplace", plane: halfPlane{a: 1, b: 1}, entropy: 1 + math.Ln2, cubic: [4]float64{0, 0, 0, 2},
}

func (laplace) traits() *traits { return &laplaceTraits }

func (laplace) logDensity(z float64) float64 { return -math.Abs(z) - math.Ln2 }

func (laplace) score(z float64) (location, scale float64) {
	switch {
	case z > 0:
		location = 1
	case z < 0:
		location = -1
	}
	return location, math.Abs(z) - 1
}

func (laplace) draw(rng *rand.Rand) float64 {
	z := rng.ExpFloat64()
	if rng.Uint64()&1 == 0 {
		return -z
	}
	return z
}

// KL is φ(r−1) + r(e^(−δ) − 1 + δ), r = σ_p/σ_q, δ = |Δμ|/σ_p,
// φ(u) = u − log(1+u).
func (f Laplace) KL(p, q []float64) (float64, error) {
	r, u, d, err := f.ratios(p, q)
	if err != nil {
		return math.NaN(), err
	}
	return special.Excess(u) + r*special.ExpExcess(-math.Abs(d/r)), nil
}
