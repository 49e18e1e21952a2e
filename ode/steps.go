package ode

import (
	"context"
	"errors"
	"iter"
)

// Steps integrates like [Solve] and yields the accepted steps one by one, so
// that
//
//	for step, err := range ode.Steps(ctx, f, y0, t0, t1, nil) { … }
//
// needs no memory for the trajectory. An error ends the sequence and comes last,
// with a nil step. Breaking out of the loop ends the integration. A step's
// slices are valid until the next one. What a trajectory would hold, events and
// saved states, an observer has to keep.
func Steps(ctx context.Context, f Field, y0 []float64, t0, t1 float64, s *Settings) iter.Seq2[*Step, error] {
	return func(yield func(*Step, error) bool) {
		var settings Settings
		if s != nil {
			settings = *s
		}
		settings.Discard = true
		observer, broken := settings.Observer, false
		settings.Observer = func(step *Step) error {
			var observed error
			if observer != nil {
				if observed = observer(step); observed != nil && !errors.Is(observed, ErrStop) {
					return observed
				}
			}
			if !yield(step, nil) {
				broken = true
				return ErrStop
			}
			return observed
		}
		if _, err := Solve(ctx, f, y0, t0, t1, &settings); err != nil && !broken {
			yield(nil, err)
		}
	}
}
