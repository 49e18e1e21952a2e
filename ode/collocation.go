package ode

import (
	"errors"
	"math"
)

// A collocation is an implicit Runge–Kutta method of up to three stages by
// simplified Newton iterations, in the coordinates in which the inverse of its
// matrix is block-diagonal: a real eigenvalue, a complex pair, or both (Hairer &
// Wanner, Solving Ordinary Differential Equations II, 2nd ed., 1996, IV.8).
type collocation struct {
	name                string
	order, lower, dense int
	c                   []float64
	// The inverse of the method's matrix is transform · Λ · back, with Λ =
	// diag(gamma, [alpha −beta; beta alpha]) as far as there is a real
	// eigenvalue and a pair.
	transform, back    [][]float64
	gamma, alpha, beta float64
	real, pair         bool
	// end are the weights of y₁ − y₀ in the stages' increments; nil means the
	// last stage.
	end []float64
	// estimate are those of the error estimate.
	estimate []float64
}

func (m *collocation) Name() string       { return m.name }
func (m *collocation) Order() int         { return m.order }
func (m *collocation) EmbeddedOrder() int { return m.lower }
func (m *collocation) DenseOrder() int    { return m.dense }
func (m *collocation) Stages() int        { return len(m.c) }
func (m *collocation) Kind() string       { return "implicit" }

// errNewton refuses a step whose equations could not be solved.
var errNewton = errors.New("the Newton iterations of the step do not converge")

var sqrt3, sqrt6, sqrt15 = math.Sqrt(3), math.Sqrt(6), math.Sqrt(15)

// Radau5 is the Radau IIA method of order 5 for stiff fields, with an error
// estimate of order 3, the step control of Gustafsson, and the collocation
// polynomial as interpolant (Hairer & Wanner II, IV.8). The Jacobian is kept
// while the iterations converge fast, its factors while the step size stays. A
// field that satisfies [Jacobian] gives its own, one that satisfies [Banded]
// saves most of the work.
var Radau5 Method = &collocation{
	name: "radau5", order: 5, lower: 3, dense: 4, real: true, pair: true,
	c: []float64{(4 - sqrt6) / 10, (4 + sqrt6) / 10, 1},
	transform: [][]float64{
		{9.1232394870892942792e-02, -0.14125529502095420843, -3.0029194105147424492e-02},
		{0.24171793270710701896, 0.20412935229379993199, 0.38294211275726193779},
		{0.96604818261509293619, 1, 0},
	},
	back: [][]float64{
		{4.3255798900631553510, 0.33919925181580986954, 0.54177053993587487119},
		{-4.1787185915519047273, -0.32768282076106238708, 0.47662355450055045196},
		{-0.50287263494578687595, 2.5719269498556054292, -0.59603920482822492497},
	},
	gamma: 3.6378342527444957322, alpha: 2.6810828736277521339, beta: 3.0504301992474105694,
	estimate: []float64{-(13 + 7*sqrt6) / 3, (-13 + 7*sqrt6) / 3, -1. / 3},
}

// ImplicitMidpoint is the implicit midpoint rule, the Gauss method of order 2:
// symmetric, symplectic, and it keeps quadratic invariants.
var ImplicitMidpoint Method = &collocation{
	name: "implicit-midpoint", order: 2, dense: 2, real: true,
	c: []float64{1. / 2}, transform: [][]float64{{1}}, back: [][]float64{{1}},
	gamma: 2, end: []float64{2},
}

// Gauss4 is the Gauss–Legendre method of order 4, symmetric and symplectic
// (Hairer, Lubich & Wanner, Geometric Numerical Integration, 2006, II.1.3).
var Gauss4 Method = &collocation{
	name: "gauss4", order: 4, dense: 4, pair: true,
	c:         []float64{1./2 - sqrt3/6, 1./2 + sqrt3/6},
	transform: [][]float64{{1, 0}, {0, -2 - sqrt3}},
	back:      [][]float64{{1, 0}, {0, sqrt3 - 2}},
	alpha:     3, beta: sqrt3, end: []float64{-sqrt3, sqrt3},
}

