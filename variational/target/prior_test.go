package target_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"fisherflow/variational/target"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/diff/fd"
	"gonum.org/v1/gonum/mat"
)

// Reference: scipy.stats, e.g. norm(1,3).logpdf(.7), t(4,.5,2).logpdf(.7).
func TestPriorsAgainstScipy(t *testing.T) {
	for _, c := range []struct {
		text  string
		x     float64
		value float64
	}{
		{"normal(1, 3)", 0.7, -2.022550821872782},
		{"cauchy(0, 2.5)", 0.7, -2.136499078899461},
		{"student-t(4, 0.5, 2)", 0.7, -1.6802186340681393},
		{"logistic(1, 2)", 0.7, -2.0850612761390095},
		{"laplace(1, 2)", 0.7, -1.5362943611198907},
		{"half-normal(2)", 0.7, -0.9801885332046727},
		{"half-cauchy(2.5)", 0.7, -1.4433518983395153},
		{"gamma(2.5, 4)", 0.7, -0.15395938358129135},
		{"exponential(3)", 0.7, -1.0013877113318903},
		{"inverse-gamma(2.5, 4)", 0.7, -1.2848703781733437},
		{"lognormal(-1, 0.5)", 0.7, -0.6968506642184612},
		{"beta(2, 3.5)", 0.7, -0.6097665894819304},
		{"uniform(-1, 3)", 0.7, -1.3862943611198906},
	} {
		p, err := target.ParsePrior(c.text)
		require.NoError(t, err)
		value, first, second := p.LogProb(c.x)
		assert.InDelta(t, c.value, value, 1e-13*(1+math.Abs(c.value)), c.text)
		f := func(x float64) float64 { v, _, _ := p.LogProb(x); return v }
		g := func(x float64) float64 { _, v, _ := p.LogProb(x); return v }
		central := &fd.Settings{Formula: fd.Central}
		assert.InDelta(t, fd.Derivative(f, c.x, central), first, 1e-8*(1+math.Abs(first)), c.text)
		assert.InDelta(t, fd.Derivative(g, c.x, central), second, 1e-8*(1+math.Abs(second)), c.text)
		again, err := target.ParsePrior(p.String())
		require.NoError(t, err)
		assert.Equal(t, p, again)
	}
}

func TestUntruncatedAndHalf(t *testing.T) {
	whole, _ := target.ParsePrior("cauchy(0, 2.5)")
	half, err := target.ParsePrior("half-cauchy(0, 2.5)")
	require.NoError(t, err)
	a, _, _ := whole.LogProb(3)
	b, _, _ := half.LogProb(3)
	assert.InDelta(t, math.Ln2, b-a, 1e-15)
}

func TestBadPriors(t *testing.T) {
	for text, message := range map[string]string{
		"normal(0)":        "normal takes (mean, sd), not 1 numbers",
		"normal(0, -1)":    "normal: its sd must be positive, not -1",
		"normal(0, ten)":   `"normal(0, ten)": "ten" is not a finite number`,
		"normal(0, 1":      `"normal(0, 1" has no closing bracket`,
		"uniform(2, 1)":    "uniform: 2 must lie below 1",
		"flat(1)":          "flat takes no arguments, not 1",
		"lkj(2)":           "lkj(2) is a prior on a correlation matrix, not on a number",
		"half-cauchy(1,2)": "half-cauchy takes (scale), not 2 numbers",
	} {
		_, err := target.ParsePrior(text)
		require.EqualError(t, err, message, text)
	}
	_, err := target.ParsePrior("norml(0, 1)")
	var unknown *target.NameError
	require.ErrorAs(t, err, &unknown)
	assert.Equal(t, "norml", unknown.Name)
}

func transforms() []target.Transform {
	return []target.Transform{
		target.Identity{N: 3}, target.Log{N: 3}, target.Logit{N: 2}, target.Logit{N: 2, Low: -1, High: 4},
		target.Ordered{N: 4}, target.Simplex{K: 2}, target.Simplex{K: 5}, target.Cholesky{K: 1}, target.Cholesky{K: 3},
		target.CholeskyCorrelation{K: 2}, target.CholeskyCorrelation{K: 4},
	}
}

