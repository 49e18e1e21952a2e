package experiments

import (
	"context"
	"fmt"
	"html/template"
	"math"

	"fisherflow/run"
)

// gaussianFlows compares three geometries on the way to a density in the plane.
var gaussianFlows = &Experiment{
	Name:  "gaussian-flows",
	Title: "Three flows of a normal towards a density",
	Summary: "A normal in the plane follows the Fisher–Rao, the Bures–Wasserstein and the Euclidean flow of KL[q‖p] to a normal, a log-concave and a banana-shaped density. " +
		"The rate of the first is 1 for the first two whatever their scale; the others have that of the worst scale.",
	Equations: []string{
		"Fisher–Rao:  dm/dt = −C g,  dC/dt = C − C H C,   g = E∇Φ,  H = E∇²Φ",
		"Wasserstein: dm/dt = −g,    dC/dt = 2I − HC − CH",
		"Euclidean:   dm/dt = −g,    dC/dt = ½(C⁻¹ − H)",
	},
	Markup: []template.HTML{
		`Fisher–Rao: &ensp; d<i>m</i>/d<i>t</i> = −<i>Cg</i>, &ensp; d<i>C</i>/d<i>t</i> = <i>C</i> − <i>CHC</i>, &ensp; <i>g</i> = E∇<i>Φ</i>, &ensp; <i>H</i> = E∇²<i>Φ</i>`,
		`Wasserstein: &ensp; d<i>m</i>/d<i>t</i> = −<i>g</i>, &ensp; d<i>C</i>/d<i>t</i> = 2<i>I</i> − <i>HC</i> − <i>CH</i>`,
		`Euclidean: &ensp; d<i>m</i>/d<i>t</i> = −<i>g</i>, &ensp; d<i>C</i>/d<i>t</i> = ½(<i>C</i><sup>−1</sup> − <i>H</i>)`,
	},
	Parameters: []Parameter{
		{Name: "target", Default: "gaussian", Help: "density", Choices: []string{"gaussian", "logconcave", "rosenbrock"}},
		{Name: "lambda", Default: 0.01, Help: "ratio of its scales"},
	},
	Source:    "Chen, Huang, Huang, Reich & Stuart 2023, the figures of Gaussian, log-concave and Rosenbrock targets",
	Headline:  "fisher: error of the mean at t = 15",
	Citations: []string{citeChenFlows, citeOpper},
	main:      "fisher",
	base: func(v Values) string {
		start := map[string]string{"gaussian": "10.0, 10.0, 0.5, 0.0, 2.0", "logconcave": "10.0, 10.0, 4.0, 0.0, 4.0", "rosenbrock": "0.0, 0.0, 4.0, 0.0, 4.0"}
		return fmt.Sprintf("[target]\nmodel = %q\nlambda = %v\n[family]\nname = \"multivariate-normal\"\n[loss]\nkind = \"elbo\"\n[flow]\nchart = \"source\"\nstart = { chart = \"source\", at = [%s] }\ntime = [0.0, 15.0]\n[ode]\nmethod = \"auto\"\nrtol = 1e-9\natol = 1e-12\noutput = [0.0, 5.0, 15.0]\n[claims]\nmonotone = true\nenergy-identity = true\nmatches-reference = true\n",
			v.text("target"), v.number("lambda"), start[v.text("target")])
	},
	members: func(_ Values, main *run.Spec) ([]run.Member, error) {
		var out []run.Member
		for _, metric := range []string{"wasserstein", "euclidean"} {
			m, err := with(metric, main, "flow.metric="+metric)
			if err != nil {
				return nil, err
			}
			out = append(out, m)
		}
		return out, nil
	},
}

func init() { gaussianFlows.finish = finishGaussianFlows }

// publishedErrors are |m − E z| and |C − Cov|/|Cov| at t = 5 and 15, by target,
// λ and flow.
var publishedErrors = map[string]map[string][4]string{
	"gaussian 0.01": {
		"fisher":      {"2.536", "0.2482", "1.531e-4", "1.499e-5"},
		"wasserstein": {"9.513", "0.8867", "8.607", "0.7260"},
		"euclidean":   {"9.513", "0.9702", "8.607", "0.9569"},
	},
	"logconcave 0.01": {
		"fisher":      {"9.011", "0.6659", "1.450e-3", "0.01943"},
		"wasserstein": {"9.998", "0.9879", "9.911", "0.9709"},
	},
	"rosenbrock 0.1": {
		"fisher":      {"7.712", "0.7410", "6.204", "0.6659"},
		"wasserstein": {"10.85", "0.9614", "10.54", "0.9151"},
	},
}

// trueMoments are mean and covariance c11, c12, c22 of a density.
func trueMoments(name string, lambda float64) (mean [2]float64, cov [3]float64) {
	switch name {
	case "gaussian":
		return mean, [3]float64{1, 0, 1 / lambda}
	case "logconcave":
		e := math.Sqrt(20) * math.Gamma(0.75) / math.Gamma(0.25)
		return mean, [3]float64{(e + 10) / lambda, e / math.Sqrt(lambda), e}
	}
	return [2]float64{1, 11}, [3]float64{10, 20, 240 + 10/lambda}
}

func finishGaussianFlows(_ context.Context, v Values, o *run.Outcome) error {
	name, lambda := v.text("target"), v.number("lambda")
	mean, cov := trueMoments(name, lambda)
	size := math.Sqrt(cov[0]*cov[0] + 2*cov[1]*cov[1] + cov[2]*cov[2])
	table := run.NewTable("flow", "t", "error of the mean", "relative error of the covariance")
	for i, p := range o.Problems {
		samples := o.Result.Samples
		if i > 0 {
			samples = o.Result.Members[i-1].Samples
		}
		for k, s := range samples {
			at := s.Point.In("source")
			a, b, c := at[2]-cov[0], at[3]-cov[1], at[4]-cov[2]
			off := math.Hypot(at[0]-mean[0], at[1]-mean[1])
			spread := math.Sqrt(a*a+2*b*b+c*c) / size
			table.Add(p.Name, float64(s.T), off, spread)
			if printed, ok := publishedErrors[fmt.Sprintf("%s %v", name, lambda)][p.Name]; ok && k > 0 {
				digits(o, p.Name, fmt.Sprintf("error of the mean at t = %v", float64(s.T)), off, printed[2*k-2], 4)
				digits(o, p.Name, fmt.Sprintf("error of the covariance at t = %v", float64(s.T)), spread, printed[2*k-1], 4)
			}
		}
	}
	o.Result.AddTable("errors", table)
	return nil
}
