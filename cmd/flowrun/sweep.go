package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"fisherflow/run"

	"github.com/spf13/cobra"
)

// sweepFlags are those of sweep, as far as the other commands share them.
type sweepFlags struct {
	workers    int
	checkpoint time.Duration
	strict     bool
	asJSON     bool
	quiet      bool
	values     []string
}

func (f *sweepFlags) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.BoolVar(&f.strict, "strict", false, "exit with 3 if a claim does not agree with what it expects")
	flags.BoolVar(&f.asJSON, "json", false, "print the table as one JSON document")
	flags.BoolVarP(&f.quiet, "quiet", "q", false, "no progress, and only what failed")
	flags.StringSliceVar(&f.values, "value", nil, "columns of the table to draw, fit and rank by; without it the loss, the evaluations and what claims measured")
}

func newSweep() *cobra.Command {
	var f sweepFlags
	var output, emit string
	var zips []string
	var dryRun, replace, slurm bool
	var seed int64
	var batch slurmFlags
	cmd := &cobra.Command{
		Use:   "sweep NAME|SPEC.toml key=values …",
		Short: "Run an experiment or a spec at many values of its keys",
		Long: `Run an experiment or a spec at all combinations of values of its keys, any key
of the spec or parameter of the experiment:

  key=a,b,c           a list; a comma inside of [], {} or quotes is part of a value
  key=1.5/2/3         the vector [1.5, 2, 3]
  key=1..32           whole numbers
  key=lin:0..1:11     evenly spaced numbers
  key=log:1e-4..1e-10:7   evenly spaced in their logarithms
  key=@FILE           one value a line

--zip a,b makes keys go together instead of crossing them.

Each cell is a run folder in the sweep's folder, named by its content: a cell that
is complete is never computed again, so that a sweep that was interrupted goes on,
and values are added by naming them. Several processes may work on one folder. The
table of all cells is written as table.csv and table.jsonl, and the comparison of
its values as figures. Cells draw no figures of their own without figures=true.`,
		Example:           "  flowrun sweep rivers-gamma ode.rtol=log:1e-4..1e-8:3 flow.metric=fisher,euclidean -o tolerances\n  flowrun sweep rivers-gamma flow.start=1/1,2/1 --dry-run",
		Args:              cobra.MinimumNArgs(1),
		ValidArgsFunction: completeTargets,
		RunE: func(cmd *cobra.Command, args []string) error {
			if emit != "" && emit != "k8s" {
				return usage("sweep: --emit knows k8s, not %q", emit)
			}
			if emit != "" && slurm {
				return usage("sweep: --emit and --slurm exclude each other")
			}
			if cmd.Flags().Changed("seed") {
				args = append(args, fmt.Sprintf("seed=%d", seed))
			}
			s, err := sweepOf(args[0], args[1:], zips)
			if err != nil {
				return err
			}
			// What is wrong with a cell is said before any is computed.
			var name string
			for _, c := range s.Cells() {
				plan, err := s.PlanOf(c)
				if err != nil {
					return &exit{run.ExitUsage, err}
				}
				name = plan.Name
			}
			if output == "" {
				output = filepath.Join("sweeps", run.Slug(name))
			}
			if dryRun {
				return dry(cmd, s, output, f.asJSON)
			}
			if err := s.Join(cmd.Context(), output, replace); err != nil {
				return err
			}
			switch {
			case slurm:
				return batch.submit(cmd, s, output, f)
			case emit != "":
				return batch.kubernetes(cmd, s, output)
			}
			return runSweep(cmd, s, output, f)
		},
	}
	f.add(cmd)
	flags := cmd.Flags()
	flags.StringVarP(&output, "output", "o", "", "folder of the sweep (default sweeps/NAME)")
	flags.IntVarP(&f.workers, "jobs", "j", 0, "cells computed at a time (default one a processor)")
	flags.DurationVar(&f.checkpoint, "checkpoint", time.Minute, "time from one checkpoint of a cell to the next")
	flags.StringArrayVar(&zips, "zip", nil, "keys that go together, as a,b; may be given again")
	flags.BoolVar(&dryRun, "dry-run", false, "show the cells and compute nothing")
	flags.BoolVar(&replace, "replace", false, "take the place of another sweep in the folder; its cells stay")
	flags.Int64Var(&seed, "seed", 1, "seed of everything random")
	flags.BoolVar(&slurm, "slurm", false, "submit the cells as an array of Slurm jobs")
	flags.StringVar(&emit, "emit", "", "print what a scheduler takes instead of running: k8s, an Indexed Job")
	batch.add(cmd)
	return cmd
}

