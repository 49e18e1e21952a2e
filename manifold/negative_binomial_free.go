package manifold

import (
	"math"
	"math/rand/v2"

	"fisherflow/internal/quadrature"
	"fisherflow/internal/special"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat/distuv"
)

// NegativeBinomialFree is the negative binomial family on 0, 1, 2, …, the
// number of failures before the r-th success, in source coordinates (r, p),
// r > 0 and p between 0 and 1, both free:
//
//	p(x) = Γ(r+x)/(Γ(r)x!) pʳqˣ, q = 1−p,   G = [[S, −1/p], [−1/p, r/(p²q)]].
//
// It is no exponential family. The mean μ = rq/p is orthogonal to r:
//
//	G = diag(r/(μ(r+μ)), S − q/r),   S = Σ_j P(X>j)/(r+j)²,
//
// and S − q/r = Σ_{k≥2} (k−1)! qᵏ/(k r(r+1)…(r+k−1)) has positive terms only.
// The charts with μ take q from it; a mean under 1e-16 r is lost in p. Entropy,
// divergence and cubic tensor are sums, those of more than 16 000 terms in
// strides or with an integral for their tail; they are not there for a mode of
// 2⁵² and more, where float64 has not all whole numbers.
type NegativeBinomialFree struct{ byQuadrature }

var (
	negativeBinomialNames  = []string{"r", "p"}
	negativeBinomialRanges = []interval{positive, unit}
)

// Name is "negative-binomial".
func (NegativeBinomialFree) Name() string { return "negative-binomial" }

// Dim is 2.
func (NegativeBinomialFree) Dim() int { return 2 }

// Check wants positive r and p between 0 and 1.
func (f NegativeBinomialFree) Check(theta []float64) error {
	return check(f.Name(), "", negativeBinomialNames, negativeBinomialRanges, theta)
}

// Charts lists the charts.
func (NegativeBinomialFree) Charts() []string {
	return []string{"source", "mean-r", "log-mean-log-alpha"}
}

// Chart returns a chart by name.
func (f NegativeBinomialFree) Chart(name string) (Chart, bool) {
	switch name {
	case "source":
		return newSource(f, name, negativeBinomialNames), true
	case "mean-r":
		return &planar{
			family: f, name: name, names: []string{"mu", "r"}, ranges: []interval{positive, positive},
			to: func(dst, xi []float64) (int, string, bool) {
				dst[0], dst[1] = xi[1], xi[1]/(xi[0]+xi[1])
				return 0, "is lost beside r in float64", dst[1] < 1
			},
			from: func(dst, theta []float64) { dst[0], dst[1] = theta[0]*(1-theta[1])/theta[1], theta[0] },
			jacobian: func(xi, theta []float64) [4]float64 {
				p := theta[1]
				return [4]float64{0, 1, -p * p / xi[1], p / xi[1] * xi[0] / (xi[0] + xi[1])}
			},
			inverse: func(xi, theta []float64) [4]float64 {
				p := theta[1]
				return [4]float64{xi[0] / xi[1], -xi[1] / (p * p), 1, 0}
			},
		}, true
	case "log-mean-log-alpha":
		return &planar{
			family: f, name: name, names: []string{"log_mu", "log_alpha"}, ranges: []interval{realLine, realLine},
			to: func(dst, xi []float64) (int, string, bool) {
				dst[0], dst[1] = math.Exp(-xi[1]), special.Logistic(-xi[0]-xi[1])
				return 0, "is lost beside r in float64", dst[1] < 1
			},
			from: func(dst, theta []float64) {
				r, p := theta[0], theta[1]
				dst[0], dst[1] = math.Log(r)+math.Log1p(-p)-math.Log(p), -math.Log(r)
			},
			jacobian: func(xi, theta []float64) [4]float64 {
				w := -theta[1] * special.Logistic(xi[0]+xi[1])
				return [4]float64{0, -theta[0], w, w}
			},
			inverse: func(xi, theta []float64) [4]float64 {
				r := theta[0]
				return [4]float64{1 / r, -1 / (theta[1] * special.Logistic(xi[0]+xi[1])), -1 / r, 0}
			},
		}, true
	}
	return nil, false
}

