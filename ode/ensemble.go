package ode

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
)

// A Problem is one initial value problem of an ensemble.
type Problem struct {
	Field    Field
	Y0       []float64
	T0, T1   float64
	Settings *Settings
}

// EnsembleSettings controls [Ensemble]. The zero value uses all cores and stops
// at the first error.
type EnsembleSettings struct {
	// Workers is the number of problems solved at once; zero means GOMAXPROCS.
	Workers int
	// AllErrors goes on after an error and joins all of them.
	AllErrors bool
	// Progress, if not nil, is called after each problem with the number of
	// those done, from one goroutine at a time.
	Progress func(done, of int)
}

// Ensemble solves n problems, of which problem i is made by problem(i) in the
// goroutine that solves it: what the problem draws or keeps belongs to its
// index and not to a worker, so that results do not depend on how many there
// are. The trajectories are in the order of the indices; those of problems
// that failed are partial, and nil for problems that were not begun.
//
// The error is the one of the lowest index that failed, or all of them joined,
// each naming its index; after the context's end it is the context's.
func Ensemble(ctx context.Context, n int, problem func(i int) (Problem, error), s *EnsembleSettings) ([]*Trajectory, error) {
	var settings EnsembleSettings
	if s != nil {
		settings = *s
	}
	if settings.Workers <= 0 {
		settings.Workers = runtime.GOMAXPROCS(0)
	}
	trajectories, faults := make([]*Trajectory, n), make([]error, n)
	inner, cancel := context.WithCancel(ctx)
	defer cancel()
	var mu sync.Mutex
	next, done := 0, 0
	claim := func() (int, bool) {
		mu.Lock()
		defer mu.Unlock()
		if next == n || inner.Err() != nil {
			return 0, false
		}
		next++
		return next - 1, true
	}
	var wait sync.WaitGroup
	for range min(settings.Workers, n) {
		wait.Go(func() {
			for {
				i, ok := claim()
				if !ok {
					return
				}
				p, err := problem(i)
				if err == nil {
					trajectories[i], err = Solve(inner, p.Field, p.Y0, p.T0, p.T1, p.Settings)
				}
				if err != nil && !(inner.Err() != nil && errors.Is(err, context.Canceled)) {
					faults[i] = fmt.Errorf("problem %d: %w", i, err)
					if !settings.AllErrors {
						cancel()
					}
				}
				mu.Lock()
				done++
				if settings.Progress != nil {
					settings.Progress(done, n)
				}
				mu.Unlock()
			}
		})
	}
	wait.Wait()
	if err := ctx.Err(); err != nil {
		return trajectories, err
	}
	if settings.AllErrors {
		return trajectories, errors.Join(faults...)
	}
	for _, err := range faults {
		if err != nil {
			return trajectories, err
		}
	}
	return trajectories, nil
}
