package variational

import (
	"context"
	"errors"
	"fmt"
	"math"

	"fisherflow/flow"
	"fisherflow/manifold"
	"fisherflow/metrics"
	"fisherflow/ode"
	"fisherflow/variational/target"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
)

// A Covariance is the form of q's covariance.
type Covariance int

const (
	Full     Covariance = iota // every entry is free
	Diagonal                   // mean-field: independent coordinates
	Blocks                     // independent blocks of consecutive coordinates
)

// Settings of [Solve]. The zero value fits a full covariance with an
// expectation of its own choice.
type Settings struct {
	Covariance Covariance
	// Blocks are the sizes of the blocks of the covariance Blocks.
	Blocks []int
	// Expectation is how E_q[log p] is evaluated. Nil chooses: what the target
	// knows in closed form, else one quadrature a linear predictor, else sparse
	// Gauss–Hermite nodes up to 15 dimensions and quasi-random ones above. The
	// number of nodes is raised until their error at the end, as a Fisher
	// distance, is below Accuracy.
	Expectation Expectation
	// Accuracy is the Fisher distance by which the expectation's error may move
	// q. Zero means 1e-5: a hundred-thousandth of a standard deviation.
	Accuracy float64
	// MaxNodes bounds the number of nodes in z. Zero means 30 000.
	MaxNodes int
	// Distance is the Fisher distance left at which the flow ends. Zero means
	// 1e-6.
	Distance float64
	// Mean and SD are the start on the unconstrained scale. Nil means the origin
	// and the same scale for all, the power of ½ with the largest ELBO.
	Mean, SD []float64
	// Method integrates the flow, with the error of a step at most Tol in
	// Fisher length. Nil and zero mean Auto for a full covariance, Radau5 for
	// others, and 1e-4; from 512 coordinates on, CVI steps of a rate that is
	// chosen anew take the flow's place, unless a method is asked for.
	Method ode.Method
	Tol    float64
	// Draws is the number of draws for the evidence and k̂. Zero means 100 000,
	// a negative number none. The tail that k̂ is fitted to has 3√n draws: with
	// 10 000 it came out up to 0.6 too large on posteriors of few dimensions.
	Draws int
	Seed  uint64
	// MaxSteps bounds the steps; zero means 10 000.
	MaxSteps int
	// Observer, if not nil, is called after every step of a flow.
	Observer func(flow.Progress) error
}

// A Fit is a normal q fitted to a posterior, with its evidence.
type Fit struct {
	Family manifold.Family
	// Source is q in the family's source coordinates.
	Source []float64
	// Mean and SD are q's on the unconstrained scale.
	Mean, SD []float64
	// ELBO is E_q[log p(x, z) − log q(z)], ELBOError the error of the
	// expectation in it.
	ELBO, ELBOError float64
	// Moved bounds the Fisher distance by which the expectation's error moves
	// q, DistanceLeft that from q to the optimum; both +Inf where unknown.
	Moved, DistanceLeft float64
	// Expectation says how E_q was evaluated at last.
	Expectation string
	// Flows are the flows, one for each number of nodes, Steps the iteration
	// that took their place.
	Flows []*flow.Result
	Steps *Iteration
	// Evidence is nil without draws.
	Evidence *Evidence
	Verdict  Verdict

	loss  *ELBO
	other *mode // nil if none was found
}

// A Verdict says in plain words what a fit is worth.
type Verdict struct {
	// Converged: the distance to the optimum is bounded, and the expectation
	// accurate enough. Trusted: k̂ says that q covers the posterior.
	Converged, Trusted bool
	// Text is one line: what was found, and what to do.
	Text string
}

// Covariance stores q's covariance.
func (f *Fit) Covariance() *mat.SymDense {
	c := mat.NewSymDense(len(f.Mean), nil)
	f.loss.q.covariance(c)
	return c
}

