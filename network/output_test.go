package network

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// outputs are the families with a point z and a response that is typical there
// and one that is not.
var outputs = []struct {
	output Output
	z      []float64
	y      [][]float64
	// support lists enough of a discrete support; nil is a continuous one.
	support [][]float64
	natural bool
}{
	{Softmax{}, []float64{.3, -1.2, 2}, [][]float64{{0}, {1}, {2}}, [][]float64{{0}, {1}, {2}}, true},
	{Multinomial{Trials: 3}, []float64{.3, -1.2, 1}, [][]float64{{1, 0, 2}, {0, 3, 0}}, compositions(3, 3), true},
	{Independent{Bernoulli{}}, []float64{.7}, [][]float64{{0}, {1}}, [][]float64{{0}, {1}}, true},
	{Independent{Probit{}}, []float64{-.8}, [][]float64{{0}, {1}}, [][]float64{{0}, {1}}, false},
	{Independent{Poisson{}}, []float64{.9}, [][]float64{{0}, {4}}, counts(80), true},
	{Independent{NegativeBinomial{R: 2.5}}, []float64{.6}, [][]float64{{0}, {5}}, counts(400), false},
	{Independent{Gaussian{Variance: .49}}, []float64{.4}, [][]float64{{.1}, {2}}, nil, true},
	{Independent{Gamma{Shape: 2.5}}, []float64{.4}, [][]float64{{.1}, {2}}, nil, false},
	{GaussianScale{}, []float64{.4, -.6}, [][]float64{{.1}, {2}}, nil, false},
}

func counts(n int) (out [][]float64) {
	for i := range n {
		out = append(out, []float64{float64(i)})
	}
	return out
}

func compositions(n, parts int) (out [][]float64) {
	if parts == 1 {
		return [][]float64{{float64(n)}}
	}
	for i := 0; i <= n; i++ {
		for _, rest := range compositions(n-i, parts-1) {
			out = append(out, append([]float64{float64(i)}, rest...))
		}
	}
	return out
}

func prepared(o Output, z []float64) []float64 {
	state := make([]float64, o.StateLen(len(z)))
	o.Prepare(state, z)
	return state
}

// expectation is E[f(y)] for y from the family at z.
func expectation(t *testing.T, o Output, z []float64, support [][]float64, f func(y []float64) float64) float64 {
	state := prepared(o, z)
	density := func(y []float64) float64 {
		l, _ := o.LogDensity(state, y)
		return math.Exp(l) * f(y)
	}
	if support != nil {
		sum := 0.0
		for _, y := range support {
			sum += density(y)
		}
		return sum
	}
	// y = e^u for positive numbers.
	positive := o.Name() == "gamma"
	sum := 0.0
	const h = 1.0 / 256
	for u := -20.0; u <= 20; u += h { // the trapezoidal rule is spectral here
		y, jacobian := u, 1.0
		if positive {
			y, jacobian = math.Exp(u), math.Exp(u)
		}
		sum += h * jacobian * density([]float64{y})
	}
	require.False(t, math.IsNaN(sum))
	return sum
}

// TestOutputs checks the definitions of every output family: the density has
// mass one, the residual is the derivative of the loss and has mean zero, H is
// its covariance and S Sᵀ, S b = r, and the curvature is the second derivative.
func TestOutputs(t *testing.T) {
	for _, c := range outputs {
		t.Run(c.output.Name(), func(t *testing.T) {
			o, z := c.output, c.z
			k, n := o.Rank(len(z)), len(z)
			state := prepared(o, z)
			require.InDelta(t, 1, expectation(t, o, z, c.support, func([]float64) float64 { return 1 }), 1e-12)

			fisher, root := matrices(o, state, n, k)
			r := make([]float64, n)
			for i := range n {
				mean := expectation(t, o, z, c.support, func(y []float64) float64 { o.Residual(r, state, y); return r[i] })
				require.InDelta(t, 0, mean, 1e-12)
				for j := range n {
					cov := expectation(t, o, z, c.support, func(y []float64) float64 { o.Residual(r, state, y); return r[i] * r[j] })
					require.InDelta(t, cov, fisher[i][j], 1e-11)
					product := 0.0
					for l := range k {
						product += root[i][l] * root[j][l]
					}
					require.InDelta(t, fisher[i][j], product, 1e-14)
				}
			}
			mean, statistic := make([]float64, n), make([]float64, n)
			o.Mean(mean, state)
			for i := range n {
				if o.Name() == "gaussian-scale" && i == 1 {
					continue
				}
				want := expectation(t, o, z, c.support, func(y []float64) float64 { o.Statistic(statistic, y); return statistic[i] })
				require.InDelta(t, want, mean[i], 1e-11)
			}

			b := make([]float64, k)
			for _, y := range c.y {
				require.NoError(t, o.CheckResponse(y, n))
				o.Residual(r, state, y)
				o.Root(b, state, y)
				for i := range n {
					sum := 0.0
					for l := range k {
						sum += root[i][l] * b[l]
					}
					require.InDelta(t, r[i], sum, 1e-13)
					require.InDelta(t, derivative(o, z, y, i), r[i], 1e-8)
				}
				curved, ok := o.(CurvedOutput)
				if !ok {
					continue
				}
				factor := make([]float64, n)
				if !curved.CurvatureFactor(factor, state, y, 0) {
					continue
				}
				const h = 1e-5
				up, down := make([]float64, n), make([]float64, n)
				o.Residual(up, prepared(o, []float64{z[0] + h}), y)
				o.Residual(down, prepared(o, []float64{z[0] - h}), y)
				require.InDelta(t, (up[0]-down[0])/(2*h), factor[0]*factor[0], 1e-8)
				if c.natural {
					require.InDelta(t, fisher[0][0], factor[0]*factor[0], 1e-14)
				}
			}
		})
	}
}

