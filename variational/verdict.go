package variational

import (
	"errors"
	"fmt"
	"math"
	"strings"

	"fisherflow/ode"
)

// judge begins the verdict by what the flow says.
func (f *Fit) judge(fault error, source []float64, s *Settings) {
	v := &f.Verdict
	var stuck *ode.Error
	switch {
	case errors.Is(fault, errUnbounded):
		v.Text = "NOT CONVERGED: the ELBO has no maximum: q " + f.runaway(source) + "; the posterior is improper (flat priors on what the data do not determine, or classes that a plane separates) or its density unbounded: give it proper priors"
	case errors.As(fault, &stuck) && errors.Is(fault, ode.ErrMaxSteps):
		v.Text = fmt.Sprintf("NOT CONVERGED: %d steps were not enough; allow more, start nearer, or use a stiff method", s.MaxSteps)
	case fault != nil:
		v.Text = fmt.Sprintf("NOT CONVERGED: %v", fault)
	case f.DistanceLeft > 2*s.Distance && !math.IsInf(f.DistanceLeft, 1):
		v.Text = fmt.Sprintf("NOT CONVERGED: q may still be %.2g standard deviations from the optimum; allow more time", f.DistanceLeft)
	case !(f.DistanceLeft <= 2*s.Distance):
		v.Text = "NOT CONVERGED: the distance to the optimum has no bound"
	case !f.monotone():
		v.Text = "NOT CONVERGED: the ELBO is not monotone by its certificate: " + f.Flows[len(f.Flows)-1].Monotone.Detail
	case math.IsInf(f.Moved, 1):
		v.Converged = true
		v.Text = fmt.Sprintf("CONVERGED for %s, whose error is not known", f.Expectation)
	case f.Moved > s.Accuracy:
		v.Converged = f.Moved <= 0.05
		v.Text = fmt.Sprintf("CONVERGED, but %s moves q by up to %.2g standard deviations", f.Expectation, f.Moved)
		if !v.Converged {
			v.Text = fmt.Sprintf("NOT CONVERGED: %s is not accurate enough: it moves q by up to %.2g standard deviations; ask for more nodes", f.Expectation, f.Moved)
		}
	default:
		v.Converged = true
		v.Text = fmt.Sprintf("CONVERGED: q is within %.1g standard deviations of the optimum", f.DistanceLeft+f.Moved)
	}
}

// monotone reports whether the last flow's certificate holds.
func (f *Fit) monotone() bool {
	if n := len(f.Flows); n > 0 {
		return f.Flows[n-1].Monotone.Holds()
	}
	return f.Steps != nil && f.Steps.Monotone()
}

// runaway says which coordinates have left their scale.
func (f *Fit) runaway(source []float64) string {
	if f.loss.q.at(source) != nil {
		return "leaves every scale"
	}
	wide, narrow := []string{}, []string{}
	most := 1.0
	sd := f.loss.spreads()
	for _, s := range sd {
		most = max(most, s)
	}
	for i, s := range sd {
		switch name := fmt.Sprintf("z%d", i+1); {
		case s > 1e-3*most && most > 1e6:
			wide = append(wide, name)
		case s < 1e-15:
			narrow = append(narrow, name)
		}
	}
	switch {
	case len(wide) > 0:
		return "spreads without end in " + strings.Join(wide, ", ")
	case len(narrow) > 0:
		return "shrinks to a point in " + strings.Join(narrow, ", ")
	}
	return "leaves every scale"
}

// farFromPosterior is the KL[q‖p], in nats, above which q does not stand for the
// posterior even if its draws can be weighted.
const farFromPosterior = 1

// trust ends the verdict by what the draws say.
func (f *Fit) trust() {
	v := &f.Verdict
	e := f.Evidence
	switch {
	case e == nil:
		if v.Converged {
			v.Text += "; whether q covers the posterior was not asked (no draws)"
		}
		return
	case !v.Converged:
		v.Text += fmt.Sprintf(" (k̂ = %.2f)", e.ParetoK)
		return
	}
	off := math.Abs(e.ELBO - f.ELBO)
	gap := e.Log - f.ELBO
	switch k := e.ParetoK; {
	case f.other != nil:
		v.Text += fmt.Sprintf("; DO NOT TRUST it: the posterior has another mode at z = %.4g, beyond q's reach, of about %.2g times the mass that q covers: use a mixture, or another parametrisation", f.other.z, f.other.mass)
	case off > 6*e.ELBOError+f.ELBOError+1e-6*math.Abs(f.ELBO):
		v.Text += fmt.Sprintf("; DO NOT TRUST it: draws from q give the ELBO %.6g ± %.2g where the expectation gave %.6g: ask for more nodes", e.ELBO, e.ELBOError, f.ELBO)
	case !(k <= 0.7):
		v.Text += fmt.Sprintf("; DO NOT TRUST it: k̂ = %.2f is above 0.7, q misses much of the posterior (its tails, a mode, or correlations): use a full covariance, a mixture, or another parametrisation", k)
	case gap-3*e.StandardError > farFromPosterior:
		v.Text += fmt.Sprintf("; DO NOT TRUST q itself: k̂ = %.2f says that the weighted draws are sound, but KL[q‖p] = %.2g: q has another shape than the posterior; use the weighted draws, or a mixture", k, gap)
	case k > 0.5:
		v.Trusted = true
		v.Text += fmt.Sprintf("; usable: k̂ = %.2f is between 0.5 and 0.7, means are good to a fraction of a standard deviation, correct tails by the weights", k)
	default:
		v.Trusted = true
		v.Text += fmt.Sprintf("; trust it: k̂ = %.2f is below 0.5, q is close to the posterior", k)
	}
}