// sweepOf makes the sweep that arguments ask for.
func sweepOf(target string, args, zips []string) (*run.Sweep, error) {
	if len(args) == 0 {
		return nil, usage("sweep: give values of at least one key, as in flowrun sweep %s ode.rtol=1e-6,1e-8", target)
	}
	var axes []run.Axis
	for _, text := range args {
		a, err := run.ParseAxis(text)
		if err != nil {
			return nil, err
		}
		axes = append(axes, a)
	}
	for _, z := range zips {
		var err error
		if axes, err = run.Zip(axes, strings.Split(z, ",")); err != nil {
			return nil, err
		}
	}
	var fixed []string
	if !slices.ContainsFunc(axes, func(a run.Axis) bool { return slices.Contains(a.Keys, "figures") }) {
		fixed = []string{"figures=false"}
	}
	if _, err := planOf(target, nil); err != nil {
		return nil, err
	}
	s, err := run.NewSweep(target, fixed, axes)
	if err != nil {
		return nil, err
	}
	s.Plan = planner(s.Target)
	return s, nil
}

func planner(target string) func([]string) (*run.Plan, error) {
	return func(overrides []string) (*run.Plan, error) { return planOf(target, overrides) }
}

// openSweep reads the sweep of a folder.
func openSweep(dir string) (*run.Sweep, error) {
	s, err := run.ReadSweep(dir)
	if err != nil {
		return nil, &exit{run.ExitUsage, err}
	}
	if err := s.Unchanged(); err != nil {
		return nil, err
	}
	s.Plan = planner(s.Target)
	return s, nil
}

func dry(cmd *cobra.Command, s *run.Sweep, dir string, asJSON bool) error {
	rows, err := s.Collect(cmd.Context(), dir)
	if err != nil {
		return err
	}
	w := cmd.OutOrStdout()
	if asJSON {
		return printCells(w, s, dir, rows)
	}
	t := tabwriter.NewWriter(w, 0, 8, 2, ' ', 0)
	there := 0
	fmt.Fprintln(t, "index\t"+strings.Join(s.Keys(), "\t")+"\tstatus")
	for _, r := range rows {
		fmt.Fprintf(t, "%d\t%s\t%s\n", r.Index, strings.Join(r.Values, "\t"), r.Status)
		if r.Status == run.OK {
			there++
		}
	}
	t.Flush()
	fmt.Fprintf(w, "%s, %d complete in %s\n", plural(len(rows), "cell"), there, dir)
	return nil
}

func runSweep(cmd *cobra.Command, s *run.Sweep, dir string, f sweepFlags) error {
	o := run.SweepOptions{Workers: f.workers}
	o.Options, _ = options(cmd, dir, f.quiet)
	o.Progress, o.Checkpoint = nil, f.checkpoint
	clear := func() {}
	if !f.quiet {
		p := newSweepProgress(cmd.ErrOrStderr(), f.workers)
		o.Step, o.Done, clear = p.step, p.done, p.clear
	}
	rows, err := s.Execute(cmd.Context(), o)
	clear()
	if err == nil || errors.Is(err, context.Canceled) {
		// What there is stands in the table even after an interruption.
		if err := tabulate(context.WithoutCancel(cmd.Context()), s, dir, rows, f.values, err != nil); err != nil {
			return err
		}
	}
	return concludeSweep(cmd, s, dir, rows, f, err)
}

// tabulate writes the table of a sweep and, where it is complete, its comparison.
func tabulate(ctx context.Context, s *run.Sweep, dir string, rows []run.Row, values []string, partial bool) error {
	table := run.NewSweepTable(s.Keys(), rows)
	if err := table.Write(dir); err != nil {
		return err
	}
	if partial {
		return nil
	}
	return compare(ctx, table, dir, values)
}

