package run

import (
	"bytes"
	"encoding/gob"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"fisherflow/descent"
)

// checkpointFile is that of a run's unfinished folder from which the next run
// of the same spec goes on, to the same bytes.
const checkpointFile = "checkpoint"

// checkpointEvery is the usual time from one checkpoint to the next.
const checkpointEvery = time.Minute

// checkpointVersion changes with the form of a checkpoint.
const checkpointVersion = 2

// A checkpoint is what the flows and trainings of a run have come to.
type checkpoint struct {
	Version int
	Members []checkpointed
}

type checkpointed struct {
	Name    string
	Memory  []byte // of the trainer, or of the flow's metric
	Record  int64  // length of the flow's record, 0 for a training
	Sum     uint32 // CRC-32C of it
	Steps   []descent.Report
	Learned []Learned
}

// A keeper keeps checkpoints. A nil one keeps none.
type keeper struct {
	path  string
	every time.Duration
	last  time.Time

	resumed    map[string]checkpointed
	recordings []*recording
}

func (f *folder) keeper(every time.Duration) *keeper {
	if every == 0 {
		every = checkpointEvery
	}
	return &keeper{path: f.path(checkpointFile), every: every, last: time.Now()}
}

// due keeps a checkpoint if it is time for one.
func (k *keeper) due(problems []*Problem) error {
	if k == nil || time.Since(k.last) < k.every {
		return nil
	}
	return k.keep(problems)
}

// keep keeps a checkpoint in place of the last one.
func (k *keeper) keep(problems []*Problem) error {
	if k == nil {
		return nil
	}
	c := checkpoint{Version: checkpointVersion}
	for _, r := range k.recordings {
		m := checkpointed{Name: r.problem.Name}
		if err := r.checkpoint(&m); err != nil {
			return err
		}
		c.Members = append(c.Members, m)
	}
	for _, p := range problems {
		t := p.Training
		if t == nil || len(t.Learned) == 0 {
			continue
		}
		memory, err := t.Trainer.AppendBinary(nil)
		if err != nil {
			return err
		}
		c.Members = append(c.Members, checkpointed{Name: p.Name, Memory: memory, Steps: t.Steps, Learned: t.Learned})
	}
	var text bytes.Buffer
	if err := gob.NewEncoder(&text).Encode(c); err != nil {
		return fmt.Errorf("checkpoint: %w", err)
	}
	if err := replace(k.path, text.Bytes()); err != nil {
		return &FolderError{Path: filepath.Dir(k.path), Doing: "cannot write the checkpoint in", Err: err}
	}
	k.last = time.Now()
	return nil
}

// replace puts a file in place of another at once: whoever reads it finds the
// one or the other, whole.
func replace(path string, text []byte) error {
	next := path + ".next"
	w, err := os.Create(next)
	if err != nil {
		return err
	}
	_, err = w.Write(text)
	if err == nil {
		err = w.Sync()
	}
	if err := errors.Join(err, w.Close()); err != nil {
		return err
	}
	if err := os.Rename(next, path); err != nil {
		return err
	}
	syncFolder(filepath.Dir(path))
	return nil
}

// resume takes the trainings to where a checkpoint has them, if there is one,
// and reports how many steps they need not make again.
func (k *keeper) resume(problems []*Problem) (steps int, err error) {
	text, err := os.ReadFile(k.path)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	fail := func(err error) (int, error) { return 0, k.damaged(err) }
	if err != nil {
		return fail(err)
	}
	var c checkpoint
	if err := gob.NewDecoder(bytes.NewReader(text)).Decode(&c); err != nil {
		return fail(errors.New("it is damaged"))
	}
	if c.Version != checkpointVersion {
		return fail(fmt.Errorf("it has version %d, this program writes %d", c.Version, checkpointVersion))
	}
	k.resumed = map[string]checkpointed{}
	for _, m := range c.Members {
		k.resumed[m.Name] = m
		for _, p := range problems {
			if p.Name != m.Name || p.Training == nil {
				continue
			}
			if err := p.Training.Trainer.UnmarshalBinary(m.Memory); err != nil {
				return fail(err)
			}
			p.Training.Steps, p.Training.Learned = m.Steps, m.Learned
			steps += p.Training.Trainer.Steps()
		}
	}
	return steps, nil
}

func (k *keeper) damaged(err error) error {
	return &FolderError{Path: k.path, Doing: "cannot go on from the checkpoint", Err: fmt.Errorf("%w (--force begins anew)", err)}
}

// close closes the records.
func (k *keeper) close() {
	if k == nil {
		return
	}
	for _, r := range k.recordings {
		r.close()
	}
}
