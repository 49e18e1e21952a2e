package experiments

import (
	"context"
	"fmt"
	"html/template"
	"math"

	"fisherflow/run"
	"fisherflow/variational/target"
)

// posterior fits a normal to a posterior that ships.
var posterior = &Experiment{
	Name:  "posterior",
	Title: "A posterior and its nearest normal",
	Summary: "A normal distribution on the unconstrained scale follows the Fisher flow of KL[q‖p] to a posterior of the posteriordb collection, " +
		"with deterministic expectations and until a bound on the distance left says that it is there; importance sampling then says what it is worth.",
	Equations: []string{
		"L(q) = E_q[log q(z) − log p(x, z)] = KL(q‖p(·|x)) − log p(x)",
		"dm/dt = C E∇log p,   dC/dt = C + C (E∇²log p) C",
	},
	Markup: []template.HTML{
		`<i>L</i>(<i>q</i>) = E<sub><i>q</i></sub>[log <i>q</i>(<i>z</i>) − log <i>p</i>(<i>x</i>, <i>z</i>)] = KL(<i>q</i>‖<i>p</i>(·|<i>x</i>)) − log <i>p</i>(<i>x</i>)`,
		`d<i>m</i>/d<i>t</i> = <i>C</i> E∇log <i>p</i>, &ensp; d<i>C</i>/d<i>t</i> = <i>C</i> + <i>C</i> (E∇²log <i>p</i>) <i>C</i>`,
	},
	Parameters: []Parameter{
		{Name: "name", Default: "kidiq-kidscore_momiq", Help: "posterior", Choices: target.PosteriorNames()},
		{Name: "covariance", Default: "full", Help: "of q on the unconstrained scale", Choices: []string{"full", "diagonal"}},
	},
	Source:    "posteriordb 28f8d3d (data, moments of long Markov chains)",
	Headline:  "fisher: ELBO",
	Citations: []string{citePosteriordb, citeOpper, citeVehtari},
	main:      "fisher",
	base: func(v Values) string {
		return fmt.Sprintf("[target]\nposterior = %q\n[family]\nname = \"multivariate-normal\"\ncovariance = %q\n[loss]\nkind = \"elbo\"\n[claims]\nmonotone = true\nenergy-identity = true\nmatches-reference = true\n",
			v.text("name"), v.text("covariance"))
	},
}

func init() { posterior.finish = finishPosterior }

// finishPosterior compares q with the optimum found by other means.
func finishPosterior(_ context.Context, v Values, o *run.Outcome) error {
	r := o.Result.Posterior
	want, ok := fittedPosteriors[v.text("name")]
	if r == nil || !ok {
		return nil
	}
	elbo := want.full
	if v.text("covariance") == "diagonal" {
		elbo = want.diagonal
	}
	member := o.Plan.MainName
	// The printed value has six decimals.
	reference(o, member, "ELBO", float64(r.ELBO), elbo, want.tol*math.Abs(elbo)+0.5e-6)
	if v.text("covariance") == "diagonal" {
		return nil
	}
	mean, sd, rows := 0.0, 0.0, r.QCovariance.([][]run.Number)
	for i, x := range r.QMean {
		scale := parse(want.sd[i])
		mean = max(mean, beyond(float64(x), want.mean[i])/scale)
		sd = max(sd, beyond(math.Sqrt(float64(rows[i][i])), want.sd[i])/scale)
	}
	reference(o, member, "means, largest deviation in sd beyond the printed digits", mean, 0, 1e-4)
	reference(o, member, "deviations, largest relative difference beyond the printed digits", sd, 0, 1e-3)
	return nil
}

// beyond is by how much a number misses a printed one, but for half a unit of
// its last digit.
func beyond(x float64, printed string) float64 {
	return math.Max(0, math.Abs(x-parse(printed))-lastDigit(printed)/2*(1+1e-9))
}

// lastDigit is a unit of the last digit of a printed number.
func lastDigit(printed string) float64 {
	decimals, seen := 0, false
	for _, c := range printed {
		switch {
		case c == '.':
			seen = true
		case seen:
			decimals++
		}
	}
	return math.Pow(10, -float64(decimals))
}
