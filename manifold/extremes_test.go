package manifold_test

import (
	"fmt"
	"math"
	"testing"

	"fisherflow/manifold"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
	"pgregory.net/rapid"
)

// roundTrip goes from source to a chart and back and returns the error of each
// source coordinate, relative, and the condition of the way back: how much a
// relative rounding of the chart coordinates moves the source coordinates.
func roundTrip(t require.TestingT, f manifold.Family, chart string, theta []float64) (worst, condition float64) {
	c, ok := f.(manifold.Charted).Chart(chart)
	require.True(t, ok, chart)
	n := f.Dim()
	xi, back := make([]float64, n), make([]float64, n)
	require.NoError(t, c.FromSource(xi, theta), chart)
	require.NoError(t, c.ToSource(back, xi), chart)
	unit, column := make([]float64, n), make([]float64, n)
	moves := make([]float64, n)
	for k := range n {
		unit[k] = 1
		c.Push(column, xi, theta, unit)
		unit[k] = 0
		for i := range n {
			moves[i] += math.Abs(column[i] * xi[k])
		}
	}
	condition = 1
	for i := range n {
		size := math.Abs(theta[i])
		if size < 1e-290 {
			size = 1 // zero, or so small that numbers near it lose digits
		}
		worst = math.Max(worst, math.Abs(back[i]-theta[i])/size)
		condition = math.Max(condition, moves[i]/size)
	}
	return worst, condition
}

func requireRoundTrip(t require.TestingT, f manifold.Family, chart string, theta []float64) {
	worst, condition := roundTrip(t, f, chart, theta)
	require.LessOrEqual(t, worst, math.Max(1e-12, 8*condition*0x1p-52), "%s, chart %s at %g, condition %.3g", f.Name(), chart, theta, condition)
}

func TestRoundTripsAtExtremes(t *testing.T) {
	for _, c := range []struct {
		family manifold.Family
		points [][]float64
	}{
		{manifold.Gamma{}, [][]float64{{1e-6, 1}, {1e-6, 1e9}, {1e6, 1}, {1e6, 1e-9}, {2, 1e9}, {1, 1e-9}}},
		{manifold.Normal{}, [][]float64{{0, 1e-9}, {1e6, 1}, {-1e3, 1e-3}, {1, 1e9}}},
		{manifold.ExponentialRate{}, [][]float64{{1e-12}, {1e12}}},
		{manifold.Poisson{}, [][]float64{{1e-12}, {1e12}}},
		{manifold.Bernoulli{}, [][]float64{{1e-12}, {1 - 1e-12}, {1e-15}, {1 - 1e-15}}},
		{manifold.Categorical{K: 3}, [][]float64{{1e-12, .5}, {1e-12, 1 - 2e-12}, {.5, .5 - 1e-12}, {1e-15, 1e-15}}},
		{manifold.MultivariateNormal{}, [][]float64{{0, 0, 1, 1 - 1e-9, 1}, {1, -1, 1, -(1 - 1e-9), 1}, {1e3, 0, 1, 0, 1e-6}}},
	} {
		for _, chart := range manifold.AllCharts(c.family) {
			for _, theta := range c.points {
				if c.family.Name() == "multivariate-normal" {
					// The matrix as a whole has a condition that single entries
					// do not show: an inverse loses it.
					worst, condition := roundTrip(t, c.family, chart, theta)
					require.LessOrEqual(t, worst, 8*condition*covarianceCondition(theta, 2)*0x1p-52+1e-12, "%s at %g", chart, theta)
					continue
				}
				requireRoundTrip(t, c.family, chart, theta)
			}
		}
	}
}

func covarianceCondition(theta []float64, d int) float64 {
	s := mat.NewSymDense(d, nil)
	k := d
	for i := range d {
		for j := range i + 1 {
			s.SetSym(i, j, theta[k])
			k++
		}
	}
	return mat.Cond(s, 2)
}

func TestRoundTripsAtRandom(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		logarithmic := func(name string, low, high float64) float64 {
			return math.Exp(rapid.Float64Range(math.Log(low), math.Log(high)).Draw(t, name))
		}
		a, b := logarithmic("a", 1e-4, 1e4), logarithmic("b", 1e-6, 1e6)
		mu := rapid.Float64Range(-10, 10).Draw(t, "mu")
		p := rapid.Float64Range(0.001, 0.999).Draw(t, "p")
		q := p * rapid.Float64Range(0.001, 0.999).Draw(t, "q")
		for _, c := range []struct {
			family manifold.Family
			theta  []float64
		}{
			{manifold.Gamma{}, []float64{a, b}}, {manifold.Normal{}, []float64{mu, a}}, {manifold.ExponentialRate{}, []float64{b}},
			{manifold.Poisson{}, []float64{b}}, {manifold.Bernoulli{}, []float64{p}}, {manifold.Categorical{K: 3}, []float64{q, 1 - p}},
		} {
			for _, chart := range manifold.AllCharts(c.family) {
				requireRoundTrip(t, c.family, chart, c.theta)
			}
		}
	})
}

