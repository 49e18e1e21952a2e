package flow

import (
	"errors"
	"fmt"
	"math"

	"fisherflow/manifold"
)

// KL returns L(θ) = KL(p*‖p_θ) for a member p* of the family, given in source
// coordinates. On an exponential family its Fisher flow is the m-geodesic
// η(t) = η* + e^{−t}(η₀ − η*); on any other family the gradient is a finite
// difference.
func KL(family manifold.Family, target []float64) (Loss, error) {
	return newDivergence("kl", family, target)
}

// ReverseKL returns L(θ) = KL(p_θ‖p*) for a member p* of the family, given in
// source coordinates. On an exponential family its Fisher flow is the
// e-geodesic θ(t) = θ* + e^{−t}(θ₀ − θ*) in natural coordinates; on any other
// family the gradient is a finite difference.
func ReverseKL(family manifold.Family, target []float64) (Loss, error) {
	return newDivergence("reverse-kl", family, target)
}

type divergence struct {
	*dual
	kind       string
	kl         manifold.Diverger
	target     []float64 // source coordinates of p*
	dualTarget []float64 // its natural or expectation coordinates
	value      float64
	residue    []float64
}

func newDivergence(kind string, family manifold.Family, target []float64) (Loss, error) {
	if _, ok := family.(manifold.Exponential); !ok {
		return newGeneralDivergence(kind, family, target)
	}
	d, err := newDual(family)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", kind, err)
	}
	kl, ok := d.family.(manifold.Diverger)
	if !ok {
		return nil, fmt.Errorf("%s: %s has no divergence: %w", kind, family.Name(), errors.ErrUnsupported)
	}
	if err := checkTarget(kind, family, target); err != nil {
		return nil, err
	}
	if err := d.at(target); err != nil {
		return nil, fmt.Errorf("%s: target: %w", kind, err)
	}
	l := &divergence{dual: d, kind: kind, kl: kl, target: append([]float64(nil), target...)}
	if kind == "kl" {
		l.dualTarget = append([]float64(nil), d.eta...)
	} else {
		l.dualTarget = append([]float64(nil), d.nat...)
	}
	l.residue = make([]float64, len(target))
	return l, nil
}

func checkTarget(kind string, family manifold.Family, target []float64) error {
	if len(target) != family.Dim() {
		return fmt.Errorf("%s: the target has %d coordinates, %s has %d", kind, len(target), family.Name(), family.Dim())
	}
	if err := family.Check(target); err != nil {
		return fmt.Errorf("%s: target: %w", kind, err)
	}
	return nil
}

func (l *divergence) Name() string { return l.kind }

func (l *divergence) At(theta []float64) error {
	if err := l.at(theta); err != nil {
		return err
	}
	var err error
	here := l.nat
	if l.kind == "kl" {
		l.value, err = l.kl.KL(l.target, theta)
		here = l.eta
	} else {
		l.value, err = l.kl.KL(theta, l.target)
	}
	if err != nil {
		return err
	}
	for i, x := range here {
		l.residue[i] = x - l.dualTarget[i]
	}
	return nil
}

func (l *divergence) Value() float64 { return l.value }

// Magnitude is the value itself: the divergence is computed without
// cancellation.
func (l *divergence) Magnitude() float64 { return math.Abs(l.value) }

func (l *divergence) Gradient(dst []float64) {
	if l.kind == "kl" {
		l.fromNatural(dst, l.residue)
		return
	}
	l.fromExpectation(dst, l.residue)
}

func (l *divergence) Clone() Loss {
	c := *l
	c.dual = l.clone()
	c.kl = c.family.(manifold.Diverger)
	c.residue = make([]float64, len(l.residue))
	return &c
}
