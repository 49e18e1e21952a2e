package target

import (
	"fmt"
	"math"

	"fisherflow/internal/special"

	"gonum.org/v1/gonum/mat"
)

// GARCH is the model of changing variance of orders (1, 1),
//
//	yₜ ~ N(μ, hₜ),  hₜ² = α₀ + α₁(yₜ₋₁ − μ)² + β₁hₜ₋₁²,
//
// with h₁ known, α₀ > 0, 0 < α₁ < 1 and 0 < β₁ < 1 − α₁ (Bollerslev, J.
// Econometrics 31, 1986). z = (μ, ln α₀, logit α₁, logit β₁/(1−α₁)).
type GARCH struct {
	y      []float64
	first  float64 // h₁
	priors [4]Prior
}

var (
	_ Hessian = (*GARCH)(nil)
	_ Cloner  = (*GARCH)(nil)
	_ Named   = (*GARCH)(nil)
)

// NewGARCH makes the target; first is h₁, priors are by the names mu, alpha0,
// alpha1, beta1; nil or none is flat.
func NewGARCH(y []float64, first float64, priors map[string]Prior) (*GARCH, error) {
	if !(first > 0) || !finite(first) {
		return nil, fmt.Errorf("the first standard deviation of a GARCH model must be positive, not %v", first)
	}
	if err := checkSeries(y, 5); err != nil {
		return nil, err
	}
	set, err := coordinatesFor(garchNames, garchNames[1:], priors)
	if err != nil {
		// alpha1 and beta1 are not on a log scale; priors with bounded support
		// are theirs too.
		for _, name := range garchNames[2:] {
			p, ok := priors[name]
			if !ok {
				continue
			}
			if low, high := p.Support(); low > 0 || high < 1 {
				return nil, fmt.Errorf("prior %v of %s: its support must have all of the unit interval", p, name)
			}
		}
		return nil, err
	}
	t := &GARCH{y: y, first: first}
	for i, c := range set {
		t.priors[i] = c.prior
		low, high := c.prior.Support()
		whole := [][2]float64{{math.Inf(-1), math.Inf(1)}, {0, math.Inf(1)}, {0, 1}, {0, 1}}[i]
		if low > whole[0] || high < whole[1] {
			return nil, fmt.Errorf("prior %v of %s: its support must have all values that the parameter can take", c.prior, c.name)
		}
	}
	return t, nil
}

var garchNames = []string{"mu", "alpha0", "alpha1", "beta1"}

// Clone implements [Cloner].
func (t *GARCH) Clone() Target { c := *t; return &c }

// Dim is 4.
func (t *GARCH) Dim() int { return 4 }

// Names implements [Named].
func (t *GARCH) Names() []string { return append([]string(nil), garchNames...) }

// Coordinates implements [Named].
func (t *GARCH) Coordinates() []string {
	return []string{"mu", "log_alpha0", "logit_alpha1", "logit_beta1_share"}
}

// Constrain implements [Named].
func (t *GARCH) Constrain(dst, z []float64) []float64 {
	if dst == nil {
		dst = make([]float64, 4)
	}
	dst[0], dst[1], dst[2] = z[0], math.Exp(z[1]), special.Logistic(z[2])
	dst[3] = special.Logistic(-z[2]) * special.Logistic(z[3])
	return dst
}

// second is a function of z with its derivatives; of the matrix the upper
// triangle counts.
type second struct {
	value float64
	g     [4]float64
	h     [4][4]float64
}

// parameters are α₀, α₁ and β₁ as functions of z.
func (t *GARCH) parameters(z []float64) (a0, a1, b1 second) {
	a0.value = math.Exp(z[1])
	a0.g[1], a0.h[1][1] = a0.value, a0.value
	p, q := special.Logistic(z[2]), special.Logistic(-z[2])
	a1.value = p
	a1.g[2], a1.h[2][2] = p*q, p*q*(q-p)
	s, r := special.Logistic(z[3]), special.Logistic(-z[3])
	b1.value = q * s
	b1.g[2], b1.g[3] = -p*q*s, q*s*r
	b1.h[2][2], b1.h[2][3], b1.h[3][3] = -p*q*(q-p)*s, -p*q*s*r, q*s*r*(r-s)
	return a0, a1, b1
}

