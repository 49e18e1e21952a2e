package ode

import "math"

// A plan is what all steppers of a tableau share: its sums without the zeros.
type plan struct {
	rows  []row // to the arguments of the stages
	final row   // to the end of the step
	// Over the stages of final, rest are the weights of the error, to which the
	// stage at the end adds closing.
	rest         []float64
	closing      float64
	power        float64 // k where the estimate is O(hᵏ)
	coarse       row
	dense, terms []row
}

func newPlan(m *tableau) *plan {
	p := &plan{coarse: newRow(m.coarse), power: float64(max(m.lower, m.estimate) + 1)}
	inner := m.inner()
	for _, w := range m.a[:inner] {
		p.rows = append(p.rows, newRow(w))
	}
	for j, w := range m.b[:inner] {
		e := 0.0
		if m.err != nil {
			e = m.err[j]
		}
		if w != 0 || e != 0 {
			p.final.w, p.final.at = append(p.final.w, w), append(p.final.at, j)
			p.rest = append(p.rest, e)
		}
	}
	if m.fsal && m.err != nil {
		p.closing = m.err[inner]
	}
	for _, w := range m.denseA {
		p.dense = append(p.dense, newRow(w))
	}
	for _, w := range m.extra {
		p.terms = append(p.terms, newRow(w))
	}
	return p
}

// inner is the number of stages before the one at the end of the step.
func (m *tableau) inner() int {
	if m.fsal {
		return len(m.b) - 1
	}
	return len(m.b)
}

// explicit makes the steps of an explicit Runge–Kutta method.
type explicit struct {
	*tableau
	*plan
	n    int
	last int // the last stage before the one at the end of the step

	// The states and the fields at the ends of a step change places from step to
	// step, so that there are two sides, of which side is the one in use.
	sides [2]side
	side  *side

	y     []float64   // argument of the last stage
	crude []float64   // the second estimate, then arguments of the interpolant's stages
	own   [][]float64 // stages that belong to no end of a step

	// Stiffness.
	eager   bool // look in every step
	counted int
	suspect int // steps in a row at the boundary of stability
	calm    int
}

// A side has the stages of a step and all that is done with them.
type side struct {
	start  *float64  // of f0, by which the side is known
	y      []float64 // argument of a stage
	k      [][]float64
	rows   []pass
	final  pass
	fine   verdict
	coarse pass
	crude  verdict // of the coarse estimate
	dense  []pass
	terms  []pass
}

func (m *tableau) stepper(n int, _ *Settings) stepper {
	m.once.Do(func() { m.plan = newPlan(m) })
	e := &explicit{tableau: m, plan: m.plan, n: n, last: m.inner() - 1}
	vectors := newVectors(len(m.b)+len(m.denseA)+2, n)
	e.y, e.crude, e.own = vectors[0], vectors[1], vectors[2:]
	return e
}

func (e *explicit) layout() (bool, int) { return false, len(e.extra) }

func (e *explicit) reset(*Settings) { e.counted, e.suspect, e.calm = 0, 0, 0 }

// turn chooses the side that begins with the attempt's f0.
func (e *explicit) turn(a *attempt) {
	switch start := &a.f0[0]; start {
	case e.sides[0].start:
		e.side = &e.sides[0]
	case e.sides[1].start:
		e.side = &e.sides[1]
	default:
		e.side = &e.sides[0]
		e.make(&e.sides[0], a, a.f0, a.f1, a.y0, a.y1)
		e.make(&e.sides[1], a, a.f1, a.f0, a.y1, a.y0)
	}
}

func (e *explicit) make(s *side, a *attempt, f0, f1, y0, y1 []float64) {
	s.start = &f0[0]
	k := append([][]float64(nil), e.own...)
	k[0] = f0
	if e.fsal {
		k[e.last+1] = f1
	}
	s.k = k
	// Only stiffness asks for the argument of the last stage once there is the
	// end of the step; else one vector serves both, and the cache holds more.
	if s.y = y1; e.boundary != 0 {
		s.y = e.y
	}
	s.rows = make([]pass, len(e.plan.rows))
	for i, r := range e.plan.rows[1:] {
		s.rows[i+1] = newPass(r, s.y, y0, k)
	}
	s.final = newPass(e.plan.final, y1, y0, k)
	s.final.once = true
	if e.err == nil {
		return
	}
	s.final.v, s.final.rest = e.plan.rest, a.err
	s.fine = verdict{err: a.err, f: f1, y0: y0, y1: y1, width: padded(e.n), w: e.closing}
	if e.closing == 0 {
		s.fine.f = f0 // any that is finite
	}
	if e.tableau.coarse != nil {
		s.coarse = newPass(e.plan.coarse, e.crude, nil, k)
		s.crude = s.fine
		s.crude.err = e.crude
	}
	if !a.looked {
		return
	}
	for _, r := range e.plan.dense {
		s.dense = append(s.dense, newPass(r, e.crude, y0, k))
	}
	for m, r := range e.plan.terms {
		s.terms = append(s.terms, newPass(r, a.extra[m*e.n:(m+1)*e.n], nil, k))
	}
}

