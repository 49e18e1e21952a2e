package ode

import "math"

// GBS is the extrapolation of the explicit midpoint rule of Gragg, Bulirsch and
// Stoer, with the control of order, up to 18, and of step size of Hairer and
// Wanner's ODEX, and with its interpolant through the derivatives at the middle
// of the step, which costs no evaluations (Hairer, Nørsett & Wanner, Solving
// Ordinary Differential Equations I, 2nd ed., 1993, II.9). It serves tolerances
// near rounding and large spans of smooth fields.
var GBS Method = gbs{}

// gbs extrapolates a given number of lines, or as many as serve best if zero.
type gbs struct{ lines int }

const (
	gbsLines = 9
	// A line k of the table has 4k − 2 substeps, so that all have a point in the
	// middle of the step, of odd index.
	gbsDerivatives = 2*gbsLines - 3
)

func (m gbs) highest() int {
	if m.lines > 0 {
		return m.lines
	}
	return gbsLines
}

func (m gbs) Name() string       { return "gbs" }
func (m gbs) Order() int         { return 2 * m.highest() }
func (m gbs) EmbeddedOrder() int { return 2*m.highest() - 2 }
func (m gbs) DenseOrder() int    { return 2 * m.highest() }
func (m gbs) Stages() int        { return 0 }
func (m gbs) Kind() string       { return "explicit" }

func substeps(line int) int { return 4*line - 2 }

func (m gbs) stepper(n int, s *Settings) stepper {
	g := &extrapolated{n: n, lines: m.lines}
	g.reset(s)
	points := 0
	for k := 1; k <= gbsLines; k++ {
		g.work[k] = float64(substeps(k))
		if k > 1 {
			g.work[k] += g.work[k-1]
		} else {
			g.work[k]++
		}
		g.first[k] = points
		points += substeps(k) + 1
	}
	vectors := newVectors(2*gbsLines+4, n)
	for k := 1; k <= gbsLines; k++ {
		g.table[k], g.middle[k] = vectors[2*k-2], vectors[2*k-1]
	}
	vectors = vectors[2*gbsLines:]
	g.before, g.now, g.next, g.scratch = vectors[0], vectors[1], vectors[2], vectors[3]
	g.substep = newPass(newRow([]float64{1}), g.now, g.before, vectors[3:])
	g.substep.once = true
	if !s.Discard || s.Observer != nil || len(s.Events) > 0 || len(s.SaveAt) > 0 {
		g.fields = newVectors(points, n)
	}
	return g
}

// extrapolated makes the steps of GBS. Lines are counted from 1, as in the
// literature.
type extrapolated struct {
	n, lines int
	target   int // line at which convergence is expected

	work          [gbsLines + 1]float64 // evaluations up to a line
	first         [gbsLines + 1]int     // where its fields begin
	table, middle [gbsLines + 1][]float64
	fields        [][]float64 // of all substeps; nil if no interpolant is wanted
	before, now   []float64   // states at the last two points
	next          []float64
	scratch       []float64
	substep       pass

	errors, hopes, costs [gbsLines + 1]float64 // by line: error; step size it would take; work per unit of it
	reached              int
	rejected             bool
	shortened            int // how often the step was, for its interpolant
}

func (g *extrapolated) reset(s *Settings) {
	if g.target = g.lines; g.lines == 0 {
		g.target = max(2, min(gbsLines-1, int(-0.6*math.Log10(s.RTol)+1.5)))
	}
	g.rejected, g.shortened = false, 0
}

func (g *extrapolated) layout() (bool, int) {
	if g.lines > 0 {
		return false, 2*g.lines - 2
	}
	return false, gbsDerivatives + 1
}

func (g *extrapolated) step(a *attempt) (float64, error) {
	h := a.t1 - a.t0
	size := math.Abs(h)
	g.rejected = a.again
	if !a.again {
		g.shortened = 0
	}
	if g.lines > 0 {
		for k := 1; k <= g.lines; k++ {
			if fault := g.line(a, k, h); fault != nil {
				return 0, fault
			}
		}
		g.reached = g.lines
		a.order = float64(2*g.lines - 1)
		return g.finish(a, g.errors[g.lines])
	}
	last := min(g.target+1, gbsLines)
	for k := 1; k <= last; k++ {
		if fault := g.line(a, k, h); fault != nil {
			return 0, fault
		}
		if k == 1 {
			continue
		}
		g.reached = k
		e := g.errors[k]
		if e-e != 0 && a.measure.norm == nil {
			return 0, blame(a.t1, g.table[1])
		}
		if e != e {
			return e, nil
		}
		if k > 2 && e > 1 && e >= g.errors[k-1] {
			// Not the beginning of convergence.
			a.next = size / 2
			return e * e, nil
		}
		g.expect(k, size)
		if (k >= g.target-1 || a.fresh) && e <= 1 {
			return g.finish(a, e)
		}
		// Convergence in the lines that are left is out of sight.
		reach := 1.0
		for l := k + 1; l <= last; l++ {
			reach *= float64(substeps(l)) / 2
		}
		if k >= g.target-1 && e > reach*reach {
			break
		}
	}
	k := min(g.reached, g.target, gbsLines-1)
	if k > 2 && g.costs[k-1] < g.costs[k]*0.8 {
		k--
	}
	g.target = max(2, k)
	a.order = float64(2*g.target - 1)
	a.next = math.Min(g.hopes[g.target], 0.9*size)
	return g.errors[g.reached] * g.errors[g.reached], nil
}