// concludeSweep prints the table and says how the sweep ended.
func concludeSweep(cmd *cobra.Command, s *run.Sweep, dir string, rows []run.Row, f sweepFlags, err error) error {
	w := cmd.OutOrStdout()
	if f.asJSON {
		if err := printCells(w, s, dir, rows); err != nil {
			return err
		}
	} else if !f.quiet {
		printSweep(w, s, rows)
		fmt.Fprintf(w, "table: %s\n", filepath.Join(dir, "table.csv"))
	}
	count := map[run.Status]int{}
	var failed []string
	disagreeing, claims := 0, 0
	for _, r := range rows {
		count[r.Status]++
		if r.Status == run.Failed {
			failed = append(failed, fmt.Sprintf("cell %d (%s): %s", r.Index, r.Cell, r.Error))
		}
		claims += r.Claims
		if r.Disagreeing > 0 {
			disagreeing++
		}
	}
	for i, line := range failed {
		if i == 20 && len(failed) > 21 {
			fmt.Fprintf(cmd.ErrOrStderr(), "flowrun: and %d more\n", len(failed)-i)
			break
		}
		fmt.Fprintln(cmd.ErrOrStderr(), "flowrun: "+line)
	}
	switch {
	case errors.Is(err, context.Canceled):
		return &exit{run.ExitInterrupted, fmt.Errorf("interrupted; %d of %s complete in %s, the same command goes on", count[run.OK], plural(len(rows), "cell"), dir)}
	case err != nil:
		return &exit{run.ExitCode(err, nil), err}
	case len(failed) > 0:
		return &exit{run.ExitFailed, fmt.Errorf("%d of %s failed", len(failed), plural(len(rows), "cell"))}
	case count[run.OK] < len(rows):
		return &exit{run.ExitFailed, fmt.Errorf("%d of %s not complete; flowrun status %s says which", len(rows)-count[run.OK], plural(len(rows), "cell"), dir)}
	case f.strict && disagreeing > 0:
		return &exit{run.ExitClaim, fmt.Errorf("claims not as expected in %d of %s", disagreeing, plural(len(rows), "cell"))}
	}
	return nil
}

const mostShown = 40

func printSweep(w io.Writer, s *run.Sweep, rows []run.Row) {
	t := tabwriter.NewWriter(w, 0, 8, 2, ' ', 0)
	keys := s.Keys()
	fmt.Fprintln(t, "index\t"+strings.Join(keys, "\t")+"\tstatus\tloss\tsteps\tevaluations\tclaims held")
	for _, r := range rows[:min(len(rows), mostShown)] {
		fmt.Fprintf(t, "%d", r.Index)
		for _, k := range keys {
			v := ""
			if i := slices.Index(r.Keys, k); i >= 0 {
				v = r.Values[i]
			}
			fmt.Fprintf(t, "\t%s", v)
		}
		fmt.Fprintf(t, "\t%s", r.Status)
		for _, c := range []string{"loss", "steps", "evaluations"} {
			if x, ok := r.Number(c); ok {
				fmt.Fprintf(t, "\t%.10g", x)
			} else {
				fmt.Fprint(t, "\t")
			}
		}
		fmt.Fprintf(t, "\t%d/%d\n", r.Claims-r.Disagreeing, r.Claims)
	}
	t.Flush()
	if len(rows) > mostShown {
		fmt.Fprintf(w, "… and %d more in the table\n", len(rows)-mostShown)
	}
}

// printCells prints the table as one JSON document.
func printCells(w io.Writer, s *run.Sweep, dir string, rows []run.Row) error {
	lines, err := run.NewSweepTable(s.Keys(), rows).JSONLines()
	if err != nil {
		return err
	}
	var cells []json.RawMessage
	for line := range bytes.Lines(lines) {
		cells = append(cells, bytes.TrimSpace(line))
	}
	return printJSON(w, map[string]any{"schema": run.SweepSchema, "dir": filepath.ToSlash(dir), "keys": s.Keys(), "cells": cells})
}
