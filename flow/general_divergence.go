package flow

import (
	"errors"
	"fmt"
	"math"

	"fisherflow/manifold"
)

// generalDivergence is a divergence on a family that is not exponential, with
// a numeric gradient.
type generalDivergence struct {
	Loss
	family manifold.Family
	target []float64
}

func newGeneralDivergence(kind string, family manifold.Family, target []float64) (Loss, error) {
	if _, ok := family.(manifold.Diverger); !ok {
		return nil, fmt.Errorf("%s: %s has no divergence: %w", kind, family.Name(), errors.ErrUnsupported)
	}
	if err := checkTarget(kind, family, target); err != nil {
		return nil, err
	}
	l := &generalDivergence{family: family, target: append([]float64(nil), target...)}
	return l.on(kind), nil
}

// on returns a loss of its own on the same family and target.
func (l *generalDivergence) on(kind string) *generalDivergence {
	own := *l
	kl := manifold.Own(l.family).(manifold.Diverger)
	own.Loss = Function(kind, l.family, func(theta []float64) (float64, error) {
		if kind == "kl" {
			return kl.KL(l.target, theta)
		}
		return kl.KL(theta, l.target)
	})
	return &own
}

func (l *generalDivergence) GradientError() float64 { return l.Loss.(Approximate).GradientError() }

func (l *generalDivergence) Clone() Loss { return l.on(l.Name()) }

// Exact is known for the Cauchy family, whose divergence is the function
// 2 log cosh(r/2) of the distance r/√2: the flow runs along the geodesic to the
// target with sinh(r/2) = e^{−t} sinh(r₀/2).
func (l *generalDivergence) Exact(dst, start []float64, t float64) error {
	f, ok := l.family.(manifold.Cauchy)
	if !ok {
		return fmt.Errorf("%s: no closed form on %s: %w", l.Name(), l.family.Name(), errors.ErrUnsupported)
	}
	d, err := f.Distance(start, l.target)
	if err != nil {
		return err
	}
	if d == 0 {
		copy(dst, start)
		return nil
	}
	left := 2 * math.Asinh(math.Exp(-t)*math.Sinh(d/math.Sqrt2))
	return f.Geodesic(dst, start, l.target, 1-left/(math.Sqrt2*d))
}

var (
	_ Integrable  = (*generalDivergence)(nil)
	_ Approximate = (*generalDivergence)(nil)
)
