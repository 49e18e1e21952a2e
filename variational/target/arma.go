package target

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"
)

// ARMA is an autoregressive moving average of orders p and q,
//
//	eₜ = yₜ − μ − Σₖ φₖ yₜ₋ₖ − Σₖ θₖ eₜ₋ₖ,  eₜ ~ N(0, σ),
//
// in which values before the first are μ and errors before the first are 0.
// z = (μ, φ, θ, ln σ).
type ARMA struct {
	coordinateSet
	y    []float64
	p, q int

	// errors and their first and second derivatives by (μ, φ, θ), of the last q
	// times in turn.
	e  []float64
	e1 [][]float64
	e2 [][]float64
	// parameters, and derivatives by them
	x, g []float64
}

var (
	_ Hessian = (*ARMA)(nil)
	_ Cloner  = (*ARMA)(nil)
	_ Named   = (*ARMA)(nil)
)

// NewARMA makes the target; priors are by the names mu, phi, theta, sigma, or
// phi[1], phi[2], … where an order is above 1; nil or none is flat.
func NewARMA(y []float64, p, q int, priors map[string]Prior) (*ARMA, error) {
	if p < 0 || q < 0 || p+q == 0 {
		return nil, fmt.Errorf("the orders of an ARMA model must not be negative and not both 0: %d, %d", p, q)
	}
	if err := checkSeries(y, p+q+3); err != nil {
		return nil, err
	}
	names := append([]string{"mu"}, orders("phi", p)...)
	names = append(names, orders("theta", q)...)
	names = append(names, "sigma")
	set, err := coordinatesFor(names, []string{"sigma"}, priors)
	if err != nil {
		return nil, err
	}
	t := &ARMA{coordinateSet: set, y: y, p: p, q: q}
	return t.Clone().(*ARMA), nil
}

func orders(name string, n int) []string {
	if n == 1 {
		return []string{name}
	}
	return numbered(name, n)
}

func checkSeries(y []float64, least int) error {
	if len(y) < least {
		return &ObservationError{Row: -1, Problem: fmt.Sprintf("too few rows: %d where the model needs at least %d", len(y), least)}
	}
	for i, v := range y {
		if !finite(v) {
			return &ObservationError{Row: i, Problem: fmt.Sprintf("%v is not a finite number", v)}
		}
	}
	return nil
}

// coordinatesFor are the parameters of the names, those among positive on the
// log scale; the priors of parameters on the line must have the whole line as
// their support.
func coordinatesFor(names, positive []string, priors map[string]Prior) (coordinateSet, error) {
	known := map[string]bool{}
	for _, name := range names {
		known[name] = true
	}
	for name := range priors {
		if !known[name] {
			return nil, &NameError{Kind: "parameter", Name: name, Names: names}
		}
	}
	above := map[string]bool{}
	for _, name := range positive {
		above[name] = true
	}
	var set coordinateSet
	for _, name := range names {
		c, err := newCoordinate(name, priors[name], above[name])
		if err != nil {
			return nil, err
		}
		set = append(set, c)
	}
	return set, nil
}

// Clone implements [Cloner].
func (t *ARMA) Clone() Target {
	c := *t
	k, lags := 1+t.p+t.q, max(t.q, 1)
	c.x, c.g = make([]float64, k+1), make([]float64, k+1)
	c.e, c.e1, c.e2 = make([]float64, lags), nil, nil
	for range lags + 1 {
		c.e1 = append(c.e1, make([]float64, k))
		c.e2 = append(c.e2, make([]float64, k*k))
	}
	return &c
}

// Dim is p + q + 2.
func (t *ARMA) Dim() int { return t.p + t.q + 2 }

