package run

import (
	"encoding/json"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"time"
)

// A Manifest says where, when, by what and from what a run folder was made. It
// is written last: a folder that has one is complete.
type Manifest struct {
	Schema     int          `json:"schema"`
	Name       string       `json:"name"`
	Hash       string       `json:"hash"`
	Experiment string       `json:"experiment,omitempty"`
	Started    time.Time    `json:"started"`
	Finished   time.Time    `json:"finished"`
	Version    string       `json:"version"`
	Go         string       `json:"go"`
	Revision   string       `json:"revision,omitempty"`
	Modified   bool         `json:"modified,omitempty"`
	Library    string       `json:"matrix_library"` // what multiplied matrices
	Modules    []Module     `json:"modules"`
	Host       Host         `json:"host"`
	Data       []DataRecord `json:"data"`
	Trajectory string       `json:"trajectory_rule"`
	Citations  []string     `json:"citations"`
	Files      []FileRecord `json:"files"`
}

// A Module is a library that the program was built with.
type Module struct {
	Path    string `json:"path"`
	Version string `json:"version"`
	Sum     string `json:"sum,omitempty"`
}

// A Host is the machine that a run was made on.
type Host struct {
	Name string `json:"name,omitempty"`
	OS   string `json:"os"`
	Arch string `json:"arch"`
	CPUs int    `json:"cpus"`
}

// A DataRecord is a data file that a run read. File is its name in the spec.
type DataRecord struct {
	File    string `json:"file,omitempty"`
	Path    string `json:"path,omitempty"`
	Dataset string `json:"dataset,omitempty"`
	SHA256  string `json:"sha256"`
	Rows    int    `json:"rows"`
}

// A FileRecord is a file of the run folder.
type FileRecord struct {
	Name   string `json:"name"`
	Bytes  int    `json:"bytes"`
	SHA256 string `json:"sha256"`
}

func (o *Outcome) manifest(hash, version string, started time.Time) *Manifest {
	m := &Manifest{
		Schema: Schema, Name: o.Plan.Name, Hash: hash, Experiment: o.Plan.Spec.Experiment,
		Started: started.UTC().Truncate(time.Millisecond), Finished: time.Now().UTC().Truncate(time.Millisecond),
		Version: version, Go: runtime.Version(), Library: Library(), Trajectory: thinning,
		Host: Host{OS: runtime.GOOS, Arch: runtime.GOARCH, CPUs: runtime.NumCPU()},
		Data: []DataRecord{}, Modules: []Module{}, Citations: append([]string{}, o.Citations()...),
	}
	if name, err := os.Hostname(); err == nil {
		m.Host.Name = name
	}
	if info, ok := debug.ReadBuildInfo(); ok {
		if m.Version == "" {
			m.Version = info.Main.Version
		}
		for _, d := range info.Deps {
			if d.Replace != nil {
				d = d.Replace
			}
			m.Modules = append(m.Modules, Module{d.Path, d.Version, d.Sum})
		}
		for _, s := range info.Settings {
			switch s.Key {
			case "vcs.revision":
				m.Revision = s.Value
			case "vcs.modified":
				m.Modified = s.Value == "true"
			}
		}
	}
	m.Data = append(m.Data, o.data()...)
	return m
}

// data are the files that the members read, each once.
func (o *Outcome) data() []DataRecord {
	var records []DataRecord
	seen := map[DataRecord]bool{}
	for _, p := range o.Problems {
		if d := p.Observations; d != nil {
			r := DataRecord{File: d.File, Path: d.Path, Dataset: d.Dataset, SHA256: d.SHA256, Rows: len(d.Rows)}
			if !seen[r] {
				seen[r] = true
				records = append(records, r)
			}
		}
	}
	return records
}

// Citations are the plan's, and those of the data sets that it read.
func (o *Outcome) Citations() []string {
	out := append([]string(nil), o.Plan.Citations...)
	seen := map[string]bool{}
	for _, p := range o.Problems {
		if d := p.Observations; d != nil && d.Source != "" && !seen[d.Source] {
			seen[d.Source] = true
			out = append(out, "Data set "+d.Dataset+": "+d.Source)
		}
	}
	return out
}

// readManifest reads the manifest of a run folder.
func readManifest(dir string) (*Manifest, error) {
	text, err := os.ReadFile(filepath.Join(dir, manifestFile))
	if err != nil {
		return nil, err
	}
	m := &Manifest{}
	return m, json.Unmarshal(text, m)
}
