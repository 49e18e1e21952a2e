package main

import (
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"

	"fisherflow/data"
	"fisherflow/descent"
	"fisherflow/experiments"
	"fisherflow/manifold"
	"fisherflow/metrics"
	"fisherflow/network"
	"fisherflow/ode"
	"fisherflow/run"

	"github.com/spf13/cobra"
)

// A listing is a table of one kind of names.
type listing struct {
	columns []string
	rows    [][]any
	note    string // below the table, for people
}

var listings = map[string]func() listing{
	"experiments": func() listing {
		l := listing{columns: []string{"name", "title"}}
		for _, e := range experiments.All() {
			l.rows = append(l.rows, []any{e.Name, e.Title})
		}
		return l
	},
	"families": func() listing {
		l := listing{columns: []string{"name", "dimension", "options", "charts", "closed_form", "numeric"}}
		for _, name := range manifold.Names() {
			f, err := manifold.New(name, nil)
			if err != nil {
				continue
			}
			l.rows = append(l.rows, []any{name, f.Dim(), manifold.OptionNames(name), manifold.AllCharts(f), manifold.ClosedForms(f), manifold.Numerics(f)})
		}
		return l
	},
	"methods": func() listing {
		l := listing{columns: []string{"name", "order", "embedded_order", "dense_order", "stages", "kind"}}
		for _, m := range ode.Methods() {
			l.rows = append(l.rows, []any{m.Name(), m.Order(), m.EmbeddedOrder(), m.DenseOrder(), m.Stages(), m.Kind()})
		}
		for _, rule := range descent.All() {
			m := descent.Method(rule)
			l.rows = append(l.rows, []any{m.Name(), m.Order(), m.EmbeddedOrder(), m.DenseOrder(), m.Stages(), m.Kind()})
		}
		return l
	},
	"metrics": func() listing {
		l := listing{columns: []string{"name", "over", "dampings"}, note: libraryNote()}
		for _, m := range metrics.Names() {
			over, kinds := "families", metrics.DampingKinds()
			if slices.Contains(metrics.Structures(), m) {
				over = "families and models"
				for _, k := range metrics.StructureDampings(m) {
					if !slices.Contains(kinds, k) {
						kinds = append(kinds, k)
					}
				}
			}
			l.rows = append(l.rows, []any{m, over, kinds})
		}
		for _, m := range metrics.Structures() {
			if !slices.Contains(metrics.Names(), m) {
				l.rows = append(l.rows, []any{m, "models", metrics.StructureDampings(m)})
			}
		}
		return l
	},
	"models": func() listing {
		l := listing{columns: []string{"name", "outputs", "description"}, note: libraryNote()}
		for _, m := range run.Models() {
			outputs := []string{m.Output}
			if m.Output == "" {
				outputs = network.Outputs()
			}
			l.rows = append(l.rows, []any{m.Name, outputs, m.Description})
		}
		return l
	},
	"optimizers": optimizerListing,
	"losses": func() listing {
		l := listing{columns: []string{"name"}}
		for _, name := range run.Losses() {
			l.rows = append(l.rows, []any{name})
		}
		return l
	},
	"targets": func() listing {
		l := listing{columns: []string{"name", "kind", "description"}}
		for _, t := range run.Targets() {
			l.rows = append(l.rows, []any{t.Name, t.Kind, t.Description})
		}
		return l
	},
	"datasets": func() listing {
		l := listing{columns: []string{"name", "rows", "columns", "description"}}
		for _, name := range data.Names() {
			s, err := data.Open(name)
			if err != nil {
				continue
			}
			l.rows = append(l.rows, []any{name, s.Rows, s.Columns, s.Description})
		}
		return l
	},
}

var listingNames = []string{"experiments", "families", "methods", "metrics", "models", "optimizers", "losses", "targets", "datasets"}

func newList() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:       "list [" + strings.Join(listingNames, "|") + "]",
		Short:     "List what there is: experiments, families, methods, metrics, models, optimizers, losses, targets, data sets",
		Example:   "  flowrun list\n  flowrun list families\n  flowrun list methods --json",
		Args:      cobra.MaximumNArgs(1),
		ValidArgs: listingNames,
		RunE: func(cmd *cobra.Command, args []string) error {
			kind := "experiments"
			if len(args) == 1 {
				kind = args[0]
			}
			list, ok := listings[kind]
			if !ok {
				return usage("list: nothing is called %q%s (there are: %s)", kind, suggest(kind, listingNames), strings.Join(listingNames, ", "))
			}
			l := list()
			if asJSON {
				objects := []ordered{}
				for _, row := range l.rows {
					var o ordered
					for i, c := range l.columns {
						o = append(o, field{c, row[i]})
					}
					objects = append(objects, o)
				}
				return printJSON(cmd.OutOrStdout(), objects)
			}
			t := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 8, 2, ' ', 0)
			fmt.Fprintln(t, strings.ReplaceAll(strings.Join(l.columns, "\t"), "_", " "))
			for _, row := range l.rows {
				words := cells(row)
				fmt.Fprintln(t, strings.Join(words, "\t"))
			}
			if l.note != "" {
				fmt.Fprintln(t, "\n"+l.note)
			}
			return t.Flush()
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON document")
	return cmd
}

// cells writes the cells of a row, and of a long list its ends.
func cells(row []any) []string {
	words := make([]string, len(row))
	for i, v := range row {
		if list, ok := v.([]string); ok {
			if n := len(list); n > 12 {
				list = []string{list[0], list[1], "…", list[n-2], list[n-1]}
			}
			words[i] = strings.Join(list, ", ")
		} else {
			words[i] = fmt.Sprint(v)
		}
	}
	return words
}
