package manifold

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"

	"gonum.org/v1/gonum/mat"
)

// A View is a family seen in one of its charts, and so a family again, with
// the chart's coordinates ξ as its own: the score is Jᵀs, the Fisher matrix
// JᵀGJ, and scalars are what they are in any coordinates. What the base family
// cannot do is reported by an error that wraps [errors.ErrUnsupported]; a view
// keeps workspace and is used by one goroutine at a time.
type View struct {
	family Family // as it was given, with charts of its user's
	base   Family
	chart  Chart

	ctx                context.Context // of an inspection; nil elsewhere
	held, heldAt       []float64       // ξ and θ of Hold
	theta, other, work []float64
	unit, column       []float64
	source             *mat.SymDense
	product            []float64 // GJ, row-major
}

// In returns family as seen in the named chart.
func In(family Family, chart string) (*View, error) {
	c, ok := family.(Charted)
	if !ok {
		return nil, fmt.Errorf("%s has no charts: %w", family.Name(), errors.ErrUnsupported)
	}
	ch, ok := c.Chart(chart)
	if !ok {
		e := &ChartError{Family: family.Name(), Chart: chart, Charts: c.Charts()}
		if m, ok := family.(MultivariateNormal); ok && chart == "std-corr" {
			e.Why = fmt.Sprintf("for dim = %d, only for dim = 2", m.d())
		}
		return nil, e
	}
	n := family.Dim()
	return &View{
		family: family, base: Own(Plain(family)), chart: ch,
		theta: make([]float64, n), other: make([]float64, n), work: make([]float64, n),
	}, nil
}

// A ChartError says that a family has no chart of that name.
type ChartError struct {
	Family, Chart string
	Charts        []string // the names that would have done
	Why           string   // when it has one for other options
}

func (e *ChartError) Error() string {
	why := ""
	if e.Why != "" {
		why = " " + e.Why
	}
	return fmt.Sprintf("%s has no chart %q%s (charts: %s)", e.Family, e.Chart, why, strings.Join(e.Charts, ", "))
}

// Base is the family in its source coordinates.
func (v *View) Base() Family { return v.base }

// Chart is the view's chart. It shares the view's goroutine.
func (v *View) Chart() Chart { return v.chart }

// Name is the base family's.
func (v *View) Name() string { return v.base.Name() }

// Dim is the base family's.
func (v *View) Dim() int { return v.base.Dim() }

// Check reports whether xi lies in the chart.
func (v *View) Check(xi []float64) error { return v.toSource(v.theta, xi) }

// Hold makes the view take theta for the source point of xi. ToSource recovers it
// only as well as ξ tells it: the natural coordinate a − 1 of a shape a = 1e-6
// has ten of its digits, the expectations of a shape 1e9 have seven.
func (v *View) Hold(xi, theta []float64) {
	v.held, v.heldAt = slices.Clone(xi), slices.Clone(theta)
}

// toSource stores θ(ξ).
func (v *View) toSource(dst, xi []float64) error {
	if v.held != nil && slices.Equal(xi, v.held) {
		copy(dst, v.heldAt)
		return nil
	}
	return v.chart.ToSource(dst, xi)
}

func (v *View) unsupported(what string) error {
	return fmt.Errorf("%s has no %s: %w", v.base.Name(), what, errors.ErrUnsupported)
}

// ObservationDim is the base family's, 0 if it does not tell.
func (v *View) ObservationDim() int {
	if o, ok := v.base.(Observed); ok {
		return o.ObservationDim()
	}
	return 0
}

// CheckObservation is the base family's.
func (v *View) CheckObservation(x []float64) error {
	if o, ok := v.base.(Observed); ok {
		return o.CheckObservation(x)
	}
	return v.unsupported("observations")
}

// LogDensity is log p(x|θ(ξ)).
func (v *View) LogDensity(x, xi []float64) float64 {
	d, ok := v.base.(LogDensity)
	if !ok || v.toSource(v.theta, xi) != nil {
		return math.NaN()
	}
	return d.LogDensity(x, v.theta)
}

// Score stores Jᵀs.
func (v *View) Score(dst, x, xi []float64) error {
	s, ok := v.base.(Scorer)
	if !ok {
		return v.unsupported("score")
	}
	if err := v.toSource(v.theta, xi); err != nil {
		return err
	}
	if err := s.Score(v.work, x, v.theta); err != nil {
		return err
	}
	v.chart.Pull(dst, xi, v.theta, v.work)
	return nil
}

