// Flowrun runs, checks and plots flows on statistical manifolds.
//
// See flowrun --help.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"fisherflow/run"

	"github.com/spf13/cobra"
)

func main() {
	os.Exit(execute(os.Args[1:], os.Stdout, os.Stderr))
}

// execute runs one command line and returns its exit status.
func execute(args []string, stdout, stderr io.Writer) (status int) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	// After the first signal the run winds down; a second one ends it at once.
	context.AfterFunc(ctx, stop)
	defer func() {
		if r := recover(); r != nil {
			fmt.Fprintf(stderr, "flowrun: internal error: %v; please report it with the command line and the spec\n", r)
			status = run.ExitFailed
		}
	}()

	root := newRoot()
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)
	err := root.ExecuteContext(ctx)
	var s *exit
	switch {
	case errors.As(err, &s):
		if s.err != nil {
			fmt.Fprintln(stderr, "flowrun: "+s.err.Error())
		}
		return s.status
	case err != nil:
		fmt.Fprintln(stderr, "flowrun: "+err.Error())
		return run.ExitCode(err, nil)
	}
	return run.ExitOK
}

// exit is an exit status, with an error to print or, if that is nil, after
// everything has been said.
type exit struct {
	status int
	err    error
}

func (e *exit) Error() string {
	if e.err != nil {
		return e.err.Error()
	}
	return fmt.Sprintf("exit status %d", e.status)
}

func (e *exit) Unwrap() error { return e.err }

// usage is an error of the command line: status 2.
func usage(format string, args ...any) error {
	return &exit{run.ExitUsage, fmt.Errorf(format, args...)}
}

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:   "flowrun",
		Short: "Run, check and plot flows on statistical manifolds",
		Long: `Flowrun integrates the Fisher flow dθ/dt = −I(θ)⁻¹∇L(θ) of a loss on a family
of probability distributions, and checks it: that the loss never rises, that
what it loses is what the flow dissipates, that the result does not depend on
the coordinates, and where a closed form is known, that it is met.

Exit status: 0 all well; 1 the run failed; 2 usage, spec or data; 3 a claim does
not agree with what it expects; 4 a stored result cannot be reproduced; 130
interrupted, partial result kept.`,
		Example:       "  flowrun run rivers-gamma\n  flowrun list\n  flowrun inspect gamma --at 2,1",
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          cobra.NoArgs,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return usage("%w; see %s --help", err, cmd.CommandPath())
	})
	root.CompletionOptions.DisableDescriptions = true
	root.AddCommand(
		newList(), newShow(), newRun(), newVerify(), newInspect(), newPlot(), newReport(),
		newDiff(), newCite(), newNew(), newDoctor(), newMan(), newVersion(),
		newSweep(), newTask(), newCollect(), newStatus(),
	)
	wrapArguments(root)
	return root
}

// wrapArguments makes the errors of wrong arguments, and of unknown commands,
// usage errors that name what would have been right.
func wrapArguments(cmd *cobra.Command) {
	if check := cmd.Args; check != nil {
		cmd.Args = func(c *cobra.Command, args []string) error {
			if c.HasSubCommands() && len(args) > 0 {
				var names []string
				for _, s := range c.Commands() {
					names = append(names, s.Name())
				}
				return usage("%s has no command %q%s; see %s --help", c.Name(), args[0], suggest(args[0], names), c.CommandPath())
			}
			if err := check(c, args); err != nil {
				return usage("%w; usage: %s", err, c.UseLine())
			}
			return nil
		}
	}
	for _, c := range cmd.Commands() {
		wrapArguments(c)
	}
}

// suggest is a question after an unknown name, empty if nothing is near.
func suggest(name string, names []string) string {
	if n := run.Nearest(name, names); n != "" {
		return fmt.Sprintf("; did you mean %q?", n)
	}
	return ""
}
