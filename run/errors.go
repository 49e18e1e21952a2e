package run

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"fisherflow/data"
)

// A SpecError says what is wrong with a spec or an override of it, and where.
type SpecError struct {
	File string
	Line int    // 0: nowhere in particular
	Text string // the offending line, or the override
	Key  string // dotted path, as "flow.metric"
	// Problem says what is wrong, Suggestion is the nearest right name, empty
	// if none is near.
	Problem    string
	Suggestion string
	// Err is the cause, if another package found it.
	Err error
}

func (e *SpecError) Error() string {
	var s strings.Builder
	s.WriteString(e.File)
	if e.Line > 0 {
		fmt.Fprintf(&s, ":%d", e.Line)
	}
	s.WriteString(": ")
	if e.Key != "" {
		s.WriteString(e.Key + ": ")
	}
	s.WriteString(e.Problem)
	if e.Suggestion != "" {
		fmt.Fprintf(&s, "; did you mean %q?", e.Suggestion)
	}
	if e.Text != "" {
		fmt.Fprintf(&s, " [%s]", e.Text)
	}
	return s.String()
}

// Unwrap returns the cause.
func (e *SpecError) Unwrap() error { return e.Err }

// A DataError says what is wrong with a file of observations, and where.
type DataError = data.Error

// A FolderError says that a run folder cannot be read or written.
type FolderError struct {
	Path  string
	Doing string
	Err   error
}

func (e *FolderError) Error() string {
	return fmt.Sprintf("%s %s: %v", e.Doing, e.Path, e.Err)
}

// Unwrap returns the cause.
func (e *FolderError) Unwrap() error { return e.Err }

// Exit statuses of a program that runs specs.
const (
	ExitOK          = 0
	ExitFailed      = 1   // the solver or the disk
	ExitUsage       = 2   // usage, spec or data
	ExitClaim       = 3   // a claim does not agree with what it expects
	ExitVerify      = 4   // a stored result cannot be reproduced
	ExitInterrupted = 130 // a partial result is kept
)

// ExitCode is the exit status for an error and an outcome, either of which may
// be nil. An error that has a method ExitCode() int decides for itself.
func ExitCode(err error, outcome *Outcome) int {
	var (
		own  interface{ ExitCode() int }
		spec *SpecError
		bad  *DataError
	)
	interrupted := outcome != nil && outcome.Result != nil && outcome.Result.Status == Interrupted
	switch {
	case errors.As(err, &own):
		return own.ExitCode()
	case errors.As(err, &spec), errors.As(err, &bad):
		return ExitUsage
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded), interrupted:
		return ExitInterrupted
	case err != nil:
		return ExitFailed
	case outcome == nil || outcome.Result == nil:
		return ExitOK
	case outcome.Result.Status != OK:
		return ExitFailed
	case len(outcome.Result.Disagreeing()) > 0:
		return ExitClaim
	}
	return ExitOK
}
