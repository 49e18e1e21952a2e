package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"fisherflow/experiments"
	"fisherflow/run"

	"github.com/spf13/cobra"
)

// planOf makes the plan of an experiment's name or of a spec file.
func planOf(target string, overrides []string) (*run.Plan, error) {
	if e, ok := experiments.Find(target); ok {
		return e.Plan(overrides...)
	}
	if !strings.HasSuffix(target, ".toml") {
		if _, err := os.Stat(target); errors.Is(err, fs.ErrNotExist) {
			return nil, usage("no experiment is called %q%s; flowrun list shows them, and a spec file ends in .toml", target, suggest(target, experiments.Names()))
		}
	}
	return planOfFile(target, overrides)
}

// planOfFile makes the plan of a spec file, which may name an experiment.
func planOfFile(path string, overrides []string) (*run.Plan, error) {
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return nil, usage("%s is a folder: name a spec file in it, or an experiment", path)
	}
	d, err := run.ReadDocument(path)
	if err != nil {
		return nil, err
	}
	if name := d.Experiment(); name != "" {
		e, ok := experiments.Find(name)
		if !ok {
			return nil, usage("%s: no experiment is called %q%s", path, name, suggest(name, experiments.Names()))
		}
		return e.PlanDocument(d, overrides...)
	}
	s, err := run.ReadFile(path, overrides)
	if err != nil {
		return nil, err
	}
	return run.NewPlan(s), nil
}

// isRunFolder reports whether a path is the folder of a complete run.
func isRunFolder(path string) bool {
	_, err := os.Stat(filepath.Join(path, "manifest.json"))
	return err == nil
}

// planOfFolder makes the plan that a run folder holds the result of.
func planOfFolder(dir string) (*run.Plan, error) {
	if !isRunFolder(dir) {
		return nil, usage("%s is not the folder of a complete run (it has no manifest.json)", dir)
	}
	return planOfFile(filepath.Join(dir, "spec.toml"), nil)
}

// options are the run options that a command's flags say, and a function that
// clears the progress shown.
func options(cmd *cobra.Command, output string, quiet bool) (run.Options, func()) {
	o := run.Options{Output: output, Figures: experiments.Figures, Version: version}
	if quiet {
		return o, func() {}
	}
	o.Waiting = func() {
		fmt.Fprintln(cmd.ErrOrStderr(), "flowrun: another process computes this run; waiting for it")
	}
	p := newProgress(cmd.ErrOrStderr())
	o.Progress = p.step
	return o, p.clear
}

// completeTargets completes names of experiments, then spec files.
func completeTargets(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) == 0 {
		return experiments.Names(), cobra.ShellCompDirectiveDefault
	}
	if e, ok := experiments.Find(args[0]); ok {
		var keys []string
		for _, p := range e.Parameters {
			keys = append(keys, p.Name+"=")
		}
		return append(keys, specKeys...), cobra.ShellCompDirectiveNoSpace
	}
	return specKeys, cobra.ShellCompDirectiveNoSpace
}

var specKeys = []string{
	"flow.chart=", "flow.metric=", "flow.start=", "flow.time=", "flow.stop=", "flow.damping=", "flow.certificate=",
	"ode.method=", "ode.rtol=", "ode.atol=", "ode.tol=", "ode.norm=", "ode.step=", "ode.max-steps=", "ode.output=",
	"family.name=", "loss.kind=", "loss.target=", "data.file=", "data.dataset=", "seed=", "title=",
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