// covariance is a correlated, positive definite source point.
func covariance(d int) []float64 {
	theta := make([]float64, d, d+d*(d+1)/2)
	for i := range theta {
		theta[i] = math.Sin(float64(i))
	}
	for i := range d {
		for j := range i + 1 {
			v := math.Pow(0.6, float64(i-j)) * math.Sqrt(float64(1+i%3)*float64(1+j%3))
			theta = append(theta, v)
		}
	}
	return theta
}

func TestLargeGaussians(t *testing.T) {
	for _, d := range []int{1, 5, 20, 50} {
		f := manifold.MultivariateNormal{Dimension: d}
		theta := covariance(d)
		for _, chart := range manifold.AllCharts(f) {
			worst, condition := roundTrip(t, f, chart, theta)
			require.LessOrEqual(t, worst, 1e-12+8*condition*0x1p-52, "d = %d, chart %s", d, chart)
		}
	}
}

// TestRaiseOfTheGaussian: in the natural chart the raised gradient of L is
// ∂L/∂η, and raising in any chart is the same vector.
func TestRaiseOfTheGaussian(t *testing.T) {
	const d = 4
	f := manifold.MultivariateNormal{Dimension: d}
	theta := covariance(d)
	source := make([]float64, f.Dim())
	for i := range source {
		source[i] = math.Cos(float64(2 * i))
	}
	base := f.FisherMetric()
	require.NoError(t, base.At(theta))
	want := make([]float64, f.Dim())
	require.NoError(t, base.Raise(want, source))
	for _, name := range manifold.AllCharts(f) {
		v, err := manifold.In(f, name)
		require.NoError(t, err)
		xi, c, raised, pushed := make([]float64, f.Dim()), make([]float64, f.Dim()), make([]float64, f.Dim()), make([]float64, f.Dim())
		require.NoError(t, v.Chart().FromSource(xi, theta))
		v.Chart().Pull(c, xi, theta, source)
		m, ok := v.StructuredMetric()
		require.True(t, ok)
		require.NoError(t, m.At(xi))
		require.NoError(t, m.Raise(raised, c))
		v.Chart().Push(pushed, xi, theta, raised)
		require.InDeltaSlice(t, want, pushed, 1e-11, name)
		if name == "natural" {
			e, _ := f.Chart("expectation")
			eta, dual := make([]float64, f.Dim()), make([]float64, f.Dim())
			require.NoError(t, e.FromSource(eta, theta))
			e.Pull(dual, eta, theta, source)
			require.InDeltaSlice(t, dual, raised, 1e-11)
		}
	}
}

func TestDomainErrors(t *testing.T) {
	nan := math.NaN()
	for _, c := range []struct {
		family manifold.Family
		theta  []float64
		want   string
	}{
		{manifold.Gamma{}, []float64{1, -1}, "gamma: rate = -1 must be positive"},
		{manifold.Gamma{}, []float64{nan, 1}, "gamma: shape = NaN must be finite"},
		{manifold.Normal{}, []float64{math.Inf(1), 1}, "normal: mu = +Inf must be finite"},
		{manifold.Bernoulli{}, []float64{1}, "bernoulli: p = 1 must lie between 0 and 1"},
		{manifold.Categorical{K: 3}, []float64{.6, .5}, "p3"},
		{manifold.MultivariateNormal{}, []float64{0, 0, 1, 2, 1}, "not positive definite"},
		{manifold.MultivariateNormal{}, []float64{0, nan, 1, 0, 1}, "mu2 = NaN"},
	} {
		err := c.family.Check(c.theta)
		require.ErrorIs(t, err, manifold.ErrDomain)
		require.ErrorContains(t, err, c.want)
	}
	require.Panics(t, func() { _ = manifold.Gamma{}.Check([]float64{1}) })
	v, err := manifold.In(manifold.Normal{}, "expectation")
	require.NoError(t, err)
	require.ErrorContains(t, v.Check([]float64{2, 3}), "eta2 = 3 must exceed eta1²")
	_, err = manifold.In(manifold.Normal{}, "polar")
	var unknown *manifold.ChartError
	require.ErrorAs(t, err, &unknown)
}

func TestRegistry(t *testing.T) {
	for _, name := range manifold.Names() {
		f, err := manifold.New(name, nil)
		require.NoError(t, err)
		require.Equal(t, name, f.Name())
	}
	f, err := manifold.New("categorical", manifold.Options{"k": int64(4)})
	require.NoError(t, err)
	require.Equal(t, 3, f.Dim())
	for _, c := range []struct {
		name    string
		options manifold.Options
		want    string
	}{
		{"gama", nil, `no family is called "gama"`},
		{"gamma", manifold.Options{"k": 2}, `"k"`},
		{"categorical", manifold.Options{"k": 1}, "at least 2"},
		{"categorical", manifold.Options{"k": 2.5}, "whole number"},
		{"categorical", manifold.Options{"k": "three"}, "whole number"},
		{"multivariate-normal", manifold.Options{"dim": 0}, "at least 1"},
		{"negative-binomial", manifold.Options{"r": -1}, "must be positive"},
		{"pareto", manifold.Options{"xm": "two"}, "must be a number"},
		{"normal-known-mean", manifold.Options{"mean": math.Inf(1)}, "must be finite"},
	} {
		_, err := manifold.New(c.name, c.options)
		require.ErrorContains(t, err, c.want)
	}
}

