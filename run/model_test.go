package run

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const quakesModel = `
[model]
kind = "poisson"
[data]
dataset = "quakes"
response = "stations"
predictors = ["magnitude"]
[flow]
stop = { distance = 1e-9 }
[claims]
monotone = true
energy-identity = true
resolved = true
stationary = true
`

// A regression is a network of one layer, and its flow ends at the estimates
// of iteratively reweighted least squares:
//
//	X=np.c_[magnitude,np.ones(1000)]; b=[0,log(mean)]
//	for i in range(50): m=exp(X@b); b=b+solve(X.T@(X*m[:,None]),X.T@(y-m))
func TestPoissonRegression(t *testing.T) {
	o, err := Compute(context.Background(), parsed(t, quakesModel), Options{})
	require.NoError(t, err)
	assert.Empty(t, o.Result.Disagreeing())
	at := o.Result.Final.Point.In("source")
	assert.InDelta(t, 1.15848712, at[0], 2e-8)
	assert.InDelta(t, -1.966243, at[1], 2e-7)
	errs := o.Result.Final.StandardError.In("source")
	assert.InDelta(t, .0114692, errs[0], 1e-7)
	assert.InDelta(t, .05583519, errs[1], 1e-7)
	assert.Equal(t, "magnitude", o.Result.Tables["estimates"].Rows[0][1])
}

const digitsModel = `
seed = 3
[model]
kind = "mlp"
widths = [64, 8, 10]
output = "softmax"
[data]
dataset = "digits"
response = "label"
scale = 0.0625
shuffle = { rng = "numpy-legacy", seed = 0 }
rows = [0, 8]
test = [8, 40]
[flow]
time = [0.0, 2.0]
[ode]
output = [0.0, 1.0, 2.0]
`

// Every probability of the exact flow runs straight to its label, and the run
// says so; with damping there is no such law, and asking for it is an error.
func TestMeanLawOfASpec(t *testing.T) {
	plan := parsed(t, digitsModel+"[claims]\nmonotone = true\nenergy-identity = true\nclosed-form = true\nresolved = true\n")
	o, err := Compute(context.Background(), plan, Options{})
	require.NoError(t, err)
	assert.Empty(t, o.Result.Disagreeing())
	assert.Equal(t, "sample-space", plan.Spec.Flow.Metric)
	for _, c := range o.Result.Claims {
		if c.Name == "closed-form" {
			assert.Less(t, float64(c.Value), 1e-5, c.Detail)
		}
	}
	learning := o.Result.Tables["learning"]
	require.Len(t, learning.Rows, 3)
	assert.Equal(t, Number(1), learning.Rows[2][3], "train accuracy")
	assert.Greater(t, float64(learning.Rows[2][5].(Number)), 0.2, "test accuracy")
	assert.Equal(t, []any{int64(72), int64(72)}, o.Result.Tables["metric"].Rows[0][2:4])

	_, err = Build(parsed(t, digitsModel+"[claims]\nclosed-form = true\n", "flow.damping=0.01").Spec)
	assert.ErrorContains(t, err, "claims.closed-form: there is no closed form to compare with: closed forms are known under the undamped exact Fisher metric only")
	_, err = Build(parsed(t, digitsModel+"[claims]\nclosed-form = true\n", "model.widths=[64,1,10]").Spec)
	assert.ErrorContains(t, err, "the Fisher matrix has rank")
}

// Every metric's flow keeps its certificate, damped and undamped.
func TestModelMetricsAreCertified(t *testing.T) {
	for _, overrides := range [][]string{
		{"flow.metric=kfac", "flow.damping=0.01"},
		{"flow.metric=kfac", `flow.damping={kind="factored",value=0.01}`, "flow.estimator=ggn"},
		{"flow.metric=diagonal", "flow.damping=0.1", "flow.estimator=empirical"},
		{"flow.metric=unit-wise", `flow.damping={kind="relative",value=0.1}`},
		{"flow.metric=conjugate-gradient", "flow.damping=0.01", "flow.tolerance=1e-9"},
		{"flow.metric=low-rank", "flow.rank=20", "flow.damping=0.1"},
		{"flow.metric=euclidean"},
	} {
		plan := parsed(t, digitsModel, append(overrides, "flow.time=[0.0,0.2]", "ode.output=[]", "ode.tol=1e-4")...)
		again := parsed(t, string(plan.Spec.TOML()))
		assert.Equal(t, string(plan.Spec.TOML()), string(again.Spec.TOML()))
		o, err := Compute(context.Background(), plan, Options{})
		require.NoError(t, err, overrides)
		assert.Empty(t, o.Result.Disagreeing(), overrides)
		assert.Len(t, o.Result.Claims, 2)
	}
}

func TestConvolutionsInASpec(t *testing.T) {
	text := replaceAll(digitsModel, "kind = \"mlp\"\nwidths = [64, 8, 10]", "kind = \"conv\"\ninput = [8, 8, 1]\nchannels = [3, 4]\nkernel = 3\nstride = [1, 2]\npadding = 1\nwidths = [10]\nactivation = \"relu\"")
	plan := parsed(t, text, "flow.metric=kfac", "flow.damping=0.1", "flow.time=[0.0,0.1]", "ode.output=[]", "ode.tol=1e-3")
	p, err := Build(plan.Spec)
	require.NoError(t, err)
	assert.Equal(t, 3*10+4*28+10*65, p.Family.Dim())
	o, err := Compute(context.Background(), plan, Options{})
	require.NoError(t, err)
	assert.Empty(t, o.Result.Disagreeing())
	assert.Equal(t, string(plan.Spec.TOML()), string(parsed(t, string(plan.Spec.TOML())).Spec.TOML()))
}

