package target

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/mat"
)

// A Regression describes the regression of a response on predictors.
type Regression struct {
	// Model is "linear", "logistic", "probit", "poisson", "negative-binomial"
	// or "robust".
	Model string
	// Response names the response y, Predictors the columns of X. The names are
	// those of the coefficients too.
	Response   string
	Y          []float64
	Predictors []string
	X          mat.Matrix // n × len(Predictors), dense or [*Sparse]
	// NoIntercept leaves out the coefficient "intercept", which is the first.
	NoIntercept bool
	// Priors are those of the parameters by name, Coefficients that of the
	// coefficients without one of their own, the intercept's among them; nil is
	// flat. The parameters beside the coefficients are "sigma" of linear and
	// robust regression, "phi" of negative-binomial regression (the variance is
	// μ + μ²/φ) and, where it has a prior, "nu" of robust regression.
	Priors       map[string]Prior
	Coefficients Prior
	// Fixed are parameters beside the coefficients that are known: "sigma",
	// "phi", "nu". The degrees of freedom ν are 4 if they are neither known nor
	// have a prior.
	Fixed map[string]float64
}

// RegressionModels lists the models of a [Regression].
func RegressionModels() []string {
	return []string{"linear", "logistic", "probit", "poisson", "negative-binomial", "robust"}
}

// An ObservationError says what is wrong with the data of a model. Row is −1
// where the fault is not in one row.
type ObservationError struct {
	Column  string
	Row     int
	Problem string
}

func (e *ObservationError) Error() string {
	s := ""
	if e.Column != "" {
		s = "column " + e.Column
	}
	if e.Row >= 0 {
		if s != "" {
			s += ", "
		}
		s += fmt.Sprintf("row %d", e.Row+1)
	}
	if s == "" {
		return e.Problem
	}
	return s + ": " + e.Problem
}

// ErrImproper is wrapped by errors about posteriors that cannot be normalised,
// whatever the method.
var ErrImproper = errors.New("the posterior is improper")

// auxiliary are the parameters of each model beside the coefficients.
func (r *Regression) auxiliary() []string {
	switch r.Model {
	case "linear":
		return []string{"sigma"}
	case "robust":
		return []string{"sigma", "nu"}
	case "negative-binomial":
		return []string{"phi"}
	}
	return nil
}

// New makes the target. It finds data that the model cannot have and
// posteriors that no prior makes proper. Errors are of type [*NameError] or
// [*ObservationError], or wrap [ErrImproper].
//
// The target is a [LinearGaussian] for linear regression with unknown σ, a
// [NormalExpectation] where one parameter beside the coefficients is unknown,
// and a [LinearModel] where none is.
func (r *Regression) New() (Target, error) {
	if !slices.Contains(RegressionModels(), r.Model) {
		return nil, &NameError{Kind: "regression model", Name: r.Model, Names: RegressionModels()}
	}
	if err := r.check(); err != nil {
		return nil, err
	}
	coefficients, x, err := r.coefficients()
	if err != nil {
		return nil, err
	}
	free := coefficients
	for _, name := range r.auxiliary() {
		value, known := r.Fixed[name]
		prior, has := r.Priors[name]
		switch {
		case known && has:
			return nil, fmt.Errorf("%s is known and has a prior: leave one out", name)
		case known && !(value > 0 && finite(value)):
			return nil, fmt.Errorf("%s must be positive, not %v", name, value)
		case known, name == "nu" && !has:
			continue
		}
		c, err := newCoordinate(name, prior, true)
		if err != nil {
			return nil, err
		}
		free = append(slices.Clip(free), c)
	}
	if err := r.proper(coefficients, x); err != nil {
		return nil, err
	}
	fixed := func(name string, otherwise float64) float64 {
		if v, ok := r.Fixed[name]; ok {
			return v
		}
		return otherwise
	}
	unknown := len(free) - len(coefficients)
	switch r.Model {
	case "linear":
		if unknown == 1 {
			return newLinear(free, x, r.Y)
		}
		return newPredictor(coefficients, x, r.Y, gaussianTerm{fixed("sigma", 1)}), nil
	case "logistic":
		return newPredictor(coefficients, x, r.Y, logisticTerm{}), nil
	case "probit":
		return newPredictor(coefficients, x, r.Y, probitTerm{}), nil
	case "poisson":
		return newPredictor(coefficients, x, r.Y, poissonTerm{}), nil
	case "negative-binomial":
		if unknown == 1 {
			return newDispersed(free, x, r.Y, negativeBinomialTerm{}), nil
		}
		return newPredictor(coefficients, x, r.Y, given{negativeBinomialTerm{}, [2]float64{math.Log(fixed("phi", 1))}}), nil
	}
	nu := math.Log(fixed("nu", 4))
	_, free1 := r.Priors["nu"]
	_, known := r.Fixed["sigma"]
	switch {
	case free1 && known:
		return nil, errors.New("nu has a prior but sigma is known: give sigma a prior too, or fix nu")
	case free1:
		return &dispersedFree{newDispersed(free, x, r.Y, studentTerm{})}, nil
	case known:
		return newPredictor(coefficients, x, r.Y, given{studentTerm{}, [2]float64{math.Log(fixed("sigma", 1)), nu}}), nil
	}
	t := newDispersed(free, x, r.Y, studentTerm{})
	t.aux[1] = nu
	return t, nil
}

