package target

import (
	"math"
	"sync"

	"fisherflow/internal/special"

	"gonum.org/v1/gonum/integrate/quad"
	"gonum.org/v1/gonum/mat"
)

// derivatives of a term by its predictor s and two parameters u, w on the log
// scale.
type derivatives struct {
	s, u, w                float64
	ss, su, uu, sw, uw, ww float64
}

// A dispersedTerm is the log-likelihood of one response given its predictor
// and parameters beside the coefficients, by their logarithms.
type dispersedTerm interface {
	at(y, s float64, aux [2]float64) (value float64, d derivatives)
	// strips are the half-widths of analyticity in s and in u.
	strips(aux [2]float64) (s, u float64)
}

// negativeBinomialTerm has φ = e^u: mean e^s, variance e^s + e^(2s)/φ.
type negativeBinomialTerm struct{}

func (negativeBinomialTerm) strips([2]float64) (s, u float64) { return math.Pi, math.Pi / 2 }

func (negativeBinomialTerm) at(y, s float64, aux [2]float64) (value float64, d derivatives) {
	u := aux[0]
	phi, t := math.Exp(u), s-u
	plus := special.Softplus(t)
	p, q := special.Logistic(t), special.Logistic(-t)
	logs, first, second := rising(phi, y)
	c := (y + phi) * p * q
	d.s, d.ss = y*q-phi*p, -c
	// y q − φ p is y − (y+φ)p.
	d.u = phi*(first-plus) - d.s
	d.su = c - phi*p
	d.uu = phi*(first+phi*second) - phi*plus + 2*phi*p - c
	return logs - logFactorial(y) + y*t - (y+phi)*plus, d
}

// rising returns ln Γ(φ+y)/Γ(φ) and its first two derivatives, for a count y.
func rising(phi, y float64) (value, first, second float64) {
	if y <= 64 {
		for k := 0.0; k < y; k++ {
			w := 1 / (phi + k)
			value -= math.Log(w)
			first += w
			second -= w * w
		}
		return value, first, second
	}
	a, _ := math.Lgamma(phi + y)
	b, _ := math.Lgamma(phi)
	return a - b, special.Digamma(phi+y) - special.Digamma(phi), special.Trigamma(phi+y) - special.Trigamma(phi)
}

// studentTerm has σ = e^u and ν = e^w.
type studentTerm struct{}

func (studentTerm) strips(aux [2]float64) (s, u float64) {
	return math.Exp(aux[0] + aux[1]/2), math.Pi / 2
}

func (studentTerm) at(y, s float64, aux [2]float64) (value float64, d derivatives) {
	u, w := aux[0], aux[1]
	scale, nu := math.Exp(-u), math.Exp(w)
	r := (y - s) * scale
	// With k = r²/ν: l = c(ν) − u − (ν+1)/2 ln(1+k).
	k := r * r / nu
	l := math.Log1p(k)
	h := (nu + 1) / 2
	a := 1 / (1 + k)
	// By r: −(ν+1) (r/ν) a, and its derivative.
	dr := -2 * h * r / nu * a
	drr := -2 * h / nu * a * a * (1 - k)
	d.s, d.ss = -dr*scale, drr*scale*scale
	d.u = -1 - dr*r
	d.su = scale * (dr + drr*r)
	d.uu = drr*r*r + dr*r
	// By w, with dk/dw = −k.
	half := nu / 2
	c1 := (special.Digamma(half+0.5) - special.Digamma(half)) / 2
	c2 := (special.Trigamma(half+0.5) - special.Trigamma(half)) / 4
	d.w = nu*c1 - 0.5 - half*l + h*k*a
	d.ww = nu*c1 + nu*nu*c2 - half*l + 2*half*k*a - h*k*a*a
	// d/dw of −2h (r/ν) a.
	drw := -nu*r/nu*a + 2*h*r/nu*a - 2*h*r/nu*a*a*k
	d.sw, d.uw = -drw*scale, -drw*r
	return studentConstant(nu) - u - h*l, d
}

// given is a dispersedTerm with known parameters.
type given struct {
	term dispersedTerm
	aux  [2]float64
}

func (g given) at(y, s float64) (value, first, second float64) {
	value, d := g.term.at(y, s, g.aux)
	return value, d.s, d.ss
}

func (given) expect(y, mean, variance float64) (value, first, second float64, ok bool) {
	return 0, 0, 0, false
}

// Dispersed is a regression with one unknown beside the coefficients, the last
// coordinate: the dispersion of a negative binomial, ln φ, or the scale of a
// Student t, ln σ. Its expectations are two-dimensional, one pair (xᵢ·β, u) a
// datum. [Regression] makes it.
type Dispersed struct {
	coordinateSet
	x    design
	y    []float64
	term dispersedTerm
	aux  [2]float64 // known parameters

	s, w, cross, row []float64
}

