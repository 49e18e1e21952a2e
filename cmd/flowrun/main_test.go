package main

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"fisherflow/manifold"
	"fisherflow/run"

	"github.com/stretchr/testify/require"
)

const spec = `[family]
name = "gamma"
[data]
file = "d.csv"
columns = ["x"]
[loss]
kind = "nll"
[flow]
start = { at = [1.0, 1.0] }
time = [0.0, 5.0]
`

// workplace is an empty folder with a spec and its data.
func workplace(t *testing.T) {
	t.Helper()
	t.Chdir(t.TempDir())
	write(t, "s.toml", spec)
	write(t, "d.csv", "x\n1\n2\n3.5\n")
}

func write(t *testing.T, name, text string) {
	t.Helper()
	require.NoError(t, os.WriteFile(name, []byte(text), 0o666))
}

func flowrun(args ...string) (status int, stdout, stderr string) {
	var out, err bytes.Buffer
	status = execute(args, &out, &err)
	return status, out.String(), err.String()
}

func TestBadInput(t *testing.T) {
	workplace(t)
	write(t, "empty.csv", "")
	write(t, "text.csv", "x\n1\nabc\n")
	write(t, "nan.csv", "x\n1\nNaN\n")
	write(t, "negative.csv", "x\n1\n-2\n")
	write(t, "broken.toml", "[family\nname = 1\n")
	write(t, "file", "")
	for _, c := range []struct {
		args   string
		status int
		want   []string
	}{
		{"run", 2, []string{"usage: flowrun run"}},
		{"rum", 2, []string{`did you mean "run"`}},
		{"run s.toml --quite", 2, []string{"quite"}},
		{"run river-gamma", 2, []string{`did you mean "rivers-gamma"`}},
		{"run nope.toml", 2, []string{"nope.toml", "no such file"}},
		{"run broken.toml", 2, []string{"broken.toml:1"}},
		{"run s.toml family.name=gama", 2, []string{`did you mean "gamma"`}},
		{"run s.toml flow.chart=naturel", 2, []string{`did you mean "natural"`}},
		{"run s.toml flow.metrik=fisher", 2, []string{`did you mean "metric"`}},
		{"run s.toml flow.metric=fischer", 2, []string{`did you mean "fisher"`}},
		{"run s.toml loss.kind=nnl", 2, []string{`did you mean "nll"`}},
		{"run s.toml ode.method=dopri", 2, []string{`did you mean "dopri5"`}},
		{`run s.toml data.columns=["y"]`, 2, []string{`no column "y"`, "d.csv"}},
		{"run s.toml data.file=nope.csv", 2, []string{"nope.csv", "no such"}},
		{"run s.toml data.file=empty.csv", 2, []string{"empty.csv", "empty"}},
		{"run s.toml data.file=text.csv", 2, []string{"text.csv:3", `"abc" is not a number`}},
		{"run s.toml data.file=nan.csv", 2, []string{"nan.csv:3", "not a finite number"}},
		{"run s.toml data.file=negative.csv", 2, []string{"negative.csv:3", "must be positive"}},
		{"run s.toml flow.start.at=[-1,1]", 2, []string{"shape = -1 must be positive"}},
		{"run s.toml ode.rtol=0", 2, []string{"must be positive"}},
		{"run s.toml ode.rtol=-1e-6", 2, []string{"must be positive"}},
		{"run s.toml ode.rtol=1e-17", 2, []string{"float64"}},
		{"run s.toml ode.method=rk4", 2, []string{"needs step"}},
		{"run s.toml claims.closed-form=true flow.metric=euclidean", 2, []string{"closed form"}},
		{"run s.toml ode.max-steps=3", 1, []string{"limit on the number of steps", "t = 0.0"}},
		{"run s.toml -o file/x", 1, []string{"cannot write the run folder"}},
		{"list famlies", 2, []string{`did you mean "families"`}},
		{"show nope", 2, []string{"no experiment"}},
		{"cite half-plan", 2, []string{`did you mean "half-plane"`}},
		{"diff s.toml file", 2, []string{"not the folder of a complete run"}},
		{"plot nowhere", 2, []string{"not the folder of a complete run"}},
		{"report nowhere", 2, []string{"not the folder of a complete run"}},
		{"verify s.toml", 1, []string{"no complete run"}},
		{"new s.toml", 2, []string{"is there already"}},
		{"doctor s.toml flow.start.at=[1]", 2, []string{"1 coordinate"}},
		{"inspect gama --at 1,1", 2, []string{`did you mean "gamma"`}},
		{"inspect gamma", 2, []string{"--at is missing", "shape,rate"}},
		{"inspect gamma --at 1,-1", 2, []string{"rate = -1 must be positive"}},
		{"inspect gamma --at 1", 2, []string{"[shape rate]"}},
		{"inspect gamma --at 1,x", 2, []string{`"x" is not a number`}},
		{"inspect gamma --at 1,1 --chart polar", 2, []string{`no chart "polar"`}},
		{"inspect gamma --at 1,1 --to 1,1,1", 2, []string{"to: 3 coordinates"}},
		{"inspect gamma --at 1,1 --x -3", 2, []string{"must be positive"}},
		{"inspect gamma --at NaN,1", 2, []string{"must be finite"}},
		{"inspect gamma k=2 --at 1,1", 2, []string{`"k"`}},
		{"inspect categorical k=1 --at 0.5", 2, []string{"at least 2"}},
		{"inspect multivariate-normal --at 0,0,1,2,1", 2, []string{"not positive definite"}},
		{"inspect poisson --at 1 --figure p.png", 2, []string{"two coordinates"}},
		{"inspect normal --at 0,1 --figure p.gif", 2, []string{".png"}},
	} {
		status, _, stderr := flowrun(strings.Fields(c.args)...)
		require.Equal(t, c.status, status, "%s: %s", c.args, stderr)
		require.Equal(t, 1, strings.Count(strings.TrimSpace(stderr), "\n")+1, "%s: more than one line: %s", c.args, stderr)
		for _, w := range c.want {
			require.Contains(t, stderr, w, c.args)
		}
	}
}