// check finds what is wrong with the numbers and the names.
func (r *Regression) check() error {
	n, d := r.X.Dims()
	if len(r.Predictors) != d || len(r.Y) != n {
		panic("target: lengths of response, predictors and matrix differ")
	}
	if n == 0 {
		return &ObservationError{Row: -1, Problem: "there are no rows"}
	}
	known := r.auxiliary()
	for name := range r.Fixed {
		if !slices.Contains(known, name) {
			return &NameError{Kind: "parameter of " + r.Model + " regression", Name: name, Names: known}
		}
	}
	parameters := slices.Clone(r.Predictors)
	if !r.NoIntercept {
		parameters = append([]string{"intercept"}, parameters...)
	}
	parameters = append(parameters, known...)
	for name := range r.Priors {
		if !slices.Contains(parameters, name) {
			return &NameError{Kind: "parameter", Name: name, Names: append(parameters, "coefficients")}
		}
	}
	for i, y := range r.Y {
		problem := ""
		switch {
		case !finite(y):
			problem = fmt.Sprintf("%v is not a finite number", y)
		case (r.Model == "logistic" || r.Model == "probit") && y != 0 && y != 1:
			problem = fmt.Sprintf("a response of %s regression is 0 or 1, not %v", r.Model, y)
		case (r.Model == "poisson" || r.Model == "negative-binomial") && (y < 0 || y != math.Trunc(y)):
			problem = fmt.Sprintf("a response of %s regression is a count, not %v", r.Model, y)
		}
		if problem != "" {
			return &ObservationError{Column: r.Response, Row: i, Problem: problem}
		}
	}
	for j, name := range r.Predictors {
		if name == r.Response {
			return &ObservationError{Column: name, Row: -1, Problem: "is the response and a predictor"}
		}
		constant := true
		first := r.X.At(0, j)
		for i := range n {
			x := r.X.At(i, j)
			if !finite(x) {
				return &ObservationError{Column: name, Row: i, Problem: fmt.Sprintf("%v is not a finite number", x)}
			}
			constant = constant && x == first
			if _, sparse := r.X.(*Sparse); sparse && !constant {
				break
			}
		}
		if constant && !r.NoIntercept && n > 1 && r.flat(name) {
			return &ObservationError{Column: name, Row: -1, Problem: fmt.Sprintf("is constant (%v), which cannot be told from the intercept: leave it out, give it a prior, or set intercept = false", first)}
		}
	}
	return nil
}

func (r *Regression) prior(name string) Prior {
	if p, ok := r.Priors[name]; ok && p != nil {
		return p
	}
	if r.Coefficients != nil {
		return r.Coefficients
	}
	return Flat{}
}

func (r *Regression) flat(name string) bool { _, ok := r.prior(name).(Flat); return ok }

// coefficients are the coordinates of the coefficients, and the design with the
// intercept's column of ones.
func (r *Regression) coefficients() (coordinateSet, design, error) {
	names := r.Predictors
	x := r.X
	if !r.NoIntercept {
		names = append([]string{"intercept"}, names...)
		x = withOnes(x)
	}
	var set coordinateSet
	for _, name := range names {
		p := r.prior(name)
		c, err := newCoordinate(name, p, false)
		if err != nil {
			return nil, design{}, err
		}
		if c.scale != onLine {
			return nil, design{}, fmt.Errorf("prior %v of %s: the support of a coefficient's prior must be the whole line", p, name)
		}
		set = append(set, c)
	}
	return set, newDesign(x), nil
}

// withOnes puts a column of ones before the others.
func withOnes(x mat.Matrix) mat.Matrix {
	n, d := x.Dims()
	if s, ok := x.(*Sparse); ok {
		out := &Sparse{Rows: n, Cols: d + 1, Start: make([]int, 1, n+1)}
		for i := range n {
			out.Column, out.Value = append(out.Column, 0), append(out.Value, 1)
			for k := s.Start[i]; k < s.Start[i+1]; k++ {
				out.Column, out.Value = append(out.Column, s.Column[k]+1), append(out.Value, s.Value[k])
			}
			out.Start = append(out.Start, len(out.Value))
		}
		return out
	}
	out := mat.NewDense(n, d+1, nil)
	for i := range n {
		out.Set(i, 0, 1)
		for j := range d {
			out.Set(i, j+1, x.At(i, j))
		}
	}
	return out
}
