package main

import (
	"fmt"
	"io"

	"fisherflow/run"
)

// mostParameters is the number of parameters that a terminal is shown.
const mostParameters = 40

// printPosterior prints the parameters of a posterior under q.
func printPosterior(w io.Writer, p *run.PosteriorResult) {
	fmt.Fprintln(w, "  parameter\tmean\tsd\t5 %\t50 %\t95 %")
	for i, q := range p.Parameters {
		if i == mostParameters {
			fmt.Fprintf(w, "  … and %d more\t\t\t\t\t\n", len(p.Parameters)-i)
			break
		}
		fmt.Fprintf(w, "  %s\t%s\t%s\t%s\t%s\t%s\n", q.Name, cell(q.Mean, 8), cell(q.SD, 4), cell(q.Q05, 5), cell(q.Q50, 5), cell(q.Q95, 5))
	}
}
