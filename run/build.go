package run

import (
	"errors"
	"fmt"
	"math"

	"fisherflow/descent"
	"fisherflow/flow"
	"fisherflow/manifold"
	"fisherflow/metrics"
	"fisherflow/ode"
)

// Build makes the problem of a spec: it reads the data, and finds what makes
// the run impossible before it begins: a start or a target outside of the
// domain, observations outside of the support, a claim that cannot be judged.
// Errors are of type [*SpecError] or [*DataError].
func Build(s *Spec) (*Problem, error) { return build(s, nil) }

// build makes the problem of a spec, on an experiment's surface where the spec
// leaves it to that.
func build(s *Spec, m *Surface) (*Problem, error) {
	p := &Problem{Name: s.Flow.Metric, Spec: s}
	if s.Optimizer != nil {
		return s.buildTraining(p)
	}
	if s.Model != nil {
		return s.buildModel(p)
	}
	var err error
	if s.Own {
		if err := p.surface(m); err != nil {
			return nil, err
		}
		return p, p.ready()
	}
	if s.Target != nil {
		err = s.posterior(p)
	} else if p.Family, err = manifold.New(s.Family.Name, s.Family.Options); err != nil {
		err = s.Errorf("family", "%w", err)
	}
	if err != nil {
		return nil, err
	}
	if s.Flow.Start.At == nil {
		if p.Source, err = laplace(p.Target, p.Family); err != nil {
			return nil, s.Errorf("flow.start", "there is no default start: %w", err)
		}
	} else if p.Source, err = s.source("flow.start", s.Flow.Start, p.Family); err != nil {
		return nil, err
	}
	if s.Data != nil && s.Target == nil {
		if p.Observations, err = Observe(s, p.Family); err != nil {
			return nil, err
		}
	}
	if p.Loss, err = s.loss(p); err != nil {
		return nil, err
	}
	maker, err := s.metric()
	if err != nil {
		return nil, err
	}
	if p.Flow, err = flow.OnFamily(p.Family, s.Flow.Chart, p.Loss, maker); err != nil {
		return nil, s.Errorf("flow", "%w", err)
	}
	return p, p.ready()
}

// ready fills in the start, the time and the settings of a problem that has its
// flow.
func (p *Problem) ready() error {
	s := p.Spec
	var err error
	if p.Start, err = s.start(p); err != nil {
		return err
	}
	p.T1 = math.Inf(1)
	if s.Flow.Time != nil {
		p.T0, p.T1 = s.Flow.Time[0], s.Flow.Time[1]
	}
	p.Settings = s.settings(p.T0)
	return p.claimable()
}

// source is a point of the spec in source coordinates, checked.
func (s *Spec) source(key string, at PointSpec, family manifold.Family) ([]float64, error) {
	if s.document != nil {
		if _, ok := s.document.where[key+".at"]; ok {
			key += ".at"
		}
	}
	if at.Chart == "source" {
		if err := family.Check(at.At); err != nil {
			return nil, s.Errorf(key, "%w", err)
		}
		return at.At, nil
	}
	view, err := manifold.In(family, at.Chart)
	if err != nil {
		return nil, s.Errorf(key, "%w", err)
	}
	source := make([]float64, family.Dim())
	if err := view.Chart().ToSource(source, at.At); err != nil {
		return nil, s.Errorf(key, "%w", err)
	}
	return source, nil
}

func (s *Spec) loss(p *Problem) (flow.Loss, error) {
	var target []float64
	if s.Loss.Target != nil {
		var err error
		if target, err = s.source("loss.target", *s.Loss.Target, p.Family); err != nil {
			return nil, err
		}
	}
	exponential := func() error {
		if _, ok := p.Family.(manifold.Exponential); !ok {
			return fmt.Errorf("%s is no exponential family", p.Family.Name())
		}
		return nil
	}
	var loss flow.Loss
	var err error
	switch c := s.Loss.Coefficients; s.Loss.Kind {
	case "elbo":
		return s.elbo(p)
	case "nll":
		loss, err = flow.NLL(p.Family, p.Observations.Rows)
	case "kl":
		loss, err = flow.KL(p.Family, target)
	case "reverse-kl":
		loss, err = flow.ReverseKL(p.Family, target)
	case "expectation":
		if err = exponential(); err == nil {
			loss, err = flow.Expectation(p.Family, c)
		}
	case "linear":
		loss, err = flow.Linear(p.Family, s.Loss.Chart, c)
	case "entropy":
		loss, err = flow.Entropy(p.Family)
	case "negative-entropy":
		loss, err = flow.NegativeEntropy(p.Family)
	case "free-energy":
		loss, err = flow.FreeEnergy(p.Family, c, s.Loss.Temperature)
	case "squared-distance":
		loss, err = flow.SquaredDistance(p.Family, target)
	default:
		err = fmt.Errorf("no loss is called %q", s.Loss.Kind)
	}
	if err != nil {
		return nil, s.Errorf("loss.kind", "%w", err)
	}
	return loss, nil
}

