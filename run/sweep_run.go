package run

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"sync"
)

// SweepOptions say how a sweep is executed.
type SweepOptions struct {
	// Options are those of every cell; Output is the sweep's folder.
	Options
	// Workers is how many cells are computed at a time; 0 means one a processor.
	Workers int
	// Cells are the indices to compute; nil means all.
	Cells []int
	// Done, if not nil, is called when a cell has been dealt with, one at a time.
	Done func(CellDone)
	// Step, if not nil, is Progress with the number of the worker, from 0. Calls
	// of different workers are concurrent.
	Step func(worker int, cell Cell, p Progress)
}

// CellDone is what came of a cell: a row of the table.
type CellDone struct {
	Row
	Stored      bool
	Done, Cells int // so many of so many
}

// waiters is the number of cells a worker has beyond the one that it computes:
// they wait for the disk meanwhile.
const waiters = 4

// Execute computes the cells that are not complete, and returns the table's
// rows in the order of the cells. A cell that fails does not keep the others
// from being computed. The error is the context's, or the first of a folder
// that cannot be written, which ends the sweep.
func (s *Sweep) Execute(ctx context.Context, o SweepOptions) ([]Row, error) {
	workers := o.Workers
	if workers <= 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	indices := o.Cells
	if indices == nil {
		indices = make([]int, len(s.cells))
		for i := range indices {
			indices[i] = i
		}
	}
	o.Slots = make(chan struct{}, workers)
	for range workers {
		o.Slots <- struct{}{}
	}
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)

	rows := make([]Row, len(indices))
	var mutex sync.Mutex
	done := 0
	// round computes the cells at the given positions and returns those that
	// another process has in hand.
	round := func(positions []int, wait bool) (busy []int) {
		queue := make(chan int)
		var group sync.WaitGroup
		for w := range min(len(positions), workers*(1+waiters)) {
			group.Go(func() {
				for k := range queue {
					row, stored, err := s.cell(ctx, s.cells[indices[k]], o, w, wait)
					mutex.Lock()
					if errors.Is(err, ErrBusy) {
						busy = append(busy, k)
						mutex.Unlock()
						continue
					}
					rows[k] = row
					done++
					if o.Done != nil {
						o.Done(CellDone{row, stored, done, len(indices)})
					}
					mutex.Unlock()
					var folder *FolderError
					if errors.As(err, &folder) {
						stop(err)
					}
				}
			})
		}
	feed:
		for _, k := range positions {
			select {
			case queue <- k:
			case <-ctx.Done():
				break feed
			}
		}
		close(queue)
		group.Wait()
		return busy
	}
	all := make([]int, len(indices))
	for k := range all {
		all[k] = k
		rows[k] = Row{Cell: s.cells[indices[k]], Status: Missing}
	}
	if busy := round(all, false); len(busy) > 0 {
		if o.Waiting != nil {
			o.Waiting()
			o.Waiting = nil
		}
		round(busy, true)
	}
	return rows, context.Cause(ctx)
}

// cell computes one.
func (s *Sweep) cell(ctx context.Context, c Cell, o SweepOptions, worker int, wait bool) (row Row, stored bool, err error) {
	row = Row{Cell: c, Status: Failed}
	plan, err := s.PlanOf(c)
	if err != nil {
		row.Error = errors.Unwrap(err).Error()
		return row, false, err
	}
	options := o.Options
	options.NoWait = !wait
	if o.Step != nil {
		options.Progress = func(p Progress) { o.Step(worker, c, p) }
	}
	outcome, err := Execute(ctx, plan, options)
	if outcome != nil && outcome.Result != nil {
		row.fill(outcome.Result)
		return row, outcome.Stored, err
	}
	if ctx.Err() != nil {
		row.Status = Interrupted
	}
	if err != nil {
		row.Error = err.Error()
	}
	return row, false, err
}

// Collect reads the rows of all cells from the sweep's folder, computing none.
// A cell that has not been computed has status [Missing].
func (s *Sweep) Collect(ctx context.Context, dir string) ([]Row, error) {
	rows := make([]Row, len(s.cells))
	work := make(chan int)
	var group sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		group.Go(func() {
			for i := range work {
				rows[i] = s.read(s.cells[i], dir)
			}
		})
	}
	for i := range s.cells {
		if ctx.Err() != nil {
			break
		}
		work <- i
	}
	close(work)
	group.Wait()
	return rows, ctx.Err()
}

func (s *Sweep) read(c Cell, dir string) Row {
	row := Row{Cell: c, Status: Failed}
	plan, err := s.PlanOf(c)
	if err != nil {
		row.Error = errors.Unwrap(err).Error()
		return row
	}
	problems, err := plan.Build()
	if err != nil {
		row.Error = err.Error()
		return row
	}
	f := newFolder(dir, plan.Name, hash(problems))
	row.RunDir, row.Status = f.name, Missing
	if locked(f.final) {
		row.Status = Running
	}
	r, err := ReadResult(f.final)
	if err != nil {
		// Of a run that failed the folder keeps its name in the making.
		r, err = readPartial(f.final)
	}
	if err != nil || row.Status == Running && r.Status != OK {
		return row
	}
	row.fill(r)
	return row
}

// readPartial reads the result of a run that failed or was interrupted.
func readPartial(final string) (*Result, error) {
	text, err := os.ReadFile(filepath.Join(final+partial, resultFile))
	if err != nil {
		return nil, err
	}
	r, err := ParseResult(text)
	if err == nil && r.Status == OK {
		return nil, errors.New("the folder is not complete")
	}
	return r, err
}
