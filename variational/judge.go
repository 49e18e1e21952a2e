package variational

import (
	"context"
	"math"

	"fisherflow/flow"
	"fisherflow/manifold"
	"fisherflow/variational/target"
)

// Judge says what the end of a flow of an [ELBO] is worth. The flow is one that
// the caller integrated, with any metric and in any chart of the loss' family;
// source is where it ended, in source coordinates, and fault why, if it did not
// end well. Of the settings it reads Accuracy, MaxNodes, Distance, Draws,
// Seed and MaxSteps.
//
// Where the nodes of the expectation are not accurate enough there, finer is the
// one to integrate the flow with once more, and the fit is nil.
func Judge(t target.Target, loss *ELBO, r *flow.Result, fault error, source []float64, settings *Settings) (fit *Fit, finer Expectation, err error) {
	s := *settings
	s.fill()
	if fault == nil && !(r.DistanceLeft <= s.Distance) {
		r.Stationary(s.Distance)
	}
	f := &Fit{
		Family: loss.family, loss: loss.Clone().(*ELBO), Flows: []*flow.Result{r},
		Moved: math.Inf(1), DistanceLeft: r.DistanceLeft, ELBOError: math.NaN(),
	}
	if math.IsNaN(f.DistanceLeft) {
		f.DistanceLeft = math.Inf(1)
	}
	if fault == nil {
		if finer, err = f.refine(source, &s); finer != nil || err != nil {
			return nil, finer, err
		}
	}
	f.judge(fault, source, &s)
	return f, nil, f.finish(t, &s, source)
}

// Refine returns the expectation that is accurate enough at the optimum for the
// loss' own target: it follows the Fisher flow with coarse nodes from source
// until that is near its end, refines them there, and so on. End is where the
// last of these flows ended. Where the coarse flows lead nowhere, the
// expectation is the loss' own, and end is source.
func Refine(ctx context.Context, loss *ELBO, source []float64, chart string, settings *Settings) (e Expectation, end []float64) {
	s := *settings
	s.fill()
	f := &Fit{Family: loss.family, loss: loss.Clone().(*ELBO), Moved: math.Inf(1), DistanceLeft: math.Inf(1)}
	s.Distance = math.Max(s.Distance, nearlyThere)
	e, end = loss.expectation, source
	if f.loss.At(source) != nil {
		return e, end
	}
	first := f.loss.spreads()
	for {
		arrived, err := f.integrate(ctx, &s, chart, end, first)
		if err != nil || ctx.Err() != nil {
			return e, end
		}
		finer, err := f.refine(arrived, &s)
		if err != nil {
			return e, end
		}
		end = arrived
		if finer == nil {
			return e, end
		}
		if f.loss, err = NewELBO(loss.family, finer); err != nil {
			return e, end
		}
		if e = finer; Nodes(finer) > dearNodes {
			return e, end
		}
	}
}

// dearNodes is the number of nodes above which no flow is integrated for the
// choice of nodes alone.
const dearNodes = 1000

// nearlyThere is the Fisher distance to the optimum at which nodes are chosen.
const nearlyThere = 1e-3

// CheckGradient returns a verdict in words where the gradient of a target is
// wrong at q's mean or beside it, and nothing where it is right.
func (l *ELBO) CheckGradient(t target.Target) string {
	f := &Fit{loss: l}
	f.gradient(t)
	return f.Verdict.Text
}

// Watch returns an observer that ends a flow whose q runs away: spreads without
// end, or shrinks to a point, from the spreads that q has where the loss is now.
// View is the family in the flow's chart, and next, which may be nil, is called
// thereafter.
func Watch(ctx context.Context, view *manifold.View, loss *ELBO, next func(flow.Progress) error) func(flow.Progress) error {
	return watch(ctx, view, loss, loss.spreads(), next)
}

func watch(ctx context.Context, view *manifold.View, loss *ELBO, first []float64, next func(flow.Progress) error) func(flow.Progress) error {
	q := loss.q.clone()
	source := make([]float64, loss.family.Dim())
	return func(p flow.Progress) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		if view.Chart().ToSource(source, p.Position) == nil && q.at(source) == nil && ran(q, first) {
			return errUnbounded
		}
		if next != nil {
			return next(p)
		}
		return nil
	}
}