// metric makes the driving metric; nil is the Fisher metric, which a flow then
// also measures lengths by.
func (s *Spec) metric() (metrics.Maker, error) {
	if s.Flow.Metric == "fisher" && s.Flow.Damping.Value == 0 {
		return nil, nil
	}
	maker, ok := metrics.ByName(s.Flow.Metric)
	if !ok {
		return nil, s.Errorf("flow.metric", "no metric is called %q", s.Flow.Metric)
	}
	maker, err := metrics.Damped(s.Flow.Metric, maker, metrics.Damping{Kind: s.Flow.Damping.Kind, Value: s.Flow.Damping.Value})
	if err != nil {
		return nil, s.Errorf("flow.damping", "%w", err)
	}
	return maker, nil
}

// start is the start in the flow's chart. It must be a point at which the
// field can be evaluated.
func (s *Spec) start(p *Problem) ([]float64, error) {
	start := append([]float64(nil), s.Flow.Start.At...)
	if start == nil {
		start = append(start, p.Source...)
	}
	if s.Flow.Start.Chart != s.Flow.Chart {
		view, err := p.View()
		if err != nil {
			return nil, s.Errorf("flow.chart", "%w", err)
		}
		if err := view.Chart().FromSource(start, p.Source); err != nil {
			return nil, s.Errorf("flow.start", "in chart %s: %w", s.Flow.Chart, err)
		}
	}
	n := len(start)
	velocity := make([]float64, n+1)
	if err := p.Flow.Eval(velocity, 0, append(append([]float64(nil), start...), 0)); err != nil {
		return nil, s.Errorf("flow.start", "the flow cannot start there: %w", err)
	}
	value := p.Flow.Point().Value()
	for _, v := range append(velocity, value) {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return nil, s.Errorf("flow.start", "the flow cannot start there: its loss is %v and its velocity %v", value, velocity[:n])
		}
	}
	return start, nil
}

func (s *Spec) settings(t0 float64) flow.Settings {
	method, _ := descent.MethodByName(s.ODE.Method)
	settings := flow.Settings{
		ODE:      ode.Settings{Method: method, Step: s.ODE.Step, MaxSteps: s.ODE.MaxSteps, RTol: s.ODE.RTol, ATol: s.ODE.ATol},
		Tol:      s.ODE.Tol,
		Distance: s.Flow.Stop,
	}
	switch s.ODE.Norm {
	case "rms":
		// An absolute tolerance of zero means zero here, not the default.
		if s.ODE.ATol == 0 {
			settings.ODE.Norm = ode.RMS(s.ODE.RTol, 0)
		}
	case "max":
		settings.ODE.Norm = ode.Max(s.ODE.RTol, s.ODE.ATol)
	}
	switch s.Flow.Certificate {
	case "full":
		settings.Detail = flow.Full
	case "steps":
		settings.Detail = flow.Steps
	case "off":
		settings.Detail = flow.Off
	}
	for _, t := range s.ODE.Output {
		if t > t0 {
			settings.ODE.StopAt = append(settings.ODE.StopAt, t)
		}
	}
	return settings
}

// claimable reports the first claim that the run cannot have.
func (p *Problem) claimable() error {
	s := p.Spec
	fisher := s.Flow.Metric == "fisher" && s.Flow.Damping.Value == 0
	for _, c := range s.Claims {
		key := join("claims", c.Name)
		switch c.Name {
		case "resolved", "invariant":
			if _, _, err := manifold.Intrinsic(p.Family); err != nil {
				return s.Errorf(key, "cannot be judged: %w", err)
			}
		case "closed-form":
			if !fisher {
				return s.Errorf(key, "closed forms are known under the undamped Fisher metric only")
			}
			if err := flow.HasExact(p.Loss, p.Source); err != nil {
				return s.Errorf(key, "there is no closed form to compare with: %s", withoutCause(err))
			}
			if _, _, err := manifold.Intrinsic(p.Family); err != nil {
				return s.Errorf(key, "cannot be judged: %w", err)
			}
		}
	}
	return nil
}

// withoutCause is the message of an error without the one that it wraps for
// programs.
func withoutCause(err error) string {
	s := err.Error()
	if cause := errors.Unwrap(err); cause != nil {
		if n := len(s) - len(cause.Error()) - 2; n > 0 && s[n:] == ": "+cause.Error() {
			return s[:n]
		}
	}
	return s
}
