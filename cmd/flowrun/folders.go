package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"fisherflow/experiments"
	"fisherflow/figure"
	"fisherflow/run"

	"github.com/spf13/cobra"
)

func newPlot() *cobra.Command {
	var formats []string
	var quiet bool
	cmd := &cobra.Command{
		Use:     "plot RUNDIR",
		Short:   "Draw the figures of a run again, in other formats too",
		Example: "  flowrun plot runs/rivers-gamma/0123456789abcdef --format pdf",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			for _, f := range formats {
				if !slices.Contains(figure.Formats, f) {
					return usage("plot: no format is called %q%s (there are: %s)", f, suggest(f, figure.Formats), strings.Join(figure.Formats, ", "))
				}
			}
			plan, err := planOfFolder(args[0])
			if err != nil {
				return err
			}
			o, clear := options(cmd, "", quiet)
			o.Figures = nil
			outcome, err := run.Compute(cmd.Context(), plan, o)
			clear()
			if err != nil {
				return err
			}
			figures, err := experiments.FiguresIn(cmd.Context(), outcome, formats...)
			if err != nil {
				return err
			}
			dir := filepath.Join(args[0], "figures")
			if err := os.MkdirAll(dir, 0o777); err != nil {
				return fmt.Errorf("figures: %w", err)
			}
			for _, f := range figures {
				for _, format := range formats {
					path := filepath.Join(dir, f.Name+"."+format)
					if err := os.WriteFile(path, f.Files[format], 0o666); err != nil {
						return fmt.Errorf("figures: %w", err)
					}
					fmt.Fprintln(cmd.OutOrStdout(), path)
				}
			}
			return nil
		},
	}
	cmd.Flags().StringSliceVar(&formats, "format", []string{"svg", "png"}, "formats: svg, png, pdf")
	cmd.Flags().BoolVarP(&quiet, "quiet", "q", false, "no progress")
	return cmd
}

func newReport() *cobra.Command {
	var output string
	cmd := &cobra.Command{
		Use:     "report RUNDIR… -o report.html",
		Short:   "Put the reports of runs into one self-contained page",
		Example: "  flowrun report runs/*/* -o report.html",
		Args:    cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			for _, dir := range args {
				if !isRunFolder(dir) {
					return usage("report: %s is not the folder of a complete run (it has no manifest.json)", dir)
				}
			}
			page, err := run.CombineReports(args...)
			if err != nil {
				return err
			}
			if err := os.WriteFile(output, page, 0o666); err != nil {
				return fmt.Errorf("report: %w", err)
			}
			fmt.Fprintln(cmd.OutOrStdout(), output)
			return nil
		},
	}
	cmd.Flags().StringVarP(&output, "output", "o", "report.html", "the page to write")
	return cmd
}

func newDiff() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:     "diff RUNDIR RUNDIR",
		Short:   "Show in what two runs differ: spec, result, claims",
		Example: "  flowrun diff runs/rivers-gamma/0123456789abcdef runs/rivers-gamma/fedcba9876543210",
		Args:    cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			for _, dir := range args {
				if !isRunFolder(dir) {
					return usage("diff: %s is not the folder of a complete run (it has no manifest.json)", dir)
				}
			}
			d, err := run.Diff(args[0], args[1])
			if err != nil {
				return err
			}
			if asJSON {
				return printJSON(cmd.OutOrStdout(), d)
			}
			printDifference(cmd.OutOrStdout(), d)
			return nil
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON document")
	return cmd
}

func printDifference(w io.Writer, d *run.Difference) {
	same := true
	for _, part := range []struct {
		name    string
		changes []run.Change
	}{{"spec", d.Spec}, {"final", d.Final}, {"claims", d.Claims}} {
		for _, c := range part.changes {
			same = false
			fmt.Fprintf(w, "%s %s\n  - %s\n  + %s\n", part.name, c.Name, c.A, c.B)
		}
	}
	switch {
	case same && d.Largest == 0:
		fmt.Fprintln(w, "no difference")
	case d.Where != "":
		fmt.Fprintf(w, "largest difference of two numbers: %.3g of the largest of its series, in %s\n", float64(d.Largest), d.Where)
	}
}

func newDoctor() *cobra.Command {
	return &cobra.Command{
		Use:     "doctor SPEC.toml [key=value …]",
		Short:   "Check a spec and its data without running it",
		Example: "  flowrun doctor my-flow.toml",
		Args:    cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			plan, err := planOf(args[0], args[1:])
			if err != nil {
				return err
			}
			w := cmd.OutOrStdout()
			problems, err := plan.Build()
			if err != nil {
				return err
			}
			for _, p := range problems {
				if p.Model != nil {
					doctorModel(w, p)
					continue
				}
				fmt.Fprintf(w, "flow %s: %s, %s in chart %s (%s), loss %s", p.Name, p.Family.Name(), p.Spec.Flow.Metric, p.Spec.Flow.Chart,
					plural(p.Family.Dim(), "coordinate"), p.Loss.Name())
				if p.Observations != nil {
					fmt.Fprintf(w, " of %s", plural(len(p.Observations.Rows), "observation"))
				}
				fmt.Fprintln(w)
				point := p.Point()
				if err := point.At(p.Start); err != nil {
					return &exit{run.ExitUsage, fmt.Errorf("the loss cannot be evaluated at the start: %w", err)}
				}
				g := make([]float64, p.Family.Dim())
				point.Gradient(g)
				fmt.Fprintf(w, "  at the start the loss is %.8g and its gradient %s\n", point.Value(), join(g[:min(len(g), 8)]))
				var claims []string
				for _, c := range p.Spec.Claims {
					claims = append(claims, c.Name)
				}
				fmt.Fprintf(w, "  claims: %s\n", strings.Join(claims, ", "))
			}
			fmt.Fprintln(w, "the spec is sound")
			return nil
		},
	}
}
