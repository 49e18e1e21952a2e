package run

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Many at once on one folder compute the run once and all get its result.
func TestExecuteAtOnce(t *testing.T) {
	root := t.TempDir()
	slots := make(chan struct{}, 2)
	slots <- struct{}{}
	slots <- struct{}{}
	var wait sync.WaitGroup
	outcomes, faults := make([]*Outcome, 8), make([]error, 8)
	for i := range outcomes {
		plan := riversPlan(t)
		wait.Go(func() {
			outcomes[i], faults[i] = Execute(context.Background(), plan, Options{Output: root, Slots: slots})
		})
	}
	wait.Wait()
	computed := 0
	for i, o := range outcomes {
		require.NoError(t, faults[i])
		require.Equal(t, OK, o.Result.Status)
		if !o.Stored {
			computed++
		}
	}
	require.Equal(t, 1, computed)
	require.Len(t, slots, 2, "every slot is given back")
	entries, err := os.ReadDir(filepath.Join(root, "rivers"))
	require.NoError(t, err)
	require.Len(t, entries, 1, "the lock is gone")
}

func TestBusy(t *testing.T) {
	root := t.TempDir()
	plan := riversPlan(t)
	h, err := plan.Hash()
	require.NoError(t, err)
	final := filepath.Join(root, "rivers", h)
	held, err := acquire(context.Background(), final, true, nil)
	require.NoError(t, err)
	require.True(t, locked(final))
	_, err = Execute(context.Background(), plan, Options{Output: root, NoWait: true})
	require.ErrorIs(t, err, ErrBusy)
	// Who waits says so, stops with the context, and goes on when it may.
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	_, err = Execute(ctx, plan, Options{Output: root})
	require.ErrorIs(t, err, context.DeadlineExceeded)
	o, err := Execute(context.Background(), plan, Options{Output: root, Waiting: func() { held.release() }})
	require.NoError(t, err)
	require.False(t, o.Stored)
	require.False(t, locked(final))
}

// Without figures is another run, since its result has other bytes.
func TestNoFigures(t *testing.T) {
	plain, bare := riversPlan(t), riversPlan(t, "figures=false")
	h1, err := plain.Hash()
	require.NoError(t, err)
	h2, err := bare.Hash()
	require.NoError(t, err)
	require.NotEqual(t, h1, h2)
	o, err := Compute(context.Background(), bare, Options{Figures: func(context.Context, *Outcome) ([]Figure, error) {
		t.Error("drawn")
		return nil, nil
	}})
	require.NoError(t, err)
	require.Empty(t, o.Result.Figures)
}