// errors runs through the series and calls f with each error and its
// derivatives by θ = (μ, φ, θ), as far as order asks for them.
func (t *ARMA) errors(theta []float64, order int, f func(e float64, e1, e2 []float64)) {
	k, lags := 1+t.p+t.q, max(t.q, 1)
	phi, ma := theta[1:1+t.p], theta[1+t.p:k]
	now1, now2 := t.e1[lags], t.e2[lags]
	for i, y := range t.y {
		e := y - theta[0]
		for l, c := range phi {
			e -= c * t.before(i-1-l, theta[0])
		}
		clear(now1)
		clear(now2)
		if order > 0 {
			now1[0] = -1
			for l, c := range phi {
				now1[1+l] = -t.before(i-1-l, theta[0])
				if i-1-l < 0 {
					now1[0] -= c
					now2[1+l] = -1 // by μ and φₗ
				}
			}
		}
		for l, c := range ma {
			if i-1-l < 0 {
				continue
			}
			slot := (i - 1 - l) % lags
			e -= c * t.e[slot]
			if order == 0 {
				continue
			}
			now1[1+t.p+l] -= t.e[slot]
			past1, past2 := t.e1[slot], t.e2[slot]
			for a, v := range past1 {
				now1[a] -= c * v
			}
			if order == 1 {
				continue
			}
			// The upper triangle alone is kept.
			at := 1 + t.p + l
			for a, v := range past1 {
				x, y := min(a, at), max(a, at)
				now2[x*k+y] -= v
				if a == at {
					now2[x*k+y] -= v
				}
			}
			for a, v := range past2 {
				now2[a] -= c * v
			}
		}
		f(e, now1, now2)
		slot := i % lags
		t.e[slot] = e
		copy(t.e1[slot], now1)
		copy(t.e2[slot], now2)
	}
}

// before is the value at a time, μ before the first.
func (t *ARMA) before(i int, mu float64) float64 {
	if i < 0 {
		return mu
	}
	return t.y[i]
}

// LogDensity implements [Target].
func (t *ARMA) LogDensity(grad, z []float64) (float64, error) {
	checkLength(t.Dim(), grad, z)
	k := t.Dim() - 1
	x := t.Constrain(t.x, z)
	w := 1 / (x[k] * x[k])
	order := 0
	if grad != nil {
		order = 1
		clear(grad)
	}
	n, square := float64(len(t.y)), 0.0
	t.errors(x, order, func(e float64, e1, _ []float64) {
		square += e * e
		if grad != nil {
			for a, v := range e1 {
				grad[a] -= w * e * v
			}
		}
	})
	value := -n*lnSqrt2Pi - n*math.Log(x[k]) - w*square/2
	if grad != nil {
		t.chain(grad[:k], z)
		grad[k] = (w*square - n) * t.relative(z[k])
	}
	value += t.add(grad, z)
	if math.IsNaN(value) || math.IsInf(value, 0) {
		return math.Inf(-1), nil
	}
	return value, nil
}

// chain multiplies a gradient by the parameters with their derivatives by z.
func (s coordinateSet) chain(g, z []float64) {
	for j := range g {
		_, first, _ := s[j].constrain(z[j])
		g[j] *= first
	}
}

// relative is (dσ/dz)/σ of the last coordinate, 1 on the log scale.
func (s coordinateSet) relative(z float64) float64 {
	sigma, first, _ := s[len(s)-1].constrain(z)
	return first / sigma
}

// Hessian implements [Hessian].
func (t *ARMA) Hessian(dst *mat.SymDense, z []float64) error {
	checkLength(t.Dim(), nil, z)
	k := t.Dim() - 1
	x, g := t.Constrain(t.x, z), t.g
	clear(g)
	sigma := x[k]
	w := 1 / (sigma * sigma)
	clearSym(dst)
	raw := dst.RawSymmetric()
	square, n := 0.0, float64(len(t.y))
	t.errors(x, 2, func(e float64, e1, e2 []float64) {
		square += e * e
		for a, v := range e1 {
			g[a] -= w * e * v
			for b := a; b < k; b++ {
				raw.Data[a*raw.Stride+b] -= w * (v*e1[b] + e*e2[a*k+b])
			}
		}
	})
	// By σ: −n/σ + square/σ³, and n/σ² − 3 square/σ⁴.
	g[k] = (w*square - n) / sigma
	raw.Data[k*raw.Stride+k] = w * (n - 3*w*square)
	for a := range k {
		raw.Data[a*raw.Stride+k] = -2 * g[a] / sigma
	}
	t.chainHessian(dst, g, z)
	return nil
}

// chainHessian takes second derivatives by the parameters, with the gradient
// by them, to those by z, and adds the coordinates' own.
func (s coordinateSet) chainHessian(dst *mat.SymDense, g, z []float64) {
	raw := dst.RawSymmetric()
	for a := range s {
		_, first, _ := s[a].constrain(z[a])
		for b := range s {
			i, j := min(a, b), max(a, b)
			raw.Data[i*raw.Stride+j] *= first
		}
	}
	// The diagonal has had its factor once and needs it twice.
	for a := range s {
		_, first, second := s[a].constrain(z[a])
		raw.Data[a*raw.Stride+a] *= first
		_, _, c := s[a].at(z[a])
		raw.Data[a*raw.Stride+a] += g[a]*second + c
	}
}
