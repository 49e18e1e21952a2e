package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"text/tabwriter"
	"time"

	"fisherflow/experiments"
	"fisherflow/run"

	"github.com/spf13/cobra"
)

func newRun() *cobra.Command {
	var output string
	var seed int64
	var asJSON, force, quiet bool
	var checkpoint time.Duration
	var table string
	cmd := &cobra.Command{
		Use:   "run NAME|SPEC.toml|all [key=value …]",
		Short: "Run an experiment or a spec, check its claims and draw it",
		Long: `Run an experiment of the catalogue, a spec file, or everything in the
catalogue. Any key of the spec can be overridden by its dotted path.

The result is kept in a folder that is named by everything that determines it;
if that folder is complete, the stored result is printed and nothing is computed.`,
		Example:           "  flowrun run rivers-gamma\n  flowrun run sprays-poisson spray=C\n  flowrun run my-flow.toml ode.rtol=1e-8 -o results",
		Args:              cobra.MinimumNArgs(1),
		ValidArgsFunction: completeTargets,
		RunE: func(cmd *cobra.Command, args []string) error {
			overrides := args[1:]
			if cmd.Flags().Changed("seed") {
				overrides = append(overrides, fmt.Sprintf("seed=%d", seed))
			}
			o, clear := options(cmd, output, quiet)
			o.Force, o.Checkpoint = force, checkpoint
			if table != "" && args[0] != "all" {
				return usage("run: --table is for the whole catalogue: flowrun run all --table %s", table)
			}
			if args[0] == "all" {
				return runAll(cmd, experiments.All(), overrides, o, clear, allOutput{asJSON, quiet, table})
			}
			plan, err := planOf(args[0], overrides)
			if err != nil {
				return err
			}
			outcome, err := run.Execute(cmd.Context(), plan, o)
			clear()
			return conclude(cmd, outcome, err, asJSON, quiet)
		},
	}
	flags := cmd.Flags()
	flags.StringVarP(&output, "output", "o", "runs", "root of the run folders")
	flags.Int64Var(&seed, "seed", 1, "seed of everything random")
	flags.StringVar(&table, "table", "", "with all: write the published numbers beside ours to this file, in Markdown")
	flags.BoolVar(&asJSON, "json", false, "print the result as one JSON document")
	flags.BoolVar(&force, "force", false, "compute even if the result is there")
	flags.BoolVarP(&quiet, "quiet", "q", false, "no progress, and only what failed")
	flags.DurationVar(&checkpoint, "checkpoint", time.Minute, "time from one checkpoint to the next, from which an interrupted run goes on")
	return cmd
}

// conclude prints an outcome and turns it into an exit status.
func conclude(cmd *cobra.Command, outcome *run.Outcome, err error, asJSON, quiet bool) error {
	status := run.ExitCode(err, outcome)
	if outcome != nil && outcome.Result != nil {
		if asJSON {
			text, jsonErr := outcome.Result.JSON()
			if jsonErr != nil {
				return jsonErr
			}
			if _, writeErr := cmd.OutOrStdout().Write(text); writeErr != nil {
				return fmt.Errorf("standard output: %w", writeErr)
			}
		} else if !quiet || status != run.ExitOK {
			printOutcome(cmd.OutOrStdout(), outcome)
		}
		if outcome.Stored && !quiet {
			fmt.Fprintf(cmd.ErrOrStderr(), "flowrun: this run is complete in %s; --force computes it again\n", outcome.Dir)
		}
	}
	switch {
	case status == run.ExitOK:
		return nil
	case status == run.ExitInterrupted && outcome != nil && outcome.Result != nil:
		return &exit{status, fmt.Errorf("interrupted; what there is is kept in %s, and the same command goes on from there", outcome.Dir)}
	case err != nil:
		return &exit{status, err}
	case status == run.ExitClaim:
		n := len(outcome.Result.Disagreeing())
		return &exit{status, fmt.Errorf("%s not as expected", plural(n, "claim"))}
	case outcome != nil && outcome.Result != nil && outcome.Result.Error != "":
		return &exit{status, fmt.Errorf("%s; what there is is kept in %s", outcome.Result.Error, outcome.Dir)}
	}
	return &exit{status: status}
}

