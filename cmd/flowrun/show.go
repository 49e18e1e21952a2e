package main

import (
	"fmt"
	"io"
	"strings"

	"fisherflow/experiments"
	"fisherflow/run"

	"github.com/spf13/cobra"
)

func newShow() *cobra.Command {
	return &cobra.Command{
		Use:               "show NAME",
		Short:             "Show what an experiment asks: equations, parameters, sources, base spec",
		Example:           "  flowrun show rivers-gamma",
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: completeExperiments,
		RunE: func(cmd *cobra.Command, args []string) error {
			e, err := experiment(args[0])
			if err != nil {
				return err
			}
			plan, err := e.Plan()
			if err != nil {
				return err
			}
			w := cmd.OutOrStdout()
			fmt.Fprintf(w, "%s: %s\n\n", e.Name, e.Title)
			wrap(w, e.Summary, 78)
			fmt.Fprintln(w, "\nEquations")
			for _, q := range e.Equations {
				fmt.Fprintf(w, "  %s\n", q)
			}
			fmt.Fprintln(w, "\nParameters (beside any key of the spec)")
			for _, p := range e.Parameters {
				fmt.Fprintf(w, "  %s = %v    %s", p.Name, p.Default, p.Help)
				if len(p.Choices) > 0 {
					fmt.Fprintf(w, ": %v", p.Choices)
				}
				fmt.Fprintln(w)
			}
			if len(e.Parameters) == 0 {
				fmt.Fprintln(w, "  none")
			}
			fmt.Fprintln(w, "\nFlows compared")
			fmt.Fprintf(w, "  %s (main)\n", plan.MainName)
			for _, m := range plan.Members {
				fmt.Fprintf(w, "  %s\n", m.Name)
			}
			fmt.Fprintf(w, "\nSpec of the main flow\n%s\nSources: flowrun cite %s\n", plan.Spec.TOML(), e.Name)
			return nil
		},
	}
}

func newCite() *cobra.Command {
	return &cobra.Command{
		Use:               "cite NAME|RUNDIR",
		Short:             "Print the sources of an experiment, or of a run, as BibTeX",
		Example:           "  flowrun cite half-plane",
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: completeExperiments,
		RunE: func(cmd *cobra.Command, args []string) error {
			if isRunFolder(args[0]) {
				m, err := run.ReadManifest(args[0])
				if err != nil {
					return err
				}
				for _, c := range m.Citations {
					fmt.Fprintln(cmd.OutOrStdout(), c)
				}
				return nil
			}
			e, err := experiment(args[0])
			if err != nil {
				return err
			}
			for _, c := range e.Citations {
				fmt.Fprintln(cmd.OutOrStdout(), c)
			}
			return nil
		},
	}
}

func experiment(name string) (*experiments.Experiment, error) {
	e, ok := experiments.Find(name)
	if !ok {
		return nil, usage("no experiment is called %q%s; flowrun list shows them", name, suggest(name, experiments.Names()))
	}
	return e, nil
}

func completeExperiments(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return experiments.Names(), cobra.ShellCompDirectiveNoFileComp
}

// wrap breaks text into lines.
func wrap(w io.Writer, text string, width int) {
	line := ""
	for _, word := range strings.Fields(text) {
		if len(line)+1+len(word) > width && line != "" {
			fmt.Fprintln(w, line)
			line = ""
		}
		if line != "" {
			line += " "
		}
		line += word
	}
	fmt.Fprintln(w, line)
}