// Family is the family of q for a target of d dimensions.
func (s *Settings) family(d int) (manifold.Family, string, error) {
	switch s.Covariance {
	case Full:
		return manifold.MultivariateNormal{Dimension: d}, "log-cholesky", nil
	case Diagonal:
		return manifold.DiagonalNormal{Dimension: d}, "log-scale", nil
	case Blocks:
		total := 0
		var factors []manifold.Family
		for _, k := range s.Blocks {
			if k < 1 {
				return nil, "", fmt.Errorf("blocks: a block of size %d", k)
			}
			total += k
			factors = append(factors, manifold.MultivariateNormal{Dimension: k})
		}
		if total != d {
			return nil, "", fmt.Errorf("blocks: sizes %v add up to %d where the target has %d coordinates", s.Blocks, total, d)
		}
		p, err := manifold.NewProduct(factors...)
		return p, "log-cholesky", err
	}
	return nil, "", fmt.Errorf("no covariance is numbered %d", s.Covariance)
}

// Expect is the expectation that [Solve] chooses for a target, to begin with.
func Expect(t target.Target) (Expectation, error) {
	switch t := t.(type) {
	case target.NormalExpectation:
		return ByClosedForm(t), nil
	case target.LinearModel:
		return ByPredictor(t, 24), nil
	}
	var rule *Rule
	var err error
	switch d := t.Dim(); {
	case d == 1:
		rule, err = Tensor(1, 15)
	case d <= 15:
		rule, err = Sparse(d, 3)
	default:
		rule, err = QuasiRandom(d, max(1024, 4*d))
	}
	if err != nil {
		return nil, err
	}
	return ByRule(t, rule), nil
}

const (
	defaultAccuracy = 1e-5
	defaultDistance = 1e-6
	defaultTol      = 1e-4
	defaultDraws    = 100_000
	defaultMaxSteps = 10_000
	defaultMaxNodes = 30_000
	largestFlow     = 512
	// far is the ratio of standard deviations, to the start's, at which q is
	// taken to run away.
	far = 1e9
)

// errUnbounded ends a flow whose q runs away.
var errUnbounded = errors.New("q runs away")

// Solve fits q to the posterior of a target by the Fisher flow of KL[q‖p],
// without an end time: until the Fisher distance left is bounded. It returns
// an error only for what makes a fit impossible; what is wrong with a fit, its
// verdict says.
func Solve(ctx context.Context, t target.Target, settings *Settings) (*Fit, error) {
	var s Settings
	if settings != nil {
		s = *settings
	}
	s.fill()
	d := t.Dim()
	family, chart, err := s.family(d)
	if err != nil {
		return nil, err
	}
	expectation := s.Expectation
	if expectation == nil {
		if expectation, err = Expect(t); err != nil {
			return nil, err
		}
	}
	loss, err := NewELBO(family, expectation)
	if err != nil {
		return nil, err
	}
	f := &Fit{Family: family, loss: loss, Moved: math.Inf(1), DistanceLeft: math.Inf(1), ELBOError: math.NaN()}
	source, err := f.start(&s)
	if err != nil {
		return nil, err
	}
	if f.gradient(t); f.Verdict.Text != "" {
		return f, f.finish(t, &s, source)
	}
	first := append([]float64(nil), loss.spreads()...)
	var fault error
	for {
		if family.Dim() > largestFlow && s.Method == nil {
			source, fault = f.iterate(ctx, &s, source, first)
		} else {
			source, fault = f.integrate(ctx, &s, chart, source, first)
		}
		if err := ctx.Err(); err != nil {
			return f, err
		}
		if fault != nil {
			break
		}
		finer, err := f.refine(source, &s)
		if err != nil {
			fault = err
			break
		}
		if finer == nil {
			break
		}
		if f.loss, err = NewELBO(family, finer); err != nil {
			return f, err
		}
	}
	f.judge(fault, source, &s)
	return f, f.finish(t, &s, source)
}

func (s *Settings) fill() {
	set := func(p *float64, v float64) {
		if *p == 0 {
			*p = v
		}
	}
	set(&s.Accuracy, defaultAccuracy)
	set(&s.Distance, defaultDistance)
	set(&s.Tol, defaultTol)
	if s.Draws == 0 {
		s.Draws = defaultDraws
	}
	if s.MaxNodes == 0 {
		s.MaxNodes = defaultMaxNodes
	}
	if s.MaxSteps == 0 {
		s.MaxSteps = defaultMaxSteps
	}
}

// spreads are q's standard deviations.
func (l *ELBO) spreads() []float64 {
	sd := make([]float64, l.q.dim())
	for i := range sd {
		sd[i] = math.Sqrt(l.q.variance(i))
	}
	return sd
}

