package target

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"fisherflow/internal/special"
)

// A Prior is a density of one number, with its normalising constant.
type Prior interface {
	// LogProb returns log p(x) and its first two derivatives; the value is −∞
	// outside of the support.
	LogProb(x float64) (value, first, second float64)
	// Support is the open interval on which the density is positive.
	Support() (low, high float64)
	// String is the prior as [ParsePrior] reads it.
	String() string
}

// An analytic prior is analytic in the strip |Im x| < Strip about its support.
// Quadratures of its logarithm under a normal take their step from it.
type analytic interface{ strip() float64 }

const (
	lnSqrt2Pi = 0.91893853320467274178032973640562
	lnPi      = 1.1447298858494001741434273513531
)

// Flat is the improper prior that counts 0 everywhere.
type Flat struct{}

// LogProb returns zeros.
func (Flat) LogProb(float64) (value, first, second float64) { return 0, 0, 0 }

// Support is the line.
func (Flat) Support() (low, high float64) { return math.Inf(-1), math.Inf(1) }

func (Flat) String() string { return "flat" }

// Normal is exp(−(x−μ)²/2σ²)/(σ√2π).
type Normal struct{ Mu, Sigma float64 }

// LogProb implements [Prior].
func (p Normal) LogProb(x float64) (value, first, second float64) {
	r, w := (x-p.Mu)/p.Sigma, 1/p.Sigma
	return -lnSqrt2Pi - math.Log(p.Sigma) - r*r/2, -r * w, -w * w
}

// Support is the line.
func (Normal) Support() (low, high float64) { return math.Inf(-1), math.Inf(1) }

func (p Normal) String() string { return call("normal", p.Mu, p.Sigma) }

// StudentT is the t density with ν degrees of freedom, location μ and scale σ;
// ν = 1 is Cauchy's.
type StudentT struct{ Nu, Mu, Sigma float64 }

// LogProb implements [Prior].
func (p StudentT) LogProb(x float64) (value, first, second float64) {
	// With w = ν + r² the exponent is −(ν+1)/2 ln(w/ν).
	r := (x - p.Mu) / p.Sigma
	w := p.Nu + r*r
	return studentConstant(p.Nu) - math.Log(p.Sigma) - (p.Nu+1)/2*math.Log1p(r*r/p.Nu),
		-(p.Nu + 1) * r / (w * p.Sigma),
		-(p.Nu + 1) * (p.Nu - r*r) / (w * w * p.Sigma * p.Sigma)
}

// studentConstant is ln Γ((ν+1)/2) − ln Γ(ν/2) − ½ ln νπ.
func studentConstant(nu float64) float64 {
	if nu == 1 {
		return -lnPi
	}
	a, _ := math.Lgamma((nu + 1) / 2)
	b, _ := math.Lgamma(nu / 2)
	return a - b - (math.Log(nu)+lnPi)/2
}

// Support is the line.
func (StudentT) Support() (low, high float64) { return math.Inf(-1), math.Inf(1) }

func (p StudentT) String() string {
	if p.Nu == 1 {
		return call("cauchy", p.Mu, p.Sigma)
	}
	return call("student-t", p.Nu, p.Mu, p.Sigma)
}

func (p StudentT) strip() float64 { return p.Sigma * math.Sqrt(p.Nu) }

// Logistic is e^(−r)/(s(1+e^(−r))²), r = (x−μ)/s.
type Logistic struct{ Mu, Scale float64 }

// LogProb implements [Prior].
func (p Logistic) LogProb(x float64) (value, first, second float64) {
	r := (x - p.Mu) / p.Scale
	t := math.Tanh(r / 2)
	return -math.Abs(r) - 2*math.Log1p(math.Exp(-math.Abs(r))) - math.Log(p.Scale), -t / p.Scale, -(1 - t*t) / (2 * p.Scale * p.Scale)
}

// Support is the line.
func (Logistic) Support() (low, high float64) { return math.Inf(-1), math.Inf(1) }

func (p Logistic) String() string { return call("logistic", p.Mu, p.Scale) }

func (p Logistic) strip() float64 { return math.Pi * p.Scale }

// Laplace is exp(−|x−μ|/b)/2b, the prior of the lasso. Its kink has derivative
// 0 and curvature 0 here; under a normal its expectation is closed.
type Laplace struct{ Mu, Scale float64 }

