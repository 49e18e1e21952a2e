package target

import (
	"fmt"
	"math"

	"fisherflow/data"

	"gonum.org/v1/gonum/mat"
)

// A Posterior is a target that ships with its data and, for most, with moments
// from long Markov chains.
type Posterior struct {
	*data.Posterior
	Target Target
}

// PosteriorNames lists the posteriors.
func PosteriorNames() []string { return data.PosteriorNames() }

// OpenPosterior returns the posterior of that name. An unknown name gives a
// [*NameError].
//
// The densities are those of posteriordb's models with all constants of
// normalised priors kept and without a factor for the half of a prior that a
// positive scale cuts off; flat priors count 0.
func OpenPosterior(name string) (*Posterior, error) {
	d, err := data.OpenPosterior(name)
	if err != nil {
		return nil, &NameError{Kind: "posterior", Name: name, Names: PosteriorNames()}
	}
	build, ok := posteriors[name]
	if !ok {
		return nil, fmt.Errorf("posterior %q has no density", name)
	}
	r := &table{Posterior: d}
	t, err := build(r)
	if r.err != nil {
		err = r.err
	}
	if err != nil {
		return nil, fmt.Errorf("posterior %s: %w", name, err)
	}
	return &Posterior{d, t}, nil
}

// A table reads the columns of a posterior's data and keeps the first error.
type table struct {
	*data.Posterior
	err error
}

func (t *table) column(name string) []float64 {
	x, err := t.Numbers(name)
	if err != nil && t.err == nil {
		t.err = err
	}
	return x
}

func (t *table) number(name string) float64 {
	if x := t.column(name); len(x) == 1 {
		return x[0]
	}
	return math.NaN()
}

func (t *table) rows(name string) [][]float64 {
	x, err := t.Matrix(name)
	if err != nil && t.err == nil {
		t.err = err
	}
	return x
}

// regression is that of y on columns, with coefficients of the given names; a
// column nil is one of ones.
func (t *table) regression(model string, y []float64, names []string, columns [][]float64, priors map[string]Prior) (Target, error) {
	if t.err != nil {
		return nil, t.err
	}
	x := mat.NewDense(len(y), len(columns), nil)
	for j, c := range columns {
		if c == nil {
			c = ones(len(y))
		}
		x.SetCol(j, c)
	}
	return (&Regression{Model: model, Response: "y", Y: y, Predictors: names, X: x, NoIntercept: true, Priors: priors}).New()
}

func transformed(f func(float64) float64, x []float64) []float64 {
	out := make([]float64, len(x))
	for i, v := range x {
		out[i] = f(v)
	}
	return out
}

func indicator(value float64) func(float64) float64 {
	return func(x float64) float64 {
		if x == value {
			return 1
		}
		return 0
	}
}

func cauchy(scale float64) Prior { return StudentT{1, 0, scale} }

func beta(n int) []string { return numbered("beta", n) }