// finish fills the end of the step.
func (g *extrapolated) finish(a *attempt, size float64) (float64, error) {
	copy(a.y1, g.table[1])
	for i := range a.err {
		a.err[i] = g.table[1][i] - g.table[2][i]
	}
	if !finite(a.y1) {
		return 0, blame(a.t1, a.f0)
	}
	if fault := a.field.eval(a.f1, a.last, a.y1); fault != nil {
		return 0, fault
	}
	if g.lines == 0 {
		a.order = float64(2*g.reached - 1)
		a.next = g.choose(math.Abs(a.t1 - a.t0))
	}
	return size * size, nil
}

// expect computes, from the error of line k, the step size at which it would be
// right, and what it would cost.
func (g *extrapolated) expect(k int, h float64) {
	exponent := 1 / float64(2*k-1)
	least := exp2(exponent * -5.643856189774724) // log₂ 0.02
	shrink := math.Min(4/least, math.Max(least, exp2(exponent*log2(math.Max(g.errors[k], 1e-100)/0.65))/0.94))
	g.hopes[k] = h / shrink
	g.costs[k] = g.work[k] / g.hopes[k]
}

// choose sets the line to aim at in the next step, and returns its size
// (Hairer, Nørsett & Wanner I, II.9, eq. 9.25 and 9.26).
func (g *extrapolated) choose(h float64) float64 {
	k := g.reached
	best := k
	switch {
	case k == 2:
		if best = min(3, gbsLines-1); g.rejected {
			best = 2
		}
	case k <= g.target:
		if g.costs[k-1] < g.costs[k]*0.8 {
			best = k - 1
		}
		if g.costs[k] < g.costs[k-1]*0.9 {
			best = min(k+1, gbsLines-1)
		}
	default:
		best = k - 1
		if k > 3 && g.costs[k-2] < g.costs[k-1]*0.8 {
			best = k - 2
		}
		if g.costs[k] < g.costs[best]*0.9 {
			best = min(k, gbsLines-1)
		}
	}
	if g.rejected {
		g.target = max(2, min(best, k))
		return math.Min(h, g.hopes[g.target])
	}
	next := 0.0
	switch {
	case best <= k:
		next = g.hopes[best]
	case k < g.target && g.costs[k] < g.costs[k-1]*0.9:
		next = g.hopes[k] * g.work[best+1] / g.work[k]
	default:
		next = g.hopes[k] * g.work[best] / g.work[k]
	}
	g.target = best
	return next
}

// line makes the midpoint rule's substeps of line k and extrapolates with the
// lines before it. table[1] is then the best value, table[2] the second best.
func (g *extrapolated) line(a *attempt, k int, whole float64) error {
	m := substeps(k)
	h := whole / float64(m)
	at := func(i int) []float64 {
		if g.fields == nil {
			return g.scratch
		}
		return g.fields[g.first[k]+i]
	}
	if g.fields != nil {
		copy(at(0), a.f0)
	}
	copy(g.before, a.y0)
	if !g.leap(g.now, a.y0, a.f0, h) {
		return blame(a.t0, a.f0)
	}
	for i := 1; i < m; i++ {
		f := at(i)
		if fault := a.field.ask(f, a.t0+float64(i)*h, g.now); fault != nil {
			return fault
		}
		if i == m/2 {
			copy(g.middle[k], g.now)
		}
		if !g.leap(g.next, g.before, f, 2*h) {
			return blame(a.t0+float64(i)*h, f)
		}
		g.before, g.now, g.next = g.now, g.next, g.before
	}
	// Gragg's smoothing with the field at the end, which the interpolant and the
	// expansion in h² have use for.
	f := at(m)
	if fault := a.field.ask(f, a.last, g.now); fault != nil {
		return fault
	}
	t := g.table[k]
	for i, v := range g.now {
		t[i] = 0.5 * (v + g.before[i] + h*f[i])
	}
	if !finite(t) {
		return blame(a.t1, f)
	}
	extrapolate(&g.table, 1, k)
	if k == 1 {
		return nil
	}
	for i := range a.err {
		a.err[i] = g.table[1][i] - g.table[2][i]
	}
	var fault error
	g.errors[k], fault = a.measure.size(a.err, a.y0, g.table[1])
	return fault
}