// add adds f(x) with the derivatives f′, f″ by x = x(z).
func (s *second) add(value, first, curvature float64, x *second) {
	s.value += value
	for i, a := range x.g {
		s.g[i] += first * a
		for j := i; j < 4; j++ {
			s.h[i][j] += curvature*a*x.g[j] + first*x.h[i][j]
		}
	}
}

// density has second derivatives if curved.
func (t *GARCH) density(z []float64, curved bool) second {
	a0, a1, b1 := t.parameters(z)
	var out second
	// The variance v, its first and second derivatives by z.
	v := second{value: t.first * t.first}
	for i, y := range t.y {
		r := y - z[0]
		w := 1 / v.value
		k := r * r * w
		// −½ ln v − r²/2v: by v, and by μ = z₀, which enters r too.
		if curved {
			out.add(-lnSqrt2Pi-math.Log(v.value)/2-k/2, (k-1)*w/2, (0.5-k)*w*w, &v)
		} else {
			out.value -= lnSqrt2Pi + math.Log(v.value)/2 + k/2
			for j, g := range v.g {
				out.g[j] += (k - 1) * w / 2 * g
			}
		}
		out.g[0] += r * w
		out.h[0][0] -= w
		for j, g := range v.g {
			// ∂²/∂μ∂v = −r/v²
			out.h[0][j] -= r * w * w * g
		}
		out.h[0][0] -= r * w * w * v.g[0]
		if i == len(t.y)-1 {
			break
		}
		var next second
		next.value = a0.value + a1.value*r*r + b1.value*v.value
		for j := range 4 {
			next.g[j] = a0.g[j] + a1.g[j]*r*r + b1.g[j]*v.value + b1.value*v.g[j]
			if !curved {
				continue
			}
			for l := j; l < 4; l++ {
				next.h[j][l] = a0.h[j][l] + a1.h[j][l]*r*r + b1.h[j][l]*v.value + b1.g[j]*v.g[l] + b1.g[l]*v.g[j] + b1.value*v.h[j][l]
			}
		}
		// r² by μ: −2r and 2.
		next.g[0] -= 2 * a1.value * r
		next.h[0][0] += 2 * a1.value
		for l, g := range a1.g {
			next.h[0][l] -= 2 * r * g
		}
		v = next
	}
	x := second{value: z[0]}
	x.g[0] = 1
	for i, q := range []*second{&x, &a0, &a1, &b1} {
		value, first, curvature := t.priors[i].LogProb(q.value)
		out.add(value, first, curvature, q)
	}
	// ln Jacobian: z₁ + ln α₁(1−α₁) + ln (1−α₁)s(1−s).
	p, q := special.Logistic(z[2]), special.Logistic(-z[2])
	s, r := special.Logistic(z[3]), special.Logistic(-z[3])
	out.value += z[1] - special.Softplus(-z[2]) - 2*special.Softplus(z[2]) - special.Softplus(z[3]) - special.Softplus(-z[3])
	out.g[1]++
	out.g[2] += q - 2*p
	out.g[3] += r - s
	out.h[2][2] -= 3 * p * q
	out.h[3][3] -= 2 * s * r
	return out
}

// LogDensity implements [Target].
func (t *GARCH) LogDensity(grad, z []float64) (float64, error) {
	checkLength(t.Dim(), grad, z)
	d := t.density(z, false)
	if math.IsNaN(d.value) {
		d.value = math.Inf(-1)
	}
	copy(grad, d.g[:])
	return d.value, nil
}

// Hessian implements [Hessian].
func (t *GARCH) Hessian(dst *mat.SymDense, z []float64) error {
	checkLength(t.Dim(), nil, z)
	d := t.density(z, true)
	for i := range 4 {
		for j := i; j < 4; j++ {
			dst.SetSym(i, j, d.h[i][j])
		}
	}
	return nil
}
