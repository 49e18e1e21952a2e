package main

import (
	"fmt"
	"path/filepath"
	"text/tabwriter"

	"fisherflow/run"

	"github.com/spf13/cobra"
)

func newCollect() *cobra.Command {
	var f sweepFlags
	cmd := &cobra.Command{
		Use:   "collect DIR",
		Short: "Make the table of a sweep and draw its comparison",
		Long: `Read the cells of a sweep that are there, computing none, and write
  table.csv, table.jsonl   a row a cell: keys, status, loss, steps, claims, end
  orders.csv               exponents of values that are powers of a key
  ranks.csv                mean ranks of the values of every key, 1 the least
  figures/along-KEY        values against each numeric key
  figures/heat-VALUE       heat maps where two keys have several values

Exit status: 0 if every cell is complete, 1 if not, with --strict 3 if a claim is
not as expected.`,
		Example: "  flowrun collect tolerances\n  flowrun collect tolerances --value loss,claim.resolved.value",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			dir := args[0]
			s, err := openSweep(dir)
			if err != nil {
				return err
			}
			rows, err := s.Collect(cmd.Context(), dir)
			if err != nil {
				return err
			}
			if err := tabulate(cmd.Context(), s, dir, rows, f.values, false); err != nil {
				return err
			}
			return concludeSweep(cmd, s, dir, rows, f, nil)
		},
	}
	f.add(cmd)
	return cmd
}

func newStatus() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:     "status DIR",
		Short:   "Say how far a sweep, or the runs under a folder, have come",
		Example: "  flowrun status tolerances",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			runs, err := run.Survey(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			if s, err := openSweep(args[0]); err == nil {
				rows, err := s.Collect(cmd.Context(), args[0])
				if err != nil {
					return err
				}
				if asJSON {
					return printCells(cmd.OutOrStdout(), s, args[0], rows)
				}
				printStatus(cmd, rows)
				return nil
			}
			if len(runs) == 0 {
				return usage("status: there is neither a sweep nor a run under %s", args[0])
			}
			if asJSON {
				return printJSON(cmd.OutOrStdout(), runs)
			}
			t := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 8, 2, ' ', 0)
			fmt.Fprintln(t, "run\tstatus\tclaims held\tdetail")
			for _, r := range runs {
				fmt.Fprintf(t, "%s\t%s\t%d/%d\t%s\n", filepath.FromSlash(r.RunDir), r.Status, r.Claims-r.Disagreeing, r.Claims, r.Detail)
			}
			return t.Flush()
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON document")
	return cmd
}

func printStatus(cmd *cobra.Command, rows []run.Row) {
	w := cmd.OutOrStdout()
	count := map[run.Status]int{}
	claims, disagreeing := 0, 0
	for _, r := range rows {
		count[r.Status]++
		claims, disagreeing = claims+r.Claims, disagreeing+r.Disagreeing
	}
	fmt.Fprintf(w, "%s:", plural(len(rows), "cell"))
	for _, s := range []run.Status{run.OK, run.Running, run.Interrupted, run.Failed, run.Missing} {
		if count[s] > 0 {
			fmt.Fprintf(w, " %d %s", count[s], s)
		}
	}
	fmt.Fprintf(w, "; %d of %s as expected\n", claims-disagreeing, plural(claims, "claim"))
	for _, r := range rows {
		switch r.Status {
		case run.Failed:
			fmt.Fprintf(w, "cell %d (%s) failed: %s\n", r.Index, r.Cell, r.Error)
		case run.Running:
			fmt.Fprintf(w, "cell %d (%s) is running\n", r.Index, r.Cell)
		case run.OK:
			if r.Disagreeing > 0 {
				fmt.Fprintf(w, "cell %d (%s): %d of %s not as expected\n", r.Index, r.Cell, r.Disagreeing, plural(r.Claims, "claim"))
			}
		}
	}
}
