package manifold

import (
	"errors"
	"fmt"
	"math"

	"fisherflow/ode"
)

// Exp stores in dst the point that the Fisher–Rao geodesic which leaves p with
// velocity v reaches at time 1, both in source coordinates, and returns its error
// in Fisher length: how much of the geodesic's speed the integration loses. It is
// the inverse of [Shooting.Log].
//
// Where the family is not complete the geodesic may meet its boundary before
// time 1; the error, which says at which length, wraps [ErrDomain].
func (s *Shooting) Exp(dst, p, v []float64) (accuracy float64, err error) {
	f := &s.field
	if err := f.view.base.Check(p); err != nil {
		return math.NaN(), err
	}
	if err := f.view.chart.FromSource(s.from, p); err != nil {
		return math.NaN(), err
	}
	copy(f.theta, p)
	f.view.chart.PushInverse(s.trial, s.from, p, v)
	if f.frame == nil {
		if err := f.view.Fisher(f.g, s.from); err != nil {
			return math.NaN(), err
		}
		s.lower(s.start, s.trial)
	} else {
		if err := f.frame.FromSource(f.nat, p); err != nil {
			return math.NaN(), err
		}
		if err := f.matrix(s.from); err != nil {
			return math.NaN(), err
		}
		s.lower(s.trial, v)
		f.frame.Pull(s.start, f.nat, p, s.trial)
	}
	length, err := f.raise(s.from, s.start)
	if err != nil {
		return math.NaN(), err
	}
	if length == 0 {
		copy(dst, p)
		return 0, nil
	}
	if err := s.setUnits(p, length); err != nil {
		return math.NaN(), err
	}
	s.begin()
	if err := s.shoot(s.start, 1, s.fine); err != nil {
		var at *ode.Error
		if errors.As(err, &at) && s.blamesPlace(err) {
			return math.NaN(), fmt.Errorf("%s: the geodesic has met the boundary at length %.10g of %.10g: %w",
				f.view.Name(), at.T*length, length, ErrDomain)
		}
		return math.NaN(), err
	}
	_, drift, err := s.lengths()
	if err != nil {
		return math.NaN(), err
	}
	return drift, f.view.chart.ToSource(dst, s.end[:s.n])
}
