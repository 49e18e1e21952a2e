package ode

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
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

// Stream returns the random stream of one problem of an ensemble: it belongs to
// the seed and the index, and not to the worker that solves the problem.
func Stream(seed uint64, index int) *rand.Rand {
	return rand.New(rand.NewPCG(seed, uint64(index)))
}

// Ensemble solves n problems, of which problem i is made by problem(i) in the
// goroutine that solves it: what the problem draws or keeps belongs to its
// index and not to a worker, so that results do not depend on how many there
// are. The trajectories are in the order of the indices; those of problems
// that failed are partial, and nil for problems that were not begun.
//
// The error is the one of the lowest index that fails, whatever the number of
// workers, or all of them joined, each naming its index; after the context's end
// it is the context's.
func Ensemble(ctx context.Context, n int, problem func(i int) (Problem, error), s *EnsembleSettings) ([]*Trajectory, error) {
	var settings EnsembleSettings
	if s != nil {
		settings = *s
	}
	if settings.Workers <= 0 {
		settings.Workers = runtime.GOMAXPROCS(0)
	}
	e := &ensemble{
		settings: settings, problem: problem, lowest: n, running: make(map[int]context.CancelFunc),
		trajectories: make([]*Trajectory, n), faults: make([]error, n),
	}
	var wait sync.WaitGroup
	for range min(settings.Workers, n) {
		wait.Go(func() {
			for i, ok := e.claim(ctx); ok; i, ok = e.claim(ctx) {
				e.solve(ctx, i)
			}
		})
	}
	wait.Wait()
	if err := ctx.Err(); err != nil {
		return e.trajectories, err
	}
	if settings.AllErrors {
		return e.trajectories, errors.Join(e.faults...)
	}
	if e.lowest < n {
		return e.trajectories, e.faults[e.lowest]
	}
	return e.trajectories, nil
}

// ensemble is an ensemble at work.
type ensemble struct {
	settings     EnsembleSettings
	problem      func(i int) (Problem, error)
	trajectories []*Trajectory
	faults       []error

	mu         sync.Mutex
	next, done int
	lowest     int // index that failed
	running    map[int]context.CancelFunc
}

// claim returns the next index to solve. Behind one that has failed there is
// none, unless all errors are wanted.
func (e *ensemble) claim(ctx context.Context) (i int, ok bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.next >= len(e.faults) || ctx.Err() != nil || !e.settings.AllErrors && e.next > e.lowest {
		return 0, false
	}
	e.next++
	return e.next - 1, true
}

func (e *ensemble) solve(ctx context.Context, i int) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	e.mu.Lock()
	e.running[i] = cancel
	e.mu.Unlock()
	p, err := e.problem(i)
	if err == nil {
		e.trajectories[i], err = Solve(ctx, p.Field, p.Y0, p.T0, p.T1, p.Settings)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.running, i)
	if err != nil && !(ctx.Err() != nil && errors.Is(err, context.Canceled)) {
		e.faults[i] = fmt.Errorf("problem %d: %w", i, err)
		if i < e.lowest {
			e.lowest = i
		}
		if !e.settings.AllErrors {
			// Those before it may still fail, and then theirs is the error.
			for j, stop := range e.running {
				if j > i {
					stop()
				}
			}
		}
	}
	e.done++
	if e.settings.Progress != nil {
		e.settings.Progress(e.done, len(e.faults))
	}
}
