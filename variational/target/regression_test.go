package target_test

import (
	"errors"
	"math"
	"math/rand/v2"
	"testing"

	"fisherflow/variational/target"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
)

// small is six rows of two predictors with a response for each model.
func small(model string) *target.Regression {
	y := map[string][]float64{
		"linear": {1.2, -0.4, 3.1, 0.3, 2.2, 1.7}, "robust": {1.2, -0.4, 9.1, 0.3, 2.2, 1.7},
		"logistic": {1, 0, 1, 0, 1, 1}, "probit": {1, 0, 1, 0, 1, 1},
		"poisson": {2, 0, 5, 1, 3, 70}, "negative-binomial": {2, 0, 5, 1, 3, 70},
	}[model]
	r := &target.Regression{
		Model: model, Response: "y", Y: y, Predictors: []string{"a", "b"},
		X:      mat.NewDense(6, 2, []float64{0.5, 1, -1, 0.3, 1.5, -0.2, 0.1, 0.9, -0.6, -1.1, 1.1, 0.4}),
		Priors: map[string]target.Prior{"intercept": target.Normal{Mu: 0.2, Sigma: 3}, "b": target.StudentT{Nu: 1, Mu: 0, Sigma: 2.5}},
	}
	return r
}

func build(t *testing.T, r *target.Regression) target.Target {
	t.Helper()
	p, err := r.New()
	require.NoError(t, err)
	return p
}

// Reference values: scipy.stats at β = (0.3, −0.2, 0.5), ln σ = ln φ = 0.4,
// ln ν = 1.1:
//
//	s = X@b; prior = norm(.2,3).logpdf(.3)+cauchy(0,2.5).logpdf(.5)
//	norm(s,exp(.4)).logpdf(y).sum()+prior+.4 ; poisson(exp(s)).logpmf(y).sum() …
func TestRegressionsAgainstScipy(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(r *target.Regression)
		want   float64
	}{
		{"linear", nil, -15.950636846801267},
		{"linear", func(r *target.Regression) { r.Priors["sigma"] = target.StudentT{Nu: 1, Sigma: 2.5} }, -18.316260478377004},
		{"linear", func(r *target.Regression) { r.Fixed = map[string]float64{"sigma": 0.7} }, -27.106929243900815},
		{"logistic", nil, -8.782490396001624},
		{"probit", nil, -9.281143096688648},
		{"poisson", nil, -230.10022647210462},
		{"negative-binomial", nil, -67.22723583936778},
		{"negative-binomial", func(r *target.Regression) { r.Fixed = map[string]float64{"phi": 2.5} }, -85.61245271604587},
		{"robust", nil, -19.996907051504138},
		{"robust", func(r *target.Regression) { r.Fixed = map[string]float64{"sigma": 2, "nu": 3} }, -19.75943813927413},
		{"robust", func(r *target.Regression) { r.Priors["nu"] = target.Gamma{Shape: 2, Rate: 0.1} }, -22.214436879433926},
	} {
		r := small(c.name)
		if c.change != nil {
			c.change(r)
		}
		p := build(t, r)
		z := []float64{0.3, -0.2, 0.5, 0.4, 1.1}[:p.Dim()]
		value, err := p.LogDensity(nil, z)
		require.NoError(t, err)
		assert.InDelta(t, c.want, value, 1e-12*(1+math.Abs(c.want)), c.name)
		laws(t, p, z, 0.4)
		if e, ok := p.(target.NormalExpectation); ok {
			expectationLaws(t, e, z, 0.15, 12, 1e-8)
		}
	}
}

func TestRegressionNames(t *testing.T) {
	p := build(t, small("linear")).(target.Named)
	assert.Equal(t, []string{"intercept", "a", "b", "sigma"}, p.Names())
	assert.Equal(t, []string{"intercept", "a", "b", "log_sigma"}, p.Coordinates())
	assert.InDeltaSlice(t, []float64{1, 2, 3, math.E}, p.Constrain(nil, []float64{1, 2, 3, 1}), 1e-15)
}