func TestRunTwiceGivesTheSameBytes(t *testing.T) {
	workplace(t)
	var first map[string][]byte
	for _, root := range []string{"a", "b"} {
		status, _, stderr := flowrun("run", "sprays-poisson", "-q", "-o", root)
		require.Equal(t, 0, status, stderr)
		files := map[string][]byte{}
		require.NoError(t, filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			switch filepath.Base(path) {
			case "manifest.json", "timings.json", "log.jsonl", "report.html":
				return nil
			}
			name, err := filepath.Rel(root, path)
			require.NoError(t, err)
			files[name], err = os.ReadFile(path)
			return err
		}))
		require.GreaterOrEqual(t, len(files), 9)
		if first == nil {
			first = files
			continue
		}
		require.Equal(t, first, files)
	}
	// A complete folder is not computed again; verify does, and agrees.
	status, stdout, stderr := flowrun("run", "sprays-poisson", "-o", "a", "--json")
	require.Equal(t, 0, status)
	require.Contains(t, stderr, "is complete")
	result, err := run.ParseResult([]byte(stdout))
	require.NoError(t, err)
	require.Equal(t, run.OK, result.Status)
	status, stdout, stderr = flowrun("verify", "sprays-poisson", "-o", "a", "-q")
	require.Equal(t, 0, status, stderr)
	require.Contains(t, stdout, "same bytes")

	dir := filepath.Join("a", filepath.FromSlash(result.RunDir))
	status, stdout, _ = flowrun("plot", dir, "--format", "pdf", "-q")
	require.Equal(t, 0, status)
	require.Contains(t, stdout, ".pdf")
	status, stdout, _ = flowrun("cite", dir)
	require.Equal(t, 0, status)
	require.Contains(t, stdout, "Beall")
	status, stdout, _ = flowrun("diff", dir, filepath.Join("b", filepath.FromSlash(result.RunDir)))
	require.Equal(t, 0, status)
	require.Contains(t, stdout, "no difference")
	status, _, _ = flowrun("report", dir, "-o", "page.html")
	require.Equal(t, 0, status)
	page, err := os.ReadFile("page.html")
	require.NoError(t, err)
	require.Contains(t, string(page), "Insects under a spray")

	// A result that was tampered with is not reproduced.
	path := filepath.Join(dir, "result.json")
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path, bytes.Replace(text, []byte(`"t":0,`), []byte(`"t":1,`), 1), 0o666))
	status, _, stderr = flowrun("verify", dir, "-q")
	require.Equal(t, 4, status, stderr)
}