// Fisher stores JᵀGJ, by the family's own formula for the chart where it has
// one.
func (v *View) Fisher(dst *mat.SymDense, xi []float64) error {
	if v.ctx != nil && v.ctx.Err() != nil {
		return v.ctx.Err()
	}
	if err := v.toSource(v.theta, xi); err != nil {
		return err
	}
	if f, ok := v.base.(FisherInChart); ok && f.FisherIn(dst, v.chart.Name(), xi, v.theta) {
		return nil
	}
	f, ok := v.base.(Fisherer)
	if !ok {
		return v.unsupported("Fisher matrix")
	}
	if v.chart.Name() == "source" {
		return f.Fisher(dst, v.theta)
	}
	n := v.Dim()
	if v.source == nil {
		v.source = mat.NewSymDense(n, nil)
		v.unit, v.column = make([]float64, n), make([]float64, n)
		v.product = make([]float64, n*n)
	}
	if err := f.Fisher(v.source, v.theta); err != nil {
		return err
	}
	// Columns of J first, then of GJ, then of Jᵀ(GJ).
	g := v.source.RawSymmetric()
	for j := range n {
		v.unit[j] = 1
		v.chart.Push(v.column, xi, v.theta, v.unit)
		v.unit[j] = 0
		clear(v.work)
		for i := range n {
			row := g.Data[i*g.Stride : i*g.Stride+n]
			s := row[i] * v.column[i]
			for k := i + 1; k < n; k++ {
				s += row[k] * v.column[k]
				v.work[k] += row[k] * v.column[i]
			}
			v.work[i] += s
		}
		v.chart.Pull(v.column, xi, v.theta, v.work)
		for i := 0; i <= j; i++ {
			dst.SetSym(i, j, v.column[i])
		}
	}
	return nil
}

// StructuredMetric returns a Fisher metric in the chart's coordinates that
// goes through the base family's structured one, v = J⁻¹G⁻¹J⁻ᵀc, and false if
// it has none. The metric has workspace of its own.
func (v *View) StructuredMetric() (Metric, bool) {
	s, ok := v.base.(StructuredFisher)
	if !ok {
		return nil, false
	}
	own, err := In(v.family, v.chart.Name())
	if err != nil {
		return nil, false
	}
	return &structured{base: s.FisherMetric(), view: own, xi: make([]float64, v.Dim())}, true
}

// structured is a family's structured metric seen in a chart.
type structured struct {
	base Metric
	view *View
	xi   []float64
}

func (m *structured) Dim() int { return len(m.xi) }

func (m *structured) At(xi []float64) error {
	copy(m.xi, xi)
	if err := m.view.toSource(m.view.theta, xi); err != nil {
		return err
	}
	return m.base.At(m.view.theta)
}

func (m *structured) Raise(dst, covector []float64) error {
	v := m.view
	v.chart.PullInverse(v.work, m.xi, v.theta, covector)
	if err := m.base.Raise(v.other, v.work); err != nil {
		return err
	}
	v.chart.PushInverse(dst, m.xi, v.theta, v.other)
	return nil
}

func (m *structured) Lower(dst, vector []float64) error {
	v := m.view
	v.chart.Push(v.work, m.xi, v.theta, vector)
	if err := m.base.Lower(v.other, v.work); err != nil {
		return err
	}
	v.chart.Pull(dst, m.xi, v.theta, v.other)
	return nil
}

// both brings two points to source coordinates.
func (v *View) both(p, q []float64) error {
	if err := v.toSource(v.theta, p); err != nil {
		return err
	}
	return v.toSource(v.other, q)
}

// KL is KL(p‖q).
func (v *View) KL(p, q []float64) (float64, error) {
	d, ok := v.base.(Diverger)
	if !ok {
		return math.NaN(), v.unsupported("divergence")
	}
	if err := v.both(p, q); err != nil {
		return math.NaN(), err
	}
	return d.KL(v.theta, v.other)
}

// Distance is the Fisher–Rao distance.
func (v *View) Distance(p, q []float64) (float64, error) {
	d, ok := v.base.(Distancer)
	if !ok {
		return math.NaN(), v.unsupported("Fisher–Rao distance in closed form")
	}
	if err := v.both(p, q); err != nil {
		return math.NaN(), err
	}
	return d.Distance(v.theta, v.other)
}

// Entropy is −E[log p].
func (v *View) Entropy(xi []float64) (float64, error) {
	e, ok := v.base.(Entropic)
	if !ok {
		return math.NaN(), v.unsupported("entropy")
	}
	if err := v.toSource(v.theta, xi); err != nil {
		return math.NaN(), err
	}
	return e.Entropy(v.theta)
}

// Sample draws one observation.
func (v *View) Sample(dst, xi []float64, rng *rand.Rand) error {
	s, ok := v.base.(Sampler)
	if !ok {
		return v.unsupported("sampler")
	}
	if err := v.toSource(v.theta, xi); err != nil {
		return err
	}
	return s.Sample(dst, v.theta, rng)
}

// Geodesic stores the point a fraction s of the way from p to q.
func (v *View) Geodesic(dst, p, q []float64, s float64) error {
	g, ok := v.base.(Geodesic)
	if !ok {
		return v.unsupported("geodesic in closed form")
	}
	if err := v.both(p, q); err != nil {
		return err
	}
	if err := g.Geodesic(v.work, v.theta, v.other, s); err != nil {
		return err
	}
	return v.chart.FromSource(dst, v.work)
}

var (
	_ Family     = (*View)(nil)
	_ Observed   = (*View)(nil)
	_ LogDensity = (*View)(nil)
	_ Scorer     = (*View)(nil)
	_ Fisherer   = (*View)(nil)
	_ Diverger   = (*View)(nil)
	_ Entropic   = (*View)(nil)
	_ Distancer  = (*View)(nil)
	_ Geodesic   = (*View)(nil)
	_ Sampler    = (*View)(nil)
)
