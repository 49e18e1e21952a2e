package target

import (
	"fmt"
	"math"
	"strings"

	"gonum.org/v1/gonum/mat"
)

// proper finds posteriors that flat priors leave improper: coefficients that
// the data do not determine, and classes that a plane separates.
func (r *Regression) proper(set coordinateSet, x design) error {
	var flat []int
	for j := range set {
		if _, ok := set[j].prior.(Flat); ok {
			flat = append(flat, j)
		}
	}
	if len(flat) == 0 {
		return nil
	}
	if x.n < len(flat) {
		return fmt.Errorf("%w: %d rows do not determine %d coefficients with flat priors; leave predictors out or give them priors", ErrImproper, x.n, len(flat))
	}
	scaled := mat.NewDense(x.n, len(flat), nil)
	row := make([]float64, x.d)
	for i := range x.n {
		full := x.row(row, i)
		for k, j := range flat {
			scaled.Set(i, k, full[j])
		}
	}
	norms := make([]float64, len(flat))
	for k := range flat {
		norms[k] = mat.Norm(scaled.ColView(k), 2)
		if norms[k] == 0 {
			return fmt.Errorf("%w: %s is 0 in every row and has a flat prior", ErrImproper, set[flat[k]].name)
		}
		for i := range x.n {
			scaled.Set(i, k, scaled.At(i, k)/norms[k])
		}
	}
	// Collinear columns show in the QR factorisation of the scaled ones.
	var qr mat.QR
	qr.Factorize(scaled)
	var upper mat.Dense
	qr.RTo(&upper)
	for k := range flat {
		if math.Abs(upper.At(k, k)) < 1e-11 {
			return fmt.Errorf("%w: %s is a linear combination of the predictors before it and all have flat priors; leave one out or give them priors", ErrImproper, set[flat[k]].name)
		}
	}
	side := r.side()
	if side == nil {
		return nil
	}
	direction := recession(scaled, side)
	if direction == nil {
		return nil
	}
	var terms []string
	for k, j := range flat {
		if w := direction[k] / norms[k]; math.Abs(direction[k]) > 1e-6 {
			terms = append(terms, fmt.Sprintf("%+.3g %s", w, set[j].name))
		}
	}
	what := "the data are separable"
	if r.Model == "poisson" || r.Model == "negative-binomial" {
		what = "the counts are 0 wherever a combination of predictors is not"
	}
	return fmt.Errorf("%w: %s (the plane %s = 0 divides them), so that the likelihood grows for ever and a flat prior leaves no posterior; give the coefficients priors, as normal(0, 10)",
		ErrImproper, what, strings.TrimPrefix(strings.Join(terms, " "), "+"))
}

// side has for each datum +1 if its likelihood is bounded away from 0 as the
// predictor goes to +∞, −1 if so for −∞, 0 if for neither; nil for models
// whose likelihood falls off both ways.
func (r *Regression) side() []float64 {
	side := make([]float64, len(r.Y))
	switch r.Model {
	case "logistic", "probit":
		for i, y := range r.Y {
			side[i] = 2*y - 1
		}
	case "poisson", "negative-binomial":
		for i, y := range r.Y {
			if y == 0 {
				side[i] = -1
			}
		}
	default:
		return nil
	}
	return side
}

// recession looks for a direction b in which no datum's likelihood falls, side
// xᵢ·b ≥ 0 (= 0 for those of side 0), and some grow. Newton's method for
// Σ ln(1 + exp(−side xᵢ·β)) + ½ Σ (xᵢ·β)² over those of side 0 runs to infinity
// along such a direction if there is one, and a step that satisfies the
// inequalities proves it. nil: none.
func recession(x *mat.Dense, side []float64) []float64 {
	n, d := x.Dims()
	beta, gradient, step := mat.NewVecDense(d, nil), mat.NewVecDense(d, nil), mat.NewVecDense(d, nil)
	s, moved := mat.NewVecDense(n, nil), mat.NewVecDense(n, nil)
	hessian := mat.NewSymDense(d, nil)
	const tiny = 1e-9
	holds := func(b *mat.VecDense) bool {
		moved.MulVec(x, b)
		most, worst := 0.0, 0.0
		for i, w := range side {
			v := moved.AtVec(i)
			if w == 0 {
				worst = math.Max(worst, math.Abs(v))
				continue
			}
			most = math.Max(most, w*v)
			worst = math.Max(worst, -w*v)
		}
		return most > 0 && worst <= 1e-7*most
	}
	for range 60 {
		s.MulVec(x, beta)
		gradient.Zero()
		hessian.Zero()
		for i, w := range side {
			row := x.RowView(i)
			slope, curvature := -s.AtVec(i), 1.0
			if w != 0 {
				p := logistic(-w * s.AtVec(i))
				slope, curvature = w*p, p*(1-p)
			}
			gradient.AddScaledVec(gradient, slope, row)
			hessian.SymRankOne(hessian, curvature, row)
		}
		for j := range d {
			hessian.SetSym(j, j, hessian.At(j, j)*(1+1e-12)+1e-300)
		}
		var factor mat.Cholesky
		if !factor.Factorize(hessian) || factor.SolveVecTo(step, gradient) != nil && factor.Cond() > 1e15 {
			break
		}
		if mat.Norm(gradient, math.Inf(1)) < tiny && mat.Norm(step, math.Inf(1)) < 1e-6 {
			return nil
		}
		beta.AddVec(beta, step)
		for _, b := range []*mat.VecDense{step, beta} {
			if holds(b) {
				out := make([]float64, d)
				scale := mat.Norm(b, math.Inf(1))
				for j := range out {
					out[j] = b.AtVec(j) / scale
				}
				return out
			}
		}
	}
	return nil
}