var (
	_ NormalExpectation = (*Dispersed)(nil)
	_ Hessian           = (*Dispersed)(nil)
	_ Cloner            = (*Dispersed)(nil)
	_ Named             = (*Dispersed)(nil)
)

func newDispersed(set coordinateSet, x design, y []float64, l dispersedTerm) *Dispersed {
	t := &Dispersed{coordinateSet: set, x: x, y: y, term: l}
	return t.Clone().(*Dispersed)
}

// Clone implements [Cloner].
func (t *Dispersed) Clone() Target {
	c := *t
	c.s, c.w, c.cross, c.row = make([]float64, t.x.n), make([]float64, t.x.n), make([]float64, t.x.n), make([]float64, t.x.d)
	return &c
}

// Dim is the number of unknowns.
func (t *Dispersed) Dim() int { return len(t.coordinateSet) }

// LogDensity implements [Target].
func (t *Dispersed) LogDensity(grad, z []float64) (float64, error) {
	checkLength(t.Dim(), grad, z)
	p := t.x.d
	aux := t.aux
	copy(aux[:], z[p:])
	t.x.times(t.s, z[:p])
	var value, u, w float64
	for i, s := range t.s {
		v, d := t.term.at(t.y[i], s, aux)
		value += v
		t.w[i] = d.s
		u += d.u
		w += d.w
	}
	if grad != nil {
		clear(grad)
		t.x.addTransposed(grad[:p], t.w)
		copy(grad[p:], []float64{u, w})
	}
	return value + t.add(grad, z), nil
}

// Hessian implements [Hessian].
func (t *Dispersed) Hessian(dst *mat.SymDense, z []float64) error {
	checkLength(t.Dim(), nil, z)
	p := t.x.d
	aux := t.aux
	copy(aux[:], z[p:])
	t.x.times(t.s, z[:p])
	clearSym(dst)
	for i, s := range t.s {
		_, d := t.term.at(t.y[i], s, aux)
		t.w[i] = d.ss
		row := t.x.row(t.row, i)
		for j, x := range row {
			dst.SetSym(j, p, dst.At(j, p)+d.su*x)
			if len(z) > p+1 {
				dst.SetSym(j, p+1, dst.At(j, p+1)+d.sw*x)
			}
		}
		dst.SetSym(p, p, dst.At(p, p)+d.uu)
		if len(z) > p+1 {
			dst.SetSym(p, p+1, dst.At(p, p+1)+d.uw)
			dst.SetSym(p+1, p+1, dst.At(p+1, p+1)+d.ww)
		}
	}
	t.x.addGram(dst, t.w)
	for j := range t.coordinateSet {
		_, _, c := t.coordinateSet[j].at(z[j])
		dst.SetSym(j, j, dst.At(j, j)+c)
	}
	return nil
}

// pair returns the expectation of a term and its derivatives over a normal
// pair (s, u) with the given moments, by Gauss–Hermite in u and in s given u.
func (t *Dispersed) pair(y, ms, mu, vs, vu, c float64) (value float64, d derivatives) {
	aux := t.aux
	aux[0] = mu
	ss, su := t.term.strips(aux)
	sdU := math.Sqrt(vu)
	slope := 0.0
	if vu > 0 {
		slope = c / vu
	}
	sdS := math.Sqrt(math.Max(0, vs-slope*c))
	outer := hermiteFor(sdU, su)
	// Along u the predictor moves too, and its own poles count.
	if along := hermiteFor(math.Abs(slope)*sdU, ss); len(along.x) > len(outer.x) {
		outer = along
	}
	inner := hermiteFor(sdS, ss)
	for k, a := range outer.x {
		aux[0] = mu + sdU*a
		at := ms + slope*sdU*a
		for l, b := range inner.x {
			w := outer.w[k] * inner.w[l]
			v, e := t.term.at(y, at+sdS*b, aux)
			value += w * v
			d.s += w * e.s
			d.u += w * e.u
			d.ss += w * e.ss
			d.su += w * e.su
			d.uu += w * e.uu
		}
	}
	return value, d
}

