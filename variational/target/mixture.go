package target

import (
	"fmt"
	"math"

	"fisherflow/internal/special"

	"gonum.org/v1/gonum/mat"
)

// Mixture is a mixture of K normals with ascending means,
//
//	y ~ Σₖ wₖ N(μₖ, σₖ),
//
// with z = (μ₁, ln(μ₂−μ₁), …, ln σ₁, …, ln σ_K, stick-breaking logits of w);
// see [Ordered] and [Simplex]. For K = 2 the last is the logit of w₁.
type Mixture struct {
	y             []float64
	k             int
	mu, sigma     Prior
	concentration []float64 // of the Dirichlet prior of w; nil is flat
	constant      float64   // of the Dirichlet

	mean, scale, logScale, log, weights []float64
	slope                               []float64 // by (μₖ, ln σₖ, ln wₖ)
	part                                []float64 // of one component, by its own three
	curve                               []float64 // second derivatives by all 3K
	second                              []float64
	jacobian                            []float64 // 3K × d
}

var (
	_ Hessian = (*Mixture)(nil)
	_ Cloner  = (*Mixture)(nil)
	_ Named   = (*Mixture)(nil)
)

// NewMixture makes the target with k components. Mu and sigma are the priors
// of every mean and of every scale, nil flat; concentration is that of the
// Dirichlet prior of the weights, nil flat (beta(a, b) is concentration a, b).
func NewMixture(y []float64, k int, mu, sigma Prior, concentration []float64) (*Mixture, error) {
	if k < 2 {
		return nil, fmt.Errorf("a mixture has at least 2 components, not %d", k)
	}
	if err := checkSeries(y, 2*k); err != nil {
		return nil, err
	}
	if concentration != nil && len(concentration) != k {
		return nil, fmt.Errorf("the prior of %d weights has %d parameters", k, len(concentration))
	}
	for _, a := range concentration {
		if !(a > 0) {
			return nil, fmt.Errorf("the prior of the weights: %v is not positive", a)
		}
	}
	for _, c := range []struct {
		name     string
		prior    *Prior
		positive bool
	}{{"mu", &mu, false}, {"sigma", &sigma, true}} {
		if *c.prior == nil {
			*c.prior = Flat{}
		}
		low, high := (*c.prior).Support()
		if !math.IsInf(high, 1) || c.positive && low > 0 || !c.positive && !math.IsInf(low, -1) {
			return nil, fmt.Errorf("prior %v of %s: its support must have all values that the parameter can take", *c.prior, c.name)
		}
		// One component may be left without data, or with one datum that it
		// sits on.
		if _, flat := (*c.prior).(Flat); flat {
			return nil, fmt.Errorf("%w: %s of a mixture needs a prior, since a component may be left without data", ErrImproper, c.name)
		}
	}
	t := &Mixture{y: y, k: k, mu: mu, sigma: sigma, concentration: concentration}
	if concentration != nil {
		sum := 0.0
		for _, a := range concentration {
			l, _ := math.Lgamma(a)
			t.constant -= l
			sum += a
		}
		l, _ := math.Lgamma(sum)
		t.constant += l
	}
	return t.Clone().(*Mixture), nil
}

// Clone implements [Cloner].
func (t *Mixture) Clone() Target {
	c := *t
	k := t.k
	vector := func(n int) []float64 { return make([]float64, n) }
	c.mean, c.scale, c.logScale, c.log, c.weights = vector(k), vector(k), vector(k), vector(k), vector(k)
	c.slope, c.part, c.curve, c.second, c.jacobian = vector(3*k), vector(3*k), vector(9*k*k), vector(3*k), vector(3*k*(3*k-1))
	return &c
}

// Dim is 3K − 1.
func (t *Mixture) Dim() int { return 3*t.k - 1 }

// Names implements [Named].
func (t *Mixture) Names() []string {
	names := append(numbered("mu", t.k), numbered("sigma", t.k)...)
	if t.k == 2 {
		return append(names, "theta")
	}
	return append(names, numbered("theta", t.k)...)
}