// leap stores y + h·f in dst and reports whether all of it is finite.
func (g *extrapolated) leap(dst, y, f []float64, h float64) bool {
	p := &g.substep
	p.to, p.from, p.k[0], p.stages[0] = dst, y, f, &f[0]
	return p.sum(h)
}

// extrapolate brings line k, new, into a table whose first line is from, by
// polynomials in the square of the substep.
func extrapolate(table *[gbsLines + 1][]float64, from, k int) {
	for l := k; l > from; l-- {
		ratio := float64(substeps(k)) / float64(substeps(l-1))
		factor := ratio*ratio - 1
		up, to := table[l], table[l-1]
		for i, v := range up {
			to[i] = v + (v-to[i])/factor
		}
	}
}

// interpolate makes the polynomial of the values and slopes at both ends and of
// the derivatives at the middle. Those are divided central differences of the
// field, over points two substeps apart, extrapolated.
func (g *extrapolated) interpolate(a *attempt) error {
	if g.fields == nil {
		return nil
	}
	h := a.t1 - a.t0
	n, lines := g.n, g.reached
	clear(a.extra)
	degree := max(0, 2*lines-3) // derivatives taken
	taylor := func(l int) []float64 { return a.extra[l*n : (l+1)*n] }
	for k := 1; k <= lines; k++ {
		extrapolate(&g.middle, 1, k)
	}
	copy(taylor(0), g.middle[1])
	factorial := 1.0
	for l := 1; l <= degree; l++ {
		factorial *= float64(l)
		from := (l + 1) / 2
		for k := from; k <= lines; k++ {
			g.difference(g.middle[k], k, l-1, h)
			extrapolate(&g.middle, from, k)
		}
		for i, v := range g.middle[from] {
			taylor(l)[i] = v * h / factorial
		}
	}
	// In u = θ − ½ the cubic through the ends is c₀ + c₁u + c₂u² + c₃u³, and the
	// rest (1/16 − u²/2 + u⁴) Σ e_m u^m.
	for i := range n {
		d := a.y1[i] - a.y0[i]
		f0, f1 := h*a.f0[i]-d, d-h*a.f1[i]
		cubic := [4]float64{a.y0[i] + d/2 + (f0+f1)/8, d + (f1-f0)/4, -(f0 + f1) / 2, f0 - f1}
		for l := 0; l <= degree; l++ {
			e := a.extra[l*n+i]
			if l < len(cubic) {
				e -= cubic[l]
			}
			if l >= 2 {
				e += a.extra[(l-2)*n+i] / 2
			}
			if l >= 4 {
				e -= a.extra[(l-4)*n+i]
			}
			a.extra[l*n+i] = 16 * e
		}
	}
	return g.between(a, degree)
}

// between rejects a step whose interpolant is less accurate than it is, and
// keeps the next one from being so. What is estimated is the last term of the
// interpolant, at its largest (Hairer, Nørsett & Wanner I, II.9, eq. 9.22).
func (g *extrapolated) between(a *attempt, degree int) error {
	m := float64(degree)
	largest := math.Pow(m/(4*(m+4)), m/2) / ((m + 4) * (m + 4))
	last := a.extra[degree*g.n : (degree+1)*g.n]
	size, fault := a.measure.size(last, a.y0, a.y1)
	if fault != nil {
		return fault
	}
	size *= largest
	fits := math.Abs(a.t1-a.t0) * math.Max(0.2, 0.9*math.Pow(math.Max(size, 1e-30), -1/(m+4)))
	if size > 1 && g.shortened < 3 { // rounding in high differences goes no further down
		g.shortened++
		a.next = fits
		return errBetween
	}
	if a.next > fits {
		a.next = fits
	}
	return nil
}

// difference stores in dst the difference of order l of line k's fields about
// the middle, in units of h^l, by its binomial sum.
func (g *extrapolated) difference(dst []float64, k, l int, h float64) {
	clear(dst)
	m := substeps(k)
	weight := 1.0
	for j := 0; j <= l; j++ {
		for i, f := range g.fields[g.first[k]+m/2+l-2*j] {
			dst[i] += weight * f
		}
		weight *= -float64(l-j) / float64(j+1)
	}
	scale := 1.0
	for range l {
		scale *= float64(m) / 2
	}
	for i := range dst {
		dst[i] *= scale
	}
}

func (g *extrapolated) keeps() bool { return false }

func (g *extrapolated) keep(*attempt) {}
