package flow

import (
	"errors"
	"fmt"
	"math"

	"fisherflow/manifold"
)

// Expectation returns L(θ) = c·E[T(x)], with T the sufficient statistic of an
// exponential family. Its Fisher flow is θ(t) = θ₀ − ct in natural
// coordinates; on the simplex it is the replicator equation.
func Expectation(family manifold.Family, c []float64) (Loss, error) {
	return newFreeEnergy("expectation", family, c, 0)
}

// Entropy returns L = H, the entropy. Its Fisher flow is θ(t) = eᵗθ₀ in the
// natural coordinates of a family whose base measure h is constant.
func Entropy(family manifold.Family) (Loss, error) {
	return newFreeEnergy("entropy", family, nil, -1)
}

// NegativeEntropy returns L = −H. Its Fisher flow is θ(t) = e^{−t}θ₀ in the
// natural coordinates of a family whose base measure h is constant.
func NegativeEntropy(family manifold.Family) (Loss, error) {
	return newFreeEnergy("negative-entropy", family, nil, 1)
}

// FreeEnergy returns L = c·E[T(x)] − temperature·H. Its Fisher flow is
// θ(t) = −c/τ + e^{−τt}(θ₀ + c/τ) in the natural coordinates of a family whose
// base measure h is constant, with τ the temperature.
func FreeEnergy(family manifold.Family, c []float64, temperature float64) (Loss, error) {
	if !(temperature >= 0) || math.IsInf(temperature, 1) {
		return nil, fmt.Errorf("free-energy: temperature %g must be finite and not negative", temperature)
	}
	return newFreeEnergy("free-energy", family, c, temperature)
}

// freeEnergy is L = c·η − τH, of which the expectation (τ = 0) and the
// entropies (c = 0) are cases. With h constant dH = −N·dη, so that in
// expectation coordinates dL = c + τN.
type freeEnergy struct {
	*dual
	kind        string
	c           []float64 // nil: zero
	tau         float64
	entropy     manifold.Entropic
	base        *numericGradient // of E[log h] where h is not constant
	baseAt      []float64
	value, size float64
	prepared    bool
	slope       []float64
}

func newFreeEnergy(kind string, family manifold.Family, c []float64, tau float64) (Loss, error) {
	d, err := newDual(family)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", kind, err)
	}
	n := family.Dim()
	if kind == "expectation" || kind == "free-energy" {
		if err := checkCoefficients(kind, family, c); err != nil {
			return nil, err
		}
	}
	l := &freeEnergy{dual: d, kind: kind, c: append([]float64(nil), c...), tau: tau, slope: make([]float64, n)}
	if c == nil {
		l.c = make([]float64, n)
	}
	if tau != 0 {
		e, ok := d.family.(manifold.Entropic)
		if !ok {
			return nil, fmt.Errorf("%s: %s has no entropy: %w", kind, family.Name(), errors.ErrUnsupported)
		}
		l.entropy = e
	}
	return l, nil
}

func checkCoefficients(kind string, family manifold.Family, c []float64) error {
	if len(c) != family.Dim() {
		return fmt.Errorf("%s: %d coefficients for the %d coordinates of %s", kind, len(c), family.Dim(), family.Name())
	}
	for i, v := range c {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return fmt.Errorf("%s: coefficient %d is %g", kind, i+1, v)
		}
	}
	return nil
}

// prepareBase sets up the derivative of E[log h], which only a family whose
// base measure varies needs (the x! of the Poisson, say).
func (l *freeEnergy) prepareBase(theta []float64) {
	l.prepared = true
	if l.tau == 0 {
		return
	}
	f := l.family
	if _, constant := f.MeanLogBase(theta); constant {
		return
	}
	l.base = newNumericGradient(f, func(theta []float64) (float64, error) {
		v, _ := f.MeanLogBase(theta)
		return v, nil
	})
	l.baseAt = make([]float64, f.Dim())
}

func (l *freeEnergy) Name() string { return l.kind }

func (l *freeEnergy) At(theta []float64) error {
	if err := l.at(theta); err != nil {
		return err
	}
	l.value, l.size = dot(l.c, l.eta)
	if l.tau != 0 {
		h, err := l.entropy.Entropy(theta)
		if err != nil {
			return err
		}
		l.value -= l.tau * h
		inner, size := dot(l.nat, l.eta)
		l.size += math.Abs(l.tau) * (math.Abs(h) + size + math.Abs(h+inner))
	}
	for i, n := range l.nat {
		l.slope[i] = l.c[i] + l.tau*n
	}
	if !l.prepared {
		l.prepareBase(theta)
	}
	if l.base != nil {
		return l.base.at(l.baseAt, theta)
	}
	return nil
}

func (l *freeEnergy) Value() float64     { return l.value }
func (l *freeEnergy) Magnitude() float64 { return l.size }

func (l *freeEnergy) Gradient(dst []float64) {
	l.fromExpectation(dst, l.slope)
	if l.base != nil {
		for i, g := range l.baseAt {
			dst[i] += l.tau * g // H contains −E[log h]
		}
	}
}

// GradientError is the accuracy of the part of the gradient that is taken by
// finite differences, zero where there is none.
func (l *freeEnergy) GradientError() float64 {
	if l.base == nil {
		return 0
	}
	return math.Abs(l.tau) * l.base.accuracy
}

func (l *freeEnergy) Clone() Loss {
	c := *l
	c.dual = l.clone()
	if l.entropy != nil {
		c.entropy = c.family.(manifold.Entropic)
	}
	c.slope = make([]float64, len(l.slope))
	c.base, c.baseAt, c.prepared = nil, nil, false
	return &c
}