// Gauss6 is the Gauss–Legendre method of order 6, symmetric and symplectic.
var Gauss6 Method = &collocation{
	name: "gauss6", order: 6, dense: 5, real: true, pair: true,
	c:         []float64{1./2 - sqrt15/10, 1. / 2, 1./2 + sqrt15/10},
	transform: gauss6Transform, back: gauss6Back,
	gamma: 4.644370709252171185822941, alpha: 3.677814645373914407088529, beta: 3.508761919567443321903661,
	end: []float64{5. / 3, -4. / 3, 5. / 3},
}

func (m *collocation) stepper(n int, s *Settings) stepper {
	return newCollocated(m, n, s)
}

// collocated makes the steps of a collocation method.
type collocated struct {
	*collocation
	n int
	// tolerance bounds the error of the Newton iterations, in units of the
	// tolerance.
	tolerance float64
	// relax is the weight of an error. The estimate is two orders below the
	// method: held to RTol^(2/3)/10, its steps have errors in proportion to RTol
	// (RADAU5 of Hairer & Wanner).
	relax   float64
	most    int
	predict bool // whether the step size control is the method's own

	settings           *Settings
	jacobian           *jacobian // nil before the first step
	one                lu[float64]
	two                lu[complex128]
	z, w, k, d         [][]float64 // increments of the stages; transformed; field; Newton corrections
	powers             [][]float64 // Newton's divided differences of the last polynomial through 0 and the stages
	argument, combined []float64
	both               []complex128

	// The jacobian is one for this field. There is a Jacobian; it was taken at the start of this step; a new one is
	// wanted.
	shaped, known, current, stale bool
	factored                      float64 // step size of the factors; 0: none
	polynomial                    float64 // size of the step of powers; 0: none
	divided                       bool    // powers are those of the step just made
	rate                          float64 // of the last iterations' convergence
	iterations                    int

	size               float64 // of the error of the last attempt
	lastSize, lastStep float64 // of the last accepted step
}

func newCollocated(m *collocation, n int, s *Settings) *collocated {
	r := &collocated{collocation: m, n: n}
	stages := len(m.c)
	for _, set := range []*[][]float64{&r.z, &r.w, &r.k, &r.d, &r.powers} {
		*set = newVectors(stages, n)
	}
	r.argument, r.combined = make([]float64, n), make([]float64, n)
	r.both = make([]complex128, n)
	r.reset(s)
	return r
}

func (r *collocated) reset(s *Settings) {
	r.settings, r.predict = s, s.Controller == Controller{}
	r.shaped, r.known, r.current, r.stale, r.factored, r.polynomial = false, false, false, false, 0, 0
	if r.lower == 0 {
		// Nothing forgives an unfinished iteration where there is no estimate.
		r.relax, r.most, r.tolerance = 1, 50, 0x1p-53
		return
	}
	r.relax, r.most = 10*math.Cbrt(s.RTol), 7
	relaxed := s.RTol / r.relax
	r.tolerance = math.Max(10*0x1p-52/relaxed, math.Min(0.03, math.Sqrt(relaxed)))
}

func (r *collocated) layout() (bool, int) {
	if r.end == nil {
		return true, 0
	}
	if len(r.c) == 3 {
		return false, 2
	}
	return false, 0
}

// prepare makes the Jacobian and the factors that a step of size h needs.
func (r *collocated) prepare(a *attempt, h float64) error {
	if !r.shaped {
		if j, made := r.jacobian.of(a.field.field, r.n, r.settings); made {
			r.jacobian = j
			if r.real {
				r.one = newLU[float64](j.band)
			}
			if r.pair {
				r.two = newLU[complex128](j.band)
			}
		}
		r.shaped = true
	}
	if !r.known || r.stale && !r.current {
		if fault := r.jacobian.take(a.field, a.first, a.y0, a.f0); fault != nil {
			return fault
		}
		r.known, r.current, r.stale, r.factored = true, true, false, 0
	}
	if r.factored == h {
		return nil
	}
	r.factored = 0
	if r.real {
		if fault := r.one.shifted(r.gamma/h, r.jacobian); fault != nil {
			return fault
		}
	}
	if r.pair {
		if fault := r.two.shifted(complex(r.alpha/h, r.beta/h), r.jacobian); fault != nil {
			return fault
		}
	}
	r.factored = h
	return nil
}

