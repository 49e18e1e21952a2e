package manifold

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"fisherflow/internal/cholesky"
	"fisherflow/ode"

	"gonum.org/v1/gonum/mat"
)

// Shooting finds Fisher–Rao geodesics of families that have none in closed
// form. It integrates the geodesic flow from p,
//
//	ẋ = G⁻¹c,  ċ_k = ½ vᵀ(∂_kG)v,  v = ẋ,
//
// and changes the covector c at p by a damped quasi-Newton method until the
// geodesic meets q at time 1. On an exponential family c is taken in natural
// coordinates, where it is η̇ and ∂_kG the cubic tensor, in closed form; on
// others ∂_kG is a central difference of order 4. The length of the geodesic is
// constant in time and stationary at q: a miss δ of q changes the distance by
// ⟨c, δ⟩/‖v‖ to first order, which is accounted for.
//
// Every result has an error: the square of the miss, in Fisher length, and
// what the integration fails to keep of ‖v‖. Where curvature is negative
// geodesics spread with their length, and one much longer than ten cannot be
// aimed; it is then joined from shorter ones by a chain of points, each half-way
// between its neighbours. A geodesic that is not found is a [GeodesicError], which
// wraps [ErrNotFound]. A Shooting keeps workspace and is used by one goroutine at a
// time.
type Shooting struct {
	// Context ends the search for a geodesic; nil means that nothing does.
	Context context.Context
	// Effort is the work after which a geodesic is given up; 0 means
	// [DefaultEffort]. It counts evaluations of the flow by what they cost, not
	// time, so that what is found does not depend on the machine.
	Effort int

	field    geodesicField
	settings ode.Settings
	atols    []float64

	n                int
	from, to         []float64 // in the chart
	start            []float64 // the covector at p
	state            []float64
	end, trial, step []float64
	miss, missTrial  []float64
	jacobian         []float64 // of the miss by the covector
	fine             float64   // the tolerance of what is found
	used, floor      float64   // the tolerance of the last shot, and the least that can be met
	known            bool      // whether jacobian belongs to these points
	units            []float64 // Cholesky factor of the chart's Fisher matrix at q
	lu               mat.LU
}

// NewShooting returns a solver for the family, which must have charts and a
// Fisher matrix.
func NewShooting(f Family) (*Shooting, error) {
	name := "source"
	if u, ok := unconstrained(f); ok {
		name = u
	}
	v, err := In(f, name)
	if err != nil {
		return nil, err
	}
	if c, ok := v.Base().(shotIn); ok {
		v.chart = c.shootingChart()
	}
	if _, ok := v.Base().(Fisherer); !ok {
		return nil, missing(f, "Fisher matrix")
	}
	n := f.Dim()
	vector := func() []float64 { return make([]float64, n) }
	s := &Shooting{
		n: n, from: vector(), to: vector(), start: vector(), trial: vector(), step: vector(), miss: vector(), missTrial: vector(),
		state: make([]float64, 2*n), end: make([]float64, 2*n), jacobian: make([]float64, n*n), units: make([]float64, n*n), atols: make([]float64, 2*n),
	}
	s.field = geodesicField{
		view: v, n: n, theta: vector(), nat: vector(), covector: vector(), velocity: vector(), moved: vector(),
		g: mat.NewSymDense(n, nil), factor: make([]float64, n*n),
	}
	base := v.Base()
	if c, ok := base.(Connected); ok {
		s.field.frame, _ = base.(Charted).Chart("source")
		s.field.symbols, s.field.weight, s.field.tensor = c.LeviCivita, 1, newTensor(n)
	} else if c, ok := base.(Cuber); ok {
		if e, ok := base.(Exponential); ok {
			s.field.frame, _ = e.Chart("natural")
			s.field.symbols, s.field.weight, s.field.tensor = c.Cubic, 0.5, newTensor(n)
		}
	}
	s.fine = fine
	if s.field.force, err = newGeodesicForce(base, v.chart); err != nil {
		return nil, err
	}
	if s.field.force != nil {
		// Quadratures leave no more to be resolved.
		s.fine = 1e-10
		if _, ok := base.(ApproximateScorer); ok {
			s.fine = 1e-9
		}
	}
	s.settings = ode.Settings{Method: ode.DOP853, ATols: s.atols, Discard: true, MaxSteps: 2000}
	s.field.price = priceOf(&s.field)
	return s, nil
}