// LogProb implements [Prior].
func (p Laplace) LogProb(x float64) (value, first, second float64) {
	r := (x - p.Mu) / p.Scale
	switch {
	case r > 0:
		first = -1 / p.Scale
	case r < 0:
		first = 1 / p.Scale
	}
	return -math.Ln2 - math.Log(p.Scale) - math.Abs(r), first, 0
}

// expect is E log p, E (log p)′ and twice the derivative of the first by the
// variance, for x ~ N(mean, sd²).
func (p Laplace) expect(mean, sd float64) (value, first, second float64) {
	m := mean - p.Mu
	density := math.Exp(-m*m/(2*sd*sd)) / (sd * math.Sqrt(2*math.Pi))
	sign := math.Erf(m / (sd * math.Sqrt2))
	return -math.Ln2 - math.Log(p.Scale) - (2*sd*sd*density+m*sign)/p.Scale, -sign / p.Scale, -2 * density / p.Scale
}

// Support is the line.
func (Laplace) Support() (low, high float64) { return math.Inf(-1), math.Inf(1) }

func (p Laplace) String() string { return call("laplace", p.Mu, p.Scale) }

// Gamma is b^a x^(a−1) e^(−bx)/Γ(a) with shape a and rate b.
type Gamma struct{ Shape, Rate float64 }

// LogProb implements [Prior].
func (p Gamma) LogProb(x float64) (value, first, second float64) {
	if !(x > 0) {
		return math.Inf(-1), 0, 0
	}
	c, _ := math.Lgamma(p.Shape)
	k := p.Shape - 1
	return p.Shape*math.Log(p.Rate) - c + k*math.Log(x) - p.Rate*x, k/x - p.Rate, -k / (x * x)
}

// Support is the positive half-line.
func (Gamma) Support() (low, high float64) { return 0, math.Inf(1) }

func (p Gamma) String() string {
	if p.Shape == 1 {
		return call("exponential", p.Rate)
	}
	return call("gamma", p.Shape, p.Rate)
}

// InverseGamma is b^a x^(−a−1) e^(−b/x)/Γ(a) with shape a and scale b.
type InverseGamma struct{ Shape, Scale float64 }

// LogProb implements [Prior].
func (p InverseGamma) LogProb(x float64) (value, first, second float64) {
	if !(x > 0) {
		return math.Inf(-1), 0, 0
	}
	c, _ := math.Lgamma(p.Shape)
	k, w := p.Shape+1, p.Scale/x
	return p.Shape*math.Log(p.Scale) - c - k*math.Log(x) - w, (w - k) / x, (k - 2*w) / (x * x)
}

// Support is the positive half-line.
func (InverseGamma) Support() (low, high float64) { return 0, math.Inf(1) }

func (p InverseGamma) String() string { return call("inverse-gamma", p.Shape, p.Scale) }

// LogNormal is the density of e^y, y ~ N(μ, σ²).
type LogNormal struct{ Mu, Sigma float64 }

// LogProb implements [Prior].
func (p LogNormal) LogProb(x float64) (value, first, second float64) {
	if !(x > 0) {
		return math.Inf(-1), 0, 0
	}
	l := math.Log(x)
	r := (l - p.Mu) / p.Sigma
	return -lnSqrt2Pi - math.Log(p.Sigma) - l - r*r/2, -(1 + r/p.Sigma) / x, (1 + r/p.Sigma - 1/(p.Sigma*p.Sigma)) / (x * x)
}

// Support is the positive half-line.
func (LogNormal) Support() (low, high float64) { return 0, math.Inf(1) }

func (p LogNormal) String() string { return call("lognormal", p.Mu, p.Sigma) }

// Beta is x^(a−1)(1−x)^(b−1)/B(a, b).
type Beta struct{ A, B float64 }

// LogProb implements [Prior].
func (p Beta) LogProb(x float64) (value, first, second float64) {
	if !(x > 0 && x < 1) {
		return math.Inf(-1), 0, 0
	}
	y := 1 - x
	return -logBeta(p.A, p.B) + (p.A-1)*math.Log(x) + (p.B-1)*math.Log1p(-x),
		(p.A-1)/x - (p.B-1)/y, -(p.A-1)/(x*x) - (p.B-1)/(y*y)
}