// TestSufficient: the statistics give |y − Xβ|².
func TestSufficient(t *testing.T) {
	r := small("linear")
	n, rss, estimate, gram := build(t, r).(target.LinearGaussian).Sufficient()
	assert.Equal(t, 6, n)
	beta := []float64{0.3, -1, 2}
	want := 0.0
	for i, y := range r.Y {
		e := y - beta[0] - beta[1]*r.X.At(i, 0) - beta[2]*r.X.At(i, 1)
		want += e * e
	}
	d := mat.NewVecDense(3, nil)
	d.SubVec(mat.NewVecDense(3, beta), mat.NewVecDense(3, estimate))
	assert.InEpsilon(t, want, rss+mat.Inner(d, gram, d), 1e-13)
}

// TestClosedTerms: ExpectTerm agrees with quadrature of Term.
func TestClosedTerms(t *testing.T) {
	for _, model := range []string{"poisson", "linear", "logistic", "probit"} {
		r := small(model)
		if model == "linear" {
			r.Fixed = map[string]float64{"sigma": 0.7}
		}
		p := build(t, r).(target.LinearModel)
		a, b, c, ok := p.ExpectTerm(2, 0.3, 0.5)
		assert.Equal(t, model == "poisson" || model == "linear", ok)
		if !ok {
			continue
		}
		var x, y, z, total float64
		for k := -200; k <= 200; k++ {
			u := 0.05 * float64(k)
			w := math.Exp(-u * u / 2)
			f, g, h := p.Term(2, 0.3+math.Sqrt(0.5)*u)
			x, y, z, total = x+w*f, y+w*g, z+w*h, total+w
		}
		assert.InDeltaSlice(t, []float64{x / total, y / total, z / total}, []float64{a, b, c}, 1e-12)
	}
}

// TestSparseDesign: the same numbers from a sparse matrix.
func TestSparseDesign(t *testing.T) {
	for _, model := range target.RegressionModels() {
		dense, r := build(t, small(model)), small(model)
		s := &target.Sparse{Rows: 6, Cols: 2, Start: []int{0}}
		for i := range 6 {
			for j := range 2 {
				s.Column, s.Value = append(s.Column, j), append(s.Value, r.X.At(i, j))
			}
			s.Start = append(s.Start, len(s.Value))
		}
		r.X = s
		sparse := build(t, r)
		z := []float64{0.3, -0.2, 0.5, 0.4}[:dense.Dim()]
		g, h := make([]float64, len(z)), make([]float64, len(z))
		a, _ := dense.LogDensity(g, z)
		b, err := sparse.LogDensity(h, z)
		require.NoError(t, err)
		assert.InDelta(t, a, b, 1e-12*(1+math.Abs(a)))
		assert.InDeltaSlice(t, g, h, 1e-10)
	}
}

func TestFarTailsOfProbit(t *testing.T) {
	// mpmath: f = log(erfc(-x/sqrt(2))/2), npdf(x)/exp(f) at −40 and 9.
	r := &target.Regression{Model: "probit", Response: "y", Y: []float64{1, 0}, NoIntercept: true,
		Predictors: []string{"a"}, X: mat.NewDense(2, 1, []float64{1, 1})}
	p := build(t, r).(target.LinearModel)
	v, first, _ := p.Term(0, -40)
	assert.InEpsilon(t, -804.60844201375379, v, 1e-14)
	assert.InEpsilon(t, 40.024968847207264, first, 1e-14)
	v, first, _ = p.Term(0, 9)
	assert.InEpsilon(t, -1.1285884059538406e-19, v, 1e-13)
	assert.InEpsilon(t, 1.0279773571668915e-18, first, 1e-13)
}