// shotIn is a family whose geodesics are found in a chart of their own.
type shotIn interface{ shootingChart() Chart }

// shootingChart has 1/ν, in which the normal family at 1/ν = 0 is at finite distance
// and the metric regular.
func (f StudentTFree) shootingChart() Chart {
	return newCoordinatewise(f, "shooting", []string{"mu", "log_sigma", "inverse_nu"}, identityMap, logMap, reciprocalMap)
}

// geodesicField is the geodesic flow on positions in a chart and on covectors in
// a frame in which the Levi-Civita symbols have a closed form: source coordinates,
// or natural ones, where they are half the cubic tensor. Where there is none,
// frame is nil and covectors are in the chart.
type geodesicField struct {
	view    *View
	frame   Chart
	symbols func(dst Tensor, theta []float64) error // source components
	weight  float64                                 // by which they are multiplied
	tensor  Tensor

	force                     *geodesicForce // nil where Fisher matrices are no quadratures
	ctx                       context.Context
	price                     float64 // the work of an evaluation
	spent, allowed            float64 // since a geodesic was asked for
	exhausted                 bool    // whether an evaluation has been refused for that
	n                         int
	theta, nat                []float64
	covector, velocity, moved []float64
	g                         *mat.SymDense
	factor                    []float64
}

// matrix factors the Fisher matrix in source coordinates, for a covector in
// natural ones, or in the chart.
func (f *geodesicField) matrix(x []float64) error {
	var err error
	if f.frame != nil {
		err = f.view.base.(Fisherer).Fisher(f.g, f.theta)
	} else {
		err = f.view.Fisher(f.g, x)
	}
	if err != nil {
		return err
	}
	return f.factorInto(f.factor, x)
}

// factorInto stores the Cholesky factor of the matrix at x.
func (f *geodesicField) factorInto(dst, x []float64) error {
	for i := range f.n {
		for j := range i + 1 {
			dst[i*f.n+j] = f.g.At(i, j)
		}
	}
	if _, ok := cholesky.Factor(dst, f.n); !ok {
		return fmt.Errorf("%s: the Fisher matrix at %.6g is singular: %w", f.view.Name(), x, ErrDomain)
	}
	return nil
}

// raise sets the velocity of a covector at x, in source coordinates where the
// covector is in natural ones, and returns its Fisher length.
func (f *geodesicField) raise(x, c []float64) (length float64, err error) {
	if err := f.view.chart.ToSource(f.theta, x); err != nil {
		return math.NaN(), err
	}
	copy(f.covector, c)
	if f.frame != nil {
		if err := f.frame.FromSource(f.nat, f.theta); err != nil {
			return math.NaN(), err
		}
		f.frame.PullInverse(f.covector, f.nat, f.theta, c)
	}
	if err := f.matrix(x); err != nil {
		return math.NaN(), err
	}
	copy(f.velocity, f.covector)
	cholesky.SolveLower(f.factor, f.n, f.velocity)
	for _, v := range f.velocity {
		length = math.Hypot(length, v)
	}
	cholesky.SolveUpper(f.factor, f.n, f.velocity)
	return length, nil
}