// ExpectNormal implements [NormalExpectation].
func (t *Dispersed) ExpectNormal(grad []float64, hess *mat.SymDense, mean []float64, cov mat.Symmetric) (float64, error) {
	checkLength(t.Dim(), grad, mean)
	p := t.x.d
	t.x.times(t.s, mean[:p])
	if hess != nil {
		clearSym(hess)
	}
	var value, u, uu float64
	for i, s := range t.s {
		row := t.x.row(t.row, i)
		var v, c float64
		for j, x := range row {
			if x == 0 {
				continue
			}
			c += x * cov.At(j, p)
			inner := 0.0
			for k, y := range row[:j] {
				inner += y * cov.At(j, k)
			}
			v += x * (2*inner + x*cov.At(j, j))
		}
		e, d := t.pair(t.y[i], s, mean[p], v, cov.At(p, p), c)
		value += e
		t.w[i], t.cross[i] = d.s, d.ss
		u += d.u
		uu += d.uu
		if hess != nil {
			for j, x := range row {
				hess.SetSym(j, p, hess.At(j, p)+d.su*x)
			}
		}
	}
	if hess != nil {
		t.x.addGram(hess, t.cross)
		hess.SetSym(p, p, uu)
	}
	if grad != nil {
		clear(grad)
		t.x.addTransposed(grad[:p], t.w)
		grad[p] = u
	}
	for j := range t.coordinateSet {
		a, b, c := t.coordinateSet[j].expect(mean[j], cov.At(j, j))
		value += a
		if grad != nil {
			grad[j] += b
		}
		if hess != nil {
			hess.SetSym(j, j, hess.At(j, j)+c)
		}
	}
	return value, nil
}

// ExpectDiagonal implements [NormalExpectation].
func (t *Dispersed) ExpectDiagonal(grad, curvature, mean, variance []float64) (float64, error) {
	checkLength(t.Dim(), grad, mean)
	p := t.x.d
	t.x.times(t.s, mean[:p])
	if curvature != nil {
		clear(curvature)
	}
	var value, u, uu float64
	for i, s := range t.s {
		row := t.x.row(t.row, i)
		v := 0.0
		for j, x := range row {
			v += x * x * variance[j]
		}
		e, d := t.pair(t.y[i], s, mean[p], v, variance[p], 0)
		value += e
		t.w[i] = d.s
		u += d.u
		uu += d.uu
		if curvature != nil {
			for j, x := range row {
				curvature[j] += d.ss * x * x
			}
		}
	}
	if grad != nil {
		clear(grad)
		t.x.addTransposed(grad[:p], t.w)
		grad[p] = u
	}
	if curvature != nil {
		curvature[p] = uu
	}
	return value + t.expectDiagonal(grad, curvature, mean, variance), nil
}

// dispersedFree has two unknowns beside the coefficients, ln σ and ln ν; its
// expectations are a matter of rules over all coordinates.
type dispersedFree struct{ base *Dispersed }

var (
	_ Hessian = (*dispersedFree)(nil)
	_ Cloner  = (*dispersedFree)(nil)
	_ Named   = (*dispersedFree)(nil)
)

func (t *dispersedFree) Dim() int { return t.base.Dim() }

func (t *dispersedFree) LogDensity(grad, z []float64) (float64, error) {
	return t.base.LogDensity(grad, z)
}

func (t *dispersedFree) Hessian(dst *mat.SymDense, z []float64) error { return t.base.Hessian(dst, z) }

func (t *dispersedFree) Clone() Target { return &dispersedFree{t.base.Clone().(*Dispersed)} }

func (t *dispersedFree) Names() []string { return t.base.Names() }

func (t *dispersedFree) Coordinates() []string { return t.base.Coordinates() }

func (t *dispersedFree) Constrain(dst, z []float64) []float64 { return t.base.Constrain(dst, z) }

// hermite is a Gauss–Hermite rule for the standard normal.
type hermite struct{ x, w []float64 }

var hermiteRules = sync.OnceValue(func() []hermite {
	var rules []hermite
	for _, n := range []int{1, 10, 16, 24, 32, 48, 64} {
		r := hermite{make([]float64, n), make([]float64, n)}
		quad.Hermite{}.FixedLocations(r.x, r.w, math.Inf(-1), math.Inf(1))
		for i := range n {
			r.w[i] /= math.Sqrt(math.Pi)
			r.x[i] *= math.Sqrt2
		}
		rules = append(rules, r)
	}
	return rules
})

// hermiteFor is a rule with as many points as functions analytic in a strip,
// growing at most as e^(2x), ask for under a standard deviation: its error
// falls as exp(−2 strip/sd √n).
func hermiteFor(sd, strip float64) hermite {
	rules := hermiteRules()
	if !(sd > 0) {
		return rules[0]
	}
	r := 17.3 * sd / strip
	need := math.Max(r*r, 8+14*sd)
	for _, rule := range rules[1:] {
		if float64(len(rule.x)) >= need {
			return rule
		}
	}
	return rules[len(rules)-1]
}
