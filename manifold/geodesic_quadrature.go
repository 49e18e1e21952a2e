package manifold

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"
)

// geodesicForce is the right-hand side of the geodesic flow for covectors,
//
//	½ vᵀ(∂_kG)v = E[ℓ_v ∂_v s_k + ½ ℓ_v² s_k],  ℓ_v = v·s,
//
// for a family whose Fisher matrix is itself a quadrature: one quadrature of n
// components in place of 4n of matrices. The derivative of the score along v is a
// central difference of order 4 in the coordinates of a chart.
type geodesicForce struct {
	*numeric
	chart     Chart
	step      float64 // of a difference, in Fisher length
	h         float64 // and in time
	v         []float64
	xi, theta [5][]float64 // the point and, behind it, those −2, −1, 1 and 2 steps away
	scores    [5][]float64
	source    []float64
}

// forced are the families that have their expectations by quadrature of a score.
type forced interface {
	forceNumeric() (*numeric, error)
}

func (f Mixture) forceNumeric() (*numeric, error) { return f.computed(), nil }

func (f *Density) forceNumeric() (*numeric, error) {
	once, _, err := f.computed()
	return once, err
}

func newGeodesicForce(f Family, chart Chart) (*geodesicForce, error) {
	c, ok := f.(forced)
	if !ok {
		return nil, nil
	}
	m, err := c.forceNumeric()
	if err != nil {
		return nil, err
	}
	g := &geodesicForce{numeric: m, chart: chart, step: 1e-3, v: make([]float64, m.n), source: make([]float64, m.n)}
	if _, ok := f.(ApproximateScorer); ok {
		g.step = 1e-2 // of scores that are differences themselves
	}
	for i := range g.xi {
		g.xi[i], g.theta[i], g.scores[i] = make([]float64, m.n), make([]float64, m.n), make([]float64, m.n)
	}
	return g, nil
}

// force stores it at x for a velocity v of the given Fisher length.
func (g *geodesicForce) force(dst, x, v []float64, length float64) error {
	if length == 0 {
		clear(dst)
		return nil
	}
	copy(g.v, v)
	g.h = g.step / length
	for i, m := range [...]float64{0, -2, -1, 1, 2} {
		for k, a := range x {
			g.xi[i][k] = a + m*g.h*v[k]
		}
		if err := g.chart.ToSource(g.theta[i], g.xi[i]); err != nil {
			return err
		}
	}
	if err := g.set(g.theta[0]); err != nil {
		return err
	}
	_, err := g.mixing.mean(dst, g, nil)
	for _, c := range dst {
		if notFinite(c) {
			return fmt.Errorf("%s: no geodesic flow at %.6g: %w", g.family.Name(), x, ErrDomain)
		}
	}
	return err
}

func (g *geodesicForce) at(dst, x []float64) {
	for i := range g.scores {
		g.taken++
		if g.scorer.Score(g.source, x, g.theta[i]) != nil {
			g.source[0] = math.NaN()
		}
		g.chart.Pull(g.scores[i], g.xi[i], g.theta[i], g.source)
	}
	s := &g.scores
	along := 0.0
	for k, v := range g.v {
		along += v * s[0][k]
	}
	for k := range dst {
		slope := (8*(s[3][k]-s[2][k]) - (s[4][k] - s[1][k])) / (12 * g.h)
		dst[k] = along * (slope + along*s[0][k]/2)
	}
}

// quadratureLoss is the error that the quadrature of the Fisher matrix at theta
// leaves in the length of a vector, as a part of it: at most ½ε(Σ|u_i|)²/‖u‖² with
// ε the largest error of a component and u in source coordinates.
func quadratureLoss(f Family, theta, u []float64, length float64) float64 {
	a, ok := f.(ApproximateFisherer)
	if !ok || length == 0 {
		return 0
	}
	accuracy, err := a.ApproximateFisher(mat.NewSymDense(len(u), nil), theta)
	if err != nil {
		return math.NaN()
	}
	sum := 0.0
	for _, x := range u {
		sum += math.Abs(x)
	}
	sum /= length
	return accuracy * sum * sum / 2
}