// Eval is the geodesic flow.
func (f *geodesicField) Eval(dst []float64, _ float64, y []float64) error {
	if err := f.spend(); err != nil {
		return err
	}
	n := f.n
	x := y[:n]
	length, err := f.raise(x, y[n:])
	if err != nil {
		return err
	}
	if f.frame == nil {
		copy(dst[:n], f.velocity)
		if f.force != nil {
			return f.force.force(dst[n:], x, f.velocity, length)
		}
		return f.differences(dst[n:], x)
	}
	f.view.chart.PushInverse(dst[:n], x, f.theta, f.velocity)
	if err := f.symbols(f.tensor, f.theta); err != nil {
		return err
	}
	for k := range n {
		sum := 0.0
		for i, v := range f.velocity {
			row := f.tensor[k][i]
			for j, w := range f.velocity {
				sum += row[j] * v * w
			}
		}
		f.covector[k] = f.weight * sum
	}
	f.frame.Pull(dst[n:], f.nat, f.theta, f.covector)
	return nil
}

// differences stores ½ vᵀ(∂_kG)v.
func (f *geodesicField) differences(dst, x []float64) error {
	copy(f.moved, x)
	for k := range f.n {
		f.covector[k] = 1e-3 / math.Sqrt(f.g.At(k, k))
	}
	for k := range f.n {
		h := f.covector[k]
		var values [4]float64
		for i, m := range [...]float64{-2, -1, 1, 2} {
			f.moved[k] = x[k] + m*h
			if err := f.view.Fisher(f.g, f.moved); err != nil {
				return err
			}
			for a, v := range f.velocity {
				for b, w := range f.velocity {
					values[i] += f.g.At(a, b) * v * w
				}
			}
		}
		f.moved[k] = x[k]
		dst[k] = (8*(values[2]-values[1]) - (values[3] - values[0])) / (24 * h)
	}
	return nil
}

// prepare moves to p and q, with a first guess of the covector: half of the
// velocities of the straight lines in natural and in expectation coordinates on
// an exponential family, which is right to third order, the straight line in
// the chart elsewhere.
func (s *Shooting) prepare(p, q []float64) error {
	f := &s.field
	s.known = false
	if err := checkBoth(f.view.base, p, q); err != nil {
		return err
	}
	if err := errors.Join(f.view.chart.FromSource(s.from, p), f.view.chart.FromSource(s.to, q)); err != nil {
		return err
	}
	// The matrix at q, by which misses are measured.
	if err := f.view.Fisher(f.g, s.to); err != nil {
		return err
	}
	if err := f.factorInto(s.units, s.to); err != nil {
		return err
	}
	for i := range s.trial {
		s.trial[i] = s.to[i] - s.from[i]
	}
	copy(f.theta, p)
	f.view.chart.Push(f.velocity, s.from, p, s.trial)
	if f.frame != nil {
		if err := s.meanOfDuals(f.velocity, p, q); err != nil {
			return err
		}
		if err := f.frame.FromSource(f.nat, p); err != nil {
			return err
		}
		if err := f.matrix(s.from); err != nil {
			return err
		}
		s.lower(s.trial, f.velocity)
		f.frame.Pull(s.start, f.nat, p, s.trial)
	} else {
		if err := f.view.Fisher(f.g, s.from); err != nil {
			return err
		}
		s.lower(s.start, s.trial)
	}
	// The length is that of the symmetric divergence, which is right to
	// fourth order.
	length, err := f.raise(s.from, s.start)
	if err != nil {
		return err
	}
	if jeffreys, _, err := Intrinsic(f.view.base); err == nil && length > 0 {
		if d, err := jeffreys(p, q); err == nil && d > 0 && !math.IsInf(d, 1) && length < 1e3*d {
			for i := range s.start {
				s.start[i] *= d / length
			}
			length = d
		}
	}
	return s.setUnits(p, length)
}

