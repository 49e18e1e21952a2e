package manifold

import (
	"math"
	"math/rand/v2"
)

// Logistic is the logistic family on the real line in source coordinates
// (μ, σ), σ > 0:
//
//	p(x) = e^(−z)/(σ(1+e^(−z))²), z = (x−μ)/σ,   G = diag(⅓, (3+π²)/9)/σ².
//
// Its curvature is −9/(3+π²). The divergence is computed by quadrature.
type Logistic struct {
	locationScale[logistic]
	byQuadrature
}

type logistic struct{}

var logisticTraits = traits{
	name: "logistic", plane: halfPlane{a: 1. / 3, b: (3 + math.Pi*math.Pi) / 9}, entropy: 2,
	cubic: [4]float64{0, 1. / 3, 0, math.Pi * math.Pi / 3},
}

func (logistic) traits() *traits { return &logisticTraits }

func (logistic) logDensity(z float64) float64 {
	z = math.Abs(z)
	return -z - 2*math.Log1p(math.Exp(-z))
}

func (logistic) score(z float64) (location, scale float64) {
	location = math.Tanh(z / 2)
	return location, z*location - 1
}

func (logistic) draw(rng *rand.Rand) float64 {
	return math.Log(rng.ExpFloat64() / rng.ExpFloat64())
}

// KL is ApproximateKL without its error.
func (f Logistic) KL(p, q []float64) (float64, error) {
	kl, _, err := f.ApproximateKL(p, q)
	return kl, err
}

// ApproximateKL is a quadrature of E[log p − log q].
func (f Logistic) ApproximateKL(p, q []float64) (kl, accuracy float64, err error) {
	return f.computed().planeDivergence(p, q)
}

// WithWorkspace returns the family with workspace for quadrature.
func (f Logistic) WithWorkspace() Family {
	f.byQuadrature = f.own(Logistic{})
	return f
}

func (f Logistic) computed() *numeric {
	if f.work != nil {
		return f.work
	}
	return f.own(Logistic{}).work
}