func (r *collocated) step(a *attempt) (float64, error) {
	h := a.t1 - a.t0
	a.order = float64(r.lower + 1)
	r.divided = false
	if a.fresh && !a.again {
		r.polynomial, r.lastStep, r.rate, r.known, r.current = 0, 0, 1, false, false
	}
	for {
		if fault := r.prepare(a, h); fault != nil {
			return 0, fault
		}
		r.start(h)
		fault := r.newton(a, h)
		if fault == nil {
			break
		}
		if r.current || !errors.Is(fault, errNewton) {
			a.next = math.Abs(h) / 2
			return 0, fault
		}
		r.stale = true // and the same step again, with a Jacobian of its own
	}
	for i := range a.y1 {
		a.y1[i] = a.y0[i]
		if r.end == nil {
			a.y1[i] += r.z[len(r.z)-1][i]
			continue
		}
		for k, w := range r.end {
			a.y1[i] += float64(w * r.z[k][i])
		}
	}
	if !finite(a.y1) {
		return 0, blame(a.t1)
	}
	if fault := a.field.eval(a.f1, a.last, a.y1); fault != nil {
		return 0, fault
	}
	if r.lower == 0 {
		return 0, nil
	}
	size, fault := r.judge(a, h)
	size *= r.relax
	if r.size = size; fault == nil && r.predict {
		a.next = r.proposal(math.Abs(h), size)
	}
	return size * size, fault
}

// start continues the last step's polynomial into this one.
func (r *collocated) start(h float64) {
	for k, c := range r.c {
		z := r.z[k]
		if r.polynomial == 0 {
			clear(z)
			clear(r.w[k])
			continue
		}
		// The polynomial of the argument θ of the last step, through 0 at its
		// end.
		s := c * h / r.polynomial
		for i := range z {
			z[i] = r.extend(i, 1+s) - r.extend(i, 1)
		}
	}
	if r.polynomial != 0 {
		transform(r.w, r.back, r.z)
	}
}

// extend is the last step's polynomial at θ.
func (r *collocated) extend(i int, theta float64) float64 {
	p := 0.0
	for k := len(r.c) - 1; k >= 0; k-- {
		p = r.powers[k][i] + (theta-r.c[k])*p
	}
	return theta * p
}

// transform stores m·x in dst, componentwise.
func transform(dst, m, x [][]float64) {
	switch len(m) {
	case 1:
		copy(dst[0], x[0])
	case 2:
		a, b := x[0], x[1][:len(x[0])]
		for k, w := range m {
			u, v, to := w[0], w[1], dst[k][:len(a)]
			for i := range a {
				to[i] = float64(u*a[i]) + float64(v*b[i])
			}
		}
	case 3:
		a, b, c := x[0], x[1][:len(x[0])], x[2][:len(x[0])]
		for k, w := range m {
			u, v, z, to := w[0], w[1], w[2], dst[k][:len(a)]
			for i := range a {
				to[i] = float64(u*a[i]) + float64(v*b[i]) + float64(z*c[i])
			}
		}
	}
}