func logBeta(a, b float64) float64 {
	x, _ := math.Lgamma(a)
	y, _ := math.Lgamma(b)
	z, _ := math.Lgamma(a + b)
	return x + y - z
}

// Support is the unit interval.
func (Beta) Support() (low, high float64) { return 0, 1 }

func (p Beta) String() string { return call("beta", p.A, p.B) }

// Uniform is 1/(high − low) between the two.
type Uniform struct{ Low, High float64 }

// LogProb implements [Prior].
func (p Uniform) LogProb(x float64) (value, first, second float64) {
	if !(x > p.Low && x < p.High) {
		return math.Inf(-1), 0, 0
	}
	return -math.Log(p.High - p.Low), 0, 0
}

// Support is the interval.
func (p Uniform) Support() (low, high float64) { return p.Low, p.High }

func (p Uniform) String() string { return call("uniform", p.Low, p.High) }

// Half is a density that is symmetric about 0, cut off below 0 and doubled.
type Half struct{ Of Prior }

// LogProb implements [Prior].
func (p Half) LogProb(x float64) (value, first, second float64) {
	if !(x > 0) {
		return math.Inf(-1), 0, 0
	}
	value, first, second = p.Of.LogProb(x)
	return value + math.Ln2, first, second
}

// Support is the positive half-line.
func (Half) Support() (low, high float64) { return 0, math.Inf(1) }

func (p Half) String() string {
	switch q := p.Of.(type) {
	case Normal:
		return call("half-normal", q.Sigma)
	case StudentT:
		if q.Nu == 1 {
			return call("half-cauchy", q.Sigma)
		}
		return call("half-student-t", q.Nu, q.Sigma)
	}
	return "half-" + p.Of.String()
}

func call(name string, arguments ...float64) string {
	words := make([]string, len(arguments))
	for i, a := range arguments {
		words[i] = strconv.FormatFloat(a, 'g', -1, 64)
	}
	return name + "(" + strings.Join(words, ", ") + ")"
}

// A kind of prior by its name in a spec.
type kind struct {
	name      string
	arguments []string
	// positive are the arguments that must be.
	positive []int
	make     func(a []float64) Prior
}

var kinds = []kind{
	{"normal", []string{"mean", "sd"}, []int{1}, func(a []float64) Prior { return Normal{a[0], a[1]} }},
	{"cauchy", []string{"location", "scale"}, []int{1}, func(a []float64) Prior { return StudentT{1, a[0], a[1]} }},
	{"student-t", []string{"degrees of freedom", "location", "scale"}, []int{0, 2}, func(a []float64) Prior { return StudentT{a[0], a[1], a[2]} }},
	{"logistic", []string{"location", "scale"}, []int{1}, func(a []float64) Prior { return Logistic{a[0], a[1]} }},
	{"laplace", []string{"location", "scale"}, []int{1}, func(a []float64) Prior { return Laplace{a[0], a[1]} }},
	{"half-normal", []string{"scale"}, []int{0}, func(a []float64) Prior { return Half{Normal{0, a[0]}} }},
	{"half-cauchy", []string{"scale"}, []int{0}, func(a []float64) Prior { return Half{StudentT{1, 0, a[0]}} }},
	{"half-student-t", []string{"degrees of freedom", "scale"}, []int{0, 1}, func(a []float64) Prior { return Half{StudentT{a[0], 0, a[1]}} }},
	{"gamma", []string{"shape", "rate"}, []int{0, 1}, func(a []float64) Prior { return Gamma{a[0], a[1]} }},
	{"exponential", []string{"rate"}, []int{0}, func(a []float64) Prior { return Gamma{1, a[0]} }},
	{"inverse-gamma", []string{"shape", "scale"}, []int{0, 1}, func(a []float64) Prior { return InverseGamma{a[0], a[1]} }},
	{"lognormal", []string{"mean of the logarithm", "sd of the logarithm"}, []int{1}, func(a []float64) Prior { return LogNormal{a[0], a[1]} }},
	{"beta", []string{"a", "b"}, []int{0, 1}, func(a []float64) Prior { return Beta{a[0], a[1]} }},
	{"uniform", []string{"low", "high"}, nil, func(a []float64) Prior { return Uniform{a[0], a[1]} }},
	{"flat", nil, nil, func([]float64) Prior { return Flat{} }},
}