// TestNegativeControls: runs whose claims must fail say so with status 3.
func TestNegativeControls(t *testing.T) {
	workplace(t)
	write(t, "step.toml", `[family]
name = "poisson"
[loss]
kind = "kl"
target = { at = [7.0] }
[flow]
start = { at = [6.9] }
time = [0.0, 20.0]
[ode]
method = "euler"
step = 0.5
[claims]
monotone = true
`)
	status, _, stderr := flowrun("run", "step.toml", "-q")
	require.Equal(t, 0, status, stderr)
	status, stdout, _ := flowrun("run", "step.toml", "ode.step=2.5", "-q")
	require.Equal(t, 3, status)
	require.Contains(t, stdout, "FAILS")
	// The same run as a known counter-example.
	status, _, _ = flowrun("run", "step.toml", "ode.step=2.5", "claims.monotone=violated", "-q")
	require.Equal(t, 0, status)
	// Charts disagree under the Euclidean metric.
	status, _, stderr = flowrun("run", "s.toml", "flow.metric=euclidean", `claims.invariant=["source", "log"]`, "-q")
	require.Equal(t, 3, status, stderr)
	// A flow that has not arrived.
	status, _, _ = flowrun("run", "s.toml", "claims.stationary=true", "-q")
	require.Equal(t, 3, status)
}

func TestInterrupt(t *testing.T) {
	workplace(t)
	go func() {
		// The folder is made just before the integration begins.
		for {
			if made, _ := filepath.Glob("runs/rivers-gamma/*.partial"); len(made) > 0 {
				break
			}
			time.Sleep(10 * time.Millisecond)
		}
		time.Sleep(300 * time.Millisecond)
		_ = syscall.Kill(os.Getpid(), syscall.SIGINT)
	}()
	status, _, stderr := flowrun("run", "rivers-gamma", "flow.metric=euclidean", "flow.time=[0.0, 1e6]", "ode.max-steps=1000000000",
		"claims.monotone=true", "claims.closed-form=false", "claims.invariant=false", "claims.resolved=false", "claims.stationary=false", "-q")
	require.Equal(t, 130, status, stderr)
	require.Contains(t, stderr, "interrupted; what there is is kept in")
	kept, err := filepath.Glob("runs/rivers-gamma/*.partial/result.json")
	require.NoError(t, err)
	require.Len(t, kept, 1)
	text, err := os.ReadFile(kept[0])
	require.NoError(t, err)
	result, err := run.ParseResult(text)
	require.NoError(t, err)
	require.Equal(t, run.Interrupted, result.Status)
	require.Greater(t, float64(result.Final.T), 0.0)
}

func TestListsAndJSON(t *testing.T) {
	for _, kind := range listingNames {
		status, stdout, _ := flowrun("list", kind, "--json")
		require.Equal(t, 0, status)
		var rows []map[string]any
		require.NoError(t, json.Unmarshal([]byte(stdout), &rows), kind)
		status, _, _ = flowrun("list", kind)
		require.Equal(t, 0, status)
	}
	_, stdout, _ := flowrun("list", "methods")
	require.Contains(t, stdout, "dopri5")
	_, stdout, _ = flowrun("show", "rivers-gamma")
	require.Contains(t, stdout, "[claims]")
}

