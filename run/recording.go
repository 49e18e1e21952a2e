package run

import (
	"bufio"
	"cmp"
	"encoding"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"fisherflow/flow"
	"fisherflow/metrics"
)

// The record of a flow is worth its bytes only where they are dear: above this
// rate the flow is computed as fast as it is read, and bounded by its number of
// steps.
const (
	recordRate   = 4 << 20 // bytes a second
	recordBuffer = 4 << 20
	mostRecord   = 2 << 30
)

// recordFile is the beginning of the names of records, one a flow.
const recordFile = "record-"

// isProgress reports whether a file of an unfinished folder is what the next run
// of the same spec goes on from.
func isProgress(name string) bool {
	return name == checkpointFile || strings.HasPrefix(name, recordFile)
}

// A recording is the record of a flow that is being integrated, as a file beside
// the checkpoint. What the checkpoint does not speak of does not count.
type recording struct {
	flow.Recorder
	path    string
	file    *os.File
	began   time.Time
	pending []byte
	stored  int64
	fresh   int    // recorded since began
	sum     uint32 // of what is stored
	last    int64  // the length at the last checkpoint
	lastSum uint32
	memory  []byte // of the metric, when the record is used up
	problem *Problem
}

// record makes the recording of a flow, from what the checkpoint has of it.
func (k *keeper) record(p *Problem, index int) (*recording, error) {
	if k == nil {
		return nil, nil
	}
	r := &recording{path: filepath.Join(filepath.Dir(k.path), fmt.Sprintf("%s%d", recordFile, index)), began: time.Now(), problem: p}
	r.Writer = r
	if c, ok := k.resumed[p.Name]; ok && c.Record > 0 {
		// What is beyond the checkpoint may be damaged.
		if err := os.Truncate(r.path, c.Record); err != nil {
			return nil, k.damaged(err)
		}
		file, err := os.OpenFile(r.path, os.O_RDWR, 0)
		if err != nil {
			return nil, k.damaged(err)
		}
		if info, err := file.Stat(); err != nil || info.Size() != c.Record {
			file.Close()
			return nil, k.damaged(errors.New("the record is shorter than it says"))
		}
		if r.sum, err = sumOf(file); err != nil || r.sum != c.Sum {
			file.Close()
			return nil, k.damaged(cmp.Or(err, errors.New("the record is damaged")))
		}
		r.file, r.stored, r.last, r.lastSum, r.memory = file, c.Record, c.Record, c.Sum, c.Memory
		r.Record = bufio.NewReaderSize(io.NewSectionReader(file, 0, c.Record), 1<<20)
		r.Resumed = r.remember
		if _, err := file.Seek(0, io.SeekEnd); err != nil {
			file.Close()
			return nil, k.damaged(err)
		}
	}
	k.recordings = append(k.recordings, r)
	return r, nil
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func sumOf(file *os.File) (uint32, error) {
	h := crc32.New(castagnoli)
	_, err := io.Copy(h, file)
	return h.Sum32(), err
}

// remember gives the metric the memory that it had at the end of the record.
func (r *recording) remember() error {
	r.began = time.Now()
	if memory := r.problem.remembering(); memory != nil && r.memory != nil {
		return memory.UnmarshalBinary(r.memory)
	}
	return nil
}

type remembering interface {
	encoding.BinaryAppender
	encoding.BinaryUnmarshaler
}

// remembering is the metric of a model, where its answers depend on the last.
func (p *Problem) remembering() remembering {
	if p.Model == nil || p.Flow == nil {
		return nil
	}
	m, _ := p.network().Tensor().(remembering)
	return m
}

// Write takes a piece of the record, and gives the record up where it costs more
// than it saves.
func (r *recording) Write(b []byte) (int, error) {
	r.pending = append(r.pending, b...)
	if len(r.pending) < recordBuffer {
		return len(b), nil
	}
	elapsed := time.Since(r.began).Seconds()
	r.fresh += len(r.pending)
	if float64(r.fresh) > recordRate*elapsed || r.stored > mostRecord {
		// The record up to the last checkpoint stays good.
		r.Stop()
		r.pending = nil
		return len(b), nil
	}
	return len(b), r.flush()
}

func (r *recording) flush() error {
	if len(r.pending) == 0 {
		return nil
	}
	if r.file == nil {
		var err error
		if r.file, err = os.Create(r.path); err != nil {
			return r.failed(err)
		}
	}
	n, err := r.file.Write(r.pending)
	r.stored += int64(n)
	r.sum = crc32.Update(r.sum, castagnoli, r.pending[:n])
	r.pending = r.pending[:0]
	if err != nil {
		return r.failed(err)
	}
	return nil
}

func (r *recording) failed(err error) error {
	var where *fs.PathError
	if errors.As(err, &where) {
		err = where.Err
	}
	return &FolderError{Path: filepath.Dir(r.path), Doing: "cannot write the checkpoint in", Err: err}
}

// checkpoint brings the record to the disk and says how long it is. A record
// that is still being read, or was given up, is as long as it was.
func (r *recording) checkpoint(c *checkpointed) error {
	if !r.Live() || r.Stopped() {
		c.Record, c.Sum, c.Memory = r.last, r.lastSum, r.memory
		return nil
	}
	if err := r.flush(); err != nil {
		return err
	}
	if r.file != nil {
		if err := r.file.Sync(); err != nil {
			return r.failed(err)
		}
	}
	if memory := r.problem.remembering(); memory != nil {
		var err error
		if r.memory, err = memory.AppendBinary(nil); err != nil {
			return err
		}
	}
	r.last, r.lastSum = r.stored, r.sum
	c.Record, c.Sum, c.Memory = r.last, r.lastSum, r.memory
	return nil
}

func (r *recording) close() {
	if r != nil && r.file != nil {
		r.file.Close()
		r.file = nil
	}
}

// diagnose notes what the metric inverted, after an accepted step.
func (r *recording) diagnose(p *Problem, t float64) error {
	var d metrics.Diagnosis
	if r == nil {
		p.solved(t)
		return nil
	}
	var x [7]float64
	if err := r.Numbers(x[:], func() error {
		d = p.network().Tensor().Diagnosis()
		x = [7]float64{float64(d.Rank), float64(d.Dim), d.Largest, d.Smallest, d.Dropped, d.Residual, float64(d.Iterations)}
		return nil
	}); err != nil {
		return err
	}
	p.diagnoses = append(p.diagnoses, diagnosed{t, metrics.Diagnosis{
		Rank: int(x[0]), Dim: int(x[1]), Largest: x[2], Smallest: x[3], Dropped: x[4], Residual: x[5], Iterations: int(x[6]),
	}})
	return nil
}