func TestNoAllocation(t *testing.T) {
	for _, c := range []member{
		{manifold.Gamma{}, []float64{2, 3}}, {manifold.Normal{}, []float64{0, 1}}, {manifold.Categorical{K: 4}, []float64{.1, .2, .3}},
		{manifold.MultivariateNormal{Dimension: 20}, covariance(20)},
	} {
		requireNoAllocation(t, c)
	}
}

// requireNoAllocation: neither charts nor divergence, Fisher matrix or
// structured metric allocate in any chart.
func requireNoAllocation(t *testing.T, c member) {
	t.Helper()
	for _, name := range manifold.AllCharts(c.family) {
		v, err := manifold.In(c.family, name)
		require.NoError(t, err)
		n := v.Dim()
		xi, dst, theta := make([]float64, n), make([]float64, n), make([]float64, n)
		require.NoError(t, v.Chart().FromSource(xi, c.theta))
		g := mat.NewSymDense(n, nil)
		require.Zero(t, testing.AllocsPerRun(3, func() {
			must(v.Chart().ToSource(theta, xi))
			must(v.Chart().FromSource(dst, theta))
			v.Chart().Push(dst, xi, theta, c.theta)
			v.Chart().Pull(dst, xi, theta, c.theta)
			v.Chart().PushInverse(dst, xi, theta, c.theta)
			v.Chart().PullInverse(dst, xi, theta, c.theta)
			_, err := v.KL(xi, xi)
			must(err)
		}), "%s, %s", c.family.Name(), name)
		if n < 10 {
			must(v.Fisher(g, xi))
			require.Zero(t, testing.AllocsPerRun(3, func() { must(v.Fisher(g, xi)) }), "%s, %s", c.family.Name(), name)
		}
		if m, ok := v.StructuredMetric(); ok {
			require.Zero(t, testing.AllocsPerRun(3, func() {
				must(m.At(xi))
				must(m.Raise(dst, dst))
				must(m.Lower(dst, dst))
			}), "%s, %s", c.family.Name(), name)
		}
	}
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func ExampleIn() {
	view, err := manifold.In(manifold.Gamma{}, "mean-shape")
	if err != nil {
		fmt.Println(err)
		return
	}
	g := mat.NewSymDense(2, nil)
	if err := view.Fisher(g, []float64{2, 1}); err != nil { // mean 2, shape 1
		fmt.Println(err)
		return
	}
	fmt.Printf("%.4f\n", mat.Formatted(g))
	// Output:
	// ⎡0.2500  0.0000⎤
	// ⎣0.0000  0.6449⎦
}

func BenchmarkFisher(b *testing.B) {
	for _, c := range []struct {
		family manifold.Family
		theta  []float64
	}{
		{manifold.Gamma{}, []float64{2, 3}}, {manifold.Normal{}, []float64{0, 1}}, {manifold.Poisson{}, []float64{3}},
		{manifold.Bernoulli{}, []float64{.3}}, {manifold.Categorical{K: 4}, []float64{.1, .2, .3}}, {manifold.MultivariateNormal{}, covariance(2)},
		{manifold.Beta{}, []float64{2, 3}}, {manifold.Dirichlet{K: 3}, []float64{2, 3, 4}}, {manifold.VonMises{}, []float64{1, 2}},
	} {
		for _, name := range c.family.(manifold.Charted).Charts() {
			b.Run(c.family.Name()+"/"+name, func(b *testing.B) {
				v, _ := manifold.In(c.family, name)
				xi := make([]float64, v.Dim())
				must(v.Chart().FromSource(xi, c.theta))
				g := mat.NewSymDense(v.Dim(), nil)
				b.ReportAllocs()
				for range b.N {
					must(v.Fisher(g, xi))
				}
			})
		}
	}
}

// BenchmarkRaise is one raise of the multivariate normal, in source
// coordinates, the metric set anew; its cost grows as d³.
func BenchmarkRaise(b *testing.B) {
	for _, d := range []int{5, 10, 20, 50, 100, 200} {
		b.Run(fmt.Sprintf("d=%d", d), func(b *testing.B) {
			f := manifold.MultivariateNormal{Dimension: d}
			m := f.FisherMetric()
			theta, dst := covariance(d), make([]float64, f.Dim())
			b.ReportAllocs()
			for range b.N {
				must(m.At(theta))
				must(m.Raise(dst, theta))
			}
		})
	}
}
