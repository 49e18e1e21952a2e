package run

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const digitsTraining = `
seed = 3
figures = false
[model]
kind = "mlp"
widths = [64, 6, 10]
output = "softmax"
[data]
dataset = "digits"
response = "label"
scale = 0.0625
shuffle = { rng = "numpy-legacy", seed = 0 }
rows = [0, 60]
test = [60, 100]
[optimizer]
rule = "kfac"
batch = 25
steps = 12
record = 5
`

// A training lowers the loss, and its tables say how.
func TestTrainingOfASpec(t *testing.T) {
	plan := parsed(t, digitsTraining)
	o, err := Compute(context.Background(), plan, Options{})
	require.NoError(t, err)
	assert.Equal(t, OK, o.Result.Status)
	learning := o.Result.Tables["learning"]
	require.Len(t, learning.Rows, 4) // after 0, 5, 10 and 12 steps
	assert.Equal(t, Number(12), learning.Rows[3][1])
	assert.Less(t, float64(learning.Rows[3][2].(Number)), float64(learning.Rows[0][2].(Number)))
	assert.Len(t, o.Result.Tables["steps"].Rows, 12)
	assert.Equal(t, "kfac", o.Result.Solver.Method)
	assert.Len(t, o.Result.Final.Point.In("source"), 64*6+6+6*10+10)
	report, err := o.Report()
	require.NoError(t, err)
	assert.Contains(t, string(report), "was trained by kfac on 60 examples")
}

// A spec with all its defaults written out is the same spec.
func TestOptimizerSpecsAreWrittenOut(t *testing.T) {
	for _, optimizer := range []string{
		"", "optimizer.rule=sgd", `optimizer={rule="momentum",nesterov=true,steps=3}`, `optimizer={rule="adam",steps=3,beta1=0.8}`,
		`optimizer={rule="fisher-step",estimator="monte-carlo",samples=2,steps=3,epsilon=0.1}`,
		`optimizer={rule="natural-gradient",steps=3}`, `optimizer={rule="natural-gradient",steps=3,metric="euclidean"}`,
		`optimizer={rule="natural-gradient",steps=3,metric="low-rank",rank=4,damping=0.1,momentum=0.5}`,
		`optimizer={rule="natural-gradient",steps=3,metric="ekfac",damping={kind="levenberg-marquardt",momentum=false,interval=5},norm=0.1}`,
		`optimizer={rule="natural-gradient",steps=3,preconditioner="kfac",max-iterations=9,tolerance=0.1}`,
		`optimizer={rule="kfac",steps=3,average=0.5,interval=7,damping={kind="relative",value=0.1}}`,
	} {
		var overrides []string
		if optimizer != "" {
			overrides = append(overrides, optimizer)
		}
		s := parsed(t, digitsTraining, append(overrides, "figures=true")...).Spec
		again, err := Parse("again.toml", s.TOML(), nil)
		require.NoError(t, err, "%s", s.TOML())
		assert.Equal(t, string(s.TOML()), string(again.TOML()))
		assert.Equal(t, s.Optimizer, again.Optimizer)
		_, err = Build(s)
		require.NoError(t, err, optimizer)
	}
}