// setUnits sets the scales of positions and of covectors of the given length at
// p, where the field's matrix is.
func (s *Shooting) setUnits(p []float64, length float64) error {
	f := &s.field
	for i := range s.n {
		s.atols[i] = 1 / math.Sqrt(f.g.At(i, i))
		s.atols[s.n+i] = math.Max(length, 1e-300) * math.Sqrt(f.g.At(i, i))
	}
	if f.frame != nil {
		// Units of the chart and of the frame.
		frame, chart := f.frame, f.view.chart
		for i := range s.n {
			clear(s.trial)
			s.trial[i] = 1
			chart.Push(s.step, s.from, p, s.trial)
			s.atols[i] = 1 / s.lengthAt(s.step)
			frame.Push(s.step, f.nat, p, s.trial)
			s.atols[s.n+i] = math.Max(length, 1e-300) * s.lengthAt(s.step)
		}
	}
	return nil
}

// lower stores Gv.
func (s *Shooting) lower(dst, v []float64) {
	for i := range dst {
		dst[i] = 0
		for j, w := range v {
			dst[i] += s.field.g.At(i, j) * w
		}
	}
}

func (s *Shooting) lengthAt(v []float64) float64 {
	sum := 0.0
	for i, a := range v {
		for j, b := range v {
			sum += a * s.field.g.At(i, j) * b
		}
	}
	return math.Sqrt(sum)
}

func (s *Shooting) meanOfDuals(velocity, p, q []float64) error {
	base, ok := s.field.view.base.(Exponential)
	if !ok {
		return nil
	}
	natural, ok := base.Chart("natural")
	if !ok {
		return nil
	}
	expectation, ok := base.Chart("expectation")
	if !ok {
		return nil
	}
	sum := s.miss
	clear(sum)
	for _, c := range []Chart{natural, expectation} {
		if err := errors.Join(c.FromSource(s.missTrial, p), c.FromSource(s.trial, q)); err != nil {
			return err
		}
		for i := range s.trial {
			s.trial[i] -= s.missTrial[i]
		}
		c.Push(s.step, s.missTrial, p, s.trial)
		for i, v := range s.step {
			sum[i] += v / 2
		}
	}
	copy(velocity, sum)
	return nil
}

// shoot integrates from the covector c to time t, at a looser tolerance where the
// matrix is too ill-conditioned for tol.
func (s *Shooting) shoot(c []float64, t, tol float64) error {
	settings := s.settings
	settings.ATols = make([]float64, 2*s.n)
	for tol = math.Max(tol, s.floor); ; {
		copy(s.state, s.from)
		copy(s.state[s.n:], c)
		settings.RTol = tol
		for i, a := range s.atols {
			settings.ATols[i] = tol * a
		}
		r, err := ode.Solve(s.field.ctx, &s.field, s.state, 0, t, &settings)
		if err == nil {
			s.used = tol
			copy(s.end, r.State(r.Len()-1))
			return nil
		}
		if tol > coarse/2 || !errors.Is(err, ode.ErrMaxSteps) && !errors.Is(err, ode.ErrMinStep) {
			return err
		}
		tol *= 100
		s.floor = tol
	}
}

// missOf stores the miss of q in Fisher units and returns its length.
func (s *Shooting) missOf(dst []float64) float64 {
	length := 0.0
	for j := range s.n {
		sum := 0.0
		for i := j; i < s.n; i++ {
			sum += s.units[i*s.n+j] * (s.end[i] - s.to[i])
		}
		dst[j] = sum
		length = math.Hypot(length, sum)
	}
	return length
}

// differentiate stores the derivative of the miss by the covector at p, in
// units of its length.
func (s *Shooting) differentiate(tol float64) error {
	for k := range s.n {
		h := 1e-3 * s.atols[s.n+k]
		copy(s.trial, s.start)
		s.trial[k] += h
		if err := s.shoot(s.trial, 1, tol); err != nil {
			return err
		}
		s.missOf(s.missTrial)
		for i := range s.n {
			s.jacobian[i*s.n+k] = (s.missTrial[i] - s.miss[i]) / 1e-3
		}
	}
	return nil
}

const (
	coarse = 1e-7  // tolerance while q is looked for
	fine   = 1e-13 // and at the end
	// Misses whose square does not matter, of either.
	near, nearer = 2e-6, 5e-6
)

