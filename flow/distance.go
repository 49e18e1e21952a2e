package flow

import (
	"errors"
	"fmt"

	"fisherflow/manifold"

	"gonum.org/v1/gonum/mat"
)

// SquaredDistance returns L(θ) = ½d²(p_θ, p*), half the squared Fisher–Rao
// distance to a member p* of the family, given in source coordinates. Its
// Fisher flow runs along the geodesic to p*, with d(t) = e^{−t}d₀.
//
// The gradient is −G·log_p(p*) where the family has the logarithm in closed
// form, and a finite difference of the distance elsewhere.
func SquaredDistance(family manifold.Family, target []float64) (Loss, error) {
	d, ok := family.(manifold.Distancer)
	if !ok {
		return nil, fmt.Errorf("squared-distance: %s has no Fisher–Rao distance in closed form: %w", family.Name(), errors.ErrUnsupported)
	}
	if err := checkTarget("squared-distance", family, target); err != nil {
		return nil, err
	}
	target = append([]float64(nil), target...)
	half := func(theta []float64) (float64, error) {
		r, err := d.Distance(theta, target)
		return r * r / 2, err
	}
	log, ok1 := family.(manifold.Logarithm)
	fisher, ok2 := family.(manifold.Fisherer)
	if !ok1 || !ok2 {
		return &targeted{Loss: Function("squared-distance", family, half), target: target}, nil
	}
	n := family.Dim()
	return &squaredDistance{
		family: family, half: half, log: log, fisher: fisher, target: target,
		velocity: make([]float64, n), gradient: make([]float64, n), metric: mat.NewSymDense(n, nil),
	}, nil
}

// targeted is a squared distance whose gradient is numeric.
type targeted struct {
	Loss
	target []float64
}

func (l *targeted) GradientError() float64 { return l.Loss.(Approximate).GradientError() }
func (l *targeted) Clone() Loss            { return &targeted{Loss: l.Loss.Clone(), target: l.target} }

type squaredDistance struct {
	family             manifold.Family
	half               func([]float64) (float64, error)
	log                manifold.Logarithm
	fisher             manifold.Fisherer
	target             []float64
	value              float64
	velocity, gradient []float64
	metric             *mat.SymDense
}

func (l *squaredDistance) Name() string { return "squared-distance" }

func (l *squaredDistance) At(theta []float64) error {
	if err := l.family.Check(theta); err != nil {
		return err
	}
	var err error
	if l.value, err = l.half(theta); err != nil {
		return err
	}
	if err = l.log.Log(l.velocity, theta, l.target); err != nil {
		return err
	}
	if err = l.fisher.Fisher(l.metric, theta); err != nil {
		return err
	}
	for i := range l.gradient {
		l.gradient[i] = 0
		for j, v := range l.velocity {
			l.gradient[i] -= l.metric.At(i, j) * v
		}
	}
	return nil
}

func (l *squaredDistance) Value() float64         { return l.value }
func (l *squaredDistance) Magnitude() float64     { return l.value }
func (l *squaredDistance) Gradient(dst []float64) { copy(dst, l.gradient) }
func (l *squaredDistance) Clone() Loss {
	c, err := SquaredDistance(l.family, l.target)
	if err != nil {
		panic("flow: " + err.Error())
	}
	return c
}
