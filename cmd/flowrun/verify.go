package main

import (
	"fmt"

	"fisherflow/run"

	"github.com/spf13/cobra"
)

func newVerify() *cobra.Command {
	var output string
	var asJSON, quiet bool
	cmd := &cobra.Command{
		Use:   "verify NAME|SPEC.toml|RUNDIR [key=value …]",
		Short: "Compute a stored run again and judge whether it is reproduced",
		Long: `Compute a stored run again and judge at three levels whether it is reproduced:
same bytes, same numbers within tolerance, same claims. An experiment or a spec
stands for the run folder that it would have.`,
		Example:           "  flowrun verify rivers-gamma\n  flowrun verify runs/rivers-gamma/0123456789abcdef",
		Args:              cobra.MinimumNArgs(1),
		ValidArgsFunction: completeTargets,
		RunE: func(cmd *cobra.Command, args []string) error {
			var plan *run.Plan
			var err error
			dir := ""
			if isRunFolder(args[0]) {
				if len(args) > 1 {
					return usage("verify: a run folder has all its keys: %q cannot override one", args[1])
				}
				dir = args[0]
				plan, err = planOfFolder(dir)
			} else {
				plan, err = planOf(args[0], args[1:])
			}
			if err != nil {
				return err
			}
			o, clear := options(cmd, output, quiet)
			v, err := run.Verify(cmd.Context(), plan, dir, o)
			clear()
			if err != nil {
				return err
			}
			if asJSON {
				if err := printJSON(cmd.OutOrStdout(), v); err != nil {
					return err
				}
			} else {
				fmt.Fprintln(cmd.OutOrStdout(), v)
			}
			if err := v.Err(); err != nil {
				return &exit{run.ExitVerify, err}
			}
			return nil
		},
	}
	cmd.Flags().StringVarP(&output, "output", "o", "runs", "root of the run folders")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON document")
	cmd.Flags().BoolVarP(&quiet, "quiet", "q", false, "no progress")
	return cmd
}