// A training that was stopped goes on where it was, and ends in the same bytes
// as one that was not; force begins anew, and so does a damaged checkpoint not.
func TestTrainingGoesOnFromItsCheckpoint(t *testing.T) {
	whole, root := t.TempDir(), t.TempDir()
	want, err := Execute(context.Background(), parsed(t, digitsTraining), Options{Output: whole})
	require.NoError(t, err)

	stopAt := func(step float64, options Options) *Outcome {
		ctx, cancel := context.WithCancel(context.Background())
		options.Output = root
		options.Progress = func(p Progress) {
			if p.T == step {
				cancel()
			}
		}
		o, err := Execute(ctx, parsed(t, digitsTraining), options)
		require.ErrorIs(t, err, context.Canceled)
		require.ErrorContains(t, err, "training stopped after")
		require.Equal(t, Interrupted, o.Result.Status)
		require.FileExists(t, filepath.Join(o.Dir, checkpointFile))
		return o
	}
	stopAt(4, Options{})
	stopped := stopAt(9, Options{Checkpoint: time.Nanosecond})
	first := 0.0
	got, err := Execute(context.Background(), parsed(t, digitsTraining), Options{Output: root, Progress: func(p Progress) {
		if first == 0 {
			first = p.T
		}
	}})
	require.NoError(t, err)
	require.Equal(t, 10.0, first)
	require.NoDirExists(t, stopped.Dir)
	require.NoFileExists(t, filepath.Join(got.Dir, checkpointFile))
	for _, name := range []string{resultFile, trajectoryFile, specFile} {
		a, err := os.ReadFile(filepath.Join(want.Dir, name))
		require.NoError(t, err)
		b, err := os.ReadFile(filepath.Join(got.Dir, name))
		require.NoError(t, err)
		require.Equal(t, string(a), string(b), name)
	}

	// Numbers that differ in their last digits, as on another machine, are told
	// from others in every table.
	a, err := ReadResult(got.Dir)
	require.NoError(t, err)
	require.Zero(t, compareNumbers(a, want.Result).largest)
	a.Tables["steps"].Rows[3][2] = Number(float64(a.Tables["steps"].Rows[3][2].(float64)) * (1 + 1e-12))
	require.InDelta(t, 0, compareNumbers(a, want.Result).largest, 2e-12)

	stopped = stopAt(3, Options{Force: true})
	require.NoError(t, os.WriteFile(filepath.Join(stopped.Dir, checkpointFile), []byte("x"), 0o666))
	require.NoError(t, os.RemoveAll(strings.TrimSuffix(stopped.Dir, partial)))
	_, err = Execute(context.Background(), parsed(t, digitsTraining), Options{Output: root})
	require.ErrorContains(t, err, "it is damaged (--force begins anew)")
	var where *FolderError
	require.True(t, errors.As(err, &where))
	require.Equal(t, ExitFailed, ExitCode(err, nil))
	_, err = Execute(context.Background(), parsed(t, digitsTraining), Options{Output: root, Force: true})
	require.NoError(t, err)
}

// What cannot be meant is one line that says where and what.
func TestBadTrainings(t *testing.T) {
	for override, want := range map[string]string{
		"optimizer.batch=61":     "optimizer.batch: is larger than the data, 61 of 60 examples: 0 takes all",
		"optimizer.batch=-1":     "optimizer.batch: must be at least 0, not -1",
		"optimizer.steps=0":      "optimizer.steps: must be at least 1, not 0",
		"optimizer.rule=adamm":   `no optimizer is called "adamm"; did you mean "adam"?`,
		"optimizer.rate=-1":      "optimizer.rate: must be positive, not -1",
		"optimizer.rate=inf":     "must be a finite number",
		"optimizer.beta1=0.9":    `optimizer.beta1: rule "kfac" has no beta1 (it has: estimator,`,
		"optimizer.dampng=1":     `[optimizer] has no key "dampng"; did you mean "damping"?`,
		"optimizer.damping=-0.1": "optimizer.damping: must not be negative, not -0.1",
		"optimizer.average=1":    "optimizer.average: must lie in [0, 1), not 1",
		"optimizer.momentum=0.9": `optimizer.momentum: is chosen by damping of kind "levenberg-marquardt": leave it out`,
		"optimizer.samples=3":    `optimizer.samples: estimator "exact" draws no samples`,
		"ode.method=euler":       "ode: a spec with an [optimizer] makes discrete steps and has no [ode]: leave it out",
		"flow.metric=kfac":       "flow.metric: a spec with an [optimizer] has nothing of [flow] but start",
		"claims.monotone=true":   `claims.monotone: a training has no claim "monotone": only flows have`,
		"model.widths=[63,6,10]": "model.widths: begin with 63 inputs where the data have 64 predictors",
		"model.widths=[64,6,9]":  "label 9 is not one of 0 … 8",
		`data.response="row"`:    "row",
		`optimizer={steps=3}`:    `[optimizer] needs rule = "…"`,
		`optimizer={rule="sgd"}`: "[optimizer] needs steps = …",
		`optimizer={rule="natural-gradient",steps=3,metric="fisher",damping={kind="factored",value=1}}`:       `no damping is called "factored"`,
		`optimizer={rule="natural-gradient",steps=3,metric="fisher",interval=2}`:                              `optimizer.interval: metric "fisher" has no interval`,
		`optimizer={rule="kfac",steps=3,damping={kind="levenberg-marquardt",factor=1}}`:                       "optimizer.damping.factor: must be above 1, not 1",
		`optimizer={rule="natural-gradient",steps=3,metric="euclidean",damping={kind="levenberg-marquardt"}}`: `metric "euclidean" has no damping that could be adapted`,
		`optimizer={rule="adam",steps=3,beta2=1}`:                                                             "optimizer.beta2: must lie in [0, 1), not 1",
		`optimizer={rule="momentum",steps=3,momentum=0}`:                                                      `is 0: rule = "sgd" has none`,
		`model.widths=[64,100000,100000,10]`:                                                                  "GiB",
	} {
		s, err := Parse("digits.toml", []byte(digitsTraining), []string{override})
		if err == nil {
			_, err = Build(s)
		}
		if assert.Error(t, err, override) {
			assert.ErrorContains(t, err, want, override)
			assert.NotContains(t, err.Error(), "\n")
			assert.Equal(t, ExitUsage, ExitCode(err, nil), err.Error())
		}
	}
	_, err := Parse("family.toml", []byte("[family]\nname = \"gamma\"\n[optimizer]\nrule = \"sgd\"\nsteps = 3\n"), nil)
	assert.ErrorContains(t, err, "optimizer: trains a [model]; the flow of a family takes discrete steps by ode.method")
}