// start is the start in source coordinates, where the loss is then.
func (f *Fit) start(s *Settings) ([]float64, error) {
	d := f.loss.q.dim()
	mean, sd := make([]float64, d), make([]float64, d)
	if s.Mean != nil {
		if len(s.Mean) != d {
			return nil, fmt.Errorf("the start has %d means for %d coordinates", len(s.Mean), d)
		}
		copy(mean, s.Mean)
	}
	source := make([]float64, f.Family.Dim())
	if s.SD != nil {
		if len(s.SD) != d {
			return nil, fmt.Errorf("the start has %d standard deviations for %d coordinates", len(s.SD), d)
		}
		f.loss.q.place(source, mean, s.SD)
		if err := f.loss.At(source); err != nil {
			return nil, fmt.Errorf("start: %w", err)
		}
		return source, nil
	}
	best, scale := math.Inf(1), 0.0
	var fault error
	for k := range 30 {
		size := math.Pow(0.5, float64(k))
		for i := range sd {
			sd[i] = size
		}
		f.loss.q.place(source, mean, sd)
		if err := f.loss.At(source); err != nil {
			fault = err
			continue
		}
		if f.loss.value >= best {
			break
		}
		best, scale = f.loss.value, size
	}
	if scale == 0 {
		return nil, fmt.Errorf("start: %w", fault)
	}
	for i := range sd {
		sd[i] = scale
	}
	f.loss.q.place(source, mean, sd)
	return source, f.loss.At(source)
}

// wrongGradient is the relative difference from finite differences above which
// a gradient is taken to be wrong.
const wrongGradient = 1e-4

// gradient compares the target's gradient with differences at the start's mean
// and beside it.
func (f *Fit) gradient(t target.Target) {
	d := f.loss.q.dim()
	if d > 2000 {
		return
	}
	z, eps := make([]float64, d), make([]float64, d)
	for k := range 3 {
		for i := range eps {
			eps[i] = math.Sin(float64(7 * k * (i + 1))) // 0 at first, then anything
		}
		f.loss.q.point(z, eps)
		off, err := target.CheckGradient(t, z)
		if err == nil && !math.IsInf(off, 0) && off > wrongGradient {
			f.Verdict.Text = fmt.Sprintf("NOT FITTED: the gradient of the log density is wrong: it differs from finite differences by %.2g of its size at z = %.4g; mend it, or give values alone", off, z)
			return
		}
	}
}

// integrate follows the flow from source and returns where it ends.
func (f *Fit) integrate(ctx context.Context, s *Settings, chart string, source, first []float64) ([]float64, error) {
	fl, err := flow.OnFamily(f.Family, chart, f.loss, nil)
	if err != nil {
		return source, err
	}
	view, err := manifold.In(f.Family, chart)
	if err != nil {
		return source, err
	}
	x := make([]float64, len(source))
	if err := view.Chart().FromSource(x, source); err != nil {
		return source, err
	}
	method := s.Method
	if method == nil {
		method = ode.Radau5
		if s.Covariance == Full {
			method = ode.Auto
		}
	}
	settings := flow.Settings{
		ODE: ode.Settings{Method: method, MaxSteps: s.MaxSteps}, Tol: s.Tol, Distance: s.Distance, Detail: flow.Steps,
		Observer: watch(ctx, view, f.loss, first, s.Observer),
	}
	r, err := flow.Solve(ctx, fl, x, 0, math.Inf(1), &settings)
	if r == nil || r.Trajectory == nil {
		return source, err
	}
	f.Flows = append(f.Flows, r)
	f.DistanceLeft = r.DistanceLeft
	end := make([]float64, len(source))
	if e := view.Chart().ToSource(end, r.Last()); e != nil {
		return source, errors.Join(err, e)
	}
	return end, err
}

// ran reports whether q has left all scales of its start.
func ran(q normal, first []float64) bool {
	for i, s := range first {
		if r := math.Sqrt(q.variance(i)) / s; r > far || r < 1/far/far {
			return true
		}
	}
	return false
}