// free are the positions of the constrained coordinates that the determinant
// is taken by.
func free(t target.Transform) []int {
	n, _ := t.Dims()
	var out []int
	if c, ok := t.(target.CholeskyCorrelation); ok {
		for i := range c.K {
			for j := range i {
				out = append(out, i*(i+1)/2+j)
			}
		}
		return out
	}
	for i := range n {
		out = append(out, i)
	}
	return out
}

// TestTransforms: the inverse returns, the log determinant is that of the
// Jacobian by finite differences, Pull is the gradient of c·T(z) + ln|det|.
func TestTransforms(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, tr := range transforms() {
		n, m := tr.Dims()
		z, theta, back, c, pulled := make([]float64, n), make([]float64, m), make([]float64, n), make([]float64, m), make([]float64, n)
		for range 5 {
			for i := range z {
				z[i] = rng.NormFloat64()
			}
			for i := range c {
				c[i] = rng.NormFloat64()
			}
			logDet := tr.Forward(theta, z)
			require.NoError(t, tr.Inverse(back, theta), tr.Name())
			assert.InDeltaSlice(t, z, back, 1e-12, tr.Name())

			full := mat.NewDense(m, n, nil)
			fd.Jacobian(full, func(y, x []float64) { tr.Forward(y, x) }, z, &fd.JacobianSettings{Formula: fd.Central})
			square := mat.NewDense(n, n, nil)
			for i, k := range free(tr) {
				square.SetRow(i, full.RawRowView(k))
			}
			det, _ := mat.LogDet(square)
			assert.InDelta(t, det, logDet, 1e-7, tr.Name())

			tr.Pull(pulled, z, c)
			scratch := make([]float64, m)
			want := fd.Gradient(nil, func(x []float64) float64 {
				s := tr.Forward(scratch, x)
				for i := range c {
					s += c[i] * scratch[i]
				}
				return s
			}, z, &fd.Settings{Formula: fd.Central})
			assert.InDeltaSlice(t, want, pulled, 1e-7, tr.Name())
		}
	}
}

func TestOutsideOfTransforms(t *testing.T) {
	for _, c := range []struct {
		tr    target.Transform
		theta []float64
	}{
		{target.Log{N: 1}, []float64{0}}, {target.Logit{N: 1}, []float64{1}}, {target.Ordered{N: 2}, []float64{1, 1}},
		{target.Simplex{K: 2}, []float64{.5, .6}}, {target.Cholesky{K: 2}, []float64{1, 2, 1}},
		{target.CholeskyCorrelation{K: 2}, []float64{1, .5, .5}},
	} {
		n, _ := c.tr.Dims()
		assert.Error(t, c.tr.Inverse(make([]float64, n), c.theta), c.tr.Name())
	}
}

// TestLKJ: the density over correlation matrices integrates to 1; for k = 2 it
// is (1−r²)^(η−1), and with k = 3 over three correlations through z.
func TestLKJ(t *testing.T) {
	p := target.LKJ{Eta: 1.7}
	f := func(k int, z ...float64) float64 {
		tr := target.CholeskyCorrelation{K: k}
		_, m := tr.Dims()
		factor := make([]float64, m)
		d := tr.Forward(factor, z)
		return math.Exp(p.LogProb(nil, factor, k) + d)
	}
	// The trapezoidal rule, exponentially accurate here.
	line := func(g func(x float64) float64) float64 {
		const h = 0.3
		s := 0.0
		for i := -27; i <= 27; i++ {
			s += h * g(h*float64(i))
		}
		return s
	}
	assert.InDelta(t, 1, line(func(x float64) float64 { return f(2, x) }), 1e-9)
	total := line(func(x float64) float64 {
		return line(func(y float64) float64 {
			return line(func(z float64) float64 { return f(3, x, y, z) })
		})
	})
	assert.InDelta(t, 1, total, 1e-9)
}
