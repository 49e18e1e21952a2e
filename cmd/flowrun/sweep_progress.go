package main

import (
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"fisherflow/run"
)

// sweepProgress shows a bar of the cells and one a worker where stderr is a
// terminal, and a line every ten seconds elsewhere.
type sweepProgress struct {
	mutex   sync.Mutex
	p       *progress
	workers int
	started time.Time
	cells   run.CellDone
	stored  int
	at      map[int]working
	lines   int // on the screen
}

type working struct {
	line string
	seen time.Time
}

func newSweepProgress(w io.Writer, workers int) *sweepProgress {
	if workers <= 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	return &sweepProgress{p: newProgress(w), workers: workers, started: time.Now(), at: map[int]working{}}
}

func (s *sweepProgress) step(worker int, c run.Cell, p run.Progress) {
	if !s.p.terminal {
		return
	}
	s.mutex.Lock()
	defer s.mutex.Unlock()
	now := time.Now()
	if now.Sub(s.at[worker].seen) < 100*time.Millisecond {
		return
	}
	line := fmt.Sprintf("  %d: %s  t = %.4g  loss = %.8g  step = %.2g", c.Index, c, p.T, p.Loss, p.Step)
	s.at[worker] = working{line, now}
	s.show(now)
}

func (s *sweepProgress) done(d run.CellDone) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.cells = d
	if d.Stored {
		s.stored++
	}
	s.show(time.Now())
}

func (s *sweepProgress) show(now time.Time) {
	every := 10 * time.Second
	if s.p.terminal {
		every = 100 * time.Millisecond
	}
	if now.Sub(s.p.shown) < every {
		return
	}
	s.p.shown = now
	line := fmt.Sprintf("%d/%d cells", s.cells.Done, s.cells.Cells)
	if computed := s.cells.Done - s.stored; computed > 0 {
		each := now.Sub(s.started) / time.Duration(computed)
		line += "  left " + (each * time.Duration(s.cells.Cells-s.cells.Done)).Round(time.Second).String()
	}
	if !s.p.terminal {
		fmt.Fprintln(s.p.w, line)
		return
	}
	const bar = 24
	full := 0
	if s.cells.Cells > 0 {
		full = s.cells.Done * bar / s.cells.Cells
	}
	lines := []string{"[" + strings.Repeat("=", full) + strings.Repeat(" ", bar-full) + "] " + line}
	var at []working
	for worker, w := range s.at {
		if now.Sub(w.seen) > 2*time.Second {
			delete(s.at, worker)
			continue
		}
		at = append(at, w)
	}
	slices.SortFunc(at, func(a, b working) int { return b.seen.Compare(a.seen) })
	for _, w := range at[:min(len(at), s.workers)] {
		lines = append(lines, w.line)
	}
	s.erase()
	for i, l := range lines {
		if r := []rune(l); len(r) >= s.p.width {
			l = string(r[:s.p.width-1])
		}
		if i > 0 {
			fmt.Fprintln(s.p.w)
		}
		fmt.Fprint(s.p.w, l)
	}
	s.lines = len(lines)
}

func (s *sweepProgress) erase() {
	if s.lines == 0 {
		return
	}
	fmt.Fprint(s.p.w, "\r\x1b[K")
	for range s.lines - 1 {
		fmt.Fprint(s.p.w, "\x1b[A\x1b[K")
	}
	s.lines = 0
}

func (s *sweepProgress) clear() {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.erase()
}
