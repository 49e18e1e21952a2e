// Command peerbench times the methods of package ode on the test problems of
// other solvers' comparison, and prints rows in the format that those are
// printed in, so that both stand in one table:
//
//	peerbench -problems PATH/problems.json [-problem NAME] [-method NAME] [-quick]
//	peerbench -figure FILE [-quick]
//
// A row holds the largest absolute and relative error of the end, the work, and
// the CPU time in µs of one whole solve, set-up included, as the median and the
// least over batches. Adaptive methods run with rtol from 1e-3 to 1e-13 and
// atol = rtol · atol_factor, those of fixed step size with the problem's own
// number of steps. With -figure it draws the time that accuracy costs on a few of
// the problems instead, as SVG, PNG or PDF.
package main

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"strings"

	"fisherflow/ode"
	"fisherflow/ode/internal/problem"
)

// fields are the right-hand sides of the problems, in the order of their rows.
var fields = []struct {
	name  string
	field ode.Field
}{
	{"arenstorf", problem.Arenstorf{}},
	{"pleiades", problem.Pleiades{}},
	{"lorenz", problem.Lorenz{}},
	{"fisher_gauss", problem.FisherGauss{}},
	{"heat1000", problem.Heat{}},
	{"osc2", problem.Oscillators{}},
	{"osc4", problem.Oscillators{}},
	{"osc28", problem.Oscillators{}},
	{"osc1000", problem.Oscillators{}},
	{"vdp1000", problem.VanDerPol{Mu: 1000}},
	{"rober", problem.Robertson{}},
}

// A definition is a problem as the file has it.
type definition struct {
	N              int       `json:"n"`
	T0             float64   `json:"t0"`
	T1             float64   `json:"t1"`
	Y0             []float64 `json:"y0"`
	Reference      []float64 `json:"ref"`
	FixedSteps     int       `json:"rk4_steps"`
	AbsoluteFactor float64   `json:"atol_factor"`
	Stiff          bool      `json:"stiff"`
}

const header = "peer,version,method,problem,n,tol,err_abs,err_rel,nfev,njev,acc,rej,us,us_min,tf_ns,ns_per_f,overhead_ns_per_f,ns_per_step,status"

func main() {
	path := flag.String("problems", "", "the `file` problems.json")
	only := flag.String("problem", "", "run this problem alone")
	method := flag.String("method", "", "run this method alone")
	quick := flag.Bool("quick", false, "short timing loops, and tolerances three decades apart")
	drawn := flag.String("figure", "", "draw work against precision into this `file`, and print no rows")
	flag.Parse()
	if *drawn != "" {
		if err := workPrecision(*drawn, *quick); err != nil {
			fmt.Fprintln(os.Stderr, "peerbench:", err)
			os.Exit(1)
		}
		return
	}
	if err := run(os.Stdout, *path, *only, *method, *quick); err != nil {
		fmt.Fprintln(os.Stderr, "peerbench:", err)
		os.Exit(1)
	}
}

func run(w io.Writer, path, only, method string, quick bool) error {
	if path == "" {
		return fmt.Errorf("-problems is missing: name the file problems.json")
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	var definitions map[string]definition
	if err := json.Unmarshal(text, &definitions); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	methods := ode.Methods()
	if method != "" {
		m, ok := ode.ByName(method)
		if !ok {
			return fmt.Errorf("no method is called %q", method)
		}
		methods = []ode.Method{m}
	}
	out := bufio.NewWriter(w)
	fmt.Fprintln(out, header)
	known := false
	for _, f := range fields {
		if only != "" && only != f.name {
			continue
		}
		known = true
		d, ok := definitions[f.name]
		if !ok {
			return fmt.Errorf("%s: problem %s is missing", path, f.name)
		}
		if len(d.Y0) != d.N || len(d.Reference) != d.N {
			return fmt.Errorf("%s: problem %s has %d starts and %d ends for %d components", path, f.name, len(d.Y0), len(d.Reference), d.N)
		}
		b := bench{name: f.name, field: f.field, definition: d, quick: quick}
		b.fieldTime()
		for _, m := range methods {
			for _, c := range b.cases(m) {
				fmt.Fprintln(out, b.row(m, c))
				if err := out.Flush(); err != nil {
					return err
				}
			}
		}
	}
	if !known {
		return fmt.Errorf("no problem is called %q", only)
	}
	return out.Flush()
}

// version is the revision that the command was built from, if the build knows.
func version() string {
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				return s.Value[:min(12, len(s.Value))]
			}
		}
	}
	return "devel"
}

// clean keeps a message from breaking a row.
func clean(s string) string { return strings.NewReplacer(",", ";", "\n", " ").Replace(s) }
