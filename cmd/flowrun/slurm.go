package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"fisherflow/run"

	"github.com/spf13/cobra"
)

// slurmFlags say how a sweep is given to a scheduler.
type slurmFlags struct {
	chunk        int
	options      []string
	image, claim string
	parallel     int
}

func (b *slurmFlags) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.IntVar(&b.chunk, "chunk", 0, "cells of a task of the array (default as many as make at most 1000 tasks)")
	flags.StringArrayVar(&b.options, "sbatch", nil, "an option for sbatch, as --sbatch=--partition=short; may be given again")
	flags.StringVar(&b.image, "image", "flowrun", "container image of --emit k8s")
	flags.StringVar(&b.claim, "volume-claim", "sweeps", "persistent volume claim that holds the folder of --emit k8s")
	flags.IntVar(&b.parallel, "parallelism", 8, "pods at a time of --emit k8s")
}

// mostTasks is below the largest array of Slurm's default configuration.
const mostTasks = 1000

func (b *slurmFlags) chunkOf(cells int) (int, error) {
	if b.chunk < 0 {
		return 0, usage("sweep: --chunk must be positive, not %d", b.chunk)
	}
	if b.chunk == 0 {
		return chunkFor(cells, mostTasks), nil
	}
	return b.chunk, nil
}

// submit writes the scripts of an array of jobs and of those that collect, and
// hands them to sbatch. The array's jobs run independently of each other; when
// all are well one job collects, and when one was not another does, which fails
// and names the cells. Slurm drops the one of the two that cannot come.
func (b *slurmFlags) submit(cmd *cobra.Command, s *run.Sweep, dir string, f sweepFlags) error {
	chunk, err := b.chunkOf(len(s.Cells()))
	if err != nil {
		return err
	}
	program, err := os.Executable()
	if err != nil {
		return err
	}
	if dir, err = filepath.Abs(dir); err != nil {
		return err
	}
	folder := filepath.Join(dir, "slurm")
	if err := os.MkdirAll(folder, 0o777); err != nil {
		return &run.FolderError{Path: folder, Doing: "cannot make", Err: err}
	}
	name := filepath.Base(dir)
	strict := ""
	if f.strict {
		strict = " --strict"
	}
	// Slurm ends jobs by SIGTERM, which keeps a checkpoint; exec hands it to
	// flowrun and not to the shell.
	array := fmt.Sprintf(`#!/bin/sh
#SBATCH --job-name=%s
#SBATCH --array=0-%d
#SBATCH --output=%s
#SBATCH --signal=B:TERM@60
exec %s task %s --chunk %d --quiet%s
`, run.Slug(name), tasks(len(s.Cells()), chunk)-1, filepath.Join(folder, "%A_%a.log"), quote(program), quote(dir), chunk, strict)
	collect := fmt.Sprintf(`#!/bin/sh
#SBATCH --job-name=%s-collect
#SBATCH --output=%s
exec %s collect %s%s
`, run.Slug(name), filepath.Join(folder, "collect-%j.log"), quote(program), quote(dir), strict)
	for _, w := range []struct{ name, text string }{{"array.sh", array}, {"collect.sh", collect}} {
		if err := os.WriteFile(filepath.Join(folder, w.name), []byte(w.text), 0o777); err != nil {
			return &run.FolderError{Path: folder, Doing: "cannot write in", Err: err}
		}
	}
	id, err := b.sbatch(cmd.Context(), filepath.Join(folder, "array.sh"))
	if err != nil {
		return err
	}
	fmt.Fprintf(cmd.OutOrStdout(), "%s: %s in %s of at most %s\n", id, plural(len(s.Cells()), "cell"), plural(tasks(len(s.Cells()), chunk), "task"), plural(chunk, "cell"))
	for _, when := range []string{"afterok", "afternotok"} {
		job, err := b.sbatch(cmd.Context(), "--dependency="+when+":"+id, "--kill-on-invalid-dep=yes", filepath.Join(folder, "collect.sh"))
		if err != nil {
			return err
		}
		fmt.Fprintf(cmd.OutOrStdout(), "%s: collects %s:%s\n", job, when, id)
	}
	return nil
}

// sbatch submits a script and returns the number of the job.
func (b *slurmFlags) sbatch(ctx context.Context, args ...string) (string, error) {
	args = append(append([]string{"--parsable"}, b.options...), args...)
	c := exec.CommandContext(ctx, "sbatch", args...)
	var out, errs bytes.Buffer
	c.Stdout, c.Stderr = &out, &errs
	err := c.Run()
	switch {
	case errors.Is(err, exec.ErrNotFound):
		return "", usage("sweep: --slurm needs sbatch, which is not in PATH; run the sweep where Slurm is, or leave --slurm out")
	case err != nil:
		return "", fmt.Errorf("sbatch: %s (%w)", strings.TrimSpace(firstLine(errs.String())), err)
	}
	id, _, _ := strings.Cut(strings.TrimSpace(out.String()), ";") // the cluster follows
	return id, nil
}

func firstLine(text string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(text), "\n")
	return line
}

// kubernetes prints an Indexed Job. The folder of the sweep is mounted in the
// pods at the path that it has here.
func (b *slurmFlags) kubernetes(cmd *cobra.Command, s *run.Sweep, dir string) error {
	cells := len(s.Cells())
	chunk := max(1, b.chunk)
	if b.chunk < 0 || b.parallel < 1 {
		return usage("sweep: --chunk and --parallelism must be positive")
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return err
	}
	arguments := []string{"task", dir, "--chunk", fmt.Sprint(chunk), "--quiet"}
	var list strings.Builder
	for _, a := range arguments {
		fmt.Fprintf(&list, "\n            - %q", a)
	}
	note := ""
	if s.SHA256 != "" {
		note = fmt.Sprintf("# The pods read the spec %q and its data at the paths that they have here.\n", s.Target)
	}
	_, err = fmt.Fprintf(cmd.OutOrStdout(), `# %s of %s. When the job is done: flowrun collect %s
%sapiVersion: batch/v1
kind: Job
metadata:
  name: %q
spec:
  completionMode: Indexed
  completions: %d
  parallelism: %d
  backoffLimitPerIndex: 1
  maxFailedIndexes: %d
  template:
    spec:
      restartPolicy: Never
      terminationGracePeriodSeconds: 60
      containers:
        - name: flowrun
          image: %q
          command: ["flowrun"]
          args:%s
          resources:
            requests:
              cpu: "1"
          volumeMounts:
            - name: sweep
              mountPath: %q
      volumes:
        - name: sweep
          persistentVolumeClaim:
            claimName: %q
`, plural(cells, "cell"), s.Target, quote(dir), note, dnsLabel(filepath.Base(dir)), tasks(cells, chunk), min(b.parallel, tasks(cells, chunk)), tasks(cells, chunk),
		b.image, list.String(), dir, b.claim)
	return err
}

// dnsLabel is a name as Kubernetes takes it, at most 50 letters long so that the
// pods' suffixes fit.
func dnsLabel(name string) string {
	name = run.Slug(name)
	return strings.Trim(name[:min(len(name), 50)], "-")
}