func TestInspectJSON(t *testing.T) {
	status, stdout, stderr := flowrun("inspect", "normal", "--at", "0,1", "--to", "1,1", "--x", "0.5", "--json")
	require.Equal(t, 0, status, stderr)
	var got struct {
		Family  string
		Point   map[string][]float64
		Fisher  map[string][][]float64
		Score   map[string][]float64
		Entropy float64
		Numeric map[string]float64
		Gamma   map[string]manifold.Tensor `json:"christoffel"`
		K       float64                    `json:"gaussian_curvature"`
		To      struct {
			KL        float64
			FisherRao float64 `json:"fisher_rao"`
			Midpoint  map[string][]float64
		}
	}
	require.NoError(t, json.Unmarshal([]byte(stdout), &got))
	require.Equal(t, "normal", got.Family)
	require.Equal(t, []float64{0, 1}, got.Point["expectation"])
	require.Equal(t, [][]float64{{1, 0}, {0, 2}}, got.Fisher["source"])
	require.InDelta(t, 0.98025814346854, got.To.FisherRao, 1e-14)
	require.InDeltaSlice(t, []float64{0.5, 1.125}, got.To.Midpoint["variance"], 1e-14)
	require.InDelta(t, 0.5, got.To.KL, 1e-15)
	require.InDelta(t, -0.5, got.K, 1e-10)
	require.InDeltaSlice(t, []float64{0.5, -0.75}, got.Score["source"], 1e-15)
	require.InDelta(t, -1, got.Gamma["source"][0][1][0], 1e-10)
}

func TestNewDoctorManCompletionVersion(t *testing.T) {
	t.Chdir(t.TempDir())
	status, _, stderr := flowrun("new", "my.toml")
	require.Equal(t, 0, status, stderr)
	status, stdout, stderr := flowrun("doctor", "my.toml")
	require.Equal(t, 0, status, stderr)
	require.Contains(t, stdout, "141 observations")
	status, stdout, stderr = flowrun("run", "my.toml", "-q")
	require.Equal(t, 0, status, stdout+stderr)
	require.NoError(t, os.Mkdir("man", 0o777))
	status, _, _ = flowrun("man", "man")
	require.Equal(t, 0, status)
	pages, _ := filepath.Glob("man/*.1")
	require.Greater(t, len(pages), 10)
	for _, shell := range []string{"bash", "zsh", "fish"} {
		status, stdout, _ := flowrun("completion", shell)
		require.Equal(t, 0, status)
		require.Contains(t, stdout, "flowrun")
	}
	status, stdout, _ = flowrun("version")
	require.Equal(t, 0, status)
	require.Contains(t, stdout, "flowrun")
}

// TestInspectGeneralFamilies: every family that needs quadrature prints one
// document, with the errors of what it computes.
func TestInspectGeneralFamilies(t *testing.T) {
	for _, c := range []struct {
		args    string
		numeric []string
	}{
		{"cauchy --at 0,1 --to 1,2 --x 0.5", nil},
		{"student-t nu=3 --at 0,1 --to 1,2 --x 0.5", []string{"kl", "reverse_kl"}},
		{"student-t --at 0,1,3 --to 1,2,4", []string{"kl", "amari_chentsov"}},
		{"weibull --at 2,1 --to 1,3", nil},
		{"negative-binomial --at 2.5,0.4 --to 1,0.3 --x 3", []string{"kl", "entropy", "gaussian_curvature"}},
		{"normal-mixture k=3 --at 0.2,0.3,0,1,2,1,1,1 --to 0.2,0.3,0,1,3,1,1,1", []string{"fisher", "kl", "entropy"}},
		{"mixture of=poisson --at 0.2,3,4 --x 2", []string{"fisher", "entropy"}},
		{"product of=normal,gamma --at 0,1,2,3 --to 1,1,2,3 --x 0.5,1", nil},
	} {
		code, out, stderr := flowrun(append(append([]string{"inspect"}, strings.Fields(c.args)...), "--json")...)
		require.Zero(t, code, "%s: %s", c.args, stderr)
		var got struct {
			Family  string
			Numeric map[string]float64
		}
		require.NoError(t, json.Unmarshal([]byte(out), &got), c.args)
		require.Equal(t, strings.Fields(c.args)[0], got.Family)
		for _, field := range c.numeric {
			require.Greater(t, got.Numeric[field], 0.0, "%s: %s", c.args, field)
			if field != "gaussian_curvature" {
				require.Less(t, got.Numeric[field], 1e-10, "%s: %s", c.args, field)
			}
		}
		if c.numeric == nil {
			require.NotContains(t, got.Numeric, "kl", c.args)
		}
	}
}
