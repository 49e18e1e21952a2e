package target

import (
	"math"

	"fisherflow/internal/special"

	"gonum.org/v1/gonum/mat"
)

// A term is the log-likelihood of one response given its linear predictor.
type term interface {
	// at returns l(y; s) and its first two derivatives in s.
	at(y, s float64) (value, first, second float64)
	// expect returns the expectations of the three under N(mean, variance)
	// where they are closed.
	expect(y, mean, variance float64) (value, first, second float64, ok bool)
}

// gaussianTerm has a known σ.
type gaussianTerm struct{ sigma float64 }

func (g gaussianTerm) at(y, s float64) (value, first, second float64) {
	r, w := (y-s)/g.sigma, 1/g.sigma
	return -lnSqrt2Pi - math.Log(g.sigma) - r*r/2, r * w, -w * w
}

func (g gaussianTerm) expect(y, mean, variance float64) (value, first, second float64, ok bool) {
	value, first, second = g.at(y, mean)
	return value + second*variance/2, first, second, true
}

type logisticTerm struct{}

func (logisticTerm) at(y, s float64) (value, first, second float64) {
	// ln σ(±s), with 1 − σ formed without cancellation.
	sign := 2*y - 1
	p := special.Logistic(-sign * s)
	return -special.Softplus(-sign * s), sign * p, -p * special.Logistic(sign*s)
}

func (logisticTerm) expect(y, mean, variance float64) (value, first, second float64, ok bool) {
	return 0, 0, 0, false
}

type probitTerm struct{}

func (probitTerm) at(y, s float64) (value, first, second float64) {
	sign := 2*y - 1
	value, ratio := logNormalCDF(sign * s)
	return value, sign * ratio, -ratio * (sign*s + ratio)
}

func (probitTerm) expect(y, mean, variance float64) (value, first, second float64, ok bool) {
	return 0, 0, 0, false
}

// logNormalCDF returns ln Φ(x) and φ(x)/Φ(x).
func logNormalCDF(x float64) (value, ratio float64) {
	if x > -3 {
		tail := math.Erfc(x/math.Sqrt2) / 2 // 1 − Φ
		cdf := math.Erfc(-x/math.Sqrt2) / 2
		value = math.Log(cdf)
		if x > 0 {
			value = math.Log1p(-tail)
		}
		return value, math.Exp(-x*x/2-lnSqrt2Pi) / cdf
	}
	// Laplace's continued fraction for φ/Φ at −x: |x| + 1/(|x| + 2/(|x| + …)).
	x = -x
	ratio = x
	for k := 40; k >= 1; k-- {
		ratio = x + float64(k)/ratio
	}
	return -x*x/2 - lnSqrt2Pi - math.Log(ratio), ratio
}

type poissonTerm struct{}

func (poissonTerm) at(y, s float64) (value, first, second float64) {
	e := math.Exp(s)
	return y*s - e - logFactorial(y), y - e, -e
}

func (poissonTerm) expect(y, mean, variance float64) (value, first, second float64, ok bool) {
	e := math.Exp(mean + variance/2)
	return y*mean - e - logFactorial(y), y - e, -e, true
}

func logFactorial(y float64) float64 {
	v, _ := math.Lgamma(y + 1)
	return v
}

// Predictor is a regression in which each datum depends on its linear
// predictor alone; see [LinearModel]. [Regression] and [Latent] make it.
type Predictor struct {
	coordinateSet
	x    design
	y    []float64
	term term

	s, w []float64 // predictors and weights
}

var (
	_ LinearModel = (*Predictor)(nil)
	_ Hessian     = (*Predictor)(nil)
	_ Cloner      = (*Predictor)(nil)
	_ Named       = (*Predictor)(nil)
)

func newPredictor(set coordinateSet, x design, y []float64, l term) *Predictor {
	t := &Predictor{coordinateSet: set, x: x, y: y, term: l}
	return t.Clone().(*Predictor)
}

// Clone implements [Cloner].
func (t *Predictor) Clone() Target {
	c := *t
	c.s, c.w = make([]float64, t.x.n), make([]float64, t.x.n)
	return &c
}

// Dim is the number of coefficients.
func (t *Predictor) Dim() int { return t.x.d }

// Design implements [LinearModel].
func (t *Predictor) Design() mat.Matrix { return t.x.matrix }

// Term implements [LinearModel].
func (t *Predictor) Term(i int, s float64) (value, first, second float64) {
	return t.term.at(t.y[i], s)
}

// ExpectTerm implements [LinearModel].
func (t *Predictor) ExpectTerm(i int, mean, variance float64) (value, first, second float64, ok bool) {
	return t.term.expect(t.y[i], mean, variance)
}

// LogDensity implements [Target].
func (t *Predictor) LogDensity(grad, z []float64) (float64, error) {
	checkLength(t.Dim(), grad, z)
	t.x.times(t.s, z)
	value := 0.0
	for i, s := range t.s {
		v, first, _ := t.term.at(t.y[i], s)
		value += v
		t.w[i] = first
	}
	if grad != nil {
		clear(grad)
		t.x.addTransposed(grad, t.w)
	}
	return value + t.add(grad, z), nil
}

// Hessian implements [Hessian].
func (t *Predictor) Hessian(dst *mat.SymDense, z []float64) error {
	checkLength(t.Dim(), nil, z)
	t.x.times(t.s, z)
	for i, s := range t.s {
		_, _, t.w[i] = t.term.at(t.y[i], s)
	}
	clearSym(dst)
	t.x.addGram(dst, t.w)
	for j := range t.coordinateSet {
		_, _, c := t.coordinateSet[j].at(z[j])
		dst.SetSym(j, j, dst.At(j, j)+c)
	}
	return nil
}
