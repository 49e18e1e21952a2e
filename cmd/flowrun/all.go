package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"

	"fisherflow/experiments"
	"fisherflow/run"

	"github.com/spf13/cobra"
)

// catalogueRow is what a run of the whole catalogue says of an experiment.
type catalogueRow struct {
	Name   string     `json:"name"`
	Status run.Status `json:"status"`
	Claims int        `json:"claims"`
	Failed int        `json:"claims_failed"`
	// Margin is the least quotient of bound and measurement over the claims that
	// hold by a measurement, Closest the claim that it is of.
	Margin  run.Number `json:"margin"`
	Closest string     `json:"closest,omitempty"`
	Stored  bool       `json:"stored"`
	RunDir  string     `json:"run_dir"`
	Message string     `json:"error,omitempty"`
}

// margin is how near the claims came to failing: below one where one did.
func margin(claims []run.Claim) (least run.Number, closest string) {
	least = run.Number(math.Inf(1))
	for _, c := range claims {
		// A counter-example is far from its bound on the other side.
		m := c.Bound / c.Value
		if c.Expect == run.Violated {
			m = 1 / m
		}
		if c.Value <= 0 || c.Bound <= 0 || math.IsNaN(float64(m)) {
			continue
		}
		if m < least {
			least, closest = m, c.Name+", "+c.Member
		}
	}
	return least, closest
}

// allOutput is what a run of the whole catalogue prints.
type allOutput struct {
	json, quiet bool
	// table is the file of the comparison with published numbers; empty: none.
	table string
}

// runAll runs experiments and prints one table.
func runAll(cmd *cobra.Command, all []*experiments.Experiment, overrides []string, o run.Options, clear func(), out allOutput) error {
	var rows []catalogueRow
	var results []*run.Result
	worst := run.ExitOK
	began := time.Now()
	for i, e := range all {
		plan, err := e.Plan(overrides...)
		if err != nil {
			return err
		}
		started := time.Now()
		outcome, err := run.Execute(cmd.Context(), plan, o)
		clear()
		r := catalogueRow{Name: e.Name, Status: run.Failed, Margin: run.Number(math.NaN())}
		if err != nil {
			r.Message = err.Error()
		}
		if outcome != nil && outcome.Result != nil {
			r.Status, r.Claims, r.Failed = outcome.Result.Status, len(outcome.Result.Claims), len(outcome.Result.Disagreeing())
			r.Margin, r.Closest = margin(outcome.Result.Claims)
			results = append(results, outcome.Result)
			r.Stored, r.RunDir = outcome.Stored, outcome.Result.RunDir
		}
		rows = append(rows, r)
		if status := run.ExitCode(err, outcome); status != run.ExitOK && (worst == run.ExitOK || worst == run.ExitClaim) {
			worst = status
		}
		if !out.quiet {
			state := fmt.Sprintf("computed in %.1f s", time.Since(started).Seconds())
			if r.Stored {
				state = "complete already"
			}
			fmt.Fprintf(cmd.ErrOrStderr(), "[%d/%d] %s: %s, %s, %d not as expected\n", i+1, len(all), e.Name, state, plural(r.Claims, "claim"), r.Failed)
		}
		if outcome != nil && outcome.Result != nil && !out.quiet {
			for _, c := range outcome.Result.Disagreeing() {
				fmt.Fprintf(cmd.ErrOrStderr(), "        %s, %s: %s\n", c.Name, c.Member, c.Detail)
			}
		}
		if errors.Is(err, context.Canceled) {
			break
		}
	}
	if out.table != "" && len(rows) == len(all) {
		if err := os.WriteFile(out.table, experiments.Reproducing(results), 0o666); err != nil {
			return fmt.Errorf("table: %w", err)
		}
	}
	if out.json {
		text, err := json.MarshalIndent(rows, "", "  ")
		if err != nil {
			return err
		}
		fmt.Fprintln(cmd.OutOrStdout(), string(text))
	} else {
		printCatalogue(cmd.OutOrStdout(), rows, o.Output)
	}
	if !out.quiet {
		fmt.Fprintln(cmd.ErrOrStderr(), verdict(rows, o.Output, time.Since(began)))
	}
	if worst != run.ExitOK {
		return &exit{worst, fmt.Errorf("not everything is as expected")}
	}
	return nil
}

func printCatalogue(w io.Writer, rows []catalogueRow, root string) {
	t := tabwriter.NewWriter(w, 0, 8, 2, ' ', 0)
	fmt.Fprintln(t, "experiment\tstatus\tclaims held\tfailed\tmargin\tfolder")
	for _, r := range rows {
		m := "-"
		if !math.IsNaN(float64(r.Margin)) && !math.IsInf(float64(r.Margin), 0) {
			m = fmt.Sprintf("%.3g", float64(r.Margin))
		}
		fmt.Fprintf(t, "%s\t%s\t%d\t%d\t%s\t%s\n", r.Name, r.Status, r.Claims-r.Failed, r.Failed, m, filepath.Join(root, filepath.FromSlash(r.RunDir)))
	}
	t.Flush()
}

// verdict says in a line what came of the catalogue.
func verdict(rows []catalogueRow, root string, took time.Duration) string {
	claims, failed, stored := 0, 0, 0
	var bad []string
	for _, r := range rows {
		claims, failed = claims+r.Claims, failed+r.Failed
		if r.Stored {
			stored++
		}
		if r.Failed > 0 || r.Status != run.OK {
			bad = append(bad, r.Name)
		}
	}
	line := fmt.Sprintf("all %s of %s are as expected", plural(claims, "claim"), plural(len(rows), "experiment"))
	if len(bad) > 0 {
		line = fmt.Sprintf("%d of %s not as expected (%s)", failed, plural(claims, "claim"), strings.Join(bad, ", "))
	}
	if stored == len(rows) {
		return line + fmt.Sprintf("; everything is complete in %s, and nothing was computed; --force computes it again", root)
	}
	return line + fmt.Sprintf("; %.0f s", took.Seconds())
}