// FisherIn has the charts of the mean, in which the matrix is diagonal.
func (NegativeBinomialFree) FisherIn(dst *mat.SymDense, chart string, xi, theta []float64) bool {
	r := theta[0]
	switch chart {
	case "mean-r":
		p, q := r/(r+xi[0]), xi[0]/(r+xi[0])
		set2(dst, p/xi[0], 0, sizeInformation(r, p, q))
	case "log-mean-log-alpha":
		p, q := special.Logistic(-xi[0]-xi[1]), special.Logistic(xi[0]+xi[1])
		set2(dst, r*q, 0, r*r*sizeInformation(r, p, q))
	default:
		return false
	}
	return true
}

// sizeInformation is S − q/r. For q near 1 and small r the series is slow, and
// it is ∫₀^∞ e^(−rv) φ(−qs)/s dv, s = 1 − e^(−v), φ(u) = u − log(1+u).
func sizeInformation(r, p, q float64) float64 {
	if q < 0.9 || r > 8 {
		term := q * q / (r * (r + 1)) // (k−1)! qᵏ/(r)_k
		sum := 0.0
		for k := 2.0; ; k++ {
			d := term / k
			sum += d
			if d < 1e-17*sum || d == 0 {
				return sum
			}
			term *= q * k / (r + k)
		}
	}
	f := func(v float64) float64 {
		s := -math.Expm1(-v)
		// 1 − qs = p + qe^(−v).
		return math.Exp(-r*v) * (-q*s - math.Log(p+q*math.Exp(-v))) / s
	}
	near := func(v float64) float64 {
		s := -math.Expm1(-v)
		return math.Exp(-r*v) * special.Excess(-q*s) / s
	}
	// φ turns over where qe^(−v) = p, and is constant soon after. Panels grow
	// away from 0 and from there.
	turn := math.Log(q) - math.Log(p)
	sum := quadrature.Panel(near, 0, math.Min(1, turn/2))
	for a := math.Min(1, turn/2); a < turn/2; a *= 2 {
		b := math.Min(2*a, turn/2)
		sum += quadrature.Panel(f, a, b) + quadrature.Panel(f, turn-b, turn-a)
	}
	first := math.Min(1, turn/2)
	sum += quadrature.Panel(f, turn-first, turn) + quadrature.Panel(f, turn, turn+first)
	end := turn + first
	for b := first; b < 40; b *= 2 {
		sum += quadrature.Panel(f, turn+b, turn+2*b)
		end = turn + 2*b
	}
	return sum + math.Exp(-r*end)*(-q-math.Log(p))/r
}

// Support is 0, 1, 2, …
func (NegativeBinomialFree) Support() Support { return counts }

// ObservationDim is 1.
func (NegativeBinomialFree) ObservationDim() int { return 1 }

// CheckObservation wants a whole number that is not negative.
func (f NegativeBinomialFree) CheckObservation(x []float64) error {
	return checkScalar(f.Name(), x, isCount, "must be a whole number, not negative")
}

// LogDensity is with respect to counting measure. It keeps its accuracy for
// large r and x as a sum of deviances (C. Loader, 2000).
func (f NegativeBinomialFree) LogDensity(x, theta []float64) float64 {
	if !isCount(x[0]) {
		return math.Inf(-1)
	}
	return f.smoothLogDensity(x[0], theta)
}

func (NegativeBinomialFree) smoothLogDensity(x float64, theta []float64) float64 {
	r, p := theta[0], theta[1]
	q, n := 1-p, r+x
	if x == 0 {
		return r * math.Log(p)
	}
	d := x*p - r*q
	return stirling(n) - stirling(r) - stirling(x) - math.Log(x) - deviance(r, n*p, d) - deviance(x, n*q, -d)
}

