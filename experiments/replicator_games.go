package experiments

import (
	"context"
	"fmt"
	"math"

	"fisherflow/figure"
	"fisherflow/flow"
	"fisherflow/manifold"
	"fisherflow/ode"
	"fisherflow/run"
)

// A game is the replicator equation ẋ_i = x_i((Ax)_i − xᵀAx) of a payoff
// matrix. It is a gradient flow of the Shahshahani metric where A is symmetric,
// a partnership game; rock–paper–scissors is not one.
type game [3][3]float64

func (a game) payoff(x []float64) (ax [3]float64, mean float64) {
	for i := range 3 {
		for j := range 3 {
			ax[i] += a[i][j] * x[j]
		}
		mean += x[i] * ax[i]
	}
	return ax, mean
}

// Eval is the field.
func (a game) Eval(dst []float64, _ float64, x []float64) error {
	ax, mean := a.payoff(x)
	for i := range dst {
		dst[i] = x[i] * (ax[i] - mean)
	}
	return nil
}

// rockPaperScissors loses c against what beats it and wins 1.
func rockPaperScissors(c float64) game { return game{{0, -c, 1}, {1, 0, -c}, {-c, 1, 0}} }

var partnership = game{{1, 2, 0}, {2, 0, 3}, {0, 3, 1}}

// fromUniform is KL(u‖x) for the uniform distribution u, a constant of motion
// of the fair game c = 1.
func fromUniform(x []float64) float64 {
	s := 0.0
	for _, v := range x {
		s -= math.Log(3*v) / 3
	}
	return s
}

// gamesSettings integrate the games.
func gamesSettings(times []float64) *ode.Settings {
	return &ode.Settings{Method: ode.DOP853, RTol: 1e-13, ATol: 1e-16, StopAt: times}
}

// rockPaperScissorsValues are KL(u‖x) at t = 5, 10, 20, 50 from (½, 0.3, 0.2),
// computed independently; those of c = ½ to t = 20 by a Taylor series in 30
// digits (mpmath's odefun).
var rockPaperScissorsValues = []struct {
	c      float64
	times  []float64
	want   []float64
	expect string
}{
	{0.5, []float64{5, 10, 20, 50}, []float64{.0317623104280676, .0140727942456145, .0026980002028819, 1.82989497e-5}, run.Holds},
	{1, []float64{5, 10, 20, 50}, []float64{.07024034377188, .07024034377188, .07024034377188, .07024034377188}, run.Holds},
	{1.25, []float64{5, 10, 20, 50}, []float64{.1021026101, .1508172089, .2983279889, 1.355236144}, run.Violated},
}

// playGames checks the games: their values, and whether the distance to the
// uniform distribution falls, which it must not do where c exceeds 1.
func playGames(ctx context.Context, o *run.Outcome) error {
	start := []float64{0.5, 0.3, 0.2}
	t := run.NewTable("c", "t", "KL(u‖x)", "x1", "x2", "x3")
	for _, g := range rockPaperScissorsValues {
		r, err := ode.Solve(ctx, rockPaperScissors(g.c), start, 0, g.times[len(g.times)-1], gamesSettings(g.times))
		if err != nil {
			return fmt.Errorf("rock–paper–scissors, c = %g: %w", g.c, err)
		}
		name := fmt.Sprintf("rock-paper-scissors c=%g", g.c)
		for k, at := range g.times {
			x := r.At(nil, at)
			v := fromUniform(x)
			t.Add(g.c, at, v, x[0], x[1], x[2])
			bound := math.Max(1e-9*g.want[k], 1e-13)
			if g.c == 1 {
				bound = 1e-12
			}
			reference(o, name, fmt.Sprintf("KL(u‖x) at t = %g", at), v, g.want[k], bound)
		}
		rise := 0.0
		for i := 1; i < r.Len(); i++ {
			rise = math.Max(rise, fromUniform(r.State(i))-fromUniform(r.State(i-1)))
		}
		// The fair game conserves: its rises are the solver's, which add up to
		// less than the bound on the value above.
		o.Result.Claims = append(o.Result.Claims, run.NewClaim(name, g.expect, flow.Check{
			Name: "monotone", Value: rise, Bound: 1e-12,
			Detail: "largest rise of KL(u‖x) over a step; this replicator equation is no gradient flow",
		}))
	}
	o.Result.AddTable("rock-paper-scissors", t)

	times := []float64{.5, 1, 2, 5, 10, 20}
	want := []float64{1.07351086, 1.18014065, 1.27587513, 1.30630493, 1.31898165, 1.33243947}
	r, err := ode.Solve(ctx, partnership, []float64{.7, .1, .2}, 0, 20, gamesSettings(times))
	if err != nil {
		return fmt.Errorf("partnership game: %w", err)
	}
	mean := func(x []float64) float64 { _, m := partnership.payoff(x); return m }
	reference(o, "partnership", "mean payoff at t = 0", mean(r.State(0)), .93, 1e-12)
	for k, at := range times {
		reference(o, "partnership", fmt.Sprintf("mean payoff at t = %g", at), mean(r.At(nil, at)), want[k], 5.1e-9)
	}
	fall := 0.0
	for i := 1; i < r.Len(); i++ {
		fall = math.Max(fall, mean(r.State(i-1))-mean(r.State(i)))
	}
	o.Result.Claims = append(o.Result.Claims, run.NewClaim("partnership", run.Holds, flow.Check{
		Name: "monotone", Value: fall, Bound: 1e-13, Detail: "largest fall of the mean payoff over a step: a symmetric game is the gradient flow of −½xᵀAx",
	}))
	return nil
}