// aim changes the covector until the miss is less than enough.
func (s *Shooting) aim(tol, enough float64) (missed float64, err error) {
	if err := s.shoot(s.start, 1, tol); err != nil {
		return math.Inf(1), err
	}
	missed = s.missOf(s.miss)
	for range 40 {
		if missed <= enough {
			return missed, nil
		}
		fresh := !s.known
		if fresh {
			if err := s.differentiate(tol); err != nil {
				return missed, err
			}
			s.known = true
		}
		s.lu.Factorize(mat.NewDense(s.n, s.n, s.jacobian))
		if err := s.lu.SolveVecTo(mat.NewVecDense(s.n, s.step), false, mat.NewVecDense(s.n, s.miss)); err != nil {
			return missed, fmt.Errorf("%w: %w", errAim, err)
		}
		damping, shorter := 1.0, math.Inf(1)
		for ; damping > 1e-4; damping /= 4 {
			for k := range s.trial {
				s.trial[k] = s.start[k] - damping*s.step[k]*s.atols[s.n+k]
			}
			if err := s.shoot(s.trial, 1, tol); err != nil {
				continue
			}
			if shorter = s.missOf(s.missTrial); shorter < missed {
				break
			}
		}
		if !(shorter < missed) {
			if !fresh {
				s.known = false
				continue
			}
			return missed, nil
		}
		// Broyden's update, while it serves.
		s.known = damping == 1 && shorter < 0.3*missed
		if s.known {
			square := 0.0
			for _, d := range s.step {
				square += d * d
			}
			for i := range s.n {
				// The step was −step: J += (Δmiss + J step)(−step)ᵀ/|step|².
				change := s.missTrial[i] - s.miss[i]
				for k, d := range s.step {
					change += s.jacobian[i*s.n+k] * d
				}
				for k, d := range s.step {
					s.jacobian[i*s.n+k] -= change * d / square
				}
			}
		}
		for k := range s.start {
			s.start[k] -= damping * s.step[k] * s.atols[s.n+k]
		}
		copy(s.miss, s.missTrial)
		missed = shorter
	}
	return missed, nil
}

// connect aims at q from p. Where geodesics spread on their way it is easier to
// aim at p from q, and to turn round.
func (s *Shooting) connect(p, q []float64) error {
	failure := s.reach(p, q)
	if failure == nil {
		return nil
	}
	if s.reach(q, p) != nil || s.shoot(s.start, 1, s.fine) != nil {
		return failure
	}
	back := append([]float64(nil), s.end[s.n:]...)
	if err := s.prepare(p, q); err != nil {
		return err
	}
	for i, c := range back {
		s.start[i] = -c
	}
	s.known = false
	if missed, err := s.aim(coarse, near); err != nil || missed > near {
		return failure
	}
	return nil
}

// reach aims at q, and by way of points on the straight line of the chart
// where that fails from the first guess.
func (s *Shooting) reach(p, q []float64) error {
	if err := s.prepare(p, q); err != nil {
		return err
	}
	if missed, err := s.aim(coarse, near); err == nil && missed <= near {
		return nil
	}
	if err := s.prepare(p, q); err != nil {
		return err
	}
	goal := append([]float64(nil), s.to...)
	good := make([]float64, s.n)
	reached, stride := 0.0, 0.5
	guess := append([]float64(nil), s.start...)
	for reached < 1 {
		next := math.Min(1, reached+stride)
		s.known = false
		for i, g := range goal {
			s.to[i] = s.from[i] + next*(g-s.from[i])
			if reached == 0 {
				s.start[i] = guess[i] * next
			} else {
				s.start[i] = good[i] * next / reached
			}
		}
		if missed, err := s.aim(coarse, 1e-4); err == nil && missed <= 1e-4 {
			copy(good, s.start)
			reached = next
			stride *= 2
			continue
		}
		if stride /= 2; stride < 1e-3 {
			copy(s.to, goal)
			return errAim
		}
	}
	copy(s.to, goal)
	s.known = false
	missed, err := s.aim(coarse, near)
	if err == nil && missed > near {
		err = errAim
	}
	return err
}

