package main

import (
	_ "embed"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"fisherflow/run"

	"github.com/spf13/cobra"
)

//go:embed template.toml
var template string

func newNew() *cobra.Command {
	return &cobra.Command{
		Use:     "new FILE",
		Short:   "Write a commented spec to start from",
		Example: "  flowrun new my-flow.toml\n  flowrun run my-flow.toml",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			f, err := os.OpenFile(args[0], os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
			if errors.Is(err, fs.ErrExist) {
				return usage("new: %s is there already; nothing was written", args[0])
			}
			if err != nil {
				return &exit{run.ExitFailed, fmt.Errorf("new: %w", err)}
			}
			_, err = f.WriteString(template)
			if err = errors.Join(err, f.Close()); err != nil {
				return &exit{run.ExitFailed, fmt.Errorf("new: %w", err)}
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%s\nrun it with: flowrun run %s\n", args[0], args[0])
			return nil
		},
	}
}