// expansion checks the cumulant expansion of KL(p_t‖q) along its flow
// (Domingo-Enrich & Pooladian 2023): Σ_{n≥2} (n−1)/n! κ_n wⁿ, w = e^{−t}.
func expansion(o *run.Outcome) error {
	p := problem(o, "reverse-kl")
	if p == nil || p.Solution == nil || p.Err != nil {
		return nil
	}
	q, p0 := []float64{.4, .3, .2, .1}, []float64{.05, .15, .3, .5}
	mean, k2, k3 := 0.0, 0.0, 0.0
	for i := range q {
		mean += q[i] * math.Log(p0[i]/q[i])
	}
	for i := range q {
		d := math.Log(p0[i]/q[i]) - mean
		k2 += q[i] * d * d
		k3 += q[i] * d * d * d
	}
	reference(o, "reverse-kl", "second cumulant of log p₀/q", k2, 1.5293764876471794, 1e-14)
	reference(o, "reverse-kl", "third cumulant of log p₀/q", k3, .901092700863473, 1e-14)
	// The other divergence is Σ_{n≥2} κ_n wⁿ/n!, the cumulant function of
	// log p₀/q under q without its linear term.
	for _, t := range []float64{1, 2, 4} {
		cumulants, other, last := 0.0, 0.0, 1.0
		x := p.Solution.At(nil, t)
		for i := range q {
			cumulants += q[i] * math.Exp(math.Exp(-t)*(math.Log(p0[i]/q[i])-mean))
			pi := last
			if i < len(x) {
				pi = x[i]
				last -= pi
			}
			other += q[i] * math.Log(q[i]/pi)
		}
		reference(o, "reverse-kl", fmt.Sprintf("KL(q‖p) at t = %g by cumulants", t), other, math.Log(cumulants), 1e-11)
	}
	point := p.Point()
	if err := point.At(p.Solution.Last()); err != nil {
		return err
	}
	reference(o, "reverse-kl", "KL(8)/(½e^{−16}κ₂)", point.Value()/(0.5*math.Exp(-16)*k2), 1.0001317268555, 1e-8)
	return nil
}

// chartGap measures how far the natural chart is from the probabilities after
// N fixed steps of the flow of KL(p‖q) to t = 2, in the largest probability
// difference: a method's own order, since the charts differ by no affine map.
func chartGap(ctx context.Context, o *run.Outcome) error {
	family := manifold.Categorical{K: 4}
	start, target := []float64{.05, .15, .3}, []float64{.4, .3, .2}
	loss, err := flow.ReverseKL(family, target)
	if err != nil {
		return err
	}
	want := []float64{.010912, .0053343, .0026335, .0013080, .00065173}
	t := run.NewTable("method", "steps", "gap")
	for _, m := range []ode.Method{ode.Euler, ode.Midpoint} {
		var gaps []float64
		for k, n := range []int{10, 20, 40, 80, 160} {
			var ends [2][]float64
			for c, chart := range []string{"source", "natural"} {
				f, err := flow.OnFamily(family, chart, loss, nil)
				if err != nil {
					return err
				}
				view, err := manifold.In(family, chart)
				if err != nil {
					return err
				}
				x := make([]float64, 3)
				if err := view.Chart().FromSource(x, start); err != nil {
					return err
				}
				r, err := flow.Solve(ctx, f, x, 0, 2, &flow.Settings{ODE: ode.Settings{Method: m, Step: 2 / float64(n)}, Detail: flow.Off})
				if err != nil {
					return err
				}
				ends[c] = make([]float64, 3)
				if err := view.Chart().ToSource(ends[c], r.Last()); err != nil {
					return err
				}
			}
			gap := probabilityGap(ends[0], ends[1])
			gaps = append(gaps, gap)
			t.Add(m.Name(), n, gap)
			if m == ode.Euler {
				digits(o, "euler", fmt.Sprintf("gap of the charts after %d steps", n), gap, fmt.Sprint(want[k]), 5)
			}
		}
		order := math.Log2(gaps[3] / gaps[4])
		reference(o, m.Name(), "order of the gap", order, float64(m.Order()), 0.05)
	}
	o.Result.AddTable("chart-gap", t)
	return nil
}

func probabilityGap(p, q []float64) float64 {
	worst, last := 0.0, 0.0
	for i := range p {
		worst = math.Max(worst, math.Abs(p[i]-q[i]))
		last += p[i] - q[i]
	}
	return math.Max(worst, math.Abs(last))
}

// drawGames shows the distance from the uniform distribution in
// rock–paper–scissors.
func drawGames(ctx context.Context) (drawing, error) {
	panel := &figure.Panel{X: "time t", Y: "KL(u‖x)", LogY: true}
	for i, c := range []float64{1.25, 1, 0.5} {
		r, err := ode.Solve(ctx, rockPaperScissors(c), []float64{0.5, 0.3, 0.2}, 0, 50, gamesSettings(nil))
		if err != nil {
			return drawing{}, err
		}
		curve := figure.Curve{Name: fmt.Sprintf("c = %g", c), Style: figure.Style{Color: i, Dash: i}}
		for k := range 501 {
			t := float64(k) / 10
			curve.X, curve.Y = append(curve.X, t), append(curve.Y, fromUniform(r.At(nil, t)))
		}
		panel.Curves = append(panel.Curves, curve)
	}
	return drawing{"rock-paper-scissors", &figure.Figure{
		Title: "Rock–paper–scissors", Panels: []*figure.Panel{panel}, Height: 3.6,
		Caption: "Divergence of the uniform distribution from the state of the replicator equation with loss c and gain 1. " +
			"The fair game conserves it, a costly one raises it: a replicator equation need not be a gradient flow.",
	}}, nil
}