func (NegativeBinomialFree) mode(theta []float64) float64 {
	r, p := theta[0], theta[1]
	return math.Max(0, math.Floor((r-1)*(1-p)/p))
}

// deviance is a φ(d/a) = m − a − a log(m/a), d = m − a.
func deviance(a, m, d float64) float64 {
	if math.Abs(d) < a/2 {
		return a * special.Excess(d/a)
	}
	return d - a*math.Log(m/a)
}

// Score is (log(np/r) + ψ(n) − log n − ψ(r) + log r, r/p − x/q), n = r + x.
func (f NegativeBinomialFree) Score(dst, x, theta []float64) error {
	if err := f.Check(theta); err != nil {
		return err
	}
	r, p := theta[0], theta[1]
	q := 1 - p
	u := (x[0]*p - r*q) / r
	var l float64
	if math.Abs(u) < 0.5 {
		l = math.Log1p(u)
	} else {
		l = math.Log1p(x[0]/r) + math.Log(p)
	}
	dst[0] = l + special.LogMinusDigamma(r) - special.LogMinusDigamma(r+x[0])
	dst[1] = (r*q - x[0]*p) / (p * q)
	return nil
}

// Fisher is [[S, −1/p], [−1/p, r/(p²q)]].
func (f NegativeBinomialFree) Fisher(dst *mat.SymDense, theta []float64) error {
	if err := f.Check(theta); err != nil {
		return err
	}
	r, p := theta[0], theta[1]
	q := 1 - p
	set2(dst, q/r+sizeInformation(r, p, q), -1/p, r/(p*p*q))
	return nil
}

// Cubic is ApproximateCubic without its error.
func (f NegativeBinomialFree) Cubic(dst Tensor, theta []float64) error {
	_, err := f.ApproximateCubic(dst, theta)
	return err
}

// ApproximateCubic is a sum of products of three scores.
func (f NegativeBinomialFree) ApproximateCubic(dst Tensor, theta []float64) (accuracy float64, err error) {
	return f.computed().cubicTensor(dst, theta)
}

// KL is ApproximateKL without its error.
func (f NegativeBinomialFree) KL(p, q []float64) (float64, error) {
	kl, _, err := f.ApproximateKL(p, q)
	return kl, err
}

// ApproximateKL is a sum of log p − log q.
func (f NegativeBinomialFree) ApproximateKL(p, q []float64) (kl, accuracy float64, err error) {
	return f.computed().divergence(p, q)
}

// Entropy is ApproximateEntropy without its error.
func (f NegativeBinomialFree) Entropy(theta []float64) (float64, error) {
	h, _, err := f.ApproximateEntropy(theta)
	return h, err
}

// ApproximateEntropy is a sum of −log p.
func (f NegativeBinomialFree) ApproximateEntropy(theta []float64) (h, accuracy float64, err error) {
	return f.computed().meanSurprise(theta)
}

// WithWorkspace returns the family with workspace for sums.
func (f NegativeBinomialFree) WithWorkspace() Family {
	f.byQuadrature = f.own(NegativeBinomialFree{})
	return f
}

func (f NegativeBinomialFree) computed() *numeric {
	if f.work != nil {
		return f.work
	}
	return f.own(NegativeBinomialFree{}).work
}

// Sample draws a Poisson variate whose mean is a gamma variate.
func (f NegativeBinomialFree) Sample(dst, theta []float64, rng *rand.Rand) error {
	if err := f.Check(theta); err != nil {
		return err
	}
	r, p := theta[0], theta[1]
	mean := distuv.Gamma{Alpha: r, Beta: p / (1 - p), Src: rng}.Rand()
	dst[0] = 0
	if mean > 0 {
		dst[0] = distuv.Poisson{Lambda: mean, Src: rng}.Rand()
	}
	return nil
}
