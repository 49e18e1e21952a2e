package main

import (
	"bytes"
	"context"
	"testing"

	"fisherflow/experiments"
	"fisherflow/run"

	"github.com/spf13/cobra"
	"github.com/stretchr/testify/require"
)

// TestRunAll runs two experiments as if they were the catalogue: a first call
// computes, a second says that there is nothing to do, force computes again,
// and a claim that fails is exit status 3.
func TestRunAll(t *testing.T) {
	var all []*experiments.Experiment
	for _, name := range []string{"plateaus", "dually-flat"} {
		e, ok := experiments.Find(name)
		require.True(t, ok)
		all = append(all, e)
	}
	root := t.TempDir()
	call := func(force bool, overrides ...string) (stdout, stderr string, err error) {
		var out, progress bytes.Buffer
		cmd := &cobra.Command{}
		cmd.SetContext(context.Background())
		cmd.SetOut(&out)
		cmd.SetErr(&progress)
		err = runAll(cmd, all, append(overrides, "figures=false"), run.Options{Output: root, Force: force}, func() {}, allOutput{})
		return out.String(), progress.String(), err
	}
	out, progress, err := call(false)
	require.NoError(t, err)
	require.Contains(t, progress, "[1/2] plateaus: computed in")
	require.Contains(t, progress, "[2/2] dually-flat: computed in")
	require.Regexp(t, `(?m)^plateaus +ok +\d+ +0 `, out)

	out2, progress, err := call(false)
	require.NoError(t, err)
	require.Equal(t, out, out2)
	require.Contains(t, progress, "plateaus: complete already")
	require.Contains(t, progress, "nothing was computed; --force computes it again")

	_, progress, err = call(true)
	require.NoError(t, err)
	require.Contains(t, progress, "[1/2] plateaus: computed in")

	// At this tolerance the published times are missed.
	_, progress, err = call(false, "ode.rtol=1e-3")
	var status *exit
	require.ErrorAs(t, err, &status)
	require.Equal(t, run.ExitClaim, status.status)
	require.Contains(t, progress, "time to error")
}

func TestMarginIsThatOfTheClosestClaim(t *testing.T) {
	least, closest := margin([]run.Claim{
		{Name: "monotone", Member: "a", Expect: run.Holds, Value: 0, Bound: 1},
		{Name: "monotone", Member: "b", Expect: run.Holds, Value: 1, Bound: 4},
		{Name: "monotone", Member: "c", Expect: run.Violated, Value: 3, Bound: 1},
	})
	require.EqualValues(t, 3, least)
	require.Equal(t, "monotone, c", closest)
}
