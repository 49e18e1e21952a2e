package run

import (
	"fmt"

	"fisherflow/flow"
	"fisherflow/manifold"
	"fisherflow/metrics"
)

// A Surface is what a catalogue experiment flows on where no family and no loss
// that a spec can name will do: a network whose Fisher matrix is known in
// closed form, say. Its family has the chart "source" at least.
type Surface struct {
	Family manifold.Family
	Loss   flow.Loss
	// Metric drives the flow; nil is the one that the spec names.
	Metric metrics.Maker
	// Start is used unless the spec gives one.
	Start []float64
}

// ownMetrics are the metrics that an experiment's own surface may have beside
// those of families.
var ownMetrics = []string{"block-diagonal"}

// own reports whether the spec is that of an experiment with its own surface: it
// names the experiment and neither a family, a loss nor a target.
func (s section) own(spec *Spec) bool {
	return spec.Experiment != "" && !s.has("family") && !s.has("loss") && !s.has("target") && !s.has("model")
}

// ownStart reads the start of an experiment's own flow, in source coordinates.
func (s section) ownStart(spec *Spec) {
	spec.Flow.Start = PointSpec{Chart: "source"}
	if !s.has("start") {
		return
	}
	if _, ok := s.values["start"].(map[string]any); ok {
		inner := s.table("start").only("chart", "at")
		inner.name("chart", "chart", "source", []string{"source"})
		spec.Flow.Start.At = inner.numbers("at")
		return
	}
	spec.Flow.Start.At = s.numbers("start")
}

// unnamed stands for the family of an experiment's own surface while its spec is
// read.
type unnamed struct{}

func (unnamed) Name() string          { return "the experiment's model" }
func (unnamed) Dim() int              { return 0 }
func (unnamed) Check([]float64) error { return nil }
func (unnamed) Charts() []string      { return []string{"source"} }

func (unnamed) Chart(string) (manifold.Chart, bool) { return nil, false }

// surface fills in an experiment's own family, loss and start.
func (p *Problem) surface(m *Surface) error {
	s := p.Spec
	if m == nil {
		return s.Errorf("experiment", "the spec names neither a family nor a loss, and no experiment %q has a surface of its own", s.Experiment)
	}
	p.Family, p.Loss, p.Source = m.Family, m.Loss, m.Start
	if at := s.Flow.Start.At; at != nil {
		if len(at) != m.Family.Dim() {
			return s.Errorf("flow.start", "has %s where %s has %d", count(len(at), "coordinate"), m.Family.Name(), m.Family.Dim())
		}
		p.Source = at
	}
	if err := m.Family.Check(p.Source); err != nil {
		return s.Errorf("flow.start", "%w", err)
	}
	maker := m.Metric
	if maker == nil {
		if s.Flow.Estimator != "exact" {
			return s.Errorf("flow.estimator", "%s has no estimator %q of its metric", m.Family.Name(), s.Flow.Estimator)
		}
		var err error
		if maker, err = s.metric(); err != nil {
			return err
		}
	}
	var err error
	if p.Flow, err = flow.OnFamily(p.Family, "source", p.Loss, maker); err != nil {
		return fmt.Errorf("%s: %w", s.Experiment, err)
	}
	return nil
}