// newton solves for the increments of the stages.
func (r *collocated) newton(a *attempt, h float64) error {
	last, before := 0.0, 0.0
	// The convergence of the last step is believed, less and less.
	r.rate = exp2(0.8 * log2(math.Max(r.rate, 0x1p-52)))
	for r.iterations = 1; r.iterations <= r.most; r.iterations++ {
		for k, c := range r.c {
			t := a.t0 + c*h
			if c == 1 {
				t = a.last
			}
			for i := range r.argument {
				r.argument[i] = a.y0[i] + r.z[k][i]
			}
			if fault := a.field.eval(r.k[k], t, r.argument); fault != nil {
				return fault
			}
		}
		transform(r.d, r.back, r.k)
		r.correct(h)
		change, fault := r.change(a, h)
		if fault != nil {
			return fault
		}
		if change-change != 0 {
			if a.measure.norm != nil {
				return errNorm
			}
			return errNewton
		}
		if r.iterations > 1 {
			ratio := change / last
			theta := ratio
			if r.iterations > 2 {
				theta = math.Sqrt(ratio * before)
			}
			before = ratio
			if r.lower == 0 && theta > 0.25 && change < 1e-9 {
				return nil // rounding is all that is left
			}
			if theta >= 0.99 {
				return errNewton
			}
			r.rate = theta / (1 - theta)
			if r.lower > 0 {
				left := r.rate * change // when the iterations that are left are made
				for range r.most - 1 - r.iterations {
					left *= theta
				}
				if left > r.tolerance {
					return errNewton
				}
			}
			r.stale = theta > 1e-3
		}
		last = math.Max(change, 0x1p-52)
		r.advance()
		if change == 0 || r.rate*change <= r.tolerance && (r.lower > 0 || r.iterations > 1) {
			return nil
		}
	}
	return errNewton
}

// change is the size of the Newton correction: in units of the tolerance, or,
// where the equations are solved to rounding, relative to the components.
func (r *collocated) change(a *attempt, h float64) (float64, error) {
	if r.lower == 0 {
		whole, most := 0.0, 0.0
		for i, y := range a.y0 {
			whole = max(whole, math.Abs(y)+math.Abs(h*a.f0[i]))
		}
		for i, y := range a.y0 {
			size := math.Abs(y) + math.Abs(h*a.f0[i]) + 0x1p-26*whole
			for k := range r.d {
				if d := math.Abs(r.d[k][i]) / size; r.d[k][i] != 0 && !(d <= most) {
					most = d
				}
			}
		}
		return most, nil
	}
	sum := 0.0
	for k := range r.d {
		s, fault := a.measure.size(r.d[k], a.y0, a.y0)
		if fault != nil {
			return 0, fault
		}
		sum += s * s
	}
	return r.relax * math.Sqrt(sum/float64(len(r.d))), nil
}

// correct turns the transformed field into the Newton correction.
func (r *collocated) correct(h float64) {
	j := 0
	if r.real {
		for i, w := range r.w[0] {
			r.d[0][i] -= r.gamma / h * w
		}
		r.one.solve(r.d[0])
		j = 1
	}
	if !r.pair {
		return
	}
	alpha, beta := r.alpha/h, r.beta/h
	for i := range r.both {
		u, v := r.w[j][i], r.w[j+1][i]
		r.both[i] = complex(r.d[j][i]-(alpha*u-beta*v), r.d[j+1][i]-(beta*u+alpha*v))
	}
	r.two.solve(r.both)
	for i, v := range r.both {
		r.d[j][i], r.d[j+1][i] = real(v), imag(v)
	}
}

// advance adds the correction.
func (r *collocated) advance() {
	for k, w := range r.w {
		for i, d := range r.d[k] {
			w[i] += d
		}
	}
	transform(r.z, r.transform, r.w)
}

// judge estimates the error by (γ/h − J)⁻¹(f₀ + Σ e_k z_k/h). Where that is too
// large at the first step or after a rejection, the field is asked once more,
// which filters out its stiff part.
func (r *collocated) judge(a *attempt, h float64) (float64, error) {
	for i := range a.err {
		s := 0.0
		for k, e := range r.estimate {
			s += float64(e * r.z[k][i])
		}
		r.combined[i] = s / h
		a.err[i] = r.combined[i] + a.f0[i]
	}
	r.one.solve(a.err)
	size, fault := a.measure.size(a.err, a.y0, a.y1)
	if fault != nil {
		return size, fault
	}
	if size-size != 0 {
		return size, blame(a.t1)
	}
	if r.relax*size < 1 || !a.fresh && !a.again {
		return size, nil
	}
	for i := range a.err {
		r.argument[i] = a.y0[i] + a.err[i]
	}
	if fault := a.field.eval(a.err, a.first, r.argument); fault != nil {
		if refused(fault) {
			return size, nil
		}
		return size, fault
	}
	for i := range a.err {
		a.err[i] += r.combined[i]
	}
	r.one.solve(a.err)
	return a.measure.size(a.err, a.y0, a.y1)
}

