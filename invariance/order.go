package invariance

import (
	"context"
	"fmt"
	"math"

	"fisherflow/flow"

	"gonum.org/v1/gonum/stat"
)

// A Row is the gap at one tolerance, or at one step size of a method that has
// no tolerance.
type Row struct {
	Tolerance   float64
	Gap         float64
	Evaluations int
}

// A Table is the gap of one flow at several tolerances.
type Table struct {
	Charts   []string
	Distance string
	Rows     []Row
	// Order is the slope of log gap against log tolerance, fitted over the
	// rows: about 1 for an adaptive method on a flow that is invariant, the
	// method's order against its step size, about 0 where the charts'
	// solutions really differ.
	Order float64
}

// Sweep compares the problem in the charts at each tolerance. The tolerance
// takes the place of the settings' Tol, if that is set, of the step of a
// fixed-step method, and of RTol, with ATol a thousandth of it, otherwise.
func Sweep(ctx context.Context, p *Problem, charts []string, tolerances []float64, settings flow.Settings) (*Table, error) {
	t := &Table{Charts: charts}
	for _, tol := range tolerances {
		s := settings
		switch {
		case s.ODE.Method != nil && s.ODE.Method.EmbeddedOrder() == 0:
			s.ODE.Step = tol
		case s.Tol > 0:
			s.Tol = tol
		default:
			s.ODE.RTol, s.ODE.ATol = tol, 1e-3*tol
		}
		g, err := Compare(ctx, p, charts, s)
		if err != nil {
			return t, fmt.Errorf("tolerance %g: %w", tol, err)
		}
		t.Distance = g.Distance
		t.Rows = append(t.Rows, Row{Tolerance: tol, Gap: g.Largest, Evaluations: g.Evaluations()})
	}
	t.Order = slope(t.Rows)
	return t, nil
}

func slope(rows []Row) float64 {
	var x, y []float64
	for _, r := range rows {
		if r.Gap > 0 && !math.IsInf(r.Gap, 1) {
			x, y = append(x, math.Log(r.Tolerance)), append(y, math.Log(r.Gap))
		}
	}
	if len(x) < 2 {
		return math.NaN()
	}
	_, b := stat.LinearRegression(x, y, nil, false)
	return b
}