// PriorNames lists the names that [ParsePrior] knows.
func PriorNames() []string {
	names := make([]string, len(kinds))
	for i, k := range kinds {
		names[i] = k.name
	}
	return names
}

// A NameError says that a name is none of those that there are.
type NameError struct {
	Kind, Name string
	Names      []string
}

func (e *NameError) Error() string {
	return fmt.Sprintf("no %s is called %q (there are: %s)", e.Kind, e.Name, strings.Join(e.Names, ", "))
}

// ParsePrior reads a prior as "normal(0, 10)", "half-cauchy(2.5)" or "flat".
// The location of a half- prior may be written if it is 0: half-cauchy(0, 2.5).
// An unknown name gives a [*NameError].
func ParsePrior(text string) (Prior, error) {
	name, rest, open := strings.Cut(strings.TrimSpace(text), "(")
	name = strings.ReplaceAll(strings.ToLower(strings.TrimSpace(name)), "_", "-")
	if name == "lkj" {
		return nil, fmt.Errorf("%s is a prior on a correlation matrix, not on a number", text)
	}
	for _, k := range kinds {
		if k.name != name {
			continue
		}
		var a []float64
		if open {
			inner, ok := strings.CutSuffix(strings.TrimSpace(rest), ")")
			if !ok {
				return nil, fmt.Errorf("%q has no closing bracket", text)
			}
			if strings.TrimSpace(inner) != "" {
				for word := range strings.SplitSeq(inner, ",") {
					x, err := strconv.ParseFloat(strings.TrimSpace(word), 64)
					if err != nil || math.IsNaN(x) || math.IsInf(x, 0) {
						return nil, fmt.Errorf("%q: %q is not a finite number", text, strings.TrimSpace(word))
					}
					a = append(a, x)
				}
			}
		}
		if n := len(a); strings.HasPrefix(name, "half-") && n == len(k.arguments)+1 && a[n-2] == 0 {
			a = append(a[:n-2], a[n-1])
		}
		if len(a) != len(k.arguments) {
			if len(k.arguments) == 0 {
				return nil, fmt.Errorf("%s takes no arguments, not %d", name, len(a))
			}
			return nil, fmt.Errorf("%s takes (%s), not %d numbers", name, strings.Join(k.arguments, ", "), len(a))
		}
		for _, i := range k.positive {
			if !(a[i] > 0) {
				return nil, fmt.Errorf("%s: its %s must be positive, not %v", name, k.arguments[i], a[i])
			}
		}
		if name == "uniform" && !(a[0] < a[1]) {
			return nil, fmt.Errorf("uniform: %v must lie below %v", a[0], a[1])
		}
		return k.make(a), nil
	}
	return nil, &NameError{Kind: "prior", Name: name, Names: PriorNames()}
}

// LKJ is the density |R|^(η−1)/c of correlation matrices R of order k
// (Lewandowski, Kurowicka & Joe, J. Multivariate Anal. 100, 2009), as a density
// of the Cholesky factor L of R: Σᵢ (k − i + 2η − 2) ln Lᵢᵢ, i = 2 … k.
type LKJ struct{ Eta float64 }

// LogProb returns the log density at the factor, its k(k+1)/2 entries by rows,
// and adds its gradient to grad if that is not nil.
func (p LKJ) LogProb(grad, factor []float64, k int) float64 {
	value := -p.constant(k)
	for i := 1; i < k; i++ {
		at := i*(i+1)/2 + i
		weight := float64(k-i-1) + 2*p.Eta - 2
		value += weight * math.Log(factor[at])
		if grad != nil {
			grad[at] += weight / factor[at]
		}
	}
	return value
}

// constant is ln c. Row by row the squared partial correlations are
// independent; that of row i has the density of a ball's direction.
func (p LKJ) constant(k int) float64 {
	c := 0.0
	for j := 1; j < k; j++ {
		// Lewandowski et al. (16): π^(j/2) Γ(η + (k−1−j)/2)/Γ(η + (k−1)/2).
		a, _ := math.Lgamma(p.Eta + float64(k-1-j)/2)
		b, _ := math.Lgamma(p.Eta + float64(k-1)/2)
		c += float64(j)/2*lnPi + a - b
	}
	return c
}

func softplus(x float64) float64 { return special.Softplus(x) }

func logistic(x float64) float64 { return special.Logistic(x) }