var posteriors = map[string]func(t *table) (Target, error){
	"kidiq-kidscore_momiq": func(t *table) (Target, error) {
		return t.regression("linear", t.column("kid_score"), beta(2), [][]float64{nil, t.column("mom_iq")},
			map[string]Prior{"sigma": cauchy(2.5)})
	},
	"kidiq-kidscore_interaction": func(t *table) (Target, error) {
		school, iq := t.column("mom_hs"), t.column("mom_iq")
		both := make([]float64, len(iq))
		for i := range both {
			both[i] = school[i] * iq[i]
		}
		return t.regression("linear", t.column("kid_score"), beta(4), [][]float64{nil, school, iq, both},
			map[string]Prior{"sigma": cauchy(2.5)})
	},
	"earnings-logearn_height": func(t *table) (Target, error) {
		return t.regression("linear", transformed(math.Log, t.column("earn")), beta(2), [][]float64{nil, t.column("height")}, nil)
	},
	"mesquite-logmesquite": func(t *table) (Target, error) {
		columns := [][]float64{nil}
		for _, name := range []string{"diam1", "diam2", "canopy_height", "total_height", "density"} {
			columns = append(columns, transformed(math.Log, t.column(name)))
		}
		return t.regression("linear", transformed(math.Log, t.column("weight")), beta(7), append(columns, t.column("group")), nil)
	},
	"kilpisjarvi_mod-kilpisjarvi": func(t *table) (Target, error) {
		return t.regression("linear", t.column("y"), []string{"alpha", "beta"}, [][]float64{nil, t.column("x")}, map[string]Prior{
			"alpha": Normal{t.number("pmualpha"), t.number("psalpha")}, "beta": Normal{t.number("pmubeta"), t.number("psbeta")},
		})
	},
	"nes1980-nes": func(t *table) (Target, error) {
		age := t.column("age_discrete")
		return t.regression("linear", t.column("partyid7"), beta(9), [][]float64{
			nil, t.column("real_ideo"), t.column("race_adj"), transformed(indicator(2), age), transformed(indicator(3), age),
			transformed(indicator(4), age), t.column("educ1"), t.column("gender"), t.column("income"),
		}, nil)
	},
	"sblrc-blr": func(t *table) (Target, error) {
		rows := t.rows("X")
		d := int(t.number("D"))
		priors := map[string]Prior{"sigma": Normal{0, 10}}
		columns := make([][]float64, d)
		for j := range columns {
			for _, row := range rows {
				columns[j] = append(columns[j], row[j])
			}
			priors[beta(d)[j]] = Normal{0, 10}
		}
		return t.regression("linear", t.column("y"), beta(d), columns, priors)
	},
	"nes_logit_data-nes_logit_model": func(t *table) (Target, error) {
		return t.regression("logistic", t.column("vote"), []string{"alpha", "beta"}, [][]float64{nil, t.column("income")}, nil)
	},
	"GLM_Poisson_Data-GLM_Poisson_model": func(t *table) (Target, error) {
		year := t.column("year")
		power := func(k float64) []float64 {
			return transformed(func(x float64) float64 { return math.Pow(x, k) }, year)
		}
		return t.regression("poisson", t.column("C"), []string{"alpha", "beta1", "beta2", "beta3"},
			[][]float64{nil, year, power(2), power(3)}, nil)
	},
	"eight_schools-eight_schools_noncentered": func(t *table) (Target, error) {
		return NewSchools(t.column("y"), t.column("sigma"), false, Normal{0, 5}, cauchy(5))
	},
	"arma-arma11": func(t *table) (Target, error) {
		return NewARMA(t.column("y"), 1, 1, map[string]Prior{"mu": Normal{0, 10}, "phi": Normal{0, 2}, "theta": Normal{0, 2}, "sigma": cauchy(2.5)})
	},
	"garch-garch11": func(t *table) (Target, error) {
		return NewGARCH(t.column("y"), t.number("sigma1"), nil)
	},
	"low_dim_gauss_mix-low_dim_gauss_mix": func(t *table) (Target, error) {
		return NewMixture(t.column("y"), 2, Normal{0, 2}, Normal{0, 2}, []float64{5, 5})
	},
	"gp_pois_regr-gp_pois_regr": func(t *table) (Target, error) {
		x := t.column("x")
		return (&Process{Likelihood: "poisson", X: mat.NewDense(len(x), 1, x), Y: t.column("k"),
			Priors: map[string]Prior{"rho": Gamma{25, 4}, "alpha": Normal{0, 2}}}).New()
	},
	"hudson_lynx_hare-lotka_volterra": func(t *table) (Target, error) {
		first, rows := t.column("y_init"), t.rows("y")
		if t.err != nil {
			return nil, t.err
		}
		y := make([][2]float64, len(rows))
		for i, row := range rows {
			copy(y[i][:], row)
		}
		return NewLotkaVolterra([2]float64{first[0], first[1]}, t.column("ts"), y)
	},
}
