package main

import (
	"fmt"
	"io"
	"math"
	"os"
	"strings"
	"time"

	"fisherflow/run"

	"golang.org/x/term"
)

// progress shows how far a run has come: a bar where stderr is a terminal, a
// line every ten seconds elsewhere.
type progress struct {
	w        io.Writer
	terminal bool
	width    int
	shown    time.Time
	member   string
	started  time.Time // of the member
	drawn    bool
}

func newProgress(w io.Writer) *progress {
	p := &progress{w: w, shown: time.Now()}
	if f, ok := w.(*os.File); ok && term.IsTerminal(int(f.Fd())) && os.Getenv("TERM") != "dumb" {
		p.terminal = true
		p.width, _, _ = term.GetSize(int(f.Fd()))
	}
	if p.width == 0 {
		p.width = 80
	}
	return p
}

func (p *progress) step(s run.Progress) {
	now := time.Now()
	if s.Member != p.member {
		p.member, p.started = s.Member, now
	}
	every := 10 * time.Second
	if p.terminal {
		every = 100 * time.Millisecond
	}
	if now.Sub(p.shown) < every {
		return
	}
	p.shown = now
	line := fmt.Sprintf("[%d/%d] %s  t = %.4g  loss = %.8g  step = %.2g", s.Index+1, s.Members, s.Member, s.T, s.Loss, s.Step)
	share := math.NaN()
	if !math.IsInf(s.T1, 0) && s.T1 > s.T0 {
		share = (s.T - s.T0) / (s.T1 - s.T0)
		if share > 0.01 {
			left := time.Duration(float64(now.Sub(p.started)) * (1 - share) / share)
			line += "  left " + left.Round(time.Second).String()
		}
	}
	if !p.terminal {
		fmt.Fprintln(p.w, line)
		return
	}
	const bar = 12
	if !math.IsNaN(share) {
		full := min(bar, int(share*bar))
		line = "[" + strings.Repeat("=", full) + strings.Repeat(" ", bar-full) + "] " + line
	}
	if r := []rune(line); len(r) >= p.width {
		line = string(r[:p.width-1])
	}
	fmt.Fprintf(p.w, "\r\x1b[K%s", line)
	p.drawn = true
}

// clear removes the bar.
func (p *progress) clear() {
	if p.drawn {
		fmt.Fprint(p.w, "\r\x1b[K")
		p.drawn = false
	}
}