// Distance returns the Fisher–Rao distance between two members in source
// coordinates, and its error.
func (s *Shooting) Distance(p, q []float64) (d, accuracy float64, err error) {
	if err := checkBoth(s.field.view.base, p, q); err != nil {
		return math.NaN(), math.NaN(), err
	}
	if slices.Equal(p, q) {
		return 0, 0, nil
	}
	c, err := s.find(p, q, func() error { d, accuracy, err = s.measure(); return err })
	if err != nil {
		return math.NaN(), math.NaN(), err
	}
	if c != nil {
		return c.length, c.accuracy, nil
	}
	return d, accuracy, nil
}

// Midpoint stores in dst the point half-way from p to q and returns their
// distance, at the cost of one of both, with the errors of either in Fisher
// length.
func (s *Shooting) Midpoint(dst, p, q []float64) (d, distanceError, pointError float64, err error) {
	if err := checkBoth(s.field.view.base, p, q); err != nil {
		return math.NaN(), math.NaN(), math.NaN(), err
	}
	if slices.Equal(p, q) {
		copy(dst, p)
		return 0, 0, 0, nil
	}
	c, err := s.find(p, q, func() error {
		if d, distanceError, err = s.measure(); err == nil {
			pointError, err = s.along(dst, p, 0.5)
		}
		return err
	})
	if c != nil && err == nil {
		d, distanceError = c.length, c.accuracy
		pointError, err = c.at(dst, 0.5)
	}
	if err != nil {
		return math.NaN(), math.NaN(), math.NaN(), err
	}
	return d, distanceError, pointError, nil
}

// find looks for the geodesic from p to q, of which then gathers what is wanted
// when it has been shot; it returns the chain of its pieces where it could not.
func (s *Shooting) find(p, q []float64, then func() error) (*geodesicChain, error) {
	s.begin()
	f := &s.field
	total := f.allowed
	f.allowed = 0.6 * total
	err := s.connect(p, q)
	if err == nil {
		f.allowed = total
		err = then()
	}
	if !errors.Is(err, ErrNotFound) || f.ctx.Err() != nil {
		return nil, s.notFound(err, p, q)
	}
	f.allowed = 0.85 * total
	c, err := s.link(p, q)
	if err == nil {
		f.allowed = total
		return c, nil
	}
	if f.ctx.Err() == nil {
		// One direction can be much harder to aim in than the other.
		f.allowed = total
		if c, back := s.link(q, p); back == nil {
			slices.Reverse(c.nodes)
			slices.Reverse(c.lengths)
			return c, nil
		}
	}
	return nil, s.notFound(err, p, q)
}

// measure is the length of the geodesic found by connect, and its error.
func (s *Shooting) measure() (d, accuracy float64, err error) {
	missed, err := s.aim(s.fine, nearer)
	if err != nil {
		return math.NaN(), math.NaN(), s.unaimed(err)
	}
	length, drift, err := s.lengths()
	if err != nil {
		return math.NaN(), math.NaN(), err
	}
	// ⟨c, q − x(1)⟩/‖v‖ with c at the end, in the chart.
	f := &s.field
	copy(s.trial, f.covector)
	if f.frame != nil {
		f.view.chart.Pull(s.trial, s.end[:s.n], f.theta, f.covector)
	}
	d = length
	for i, c := range s.trial {
		d += c * (s.to[i] - s.end[i]) / length
	}
	return d, drift + 2*missed*missed*math.Max(1, 1/d) + (4e-15+s.used-fine)*d, nil
}