// proposal is the size of the next step by Gustafsson's predictive controller
// (Hairer & Wanner II, IV.8, eq. 8.21), which counts the iterations too.
func (r *collocated) proposal(h, size float64) float64 {
	size = math.Max(size, 1e-10)
	safety := math.Min(0.9, 0.9*float64(1+2*r.most)/float64(r.iterations+2*r.most))
	shrink := math.Max(1./8, math.Min(5, math.Sqrt(math.Sqrt(size))/safety))
	if size > 1 {
		if r.lastStep == 0 {
			return h / 10
		}
		return h / shrink
	}
	if r.lastStep > 0 {
		predicted := r.lastStep / h * math.Sqrt(size/math.Sqrt(r.lastSize)) / 0.9
		shrink = math.Max(shrink, math.Max(1./8, math.Min(5, predicted)))
	}
	if grow := 1 / shrink; grow < 1 || grow > 1.2 {
		return h * grow
	}
	return h // the factors are worth more than a little longer step
}

// interpolate stores the slopes of a collocation polynomial that ends with the
// step, of which that at the start is not the field's; or, for the Gauss method
// of order 6, what the slopes of the outer stages add to the cubic.
func (r *collocated) interpolate(a *attempt) error {
	h := a.t1 - a.t0
	switch {
	case r.end == nil:
		r.divide()
		for i := range r.n {
			// d/dθ of θ·(p₀ + (θ−c₀)(p₁ + (θ−c₁)p₂)) at 0 and at 1.
			p0, p1, p2 := r.powers[0][i], r.powers[1][i], r.powers[2][i]
			a.slopes[i] = p0 - r.c[0]*(p1-r.c[1]*p2)
			// The one at 1 is the polynomial's own too: on a stiff field h·f carries
			// the error of y₁ times the stiffness.
			d0, d1 := 1-r.c[0], 1-r.c[1]
			a.slopes[r.n+i] = p0 + d0*(p1+d1*p2) + p1 + (d0+d1)*p2
		}
	case len(r.c) == 3:
		// With w = θ²(1−θ)², which is even about the middle, and its slope q at
		// the first stage.
		c := r.c[0]
		s, w := 0.5-c, c*c*(1-c)*(1-c)
		q := 2 * c * (1 - c) * (1 - 2*c)
		for i := range r.n {
			d := a.y1[i] - a.y0[i]
			f0, f1 := h*a.f0[i]-d, d-h*a.f1[i]
			even, odd := 2*s*f0+(2*c-3*c*c)*(f1-f0), -2*s*f0+(2*(1-c)-3*(1-c)*(1-c))*(f1-f0)
			first, last := h*r.k[0][i]-d-even, h*r.k[2][i]-d-odd
			a.extra[i] = (first - last) / (2 * q)
			a.extra[r.n+i] = (first + last) / (2 * (w - q*s))
		}
	}
	return nil
}

// divide stores the divided differences of the polynomial through 0 and the
// stages, without the factor θ.
func (r *collocated) divide() {
	if r.divided {
		return
	}
	r.divided = true
	p := r.powers
	for k, c := range r.c {
		for i, z := range r.z[k] {
			p[k][i] = z / c
		}
	}
	for m := 1; m < len(r.c); m++ {
		for k := len(r.c) - 1; k >= m; k-- {
			width := r.c[k] - r.c[k-m]
			for i := range p[k] {
				p[k][i] = (p[k][i] - p[k-1][i]) / width
			}
		}
	}
}

func (r *collocated) keeps() bool { return true }

func (r *collocated) keep(a *attempt) {
	r.divide()
	r.polynomial, r.current = a.t1-a.t0, false
	r.lastStep, r.lastSize = math.Abs(a.t1-a.t0), math.Max(r.size, 1e-2)
}