func printOutcome(w io.Writer, o *run.Outcome) {
	r := o.Result
	title := o.Plan.Spec.Title
	if title == "" {
		title = r.Name
	}
	fmt.Fprintf(w, "%s\n", title)
	if f := r.Final; f != nil {
		place := "at t ="
		if o.Plan.Spec.Optimizer != nil {
			place = "at step"
		}
		fmt.Fprintf(w, "\n%s %.10g the loss is %.12g\n", place, float64(f.T), float64(f.Loss))
		t := tabwriter.NewWriter(w, 0, 8, 2, ' ', 0)
		if e, ok := r.Tables["estimates"]; ok && len(e.Rows) <= 40 {
			fmt.Fprintln(t, "  chart\tcoordinate\testimate\tstandard error\t95 % interval")
			for _, row := range e.Rows {
				fmt.Fprintf(t, "  %v\t%v\t%s\t%s\t%s … %s\n", row[0], row[1], cell(row[2], 10), cell(row[3], 4), cell(row[4], 6), cell(row[5], 6))
			}
		} else if r.Posterior != nil {
			printPosterior(t, r.Posterior)
		} else if len(f.Point) > 0 && len(f.Point[0].At) <= 12 {
			for _, c := range f.Point {
				fmt.Fprintf(t, "  %s\t%s\n", c.Chart, join(run.Floats(c.At)))
			}
		}
		t.Flush()
	}
	if r.Posterior != nil {
		fmt.Fprintln(w)
		for _, line := range r.Posterior.Lines() {
			fmt.Fprintln(w, line)
		}
	}
	if len(r.Claims) > 0 {
		fmt.Fprintln(w)
		t := tabwriter.NewWriter(w, 0, 8, 2, ' ', 0)
		fmt.Fprintln(t, "  claim\tflow\t\tmeasured\tbound")
		for _, c := range r.Claims {
			verdict := "holds"
			switch {
			case c.Expect == run.Violated && c.Holds:
				verdict = "violated, as expected"
			case c.Expect == run.Violated:
				verdict = "HOLDS, unexpectedly"
			case !c.Holds:
				verdict = "FAILS"
			}
			fmt.Fprintf(t, "  %s\t%s\t%s\t%.3g\t%.3g\n", c.Name, c.Member, verdict, float64(c.Value), float64(c.Bound))
		}
		t.Flush()
		for _, c := range r.Disagreeing() {
			fmt.Fprintf(w, "  %s, %s: %s\n", c.Name, c.Member, c.Detail)
		}
	}
	if s := r.Solver; s != nil {
		fmt.Fprintf(w, "\n%s: %d steps, %d rejected, %d evaluations\n", s.Method, s.Steps, s.Rejected, s.Evaluations)
		if advice := s.Advice(); advice != "" {
			fmt.Fprintln(w, advice)
		}
	}
	for _, m := range r.Members {
		if m.Error != "" {
			fmt.Fprintf(w, "flow %s: %s\n", m.Name, m.Error)
		}
	}
	if r.Error != "" {
		fmt.Fprintf(w, "%s: %s\n", r.Status, r.Error)
	}
	if report := filepath.Join(o.Dir, "report.html"); o.Dir != "" {
		if _, err := os.Stat(report); err == nil {
			fmt.Fprintf(w, "report: %s\n", report)
		}
	}
}

func cell(v any, digits int) string {
	switch x := v.(type) {
	case run.Number:
		return fmt.Sprintf("%.*g", digits, float64(x))
	case float64:
		return fmt.Sprintf("%.*g", digits, x)
	}
	return fmt.Sprint(v)
}