// Numbers that are not finite in the data, and a training that leaves the range
// of numbers, end in a line that names the place.
func TestTrainingOnBadData(t *testing.T) {
	dir := t.TempDir()
	spec := "[model]\nkind = \"logistic\"\n[data]\nfile = \"d.csv\"\nresponse = \"y\"\n[optimizer]\nrule = \"sgd\"\nsteps = 50\n"
	for text, want := range map[string]string{
		"x,y\n1,0\nNaN,1\n": "d.csv:3",
		"x,y\n1,0\n2,1.5\n": "d.csv:3: column y",
		"x,y\n1,0\ntwo,1\n": "d.csv:3",
		"x,y\n":             "d.csv",
	} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, "d.csv"), []byte(text), 0o666))
		s, err := Parse(filepath.Join(dir, "s.toml"), []byte(spec), nil)
		if err == nil {
			_, err = Build(s)
		}
		if assert.Error(t, err, text) {
			assert.ErrorContains(t, err, want)
			assert.Equal(t, ExitUsage, ExitCode(err, nil), err.Error())
		}
	}
	require.NoError(t, os.WriteFile(filepath.Join(dir, "d.csv"), []byte("x,y\n1,0\n2,1\n3,0\n"), 0o666))
	s, err := Parse(filepath.Join(dir, "s.toml"), []byte(spec), []string{"optimizer.rate=1e308"})
	require.NoError(t, err)
	o, err := Compute(context.Background(), NewPlan(s), Options{})
	require.ErrorContains(t, err, "a smaller rate or more damping helps")
	require.Equal(t, ExitFailed, ExitCode(err, o))

	// A constant predictor beside the intercept: the factor is singular, its
	// pseudo-inverse is applied, and the table says so.
	require.NoError(t, os.WriteFile(filepath.Join(dir, "d.csv"), []byte("x,c,y\n1,5,0\n2,5,1\n3,5,0\n"), 0o666))
	s, err = Parse(filepath.Join(dir, "s.toml"), []byte(spec), []string{`optimizer={rule="kfac",steps=3,damping=0.0,rate=1.0}`})
	require.NoError(t, err)
	o, err = Compute(context.Background(), NewPlan(s), Options{})
	require.NoError(t, err)
	require.Equal(t, []any{int64(2), int64(3)}, o.Result.Tables["steps"].Rows[0][7:9])
}