// step calls the kernels and the field without the layers between that serve
// others: with few components a call costs as much as its work.
func (e *explicit) step(a *attempt) (float64, error) {
	h := a.t1 - a.t0
	e.turn(a)
	s := e.side
	rows, k, c, field := s.rows, s.k[:len(s.rows)], e.c[:len(s.rows)], a.field
	field.y = s.y
	for i := 1; i < len(rows); i++ {
		t := a.t0 + c[i]*h
		if c[i] == 1 {
			t = a.last // exactly, so that no stage lies beyond the end
		}
		finite := false
		if vectorised {
			finite = sumAVX2(&rows[i], h)
		} else {
			finite = rows[i].sumPortable(h)
		}
		if !finite {
			return 0, blame(t, k[:i]...)
		}
		field.enter(t)
		fault := field.field.Eval(k[i], t, s.y)
		field.inside = false
		if fault != nil {
			return 0, fault
		}
	}
	if e.err == nil {
		if !s.final.sum(h) {
			return 0, blame(a.t1, k...)
		}
		return 0, e.close(a)
	}
	finite := false
	if vectorised {
		finite = finishAVX2(&s.final, h)
	} else {
		finite = s.final.finishPortable(h)
	}
	if !finite {
		return 0, blame(a.t1, k...)
	}
	a.order = e.power
	if e.closing == 0 {
		square, fault := e.judge(a, h)
		if fault == nil && !(square > 1) {
			fault = e.close(a)
		}
		return square, fault
	}
	field.y = a.y1
	field.enter(a.last)
	fault := field.field.Eval(a.f1, a.last, a.y1)
	field.inside = false
	if fault != nil {
		return 0, fault
	}
	return e.judge(a, h)
}

// close asks for the field at the end of a step whose error does not need it.
func (e *explicit) close(a *attempt) error {
	if fault := a.field.ask(a.f1, a.last, a.y1); fault != nil {
		return fault
	}
	if !finite(a.f1) {
		return blame(a.t1, a.f1)
	}
	return nil
}

// judge makes the error estimate and returns the square of its size. Of two
// estimates that is |e|²/√(|e|² + |ẽ|²/100), to which the first is scaled.
func (e *explicit) judge(a *attempt, h float64) (float64, error) {
	s := e.side
	square, fault := e.square(&s.fine, a, h)
	if e.tableau.coarse != nil && fault == nil && square != 0 {
		s.coarse.sum(h)
		var crude float64
		if crude, fault = e.square(&s.crude, a, 1); fault == nil {
			share := square / (square + 0.01*crude)
			square *= share
			if a.looked {
				root := math.Sqrt(share)
				for i := range a.err {
					a.err[i] *= root
				}
			}
		}
	}
	if square-square != 0 && fault == nil && a.measure.norm == nil {
		fault = blame(a.t1, s.k[:len(e.b)]...)
	}
	return square, fault
}

// square completes an estimate and returns the square of its size.
func (e *explicit) square(v *verdict, a *attempt, h float64) (float64, error) {
	m := &a.measure
	v.rtol, v.atol = m.rtol, m.atol
	sum := 0.0
	if vectorised {
		sum = judgeAVX2(v, h)
	} else {
		sum = v.judgePortable(h)
	}
	if m.norm != nil || m.controlled != e.n {
		return m.square(v.err, a.y0, a.y1)
	}
	return sum * m.share, nil
}

func (e *explicit) interpolate(a *attempt) error {
	h := a.t1 - a.t0
	s := e.side
	for i := range s.dense {
		t := a.t0 + e.denseC[i]*h
		to := len(e.b) + i
		if !s.dense[i].sum(h) {
			return blame(t, s.k[:to]...)
		}
		if fault := a.field.eval(s.k[to], t, e.crude); fault != nil {
			return fault
		}
	}
	for m := range s.terms {
		s.terms[m].sum(h)
	}
	return nil
}

// keeps: stiffness is looked for where the boundary of stability is known.
func (e *explicit) keeps() bool { return e.boundary != 0 }

// keep looks whether it is stability that bounds the steps: the stages at the
// end of a step and the argument of the one before it give an estimate of the
// largest eigenvalue (Hairer & Wanner II, IV.2, after Shampine).
func (e *explicit) keep(a *attempt) {
	e.counted++
	if e.suspect == 0 && e.counted&31 != 0 && !e.eager {
		return
	}
	up, down := 0.0, 0.0
	for i, v := range e.side.k[e.last] {
		d := a.f1[i] - v
		up += float64(d * d)
		d = a.y1[i] - e.y[i]
		down += float64(d * d)
	}
	h := a.t1 - a.t0
	// Steps that stability bounds swing about the boundary, rejected beyond it.
	if edge := 0.7 * e.boundary; down > 0 && h*h*up > edge*edge*down {
		e.calm = 0
		if e.suspect++; e.suspect == 15 {
			a.stiff = true
			e.suspect = 0
		}
		return
	}
	if e.calm++; e.calm == 6 {
		e.suspect = 0
	}
}
