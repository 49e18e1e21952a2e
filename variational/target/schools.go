package target

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"
)

// Schools are effects of J groups with known standard errors and a common
// distribution (Rubin, J. Educational Statistics 6, 1981):
//
//	yⱼ ~ N(θⱼ, sⱼ),  θⱼ ~ N(μ, τ).
//
// Centred, the unknowns are z = (θ, μ, ln τ); otherwise (θ̃, μ, ln τ) with
// θⱼ = μ + τθ̃ⱼ, θ̃ⱼ ~ N(0, 1). Both expectations under a normal are closed: with
// u = ln τ, E[e^(ku) g(z)] = e^(kμ_u + k²v/2) E g(z + kΣ_·u), v = Σ_uu.
type Schools struct {
	y, se    []float64
	centred  bool
	own      coordinateSet // μ and τ
	constant float64
}

var (
	_ NormalExpectation = (*Schools)(nil)
	_ Hessian           = (*Schools)(nil)
	_ Cloner            = (*Schools)(nil)
	_ Named             = (*Schools)(nil)
)

// NewSchools makes the target from effects and their standard errors, with
// priors of μ and τ; nil is flat.
func NewSchools(y, se []float64, centred bool, mu, tau Prior) (*Schools, error) {
	if len(y) != len(se) {
		panic("target: lengths of effects and standard errors differ")
	}
	if len(y) < 2 {
		return nil, &ObservationError{Row: -1, Problem: fmt.Sprintf("needs at least two groups, not %d", len(y))}
	}
	t := &Schools{y: y, se: se, centred: centred}
	for j := range y {
		switch {
		case !finite(y[j]):
			return nil, &ObservationError{Row: j, Problem: fmt.Sprintf("the effect is %v, not a finite number", y[j])}
		case !(se[j] > 0) || !finite(se[j]):
			return nil, &ObservationError{Row: j, Problem: fmt.Sprintf("the standard error must be positive, not %v", se[j])}
		}
		t.constant -= 2*lnSqrt2Pi + math.Log(se[j])
	}
	for _, c := range []struct {
		name     string
		prior    Prior
		positive bool
	}{{"mu", mu, false}, {"tau", tau, true}} {
		own, err := newCoordinate(c.name, c.prior, c.positive)
		if err != nil {
			return nil, err
		}
		t.own = append(t.own, own)
	}
	if t.own[0].scale != onLine {
		return nil, fmt.Errorf("prior %v of mu: its support must be the whole line", mu)
	}
	// With τ → ∞ the likelihood falls as τ^(1−J) under flat priors.
	if _, flat := t.own[1].prior.(Flat); flat && len(y) < 3 {
		return nil, fmt.Errorf("%w: %d groups leave tau with a flat prior undetermined", ErrImproper, len(y))
	}
	return t, nil
}

// Clone implements [Cloner].
func (t *Schools) Clone() Target { c := *t; return &c }

// Dim is J + 2.
func (t *Schools) Dim() int { return len(t.y) + 2 }

// Names implements [Named].
func (t *Schools) Names() []string {
	return append(numbered("theta", len(t.y)), "mu", "tau")
}

// Coordinates implements [Named].
func (t *Schools) Coordinates() []string {
	name := "theta_tilde"
	if t.centred {
		name = "theta"
	}
	return append(numbered(name, len(t.y)), t.own.Coordinates()...)
}

func numbered(name string, n int) []string {
	names := make([]string, n)
	for i := range names {
		names[i] = fmt.Sprintf("%s[%d]", name, i+1)
	}
	return names
}

// Constrain implements [Named].
func (t *Schools) Constrain(dst, z []float64) []float64 {
	n := len(t.y)
	if dst == nil {
		dst = make([]float64, n+2)
	}
	t.own.Constrain(dst[n:], z[n:])
	for j := range n {
		dst[j] = z[j]
		if !t.centred {
			dst[j] = dst[n] + dst[n+1]*z[j]
		}
	}
	return dst
}

// LogDensity implements [Target].
func (t *Schools) LogDensity(grad, z []float64) (float64, error) {
	checkLength(t.Dim(), grad, z)
	n := len(t.y)
	mu := z[n]
	tau, _, _ := t.own[1].constrain(z[n+1])
	if grad != nil {
		clear(grad)
	}
	value := t.constant
	for j, y := range t.y {
		s := t.se[j]
		if t.centred {
			r, e := (y-z[j])/s, (z[j]-mu)/tau
			value += -(r*r+e*e)/2 - z[n+1]
			if grad != nil {
				grad[j] = r/s - e/tau
				grad[n] += e / tau
				grad[n+1] += e*e - 1
			}
			continue
		}
		r := (y - mu - tau*z[j]) / s
		value -= (r*r + z[j]*z[j]) / 2
		if grad != nil {
			grad[j] = r*tau/s - z[j]
			grad[n] += r / s
			grad[n+1] += r * tau * z[j] / s
		}
	}
	if grad == nil {
		return value + t.own.add(nil, z[n:]), nil
	}
	return value + t.own.add(grad[n:], z[n:]), nil
}