func TestBadRegressions(t *testing.T) {
	for _, c := range []struct {
		change  func(r *target.Regression)
		model   string
		message string
	}{
		{func(r *target.Regression) { r.Y[2] = math.NaN() }, "linear", "column y, row 3: NaN is not a finite number"},
		{func(r *target.Regression) { r.Y[2] = 2 }, "logistic", "column y, row 3: a response of logistic regression is 0 or 1, not 2"},
		{func(r *target.Regression) { r.Y[2] = 1.5 }, "poisson", "column y, row 3: a response of poisson regression is a count, not 1.5"},
		{func(r *target.Regression) { r.X.(*mat.Dense).Set(4, 1, math.Inf(1)) }, "linear", "column b, row 5: +Inf is not a finite number"},
		{func(r *target.Regression) { r.X.(*mat.Dense).SetCol(0, []float64{2, 2, 2, 2, 2, 2}) }, "linear", "column a: is constant (2), which cannot be told from the intercept: leave it out, give it a prior, or set intercept = false"},
		{func(r *target.Regression) { r.Priors = map[string]target.Prior{"c": target.Flat{}} }, "linear", `no parameter is called "c" (there are: intercept, a, b, sigma, coefficients)`},
		{func(r *target.Regression) { r.Priors["a"] = target.Gamma{Shape: 1, Rate: 1} }, "linear", "prior exponential(1) of a: the support of a coefficient's prior must be the whole line"},
		{func(r *target.Regression) { r.Priors["sigma"] = target.Uniform{Low: -1, High: 2} }, "linear", "prior uniform(-1, 2) of sigma, which is positive: its support begins at -1"},
		{func(r *target.Regression) {
			r.Priors, r.X, r.Y = nil, mat.NewDense(2, 2, []float64{1, 2, 3, 5}), r.Y[:2]
		}, "linear", "the posterior is improper: 2 rows do not determine 3 coefficients with flat priors; leave predictors out or give them priors"},
		{func(r *target.Regression) {
			r.Priors, r.X, r.Y = nil, mat.NewDense(4, 2, []float64{1, 2, 3, 5, 4, 4, 0, 1}), r.Y[:4]
		}, "linear", "the posterior is improper: 4 rows and 3 coefficients with flat priors leave σ with a flat prior undetermined; give sigma or the coefficients priors"},
		{func(r *target.Regression) {
			r.X.(*mat.Dense).SetCol(1, []float64{1, -2, 3, 0.2, -1.2, 2.2})
			r.Priors = nil
		}, "poisson", "the posterior is improper: b is a linear combination of the predictors before it and all have flat priors; leave one out or give them priors"},
		{func(r *target.Regression) { r.Model = "lineal" }, "linear", `no regression model is called "lineal" (there are: linear, logistic, probit, poisson, negative-binomial, robust)`},
	} {
		r := small(c.model)
		if c.message[:10] == "the poster" && c.model == "poisson" {
			r.X.(*mat.Dense).SetCol(0, []float64{0.5, -1, 1.5, 0.1, -0.6, 1.1})
		}
		c.change(r)
		_, err := r.New()
		assert.EqualError(t, err, c.message)
	}
}

// TestSeparableData: complete and quasi-complete separation are found, with
// and without a prior on another coefficient; overlapping data pass.
func TestSeparableData(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 5))
	for trial := range 20 {
		n := 40
		x := mat.NewDense(n, 3, nil)
		y := make([]float64, n)
		overlap := trial%2 == 0
		for i := range n {
			for j := range 3 {
				x.Set(i, j, 100*rng.NormFloat64()*math.Pow(10, float64(j)))
			}
			s := x.At(i, 0) - 0.05*x.At(i, 1) + 20
			if overlap {
				s += 150 * rng.NormFloat64()
			}
			if s > 0 {
				y[i] = 1
			}
		}
		if trial%4 == 1 {
			// A point of each class on the plane: quasi-complete.
			for i, class := range []float64{0, 1} {
				x.SetRow(i, []float64{5, 500, 1})
				y[i] = class
			}
		}
		for _, model := range []string{"logistic", "probit"} {
			r := &target.Regression{Model: model, Response: "y", Y: y, Predictors: []string{"a", "b", "c"}, X: x}
			_, err := r.New()
			assert.Equal(t, !overlap, errors.Is(err, target.ErrImproper), "%d %s: %v", trial, model, err)
			if !overlap {
				assert.ErrorContains(t, err, "separable")
			}
			r.Coefficients = target.Normal{Sigma: 10}
			_, err = r.New()
			assert.NoError(t, err)
		}
	}
	r := small("logistic")
	r.Priors = nil
	r.Y = []float64{1, 1, 1, 1, 1, 1}
	_, err := r.New()
	assert.ErrorContains(t, err, "separable")
	r = small("poisson")
	r.Priors, r.Y = nil, []float64{0, 0, 0, 0, 0, 0}
	_, err = r.New()
	assert.ErrorIs(t, err, target.ErrImproper)
}
