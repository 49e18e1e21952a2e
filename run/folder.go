package run

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Files of a run folder.
const (
	specFile       = "spec.toml"
	resultFile     = "result.json"
	trajectoryFile = "trajectory.csv"
	timingsFile    = "timings.json"
	logFile        = "log.jsonl"
	reportFile     = "report.html"
	manifestFile   = "manifest.json"
	figuresFolder  = "figures"
)

// partial marks a folder that is being made, or whose run did not end well.
const partial = ".partial"

// Execute executes a plan and keeps its outcome in the folder NAME/HASH under
// the output root. If that folder is complete already its result is returned
// and nothing is computed, unless Force is set.
//
// The folder is made as HASH.partial and renamed when its manifest has been
// written, under a lock that keeps other processes from it: they wait, and take
// the result. That of a run that failed or was interrupted stays there, and
// the next run of the same plan begins anew. That the folder can be written is
// found out before anything is computed.
func Execute(ctx context.Context, plan *Plan, options Options) (*Outcome, error) {
	give, err := options.take(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { give() }()
	problems, err := plan.Build()
	if err != nil {
		return nil, err
	}
	o := &Outcome{Plan: plan, Problems: problems}
	f := newFolder(options.Output, plan.Name, hash(problems))
	if stored, err := f.stored(plan, options); stored != nil || err != nil {
		return stored, err
	}
	lock, err := acquire(ctx, f.final, options.NoWait, options.Waiting)
	if err != nil {
		if errors.Is(err, ErrBusy) || ctx.Err() != nil {
			return nil, err
		}
		return nil, f.failed(err)
	}
	defer lock.release()
	// Whoever had the lock may have completed the folder.
	if stored, err := f.stored(plan, options); stored != nil || err != nil {
		return stored, err
	}
	if err := f.open(options.Force); err != nil {
		return nil, err
	}
	defer f.close()
	o.keeper = f.keeper(options.Checkpoint)
	defer o.keeper.close()
	resumed, err := o.keeper.resume(problems)
	if err != nil {
		return nil, err
	}
	started := time.Now()
	f.note("started", "name", plan.Name, "hash", f.hash, "members", len(problems), "resumed", resumed)
	fault := o.compute(ctx, options)
	o.Result.RunDir, o.Dir = f.name, f.final
	if fault != nil {
		o.Result.RunDir, o.Dir = f.name+partial, f.final+partial
	}
	o.provenance = o.manifest(f.hash, options.Version, started)
	for i, t := range o.Timings {
		p := problems[i]
		args := []any{"member", t.Member, "seconds", t.Solve.Seconds()}
		if p.Err != nil {
			args = append(args, "error", p.Err.Error())
		}
		f.note("integrated", args...)
	}
	for _, c := range o.Result.Claims {
		f.note("claim", "name", c.Name, "member", c.Member, "holds", c.Holds)
	}
	f.note("ended", "status", o.Result.Status)
	files, err := o.files()
	if err != nil {
		return o, both(fault, err)
	}
	give()
	give = func() {}
	if err := f.keep(files); err != nil {
		return o, both(fault, err)
	}
	if fault != nil {
		return o, fault
	}
	if err := f.finish(o.provenance); err != nil {
		return o, err
	}
	return o, nil
}

// both are a fault of the run, if there was one, and that its folder cannot be
// written, on one line.
func both(fault, err error) error {
	var same *FolderError
	switch {
	case fault == nil:
		return err
	case errors.As(fault, &same):
		return fault
	}
	return fmt.Errorf("%w; and %w", fault, err)
}

// ReadResult reads the result of a complete run folder. The error wraps
// fs.ErrNotExist if there is no such folder or it is not complete.
func ReadResult(dir string) (*Result, error) {
	if _, err := os.Stat(filepath.Join(dir, manifestFile)); err != nil {
		return nil, err
	}
	text, err := os.ReadFile(filepath.Join(dir, resultFile))
	if err != nil {
		return nil, err
	}
	return ParseResult(text)
}

// ReadManifest reads the manifest of a complete run folder.
func ReadManifest(dir string) (*Manifest, error) {
	m, err := readManifest(dir)
	if err != nil {
		return nil, &FolderError{Path: dir, Doing: "cannot read the manifest of", Err: err}
	}
	return m, nil
}

// take waits for a slot, if there are any, and returns how to give it back.
func (o *Options) take(ctx context.Context) (give func(), err error) {
	if o.Slots == nil {
		return func() {}, nil
	}
	select {
	case <-o.Slots:
		return func() { o.Slots <- struct{}{} }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// newFolder is the folder NAME/HASH under an output root.
func newFolder(root, name, hash string) *folder {
	if root == "" {
		root = "runs"
	}
	name = Slug(name)
	return &folder{final: filepath.Join(root, name, hash), name: path.Join(name, hash), hash: hash}
}

// stored is the outcome that a complete folder holds, nil if there is none or
// it is to be computed again.
func (f *folder) stored(plan *Plan, options Options) (*Outcome, error) {
	if options.Force {
		return nil, nil
	}
	if _, err := os.Stat(filepath.Join(f.final, manifestFile)); err != nil {
		return nil, nil
	}
	r, err := ReadResult(f.final)
	if err != nil {
		return nil, &FolderError{Path: f.final, Doing: "cannot read the result in", Err: fmt.Errorf("%w (it can be computed again by force)", err)}
	}
	return &Outcome{Plan: plan, Result: r, Stored: true, Dir: f.final}, nil
}

// A folder is a run folder in the making.
type folder struct {
	final string // path of the finished folder
	name  string // the same, relative to the output root, with slashes
	hash  string
	log   *os.File
	files []FileRecord
	fault error // first failure to log
}

func (f *folder) path(name string) string {
	return filepath.Join(f.final+partial, filepath.FromSlash(name))
}

func (f *folder) failed(err error) error {
	var where *fs.PathError
	if errors.As(err, &where) {
		err = where.Err
	}
	return &FolderError{Path: f.final, Doing: "cannot write the run folder", Err: err}
}

// open makes a partial folder in place of a stale one, of which it keeps the
// checkpoint, unless all is to begin anew.
func (f *folder) open(anew bool) error {
	stale, err := os.ReadDir(f.final + partial)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return f.failed(err)
	}
	for _, e := range stale {
		if isProgress(e.Name()) && !anew {
			continue
		}
		if err := os.RemoveAll(f.path(e.Name())); err != nil {
			return f.failed(err)
		}
	}
	if err := os.MkdirAll(f.path(figuresFolder), 0o777); err != nil {
		return f.failed(err)
	}
	log, err := os.Create(f.path(logFile))
	if err != nil {
		return f.failed(err)
	}
	f.log = log
	return nil
}

func (f *folder) close() { f.log.Close() }

// note adds a line to the log.
func (f *folder) note(event string, pairs ...any) {
	line := append([]any{"time", time.Now().UTC().Format(time.RFC3339Nano), "event", event}, pairs...)
	text := []byte{'{'}
	for i := 0; i+1 < len(line); i += 2 {
		if i > 0 {
			text = append(text, ',')
		}
		key, err1 := json.Marshal(line[i])
		value, err2 := json.Marshal(line[i+1])
		f.fault = errors.Join(f.fault, err1, err2)
		text = append(append(append(text, key...), ':'), value...)
	}
	if _, err := f.log.Write(append(text, '}', '\n')); err != nil {
		f.fault = errors.Join(f.fault, err)
	}
}

// A file is one of a run folder, before it is written.
type file struct {
	name string
	text []byte
}

// files are all but the log and the manifest.
func (o *Outcome) files() ([]file, error) {
	var files []file
	for _, make := range []struct {
		name string
		text func() ([]byte, error)
	}{
		{resultFile, o.Result.JSON},
		{specFile, func() ([]byte, error) { return o.Plan.Spec.TOML(), nil }},
		{trajectoryFile, o.trajectory},
		{timingsFile, o.timings},
		{reportFile, o.Report},
	} {
		text, err := make.text()
		if err != nil {
			return nil, err
		}
		files = append(files, file{make.name, text})
	}
	files = append(files, o.posteriorFiles()...)
	for _, figure := range o.Figures {
		for i, p := range figure.paths() {
			files = append(files, file{p, figure.Files[figure.extensions()[i]]})
		}
	}
	return files, nil
}

// keep writes everything but the manifest.
func (f *folder) keep(files []file) error {
	for _, w := range files {
		if err := f.write(w.name, w.text); err != nil {
			return f.failed(err)
		}
	}
	return nil
}

// write writes a file and sees to it that it is on the disk.
func (f *folder) write(name string, text []byte) error {
	w, err := os.Create(f.path(name))
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
	f.files = append(f.files, record(name, text))
	return nil
}

func record(name string, text []byte) FileRecord {
	sum := sha256.Sum256(text)
	return FileRecord{Name: name, Bytes: len(text), SHA256: hex.EncodeToString(sum[:])}
}

// finish writes the manifest and gives the folder its name.
func (f *folder) finish(m *Manifest) error {
	if err := errors.Join(f.fault, f.log.Sync()); err != nil {
		return f.failed(err)
	}
	log, err := os.ReadFile(f.path(logFile))
	if err != nil {
		return f.failed(err)
	}
	m.Files = append(slices.Clone(f.files), record(logFile, log))
	slices.SortFunc(m.Files, func(a, b FileRecord) int { return strings.Compare(a.Name, b.Name) })
	text, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return err
	}
	if err := f.write(manifestFile, append(text, '\n')); err != nil {
		return f.failed(err)
	}
	if err := f.clear(); err != nil {
		return f.failed(err)
	}
	syncFolder(f.path("."))
	// A folder cannot take the place of another in one move.
	stale := f.final + ".stale"
	if err := os.RemoveAll(stale); err != nil {
		return f.failed(err)
	}
	if err := os.Rename(f.final, stale); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return f.failed(err)
	}
	if err := os.Rename(f.final+partial, f.final); err != nil {
		return f.failed(err)
	}
	syncFolder(filepath.Dir(f.final))
	if err := os.RemoveAll(stale); err != nil {
		return f.failed(err)
	}
	return nil
}

