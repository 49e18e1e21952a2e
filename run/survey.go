package run

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// A Surveyed is a run folder as it was found.
type Surveyed struct {
	RunDir      string `json:"run_dir"` // relative to where the survey began
	Status      Status `json:"status"`
	Claims      int    `json:"claims"`
	Disagreeing int    `json:"disagreeing"`
	Detail      string `json:"detail,omitempty"`
}

// Survey looks at all run folders under a folder, complete or not.
func Survey(ctx context.Context, root string) ([]Surveyed, error) {
	var found []Surveyed
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		final, unfinished := strings.CutSuffix(path, partial)
		if !d.IsDir() {
			return nil
		}
		_, err = os.Stat(filepath.Join(path, manifestFile))
		if err != nil && !unfinished {
			return nil
		}
		name, err := filepath.Rel(root, final)
		if err != nil {
			return err
		}
		s := Surveyed{RunDir: filepath.ToSlash(name), Status: Missing}
		r, err := ReadResult(path)
		if unfinished {
			r, err = readPartial(final)
		}
		if err == nil {
			s.Status, s.Claims, s.Disagreeing, s.Detail = r.Status, len(r.Claims), len(r.Disagreeing()), r.Error
		}
		switch at, err := os.Stat(filepath.Join(path, checkpointFile)); {
		case unfinished && locked(final):
			s.Status, s.Detail = Running, ""
			if err == nil {
				s.Detail = "checkpoint of " + at.ModTime().UTC().Format(time.RFC3339)
			}
		case unfinished && err == nil:
			s.Status, s.Detail = Interrupted, "goes on from its checkpoint of "+at.ModTime().UTC().Format(time.RFC3339)
		case unfinished && s.Status == Missing:
			s.Status, s.Detail = Interrupted, "its process ended; the next run begins anew"
		}
		found = append(found, s)
		return filepath.SkipDir
	})
	if err != nil {
		return nil, &FolderError{Path: root, Doing: "cannot survey", Err: err}
	}
	return found, nil
}
