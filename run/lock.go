package run

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// ErrBusy says that another process computes the run.
var ErrBusy = errors.New("another process computes this run")

// A lock is held on a file beside the run folder while that is made, and is
// the system's: it ends with the process, however that ends.
type lock struct{ file *os.File }

const lockSuffix = ".lock"

// acquire takes the lock of a run folder. If another process has it, it waits
// for as long as the context lasts, or with busy fails at once with ErrBusy.
func acquire(ctx context.Context, final string, busy bool, waiting func()) (*lock, error) {
	if err := os.MkdirAll(filepath.Dir(final), 0o777); err != nil {
		return nil, err
	}
	pause := 20 * time.Millisecond
	for {
		l, err := tryLock(final + lockSuffix)
		if l != nil || err != nil {
			return l, err
		}
		if busy {
			return nil, fmt.Errorf("%s: %w", final, ErrBusy)
		}
		if waiting != nil {
			waiting()
			waiting = nil
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(pause):
		}
		pause = min(2*pause, time.Second)
	}
}

// tryLock returns nil and no error if another process holds the lock.
func tryLock(path string) (*lock, error) {
	for {
		f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o666)
		if err != nil {
			return nil, err
		}
		held, err := lockFile(f)
		if err != nil || !held {
			f.Close()
			return nil, err
		}
		// Whoever had it may have removed the file in between.
		mine, err1 := f.Stat()
		there, err2 := os.Stat(path)
		if err1 == nil && err2 == nil && os.SameFile(mine, there) {
			return &lock{f}, nil
		}
		f.Close()
	}
}

// release removes the file while the lock is held, and gives the lock up.
func (l *lock) release() {
	removeLocked(l.file)
	l.file.Close()
}

// locked reports whether a process computes the run.
func locked(final string) bool {
	f, err := os.OpenFile(final+lockSuffix, os.O_RDWR, 0)
	if err != nil {
		return false
	}
	defer f.Close()
	held, err := lockFile(f)
	return err == nil && !held
}