// clear removes what a run that is complete need not go on from.
func (f *folder) clear() error {
	entries, err := os.ReadDir(f.path("."))
	for _, e := range entries {
		if isProgress(e.Name()) {
			err = errors.Join(err, os.RemoveAll(f.path(e.Name())))
		}
	}
	return err
}

// syncFolder brings a folder's names to the disk where the system can do that.
func syncFolder(path string) {
	if d, err := os.Open(path); err == nil {
		_ = d.Sync()
		d.Close()
	}
}

// paths are the figure's files relative to the run folder, by extension.
func (f Figure) paths() []string {
	var out []string
	for _, ext := range f.extensions() {
		out = append(out, path.Join(figuresFolder, Slug(f.Name)+"."+ext))
	}
	return out
}

func (f Figure) extensions() []string {
	var out []string
	for ext := range f.Files {
		if ext == Slug(ext) {
			out = append(out, ext)
		}
	}
	slices.Sort(out)
	return out
}

// timings is the file of the times that the run took.
func (o *Outcome) timings() ([]byte, error) {
	type row struct {
		Member      string  `json:"member"`
		Solve       float64 `json:"solve_seconds"`
		Claims      float64 `json:"claims_seconds"`
		Evaluations int     `json:"evaluations"`
		Each        Number  `json:"nanoseconds_per_evaluation"`
	}
	var rows []row
	for i, t := range o.Timings {
		r := row{Member: t.Member, Solve: t.Solve.Seconds(), Claims: t.Claims.Seconds()}
		if s := o.Problems[i].Solution; s != nil && s.Statistics.Evaluations > 0 {
			r.Evaluations = s.Statistics.Evaluations
			r.Each = Number(float64(t.Solve.Nanoseconds()) / float64(r.Evaluations))
		}
		rows = append(rows, r)
	}
	file := map[string]any{"members": rows}
	if len(o.Measured) > 0 {
		type measured struct {
			What    string  `json:"what"`
			Seconds float64 `json:"seconds"`
		}
		var times []measured
		for _, t := range o.Measured {
			times = append(times, measured{t.Member, t.Solve.Seconds()})
		}
		file["measured"] = times
	}
	return layOut(file)
}
