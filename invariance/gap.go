package invariance

import (
	"context"
	"errors"
	"fmt"
	"math"

	"fisherflow/flow"
	"fisherflow/manifold"
	"fisherflow/metrics"
)

// A Problem is a flow without a chart.
type Problem struct {
	Family manifold.Family
	Loss   flow.Loss
	// Metric makes the driving metric in each chart; nil is Fisher.
	Metric metrics.Maker
	// Start is the source coordinates at time T0.
	Start  []float64
	T0, T1 float64
	// Times are those of the comparison, in (T0, T1]. Every chart's solver
	// ends a step at each of them, so that interpolation plays no part. Nil
	// means 8 equal intervals: more would hold back
	// the steps of a loose tolerance.
	Times []float64
}

func (p *Problem) times() []float64 {
	if p.Times != nil {
		return p.Times
	}
	const intervals = 8
	times := make([]float64, intervals)
	for i := range times {
		times[i] = p.T0 + (p.T1-p.T0)*float64(i+1)/intervals
	}
	return times
}

// A Gap is how far the solutions in several charts are apart.
type Gap struct {
	Charts []string
	// Distance names the intrinsic distance.
	Distance string
	// Largest is the largest distance of a chart's solution from the first
	// chart's over the times, found in chart Where at time At.
	Largest float64
	Where   string
	At      float64
	// Gaps holds that distance for every chart and time: Gaps[c][k].
	Gaps [][]float64
	// Results are the solutions, chart by chart.
	Results []*flow.Result
}

// Evaluations is the number of evaluations of the field in all charts.
func (g *Gap) Evaluations() int {
	n := 0
	for _, r := range g.Results {
		n += r.Statistics.Evaluations
	}
	return n
}

// Compare integrates the problem natively in each chart and measures the gap.
// The settings' stop times and stop distance are replaced by the problem's
// times.
func Compare(ctx context.Context, p *Problem, charts []string, settings flow.Settings) (*Gap, error) {
	if len(charts) < 2 {
		return nil, errors.New("invariance: two charts at least are needed to compare")
	}
	distance, name, err := manifold.Intrinsic(p.Family)
	if err != nil {
		return nil, err
	}
	times := p.times()
	settings.ODE.StopAt = times
	settings.Distance = 0
	g := &Gap{Charts: charts, Distance: name}
	n := p.Family.Dim()
	reached := make([][][]float64, len(charts))
	for c, chart := range charts {
		f, err := flow.OnFamily(p.Family, chart, p.Loss, p.Metric)
		if err != nil {
			return nil, err
		}
		view := f.Point().(*flow.ChartPoint).View()
		start := make([]float64, n)
		if err := view.Chart().FromSource(start, p.Start); err != nil {
			return nil, fmt.Errorf("start in chart %s: %w", chart, err)
		}
		r, err := flow.Solve(ctx, f, start, p.T0, p.T1, &settings)
		if err != nil {
			return nil, fmt.Errorf("chart %s: %w", chart, err)
		}
		g.Results = append(g.Results, r)
		for _, t := range times {
			theta := make([]float64, n)
			if err := view.Chart().ToSource(theta, r.At(nil, t)); err != nil {
				return nil, fmt.Errorf("chart %s at t = %g: %w", chart, t, err)
			}
			reached[c] = append(reached[c], theta)
		}
	}
	g.At = p.T0
	g.Where = charts[0]
	for c := range charts {
		gaps := make([]float64, len(times))
		for k := range times {
			if gaps[k], err = distance(reached[0][k], reached[c][k]); err != nil {
				return nil, fmt.Errorf("distance between charts %s and %s at t = %g: %w", charts[0], charts[c], times[k], err)
			}
			if !(gaps[k] <= g.Largest) {
				g.Largest, g.Where, g.At = gaps[k], charts[c], times[k]
			}
		}
		g.Gaps = append(g.Gaps, gaps)
	}
	return g, nil
}

// Check compares the flow in the charts and claims that it is the same: the
// gap is at most four times the sum of the charts' own discretisation errors,
// as half the tolerance shows them, and rounding.
func Check(ctx context.Context, p *Problem, charts []string, settings flow.Settings) (flow.Check, *Gap, error) {
	c := flow.Check{Name: "invariant", Value: math.NaN()}
	g, err := Compare(ctx, p, charts, settings)
	if err != nil {
		return c, nil, err
	}
	defects, rounding := 0.0, 0.0
	for i, r := range g.Results {
		distance, _, err := flow.Intrinsic(p.Family, charts[i])
		if err != nil {
			return c, g, err
		}
		resolved, err := r.Resolved(ctx, distance)
		if err != nil {
			return c, g, fmt.Errorf("chart %s: %w", charts[i], err)
		}
		defects += resolved.Value
		rounding += 4 * r.Rounding
	}
	c.Value, c.Bound = g.Largest, 4*defects+rounding
	c.Detail = fmt.Sprintf("largest %s distance between charts %s and %s, at t = %.6g; the charts' own defects add up to %.3g, rounding to %.3g",
		g.Distance, charts[0], g.Where, g.At, defects, rounding)
	return c, g, nil
}
