package run

import (
	"fmt"
	"strconv"
	"strings"

	"fisherflow/variational/target"
)

// Files of the run folder of a posterior.
const (
	samplesFile = "samples.csv"
	normalFile  = "q.csv"
)

// mostSamples is the number of draws of q that a run folder keeps.
const mostSamples = 4000

// posterior enters q of the main member in the result, with a comparison where
// the moments of the posterior are known from long Markov chains.
func (o *Outcome) posterior(p *Problem) {
	r := p.Posterior
	if r == nil {
		return
	}
	o.Result.Posterior = r
	name := p.Spec.Target.Posterior
	if name == "" {
		return
	}
	known, err := target.OpenPosterior(name)
	if err != nil || len(known.Reference) == 0 {
		return
	}
	t := NewTable("parameter", "mean", "reference mean", "sd", "reference sd", "mean off, in sd", "sd, ratio")
	for _, m := range known.Reference {
		for _, q := range r.Parameters {
			if q.Name == m.Name {
				mean, sd := float64(q.Mean), float64(q.SD)
				t.Add(q.Name, mean, m.Mean, sd, m.SD, (mean-m.Mean)/m.SD, sd/m.SD)
			}
		}
	}
	if len(t.Rows) > 0 {
		o.Result.AddTable("reference moments", t)
	}
}

// posteriorFiles are q's draws on the model's own scale, with log p(x, z) − log
// q(z), and q's mean and covariance on the unconstrained one.
func (o *Outcome) posteriorFiles() []file {
	r := o.Result.Posterior
	if r == nil {
		return nil
	}
	var b strings.Builder
	for _, p := range r.Parameters {
		b.WriteString(quoted(p.Name) + ",")
	}
	b.WriteString("log_weight\n")
	for k := range min(mostSamples, len(r.constrained)) {
		for _, x := range r.constrained[k] {
			b.WriteString(strconv.FormatFloat(x, 'g', -1, 64) + ",")
		}
		b.WriteString(strconv.FormatFloat(r.logWeights[k], 'g', -1, 64) + "\n")
	}
	files := []file{{samplesFile, []byte(b.String())}}
	b.Reset()
	b.WriteString("coordinate,mean")
	rows, full := r.QCovariance.([][]Number)
	variances, _ := r.QCovariance.([]Number)
	switch {
	case full:
		for _, c := range r.Coordinates {
			b.WriteString("," + quoted(c))
		}
	case variances != nil:
		b.WriteString(",variance")
	}
	b.WriteByte('\n')
	put := func(x Number) { b.WriteString("," + strconv.FormatFloat(float64(x), 'g', -1, 64)) }
	for i, c := range r.Coordinates {
		b.WriteString(quoted(c))
		put(r.QMean[i])
		switch {
		case full:
			for _, x := range rows[i] {
				put(x)
			}
		case variances != nil:
			put(variances[i])
		}
		b.WriteByte('\n')
	}
	return append(files, file{normalFile, []byte(b.String())})
}

// quoted is a field of a CSV file.
func quoted(s string) string {
	if strings.ContainsAny(s, ",\"\n") {
		return `"` + strings.ReplaceAll(s, `"`, `""`) + `"`
	}
	return s
}

// Lines are the posterior in a few lines of plain text, for a terminal: the
// verdict, and the evidence.
func (r *PosteriorResult) Lines() []string {
	lines := []string{r.Verdict, fmt.Sprintf("ELBO %.10g ± %.1g (%s)", float64(r.ELBO), float64(r.ELBOError), r.Expectation)}
	if r.Draws > 0 {
		lines = append(lines, fmt.Sprintf("log evidence %.8g ± %.1g, k̂ = %.2f (%d draws of q)",
			float64(r.LogEvidence), float64(r.LogEvidenceError), float64(r.ParetoK), r.Draws))
		if !(r.ParetoK <= 0.7) {
			lines[2] += ": not to be relied upon"
		}
	}
	return lines
}

// posteriorText is the section of a report.
const posteriorText = `{{define "posterior"}}<section>
<h2>The posterior</h2>
<p class="summary{{if not .Trusted}} bad{{end}}">{{.Verdict}}.</p>
<div class="scroll"><table>
<thead><tr><th>parameter</th><th class="n">mean</th><th class="n">sd</th><th class="n">5 %</th><th class="n">50 %</th><th class="n">95 %</th></tr></thead>
<tbody>
{{range .Parameters}}<tr><td>{{.Name}}</td><td class="n">{{number .Mean}}</td><td class="n">{{short .SD}}</td><td class="n">{{number .Q05}}</td><td class="n">{{number .Q50}}</td><td class="n">{{number .Q95}}</td></tr>
{{end}}</tbody>
</table></div>
<dl>
<dt>ELBO</dt><dd>{{long .ELBO}} ± {{short .ELBOError}} ({{.Expectation}})</dd>
{{if .Draws}}<dt>log evidence</dt><dd>{{long .LogEvidence}} ± {{short .LogEvidenceError}}, by importance sampling with {{.Draws}} draws of q</dd>
<dt>Pareto k̂</dt><dd>{{printf "%.2f" .K}}: below 0.5 the weights have a finite variance, and q is close to the posterior; above 0.7 q misses parts of it, and none of these numbers is to be relied upon</dd>{{end}}
</dl>
<p class="note">Means, deviations and quantiles are those of q. Its draws on this scale are in samples.csv, its mean and covariance on the unconstrained scale in q.csv.</p>
</section>{{end}}`

// K is k̂ as a plain number.
func (r *PosteriorResult) K() float64 { return float64(r.ParetoK) }