func TestBadModels(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"nan.csv": "x,y\n1,0\nNaN,1\n", "label.csv": "x,y\n1,0\n2,2\n", "half.csv": "x,y\n1,0\n2,0.5\n", "good.csv": "x,y\n1,0\n2,1\n3,0\n",
	} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666))
	}
	text := "[model]\nkind = \"mlp\"\nwidths = [1, 3, 2]\noutput = \"softmax\"\n[data]\nfile = \"good.csv\"\nresponse = \"y\"\n[flow]\ntime = [0.0, 1.0]\n"
	for _, c := range []struct {
		override string
		message  string
	}{
		{`data.file="nan.csv"`, "nan.csv:3: column x: NaN is not a finite number"},
		{`data.file="label.csv"`, "label.csv:3: column y: label 2 is not one of 0 … 1"},
		{`data.file="half.csv"`, "half.csv:3: column y: label 0.5 is not one of 0 … 1"},
		{"model.widths=[2,3,2]", "command line: model.widths: begin with 2 inputs where the data have 1 predictor [model.widths=[2,3,2]]"},
		{"model.widths=[1,0,2]", "command line: model.widths: must be whole numbers from 1 on; it has 0 [model.widths=[1,0,2]]"},
		{"model.widths=[1]", "command line: model.widths: [1] must name inputs and outputs at least [model.widths=[1]]"},
		{"model.widths=[1,3,1]", "x.toml:1: model: output softmax: 1 label; two at least are needed (for yes or no, bernoulli has one output) [[model]]"},
		{"model.widths=[1,40000,40000,2]", "x.toml:1: model: needs 35.8 GiB for its 1600200002 parameters on 3 examples, and 24 are allowed: take fewer rows or smaller widths [[model]]"},
		{"model.kind=mpl", `command line: model.kind: no kind of model is called "mpl"; did you mean "mlp"? [model.kind=mpl]`},
		{"model.output=sotfmax", `command line: model.output: no output is called "sotfmax"; did you mean "softmax"? [model.output=sotfmax]`},
		{"model.activation=tan", `command line: model.activation: no activation is called "tan"; did you mean "tanh"? [model.activation=tan]`},
		{"model.init=glorot", `command line: model.init: no initialisation is called "glorot"; did you mean "glorot-uniform"? [model.init=glorot]`},
		{"model.shape=2.0", `command line: model.shape: output "softmax" has no shape [model.shape=2.0]`},
		{"model.kernel=3", `command line: model.kernel: model "mlp" has no kernel [model.kernel=3]`},
		{"data.response=z", `command line: data.response: good.csv has no column "z" (columns: x, y) [data.response=z]`},
		{`data.predictors=["y"]`, `command line: data.predictors: "y" is named twice [data.predictors=["y"]]`},
		{"data.test=[0,1]", "command line: data.test: needs rows = [from, to] beside it, those that the model learns from [data.test=[0,1]]"},
		{"data.rows=[0,9]", "command line: data.rows: ends at 9; rows to choose from: 3 [data.rows=[0,9]]"},
		{"flow.damping=-1.0", "command line: flow.damping: must not be negative, not -1 [flow.damping=-1.0]"},
		{`flow.damping={kind="factored",value=1.0}`, `command line: flow.damping.kind: no damping is called "factored" (there are: tikhonov, relative) [flow.damping={kind="factored",value=1.0}]`},
		{"flow.metric=kafc", `command line: flow.metric: no metric is called "kafc"; did you mean "kfac"? [flow.metric=kafc]`},
		{"model.widths=[1,30000,2] flow.metric=fisher", `command line: flow.metric: metric "fisher" needs 215 GiB for the matrices of 120002 parameters and their factors; 8 GiB are allowed: take a structure with less memory, as kfac or conjugate-gradient [flow.metric=fisher]`},
		{"flow.metric=low-rank", `x.toml:8: flow: metric "low-rank" needs rank = … [[flow]]`},
		{"flow.samples=3", `command line: flow.samples: estimator "exact" draws no samples [flow.samples=3]`},
		{"flow.start=[1.0]", "command line: flow.start: has 1 coordinate where mlp has 14 [flow.start=[1.0]]"},
		{`loss.kind="nll"`, "x.toml: loss: a spec with a [model] has no [loss]: leave it out"},
		{`claims.invariant=true`, `command line: claims.invariant: a model's flow has no claim "invariant": experiment fisher-invariance measures what each metric keeps [claims.invariant=true]`},
	} {
		d, err := ParseDocument("x.toml", []byte(text))
		require.NoError(t, err)
		d.file = filepath.Join(dir, "x.toml")
		err = d.override(strings.Fields(c.override))
		if err == nil {
			var s *Spec
			if s, err = d.Spec(); err == nil {
				_, err = Build(s)
			}
		}
		if assert.Error(t, err, c.override) {
			assert.Equal(t, c.message, replaceAll(err.Error(), dir+"/", ""), c.override)
			assert.Equal(t, ExitUsage, ExitCode(err, nil), c.override)
		}
	}
}
