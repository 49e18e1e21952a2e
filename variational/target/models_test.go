package target_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"fisherflow/variational/target"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestSchools(t *testing.T) {
	y, se := target.EightSchools()
	for _, centred := range []bool{true, false} {
		p, err := target.NewSchools(y, se, centred, target.Normal{Sigma: 5}, target.StudentT{Nu: 1, Sigma: 5})
		require.NoError(t, err)
		z := []float64{1, -0.5, 0.3, 2, -1, 0.7, 0.1, -0.2, 4, 1.2}
		laws(t, p, z, 0.3)

		p, err = target.NewSchools(y[:3], se[:3], centred, target.Normal{Sigma: 5}, target.StudentT{Nu: 1, Sigma: 5})
		require.NoError(t, err)
		expectationLaws(t, p, []float64{1, -0.5, 0.3, 4, 1.2}, 0.25, 10, 1e-7)
	}
}

// TestParametrisationsOfSchools: the two differ by the Jacobian τᴶ.
func TestParametrisationsOfSchools(t *testing.T) {
	y, se := target.EightSchools()
	a, _ := target.NewSchools(y, se, true, target.Normal{Sigma: 5}, nil)
	b, _ := target.NewSchools(y, se, false, target.Normal{Sigma: 5}, nil)
	z := []float64{1, -0.5, 0.3, 2, -1, 0.7, 0.1, -0.2, 4, 1.2}
	theta := append(b.Constrain(nil, z)[:9:9], z[9])
	v, err := a.LogDensity(nil, theta)
	require.NoError(t, err)
	w, err := b.LogDensity(nil, z)
	require.NoError(t, err)
	assert.InDelta(t, w, v+8*z[9], 1e-12)
}

func series(n int) []float64 {
	rng := rand.New(rand.NewPCG(9, 9))
	y := make([]float64, n)
	for i := range y {
		y[i] = 1 + rng.NormFloat64()
		if i > 0 {
			y[i] += 0.5 * y[i-1]
		}
	}
	return y
}

func TestARMA(t *testing.T) {
	priors := map[string]target.Prior{"mu": target.Normal{Sigma: 10}, "sigma": target.Half{Of: target.StudentT{Nu: 1, Sigma: 2.5}}}
	for _, c := range []struct{ p, q int }{{1, 1}, {2, 0}, {0, 2}, {3, 2}} {
		p, err := target.NewARMA(series(30), c.p, c.q, priors)
		require.NoError(t, err)
		z := make([]float64, p.Dim())
		for i := range z {
			z[i] = 0.2 * math.Cos(float64(i))
		}
		laws(t, p, z, 0.2)
	}
	_, err := target.NewARMA(series(4), 1, 1, nil)
	assert.EqualError(t, err, "too few rows: 4 where the model needs at least 5")
	_, err = target.NewARMA(series(9), 1, 1, map[string]target.Prior{"ph": target.Flat{}})
	assert.EqualError(t, err, `no parameter is called "ph" (there are: mu, phi, theta, sigma)`)
}

func TestGARCH(t *testing.T) {
	p, err := target.NewGARCH(series(30), 0.7, map[string]target.Prior{"mu": target.Normal{Sigma: 3}, "alpha0": target.Gamma{Shape: 2, Rate: 1}, "beta1": target.Beta{A: 2, B: 3}})
	require.NoError(t, err)
	laws(t, p, []float64{2, 0.1, -0.4, 0.3}, 0.3)
	_, err = target.NewGARCH(series(30), 0, nil)
	assert.Error(t, err)
}

func TestMixture(t *testing.T) {
	for k := 2; k <= 3; k++ {
		for _, a := range [][]float64{nil, []float64{5, 4, 3}[:k]} {
			p, err := target.NewMixture(series(20), k, target.Normal{Sigma: 2}, target.Half{Of: target.Normal{Sigma: 2}}, a)
			require.NoError(t, err)
			z := make([]float64, p.Dim())
			for i := range z {
				z[i] = 0.3 * math.Cos(float64(i))
			}
			laws(t, p, z, 0.2)
		}
	}
	_, err := target.NewMixture(series(20), 2, nil, target.Normal{Sigma: 2}, nil)
	assert.ErrorIs(t, err, target.ErrImproper)
}