// Coordinates implements [Named].
func (t *Mixture) Coordinates() []string {
	names := []string{"mu[1]"}
	for i := 1; i < t.k; i++ {
		names = append(names, fmt.Sprintf("log_gap[%d]", i))
	}
	names = append(names, numbered("log_sigma", t.k)...)
	if t.k == 2 {
		return append(names, "logit_theta")
	}
	return append(names, numbered("logit_stick", t.k-1)...)
}

// Constrain implements [Named].
func (t *Mixture) Constrain(dst, z []float64) []float64 {
	k := t.k
	if dst == nil {
		dst = make([]float64, len(t.Names()))
	}
	Ordered{k}.Forward(dst[:k], z[:k])
	Log{k}.Forward(dst[k:2*k], z[k:2*k])
	if k == 2 {
		dst[4] = special.Logistic(z[4])
		return dst
	}
	Simplex{k}.Forward(dst[2*k:], z[2*k:])
	return dst
}

// set reads z, and returns the logarithm of the Jacobian of the means and
// scales; that of the weights by ln w is in the density of w.
func (t *Mixture) set(z []float64) (logDet float64) {
	k := t.k
	logDet = Ordered{k}.Forward(t.mean, z[:k])
	for i := range k {
		t.logScale[i] = z[k+i]
		t.scale[i] = math.Exp(z[k+i])
		logDet += z[k+i]
	}
	left := 0.0
	for i := range k - 1 {
		y := z[2*k+i] - math.Log(float64(k-1-i))
		t.weights[i] = left - special.Softplus(-y)
		left -= special.Softplus(y)
	}
	t.weights[k-1] = left
	return logDet
}

// datum fills log and part with the components' log densities at y and their
// derivatives by (μₖ, ln σₖ), and returns their sum's logarithm.
func (t *Mixture) datum(y float64) float64 {
	most := math.Inf(-1)
	for i := range t.k {
		r := (y - t.mean[i]) / t.scale[i]
		t.log[i] = t.weights[i] - lnSqrt2Pi - t.logScale[i] - r*r/2
		t.part[3*i] = r / t.scale[i]
		t.part[3*i+1] = r*r - 1
		t.part[3*i+2] = 1
		most = math.Max(most, t.log[i])
	}
	sum := 0.0
	for i := range t.k {
		t.log[i] = math.Exp(t.log[i] - most)
		sum += t.log[i]
	}
	for i := range t.k {
		t.log[i] /= sum
	}
	return most + math.Log(sum)
}

// priors adds the prior of means, scales and weights, and the Jacobian of the
// weights, to slope and second by the 3K raw coordinates.
func (t *Mixture) priors() (value float64) {
	value = t.constant
	for i := range t.k {
		v, a, b := t.mu.LogProb(t.mean[i])
		value += v
		t.slope[3*i] += a
		t.second[3*i] += b
		v, a, b = t.sigma.LogProb(t.scale[i])
		value += v
		s := t.scale[i]
		t.slope[3*i+1] += a * s
		t.second[3*i+1] += b*s*s + a*s
		// The simplex has |∂w/∂z| = Π wᵢ · (what the sticks leave), whose
		// logarithm is Σ ln wᵢ: each stick s(1−s) times what was left before.
		c := 1.0
		if t.concentration != nil {
			c = t.concentration[i]
		}
		value += c * t.weights[i]
		t.slope[3*i+2] += c
	}
	return value
}

// LogDensity implements [Target].
func (t *Mixture) LogDensity(grad, z []float64) (float64, error) {
	checkLength(t.Dim(), grad, z)
	value := t.set(z)
	clear(t.slope)
	clear(t.second)
	for _, y := range t.y {
		value += t.datum(y)
		if grad == nil {
			continue
		}
		for i, r := range t.log {
			t.slope[3*i] += r * t.part[3*i]
			t.slope[3*i+1] += r * t.part[3*i+1]
			t.slope[3*i+2] += r
		}
	}
	value += t.priors()
	if grad != nil {
		t.chain(grad, z)
	}
	if math.IsNaN(value) {
		return math.Inf(-1), nil
	}
	return value, nil
}

