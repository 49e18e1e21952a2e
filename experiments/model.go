package experiments

import (
	"context"
	"fmt"
	"math"

	"fisherflow/flow"
	"fisherflow/manifold"
	"fisherflow/ode"
	"fisherflow/run"
)

// parameters is the space of an experiment's own model: all of Rⁿ, in the one
// chart "source". A model embeds it and adds its Fisher matrix.
type parameters struct {
	name  string
	names []string
}

func (p *parameters) Name() string     { return p.name }
func (p *parameters) Dim() int         { return len(p.names) }
func (p *parameters) Charts() []string { return []string{"source"} }

func (p *parameters) Check(theta []float64) error {
	for i, x := range theta {
		if x-x != 0 {
			return fmt.Errorf("%s: %s = %g: %w", p.name, p.names[i], x, manifold.ErrDomain)
		}
	}
	return nil
}

func (p *parameters) Chart(name string) (manifold.Chart, bool) {
	return own{p}, name == "source"
}

// own is the identity.
type own struct{ p *parameters }

func (c own) Name() string                      { return "source" }
func (c own) Coordinates() []string             { return c.p.names }
func (c own) FromSource(dst, x []float64) error { copy(dst, x); return nil }
func (c own) ToSource(dst, x []float64) error {
	copy(dst, x)
	return c.p.Check(x)
}
func (c own) Push(dst, _, _, v []float64)        { copy(dst, v) }
func (c own) PushInverse(dst, _, _, v []float64) { copy(dst, v) }
func (c own) Pull(dst, _, _, v []float64)        { copy(dst, v) }
func (c own) PullInverse(dst, _, _, v []float64) { copy(dst, v) }

var _ manifold.Charted = (*parameters)(nil)

// numbered are the names prefix1 … prefixn.
func numbered(prefix string, n int) []string {
	names := make([]string, n)
	for i := range names {
		names[i] = fmt.Sprintf("%s%d", prefix, i+1)
	}
	return names
}

// integrate is the flow of a loss under a metric beside those that a run
// reports, as for the points of a scan.
func integrate(ctx context.Context, m *run.Surface, start []float64, end float64, s ode.Settings) (*flow.Result, error) {
	f, err := flow.OnFamily(m.Family, "source", m.Loss, m.Metric)
	if err != nil {
		return nil, err
	}
	return flow.Solve(ctx, f, start, 0, end, &flow.Settings{ODE: s, Detail: flow.Steps})
}

// crossing is the first time at which value, a function of the state that
// falls, is at most level: by bisection of the dense output within a step. It
// is NaN if that never happens.
func crossing(r *flow.Result, level float64, value func(x []float64) float64) float64 {
	if value(r.At(nil, r.Time(0))) <= level {
		return r.Time(0)
	}
	for i := 1; i < r.Len(); i++ {
		a, b := r.Time(i-1), r.Time(i)
		if value(r.At(nil, b)) > level {
			continue
		}
		for b-a > 1e-13*b {
			m := a + (b-a)/2
			if m == a || m == b {
				break
			}
			if value(r.At(nil, m)) > level {
				a = m
			} else {
				b = m
			}
		}
		return b
	}
	return math.NaN()
}