// iterate makes natural-gradient steps in place of the flow.
func (f *Fit) iterate(ctx context.Context, s *Settings, source, first []float64) ([]float64, error) {
	r, err := Iterate(ctx, f.loss, source, &StepSettings{Steps: s.MaxSteps, Speed: s.Distance / 2})
	f.Steps = r
	if err != nil {
		return r.Last, err
	}
	// Without the Jacobian the rate is that of the last steps: the speed falls
	// by 1 − ρλ in a step.
	n := len(r.Speeds)
	f.DistanceLeft = r.Speeds[n-1]
	if n > 2 && r.Speeds[n-2] > 0 && r.Rates[n-2] > 0 {
		if lambda := (1 - r.Speeds[n-1]/r.Speeds[n-2]) / r.Rates[n-2]; lambda < 1 {
			f.DistanceLeft = math.Inf(1)
			if lambda > 0 {
				f.DistanceLeft = r.Speeds[n-1] / lambda
			}
		}
	}
	if !(r.Speeds[n-1] <= s.Distance/2) {
		err = fmt.Errorf("%d natural-gradient steps did not arrive", len(r.Rates))
	}
	return r.Last, err
}

// refine compares the expectation at source, where the flow has ended, with the
// next more accurate one, and enters the error of this one. Where that is above
// the accuracy it returns the first of the finer ones that is accurate enough,
// or the last there is; nil says that there is none.
func (f *Fit) refine(source []float64, s *Settings) (Expectation, error) {
	if err := f.loss.At(source); err != nil {
		return nil, err
	}
	f.Expectation = f.loss.expectation.Describe()
	f.ELBO = -f.loss.value
	if _, ok := f.loss.expectation.(*byClosedForm); ok {
		f.Moved, f.ELBOError = 0, 8*0x1p-53*f.loss.magnitude
		return nil, nil
	}
	view, err := manifold.In(f.Family, "source")
	if err != nil {
		return nil, err
	}
	metric, err := metrics.ForFisher(view)
	if err != nil {
		return nil, err
	}
	if err := metric.At(source); err != nil {
		return nil, err
	}
	n := f.Family.Dim()
	now, next, raised := make([]float64, n), make([]float64, n), make([]float64, n)
	f.loss.Gradient(now)
	value := f.loss.value
	rate := min(1, f.rate())
	if !(rate > 0) {
		rate = 1
	}
	var found Expectation
	for current := f.loss.expectation; ; {
		finer := current.Finer()
		size := Nodes(finer)
		if finer == nil || found != nil && size > s.MaxNodes || size > 6*s.MaxNodes {
			return found, nil
		}
		better, err := NewELBO(f.Family, finer)
		if err != nil {
			return nil, err
		}
		if err := better.At(source); err != nil {
			return nil, err
		}
		better.Gradient(next)
		floats.Sub(now, next)
		if err := metric.Raise(raised, now); err != nil {
			return nil, err
		}
		moved := math.Sqrt(max(0, floats.Dot(now, raised))) / rate
		if found == nil {
			f.Moved, f.ELBOError = moved, math.Abs(better.value-value)
		}
		if moved <= s.Accuracy || size > s.MaxNodes {
			return found, nil
		}
		found, current = finer, finer
		copy(now, next)
	}
}

// Nodes is the number of nodes in z of an expectation, 0 for others.
func Nodes(e Expectation) int {
	if r, ok := e.(*byRule); ok {
		return len(r.rule.Weights)
	}
	return 0
}

// rate is the smallest rate of decay found at the end of the last flow.
func (f *Fit) rate() float64 {
	if len(f.Flows) == 0 {
		return math.NaN()
	}
	r := f.Flows[len(f.Flows)-1]
	return r.Speeds[len(r.Speeds)-1] / r.DistanceLeft
}

// finish enters q's moments and draws from it.
func (f *Fit) finish(t target.Target, s *Settings, source []float64) error {
	f.Source = append([]float64(nil), source...)
	if err := f.loss.At(source); err != nil {
		return err
	}
	f.ELBO = -f.loss.value
	f.Mean, f.SD = append([]float64(nil), f.loss.q.mean()...), f.loss.spreads()
	if s.Draws >= 20 {
		f.Evidence = sample(t, f.loss.q, s.Draws, s.Seed)
	}
	if f.Verdict.Converged {
		f.other = otherMode(t, f, s.Seed)
	}
	f.trust()
	return nil
}
