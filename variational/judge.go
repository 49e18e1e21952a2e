package variational

import (
	"context"
	"math"

	"fisherflow/flow"
	"fisherflow/variational/target"
)

// Judge says what the end of a flow of an [ELBO] is worth. The flow is one that
// the caller integrated, with any metric and in any chart of the loss' family;
// source is where it ended, in source coordinates, and fault why, if it did not
// end well. Of the settings it reads Accuracy, Distance, Draws, Seed and
// MaxSteps.
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
		if finer, err = f.refine(source, s.Accuracy); finer != nil || err != nil {
			return nil, finer, err
		}
	}
	f.judge(fault, &s)
	return f, nil, f.finish(t, &s, source)
}

// CheckGradient returns a verdict in words where the gradient of a target is
// wrong at q's mean or beside it, and nothing where it is right.
func (l *ELBO) CheckGradient(t target.Target) string {
	f := &Fit{loss: l}
	f.gradient(t)
	return f.Verdict.Text
}

// Watch returns an observer that ends a flow whose q runs away: spreads without
// end, or shrinks to a point, from the spreads that q has where the loss is now.
// Point is the flow's, and next, which may be nil, is called thereafter.
func Watch(ctx context.Context, point *flow.ChartPoint, loss *ELBO, next func(flow.Progress) error) func(flow.Progress) error {
	return watch(ctx, point, loss.spreads(), next)
}

func watch(ctx context.Context, point *flow.ChartPoint, first []float64, next func(flow.Progress) error) func(flow.Progress) error {
	return func(p flow.Progress) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		if point.At(p.Position) == nil && point.Loss().(*ELBO).ran(first) {
			return errUnbounded
		}
		if next != nil {
			return next(p)
		}
		return nil
	}
}
