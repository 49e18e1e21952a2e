package target_test

import (
	"fmt"
	"math"
	"testing"

	"fisherflow/variational/target"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestShapes: laws, the exact expectations, and the published moments by the
// trapezoidal rule on a fine grid where the shape is compact enough.
func TestShapes(t *testing.T) {
	for _, c := range []struct {
		name   string
		lambda float64
		reach  float64
	}{
		{"gaussian", 0.5, 14}, {"logconcave", 0.4, 0}, {"rosenbrock", 0.1, 0}, {"rosenbrock", 1, 0}, {"gaussian", 0, 20}, {"four_modes", 0, 5},
		{"circle", 0, 4}, {"banana", 0, 0}, {"double_banana", 0, 5.5}, {"double-banana-lks", 0, 5.5},
	} {
		p, err := target.NewShape(c.name, c.lambda)
		require.NoError(t, err)
		laws(t, p, []float64{0.4, -0.7}, 0.5)
		if e, ok := p.(target.NormalExpectation); ok {
			expectationLaws(t, e, []float64{0.4, -0.7}, 0.8, 5, 1e-11)
		}
		s, ok := p.(*target.Shape)
		if q, is := p.(target.PolynomialShape); is {
			s, ok = q.Shape, true
		}
		_, smooth := p.(target.PolynomialShape)
		require.True(t, ok)
		if c.reach == 0 {
			continue
		}
		n := 150
		if !smooth {
			n = 1000
		}
		h := c.reach / float64(n)
		var z, a, b, aa, ab, bb float64
		for i := -n; i <= n; i++ {
			for j := -n; j <= n; j++ {
				x := []float64{h * float64(i), h * float64(j)}
				v, _ := p.LogDensity(nil, x)
				w := h * h * math.Exp(v)
				z, a, b = z+w, a+w*x[0], b+w*x[1]
				aa, ab, bb = aa+w*x[0]*x[0], ab+w*x[0]*x[1], bb+w*x[1]*x[1]
			}
		}
		a, b = a/z, b/z
		assert.InDelta(t, s.LogEvidence, math.Log(z), 1e-7, c.name)
		assert.InDeltaSlice(t, s.Mean[:], []float64{a, b}, 1e-7, c.name)
		assert.InDeltaSlice(t, s.Covariance[:], []float64{aa/z - a*a, ab/z - a*b, bb/z - b*b}, 1e-7, c.name)
	}
	_, err := target.NewShape("rosenbrock", 0)
	assert.EqualError(t, err, "shape rosenbrock needs a positive lambda")
	_, err = target.NewShape("circle", 1)
	assert.Error(t, err)
	var unknown *target.NameError
	_, err = target.NewShape("bananas", 0)
	assert.ErrorAs(t, err, &unknown)
}

func normal2(grad, z []float64) float64 {
	a, b := z[0]-1, z[1]+2
	if grad != nil {
		grad[0], grad[1] = -a-0.5*b, -b-0.5*a
	}
	return -(a*a + b*b + a*b) / 2
}

func TestFunction(t *testing.T) {
	p := target.Function{N: 2, F: normal2}
	laws(t, p, []float64{1, 2}, 0.5)
	worst, err := target.CheckGradient(p, []float64{0.3, 0.8})
	require.NoError(t, err)
	assert.Less(t, worst, 1e-10)
	wrong := target.Function{N: 2, F: func(g, z []float64) float64 {
		v := normal2(g, z)
		if g != nil {
			g[1] *= 1.01
		}
		return v
	}}
	worst, err = target.CheckGradient(wrong, []float64{0.3, 0.8})
	require.NoError(t, err)
	assert.Greater(t, worst, 1e-3)
	_, err = target.Function{N: 1, F: func(_, z []float64) float64 { return math.Log(z[0]) }}.LogDensity(nil, []float64{-1})
	assert.ErrorIs(t, err, target.ErrDomain)
}

// TestValueOnly: the gradient is right to about the accuracy it reports.
func TestValueOnly(t *testing.T) {
	p := target.NewValueOnly(2, func(z []float64) float64 { return -math.Cosh(z[0]) - math.Sin(3*z[0]*z[1]) }, []string{"a", "b"})
	laws(t, p, []float64{0.4, 0.3}, 0.2)
	g := make([]float64, 2)
	q := p.Clone().(*target.ValueOnly)
	_, err := q.LogDensity(g, []float64{0.4, 0.3})
	require.NoError(t, err)
	c := math.Cos(0.36)
	got := math.Max(math.Abs(g[0]-(-math.Sinh(0.4)-0.9*c)), math.Abs(g[1]+1.2*c))
	assert.Less(t, got, 3*q.Accuracy()*1.2)
	assert.Less(t, q.Accuracy(), 1e-9)
	assert.Greater(t, q.Accuracy(), 1e-15)
}

func ExampleFunction() {
	p := target.Function{N: 1, F: func(grad, z []float64) float64 {
		if grad != nil {
			grad[0] = -z[0]
		}
		return -z[0] * z[0] / 2
	}}
	grad := make([]float64, 1)
	value, _ := p.LogDensity(grad, []float64{2})
	fmt.Println(value, grad)
	// Output: -2 [-2]
}
