package ode

import "math"

// explicit makes the steps of an explicit Runge–Kutta method.
type explicit struct {
	*tableau
	n     int
	inner int // stages before the one at the end of the step
	// rows combine the stages to the arguments of each, to the end and to the
	// errors.
	rows                []row
	final, fine, coarse row
	dense, terms        []row

	k     [][]float64 // stages; the first and the last are the attempt's f0 and f1
	y     []float64   // argument of a stage
	crude []float64   // the second estimate, then arguments of the interpolant's stages

	// Stiffness.
	eager   bool // look in every step
	counted int
	suspect int // steps in a row at the boundary of stability
	calm    int
}

func (m *tableau) stepper(n int, _ *Settings) stepper {
	e := &explicit{tableau: m, n: n, inner: len(m.b)}
	if m.fsal {
		e.inner--
	}
	stages := len(m.b) + len(m.denseA)
	e.k = make([][]float64, stages)
	storage := make([]float64, n*(stages+2))
	for i := range e.k {
		e.k[i] = storage[i*n : (i+1)*n : (i+1)*n]
	}
	e.y, e.crude = storage[stages*n:(stages+1)*n:(stages+1)*n], storage[(stages+1)*n:]
	for _, w := range m.a {
		e.rows = append(e.rows, newRow(w))
	}
	e.final, e.fine, e.coarse = newRow(m.b), newRow(m.err), newRow(m.coarse)
	for _, w := range m.denseA {
		e.dense = append(e.dense, newRow(w))
	}
	for _, w := range m.extra {
		e.terms = append(e.terms, newRow(w))
	}
	return e
}

func (e *explicit) layout() (bool, int) { return false, len(e.extra) }

func (e *explicit) step(a *attempt) (float64, error) {
	h := a.t1 - a.t0
	k := e.k
	k[0] = a.f0
	for i := 1; i < e.inner; i++ {
		t := a.t0 + e.c[i]*h
		if e.c[i] == 1 {
			t = a.last // exactly, so that no stage lies beyond the end
		}
		if !combine(e.y, a.y0, h, &e.rows[i], k) {
			return 0, blame(t, k[:i]...)
		}
		if fault := a.field.ask(k[i], t, e.y); fault != nil {
			return 0, fault
		}
	}
	if !combine(a.y1, a.y0, h, &e.final, k) {
		return 0, blame(a.t1, k[:e.inner]...)
	}
	if fault := a.field.ask(a.f1, a.last, a.y1); fault != nil {
		return 0, fault
	}
	if e.err == nil {
		if !finite(a.f1) {
			return 0, blame(a.t1, a.f1)
		}
		return 0, nil
	}
	if e.fsal {
		k[e.inner] = a.f1
	} else if !finite(a.f1) {
		return 0, blame(a.t1, a.f1)
	}
	a.order = e.power()
	scale(a.err, h, &e.fine, k)
	size, fault := a.measure.size(a.err, a.y0, a.y1)
	if fault == nil && e.tableau.coarse != nil && size != 0 {
		size, fault = e.mixed(a, size, h)
	}
	if fault == nil && size-size != 0 {
		fault = blame(a.t1, k[:len(e.b)]...)
	}
	return size, fault
}

// mixed is the size |e|²/√(|e|² + |ẽ|²/100) of two estimates, to which the
// first is scaled.
func (e *explicit) mixed(a *attempt, size, h float64) (float64, error) {
	scale(e.crude, h, &e.coarse, e.k)
	crude, fault := a.measure.size(e.crude, a.y0, a.y1)
	if fault != nil {
		return size, fault
	}
	share := size / math.Sqrt(size*size+0.01*crude*crude)
	for i := range a.err {
		a.err[i] *= share
	}
	return size * share, nil
}

func (e *explicit) interpolate(a *attempt) error {
	h := a.t1 - a.t0
	for i := range e.dense {
		t := a.t0 + e.denseC[i]*h
		if !combine(e.crude, a.y0, h, &e.dense[i], e.k) {
			return blame(t, e.k[:len(e.b)+i]...)
		}
		if fault := a.field.eval(e.k[len(e.b)+i], t, e.crude); fault != nil {
			return fault
		}
	}
	for m := range e.terms {
		scale(a.extra[m*e.n:(m+1)*e.n], h, &e.terms[m], e.k)
	}
	return nil
}

// keep looks whether it is stability that bounds the steps: the stages at the
// end of a step and the argument of the one before it give an estimate of the
// largest eigenvalue (Hairer & Wanner II, IV.2, after Shampine).
func (e *explicit) keep(a *attempt) {
	if e.boundary == 0 {
		return
	}
	e.counted++
	if e.suspect == 0 && e.counted&31 != 0 && !e.eager {
		return
	}
	up, down := 0.0, 0.0
	for i, v := range a.f1 {
		d := v - e.k[e.inner-1][i]
		up += float64(d * d)
		d = a.y1[i] - e.y[i]
		down += float64(d * d)
	}
	h := a.t1 - a.t0
	if down > 0 && h*h*up > e.boundary*e.boundary*down {
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