// chain stores the derivatives by z.
func (t *Mixture) chain(grad, z []float64) {
	k := t.k
	t.fill(z)
	d := t.Dim()
	for j := range d {
		s := 0.0
		for i := range 3 * k {
			s += t.slope[i] * t.jacobian[i*d+j]
		}
		grad[j] = s
	}
	for i := range k {
		if i > 0 {
			grad[i]++
		}
		grad[k+i]++
	}
}

// fill fills the Jacobian of (μₖ, ln σₖ, ln wₖ) by z.
func (t *Mixture) fill(z []float64) {
	k, d := t.k, t.Dim()
	clear(t.jacobian)
	for i := range k {
		for j := range i + 1 {
			t.jacobian[3*i*d+j] = 1
			if j > 0 {
				t.jacobian[3*i*d+j] = math.Exp(z[j])
			}
		}
		t.jacobian[(3*i+1)*d+k+i] = 1
		for j := range min(i+1, k-1) {
			y := z[2*k+j] - math.Log(float64(k-1-j))
			t.jacobian[(3*i+2)*d+2*k+j] = -special.Logistic(y)
			if j == i {
				t.jacobian[(3*i+2)*d+2*k+j] = special.Logistic(-y)
			}
		}
	}
}

// Hessian implements [Hessian].
func (t *Mixture) Hessian(dst *mat.SymDense, z []float64) error {
	checkLength(t.Dim(), nil, z)
	t.set(z)
	k, d, n := t.k, t.Dim(), 3*t.k
	clear(t.slope)
	clear(t.second)
	clear(t.curve)
	for _, y := range t.y {
		t.datum(y)
		for i, r := range t.log {
			a := t.part[3*i : 3*i+3]
			w := 1 / t.scale[i]
			e := a[0] / w // r of the component
			own := [9]float64{-w * w, -2 * e * w, 0, -2 * e * w, -2 * e * e, 0, 0, 0, 0}
			for p := range 3 {
				t.slope[3*i+p] += r * a[p]
				for q := range 3 {
					t.curve[(3*i+p)*n+3*i+q] += r * (own[3*p+q] + a[p]*a[q])
				}
			}
			for j, s := range t.log {
				for p := range 3 {
					for q := range 3 {
						t.curve[(3*i+p)*n+3*j+q] -= r * s * a[p] * t.part[3*j+q]
					}
				}
			}
		}
	}
	t.priors()
	for i, s := range t.second {
		t.curve[i*n+i] += s
	}
	t.fill(z)
	clearSym(dst)
	for i := range d {
		for j := i; j < d; j++ {
			s := 0.0
			for p := range n {
				a := t.jacobian[p*d+i]
				if a == 0 {
					continue
				}
				for q := range n {
					s += a * t.curve[p*n+q] * t.jacobian[q*d+j]
				}
			}
			dst.SetSym(i, j, s)
		}
	}
	// Each raw coordinate is a sum of functions of one z: their second
	// derivatives are diagonal.
	for j := 1; j < k; j++ {
		s := 0.0
		for i := j; i < k; i++ {
			s += t.slope[3*i]
		}
		dst.SetSym(j, j, dst.At(j, j)+s*math.Exp(z[j]))
	}
	for j := range k - 1 {
		y := z[2*k+j] - math.Log(float64(k-1-j))
		s := 0.0
		for i := j; i < k; i++ {
			s += t.slope[3*i+2]
		}
		at := 2*k + j
		dst.SetSym(at, at, dst.At(at, at)-s*special.Logistic(y)*special.Logistic(-y))
	}
	return nil
}