func matrices(o Output, state []float64, n, k int) (fisher, root [][]float64) {
	fisher, root = make([][]float64, n), make([][]float64, n)
	u, column := make([]float64, n), make([]float64, n)
	for i := range n {
		fisher[i], root[i] = make([]float64, n), make([]float64, k)
	}
	for j := range n {
		clear(u)
		u[j] = 1
		o.Fisher(u, state, u)
		for i := range n {
			fisher[i][j] = u[i]
		}
	}
	for j := range k {
		o.Factor(column, state, j)
		for i := range n {
			root[i][j] = column[i]
		}
	}
	return fisher, root
}

// derivative is −∂ log p/∂z_i by a central difference.
func derivative(o Output, z, y []float64, i int) float64 {
	const h = 1e-5
	at := func(d float64) float64 {
		w := append([]float64(nil), z...)
		w[i] += d
		l, _ := o.LogDensity(prepared(o, w), y)
		return l
	}
	return (at(-h) - at(h)) / (2 * h)
}

// TestSamples: draws have the mean and the covariance of residuals that the
// density gives them.
func TestSamples(t *testing.T) {
	const draws = 20000
	for _, c := range outputs {
		o, z := c.output, c.z
		n := len(z)
		state := prepared(o, z)
		fisher, _ := matrices(o, state, n, o.Rank(n))
		responses, err := o.Responses(n)
		require.NoError(t, err)
		y, r := make([]float64, responses), make([]float64, n)
		rng := rand.New(rand.NewPCG(1, 2))
		sums := make([]float64, n)
		for range draws {
			o.Sample(y, state, rng)
			require.NoError(t, o.CheckResponse(y, n))
			o.Residual(r, state, y)
			for i, v := range r {
				sums[i] += v
			}
		}
		for i, s := range sums {
			require.Less(t, math.Abs(s)/math.Sqrt(draws*fisher[i][i]), 4.0, o.Name())
		}
	}
}

// TestFarOut: parameters at which probabilities underflow still have finite
// residuals, roots and densities.
func TestFarOut(t *testing.T) {
	state := prepared(Softmax{}, []float64{0, -800, 3})
	l, _ := Softmax{}.LogDensity(state, []float64{1})
	require.InDelta(t, -803.0485873515737, l, 1e-10)
	r := make([]float64, 3)
	Softmax{}.Residual(r, state, []float64{1})
	require.InDelta(t, -1, r[1], 1e-15)
	for _, z := range []float64{-300, -37, -6, 6, 37, 300} {
		for _, y := range []float64{0, 1} {
			for _, s := range []Scalar{Bernoulli{}, Probit{}} {
				l, _ := s.LogDensity(z, y)
				require.False(t, math.IsNaN(l) || math.IsInf(l, 0), "%s %v %v", s.Name(), z, y)
				require.False(t, math.IsNaN(s.Residual(z, y)))
			}
		}
	}
	// mpmath: log(ncdf(-6)), log(ncdf(-37)), npdf(6)/(1-ncdf(6)), and above
	// log(exp(-800)/(1+exp(-800)+exp(3)))
	l, _ = Probit{}.LogDensity(-6, 1)
	require.InDelta(t, -20.736768949974706, l, 1e-13)
	l, _ = Probit{}.LogDensity(-37, 1)
	require.InDelta(t, -689.03058557689059, l, 1e-10)
	require.InDelta(t, 6.1584826045445989, hazard(6), 1e-13)
}

func ExampleOutputByName() {
	o, err := OutputByName("gamma", 2)
	fmt.Println(o.Name(), err)
	_, err = OutputByName("sofmax", 0)
	fmt.Println(err != nil)
	// Output:
	// gamma <nil>
	// true
}