// lengths are ‖v‖ at the start and how far that at the end is from it; the
// field is left at the end.
func (s *Shooting) lengths() (length, drift float64, err error) {
	length, err = s.field.raise(s.from, s.start)
	if err != nil {
		return math.NaN(), math.NaN(), err
	}
	lost := s.quadratureLoss(s.from, length)
	last, err := s.field.raise(s.end[:s.n], s.end[s.n:])
	if err != nil {
		return math.NaN(), math.NaN(), err
	}
	lost = math.Max(lost, s.quadratureLoss(s.end[:s.n], last))
	return length, math.Abs(last-length) + lost*length, nil
}

// quadratureLoss is that of the field's velocity at x, of the given length.
func (s *Shooting) quadratureLoss(x []float64, length float64) float64 {
	f := &s.field
	if f.force == nil {
		return 0
	}
	f.view.chart.Push(s.step, x, f.theta, f.velocity)
	return quadratureLoss(f.view.base, f.theta, s.step, length)
}

// Log stores in dst the initial velocity, in source coordinates, of the
// geodesic that leaves p at time 0 and reaches q at time 1, and returns its
// error in Fisher length.
func (s *Shooting) Log(dst, p, q []float64) (accuracy float64, err error) {
	if err := checkBoth(s.field.view.base, p, q); err != nil {
		return math.NaN(), err
	}
	if slices.Equal(p, q) {
		clear(dst)
		return 0, nil
	}
	c, err := s.find(p, q, func() error { accuracy, err = s.velocity(dst, p); return err })
	if err != nil {
		return math.NaN(), err
	}
	if c != nil {
		return c.log(dst)
	}
	return accuracy, nil
}

// velocity stores that at p of the geodesic found by connect.
func (s *Shooting) velocity(dst, p []float64) (accuracy float64, err error) {
	// Convergence ends in rounding.
	missed, err := s.aim(s.fine, s.fine)
	if err != nil {
		return math.NaN(), s.unaimed(err)
	}
	_, drift, err := s.lengths()
	if err != nil {
		return math.NaN(), err
	}
	if _, err := s.field.raise(s.from, s.start); err != nil {
		return math.NaN(), err
	}
	copy(dst, s.field.velocity)
	if s.field.frame == nil {
		s.field.view.chart.Push(dst, s.from, p, s.field.velocity)
	}
	return missed + drift, nil
}

// Geodesic stores in dst the point a fraction t of the way from p to q, and
// returns its error in Fisher length. Beyond q it is an error, which says at
// which length, once it has met the boundary of the family.
func (s *Shooting) Geodesic(dst, p, q []float64, t float64) (accuracy float64, err error) {
	if slices.Equal(p, q) {
		copy(dst, p)
		return 0, checkBoth(s.field.view.base, p, q)
	}
	if err := checkBoth(s.field.view.base, p, q); err != nil {
		return math.NaN(), err
	}
	c, err := s.find(p, q, func() error { accuracy, err = s.along(dst, p, t); return err })
	if err != nil {
		return math.NaN(), err
	}
	if c != nil {
		return c.at(dst, t)
	}
	return accuracy, nil
}

// along stores the point at time t of the geodesic from p found by connect.
func (s *Shooting) along(dst, p []float64, t float64) (accuracy float64, err error) {
	if accuracy, err = s.velocity(make([]float64, s.n), p); err != nil {
		return math.NaN(), err
	}
	length, err := s.field.raise(s.from, s.start)
	if err != nil {
		return math.NaN(), err
	}
	if err := s.shoot(s.start, t, s.fine); err != nil {
		var at *ode.Error
		if errors.As(err, &at) && s.blamesPlace(err) {
			return math.NaN(), fmt.Errorf("%s: the geodesic has met the boundary at length %.10g: %w", s.field.view.Name(), math.Abs(at.T)*length, ErrDomain)
		}
		return math.NaN(), err
	}
	return accuracy * math.Max(1, math.Abs(t)), s.field.view.chart.ToSource(dst, s.end[:s.n])
}
