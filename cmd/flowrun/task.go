package main

import (
	"fmt"
	"os"
	"strconv"
	"time"

	"fisherflow/run"

	"github.com/spf13/cobra"
)

// indexVariables are where schedulers say which task of an array this is.
var indexVariables = []string{"SLURM_ARRAY_TASK_ID", "JOB_COMPLETION_INDEX"}

func newTask() *cobra.Command {
	var f sweepFlags
	var index, chunk int
	cmd := &cobra.Command{
		Use:   "task DIR --index I",
		Short: "Compute one cell of a sweep, as a job of a cluster does",
		Long: `Compute cell I of the sweep in DIR, or with --chunk C the C cells from I·C on. A
cell that is complete is not computed again. Without --index, I is taken from
SLURM_ARRAY_TASK_ID or JOB_COMPLETION_INDEX.

Exit status: 0 if the cells are complete, 1 if one failed, with --strict 3 if a
claim is not as expected.`,
		Example: "  flowrun task tolerances --index 3\n  SLURM_ARRAY_TASK_ID=0 flowrun task tolerances --chunk 10",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if !cmd.Flags().Changed("index") {
				var err error
				if index, err = indexOfTask(); err != nil {
					return err
				}
			}
			if chunk < 1 {
				return usage("task: --chunk must be positive, not %d", chunk)
			}
			s, err := openSweep(args[0])
			if err != nil {
				return err
			}
			n := len(s.Cells())
			if index < 0 || index > (n-1)/chunk {
				return usage("task: there is no task %d; %s in chunks of %d are tasks 0 to %d", index, plural(n, "cell"), chunk, (n-1)/chunk)
			}
			o := run.SweepOptions{Workers: f.workers}
			o.Options, _ = options(cmd, args[0], f.quiet)
			o.Progress, o.Checkpoint = nil, f.checkpoint
			for i := index * chunk; i < min(n, (index+1)*chunk); i++ {
				o.Cells = append(o.Cells, i)
			}
			if !f.quiet {
				p := newSweepProgress(cmd.ErrOrStderr(), f.workers)
				o.Step, o.Done = p.step, p.done
				defer p.clear()
			}
			rows, err := s.Execute(cmd.Context(), o)
			return concludeSweep(cmd, s, args[0], rows, f, err)
		},
	}
	flags := cmd.Flags()
	flags.IntVar(&index, "index", 0, "which task, from 0")
	flags.IntVar(&chunk, "chunk", 1, "cells of a task")
	flags.DurationVar(&f.checkpoint, "checkpoint", time.Minute, "time from one checkpoint of a cell to the next")
	flags.IntVarP(&f.workers, "jobs", "j", 1, "cells computed at a time")
	flags.BoolVar(&f.strict, "strict", false, "exit with 3 if a claim does not agree with what it expects")
	flags.BoolVar(&f.asJSON, "json", false, "print the rows as one JSON document")
	flags.BoolVarP(&f.quiet, "quiet", "q", false, "no progress, and only what failed")
	return cmd
}

func indexOfTask() (int, error) {
	for _, name := range indexVariables {
		if text, ok := os.LookupEnv(name); ok {
			i, err := strconv.Atoi(text)
			if err != nil {
				return 0, usage("task: %s is %q, not a number", name, text)
			}
			return i, nil
		}
	}
	return 0, usage("task: say which with --index; neither %s nor %s is set", indexVariables[0], indexVariables[1])
}

// tasks is the number of tasks of so many cells.
func tasks(cells, chunk int) int { return (cells + chunk - 1) / chunk }

// chunkFor is the number of cells of a task with which there are at most so
// many tasks.
func chunkFor(cells, most int) int { return max(1, tasks(cells, most)) }

// quote is a word as a POSIX shell reads it.
func quote(word string) string {
	plain := word != ""
	for _, r := range word {
		plain = plain && (r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '/' || r == '.' || r == '-' || r == '_' || r == '=' || r == ',' || r == ':')
	}
	if plain {
		return word
	}
	var out []byte
	out = append(out, '\'')
	for i := range len(word) {
		if word[i] == '\'' {
			out = append(out, `'\''`...)
			continue
		}
		out = append(out, word[i])
	}
	return fmt.Sprintf("%s'", out)
}
