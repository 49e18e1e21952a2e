package target_test

import (
	"math"
	"testing"

	"fisherflow/variational/target"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
)

func process(likelihood string) *target.Process {
	y := map[string][]float64{"gaussian": {0.3, 1.1, -0.4, 0.8, 0.2}, "poisson": {2, 5, 0, 1, 3}, "logistic": {1, 1, 0, 1, 0}, "probit": {1, 1, 0, 1, 0}}[likelihood]
	return &target.Process{Likelihood: likelihood, X: mat.NewDense(5, 1, []float64{-2, -0.5, 0.3, 1.4, 3}), Y: y, Mean: 0.2, Jitter: 1e-8}
}

// Reference: scipy, multivariate_normal(.2, K + σ²I + 1e-8 I).logpdf(y) with
// ρ = 1.2, α = 0.9, σ = 0.5, and priors gamma(4, 2), half-normal, lognormal.
func TestProcesses(t *testing.T) {
	priors := map[string]target.Prior{"rho": target.Gamma{Shape: 4, Rate: 2}, "alpha": target.Half{Of: target.Normal{Sigma: 2}}}
	for _, likelihood := range []string{"gaussian", "poisson", "logistic", "probit"} {
		p := process(likelihood)
		p.Priors = priors
		q, err := p.New()
		require.NoError(t, err)
		z := []float64{math.Log(1.2), math.Log(0.9), math.Log(0.5), 0.3, -0.6, 0.1, 0.8}[:q.Dim()]
		laws(t, q, z, 0.2)
		v, _ := q.LogDensity(nil, z)
		assert.InDelta(t, map[string]float64{"gaussian": -8.988937664877039, "poisson": -18.22466635228411, "logistic": -11.344236249162567, "probit": -11.870524205026573}[likelihood], v, 1e-9, likelihood)

		p = process(likelihood)
		p.Lengthscale, p.Scale = 1.2, 0.9
		if likelihood == "gaussian" {
			p.Noise = 0.5
		}
		known, err := p.New()
		require.NoError(t, err)
		assert.Implements(t, (*target.LinearModel)(nil), known)
		w := []float64{math.Log(0.5), 0.3, -0.6, 0.1, 0.8}
		laws(t, known, w, 0.3)
		if likelihood == "gaussian" {
			continue
		}
		// The same f, and the same density but for the hyper-parameters' part.
		f := q.(target.Named).Constrain(nil, z)
		assert.InDeltaSlice(t, f[2:], known.(target.Named).Constrain(nil, w), 1e-12)
		u, _ := known.LogDensity(nil, w)
		a, _, _ := priors["rho"].LogProb(1.2)
		b, _, _ := priors["alpha"].LogProb(0.9)
		assert.InDelta(t, v, u+a+b+z[0]+z[1], 1e-12)
	}
	p := process("poisson")
	_, err := p.New()
	assert.ErrorIs(t, err, target.ErrImproper)
	p.Priors = priors
	q, err := p.New()
	require.NoError(t, err)
	z := make([]float64, q.Dim())
	z[1] = 800
	_, err = q.LogDensity(nil, z)
	assert.ErrorIs(t, err, target.ErrDomain)
}