// Hessian implements [Hessian].
func (t *Schools) Hessian(dst *mat.SymDense, z []float64) error {
	checkLength(t.Dim(), nil, z)
	clearSym(dst)
	n := len(t.y)
	mu := z[n]
	tau, _, _ := t.own[1].constrain(z[n+1])
	add := func(i, j int, v float64) { dst.SetSym(i, j, dst.At(i, j)+v) }
	for j, y := range t.y {
		w := 1 / (t.se[j] * t.se[j])
		if t.centred {
			p := 1 / (tau * tau)
			e := (z[j] - mu) * p
			dst.SetSym(j, j, -w-p)
			dst.SetSym(j, n, p)
			dst.SetSym(j, n+1, 2*e)
			add(n, n, -p)
			add(n, n+1, -2*e)
			add(n+1, n+1, -2*e*(z[j]-mu))
			continue
		}
		r, a := y-mu-tau*z[j], tau*z[j]
		dst.SetSym(j, j, -w*tau*tau-1)
		dst.SetSym(j, n, -w*tau)
		dst.SetSym(j, n+1, w*tau*(r-a))
		add(n, n, -w)
		add(n, n+1, -w*a)
		add(n+1, n+1, w*a*(r-a))
	}
	for k := range t.own {
		_, _, c := t.own[k].at(z[n+k])
		add(n+k, n+k, c)
	}
	return nil
}

// moments of a normal (θ̃ⱼ, μ, u): means, variances and covariances.
type moments struct{ a, m, u, aa, am, au, mm, mu, uu float64 }

// tilted is the mean under weight e^(ku), and the weight's expectation.
func (q moments) tilted(k float64) (weight, a, m float64) {
	return math.Exp(k*q.u + k*k*q.uu/2), q.a + k*q.au, q.m + k*q.mu
}

// group returns the expectation of the part of the log density that θⱼ enters,
// its derivatives by (θⱼ, μ, u) and second derivatives.
func (t *Schools) group(j int, q moments) (value float64, g [3]float64, h [6]float64) {
	y, w := t.y[j], 1/(t.se[j]*t.se[j])
	if t.centred {
		// −w(y−θ)²/2 − e^(−2u)(θ−μ)²/2 − u
		p, a, m := q.tilted(-2)
		e := a - m
		square := e*e + q.aa - 2*q.am + q.mm
		d := y - q.a
		value = -w/2*(d*d+q.aa) - p*square/2 - q.u
		g = [3]float64{w*d - p*e, p * e, p*square - 1}
		h = [6]float64{-w - p, p, 2 * p * e, -p, -2 * p * e, -2 * p * square}
		return value, g, h
	}
	// −w(y − μ − e^u θ̃)²/2 − θ̃²/2. With first and second moments under the
	// weights e^u and e^(2u):
	p1, a1, m1 := q.tilted(1)
	p2, a2, _ := q.tilted(2)
	d := y - q.m
	squareA := a2*a2 + q.aa
	// E e^u θ̃ (y − μ)
	cross := p1 * (a1*(y-m1) - q.am)
	square := p2 * squareA
	value = -w/2*(d*d+q.mm-2*cross+square) - (q.aa+q.a*q.a)/2
	g = [3]float64{w*(p1*(y-m1)-p2*a2) - q.a, w * (d - p1*a1), w * (cross - square)}
	// Second derivatives: θ̃θ̃, θ̃μ, θ̃u, μμ, μu, uu.
	h = [6]float64{-w*p2 - 1, -w * p1, w * (p1*(y-m1) - 2*p2*a2), -w, -w * p1 * a1, w * (cross - 2*square)}
	return value, g, h
}

// ExpectNormal implements [NormalExpectation].
func (t *Schools) ExpectNormal(grad []float64, hess *mat.SymDense, mean []float64, cov mat.Symmetric) (float64, error) {
	checkLength(t.Dim(), grad, mean)
	n := len(t.y)
	if grad != nil {
		clear(grad)
	}
	if hess != nil {
		clearSym(hess)
	}
	value := t.constant
	for j := range n {
		v, g, h := t.group(j, moments{
			mean[j], mean[n], mean[n+1],
			cov.At(j, j), cov.At(j, n), cov.At(j, n+1), cov.At(n, n), cov.At(n, n+1), cov.At(n+1, n+1),
		})
		value += v
		at := [3]int{j, n, n + 1}
		k := 0
		for a, i := range at {
			if grad != nil {
				grad[i] += g[a]
			}
			for _, l := range at[a:] {
				if hess != nil {
					hess.SetSym(i, l, hess.At(i, l)+h[k])
				}
				k++
			}
		}
	}
	for k := range t.own {
		a, b, c := t.own[k].expect(mean[n+k], cov.At(n+k, n+k))
		value += a
		if grad != nil {
			grad[n+k] += b
		}
		if hess != nil {
			hess.SetSym(n+k, n+k, hess.At(n+k, n+k)+c)
		}
	}
	return value, nil
}

// ExpectDiagonal implements [NormalExpectation].
func (t *Schools) ExpectDiagonal(grad, curvature, mean, variance []float64) (float64, error) {
	checkLength(t.Dim(), grad, mean)
	n := len(t.y)
	if grad != nil {
		clear(grad)
	}
	if curvature != nil {
		clear(curvature)
	}
	value := t.constant
	for j := range n {
		v, g, h := t.group(j, moments{a: mean[j], m: mean[n], u: mean[n+1], aa: variance[j], mm: variance[n], uu: variance[n+1]})
		value += v
		for a, i := range [3]int{j, n, n + 1} {
			if grad != nil {
				grad[i] += g[a]
			}
			if curvature != nil {
				curvature[i] += h[[3]int{0, 3, 5}[a]]
			}
		}
	}
	for k := range t.own {
		a, b, c := t.own[k].expect(mean[n+k], variance[n+k])
		value += a
		if grad != nil {
			grad[n+k] += b
		}
		if curvature != nil {
			curvature[n+k] += c
		}
	}
	return value, nil
}

// EightSchools are Rubin's data: the effects of coaching and their standard
// errors.
func EightSchools() (y, se []float64) {
	return []float64{28, 8, -3, 7, -1, 1, 18, 12}, []float64{15, 10, 16, 11, 9, 11, 10, 18}
}
