package run

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"fisherflow/flow"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func replaceAll(s, old, new string) string { return strings.ReplaceAll(s, old, new) }

func riversPlan(t testing.TB, overrides ...string) *Plan {
	t.Helper()
	s, err := ReadFile("testdata/rivers.toml", overrides)
	require.NoError(t, err)
	return NewPlan(s)
}

// parsed is the plan of a text.
func parsed(t testing.TB, text string, overrides ...string) *Plan {
	t.Helper()
	s, err := Parse("x.toml", []byte(text), overrides)
	require.NoError(t, err)
	return NewPlan(s)
}

const poisson = `
[family]
name = "poisson"
[loss]
kind = "kl"
target = [1.0]
[flow]
start = [1.01]
time = [0.0, 22.0]
`

func drawing(_ context.Context, o *Outcome) ([]Figure, error) {
	return []Figure{{Name: "loss", Title: "Loss", Caption: "It <falls>.", Files: map[string][]byte{"svg": []byte("<svg/>"), "png": []byte("png")}}}, nil
}

func TestExecuteWritesAFolder(t *testing.T) {
	root := t.TempDir()
	options := Options{Output: root, Figures: drawing, Version: "v9"}
	o, err := Execute(context.Background(), riversPlan(t), options)
	require.NoError(t, err)
	assert.False(t, o.Stored)
	assert.Equal(t, ExitOK, ExitCode(err, o))
	h, err := o.Plan.Hash()
	require.NoError(t, err)
	assert.Equal(t, "rivers/"+h, o.Result.RunDir)
	assert.Len(t, h, 16)
	for _, name := range []string{"spec.toml", "result.json", "trajectory.csv", "timings.json", "log.jsonl", "report.html", "manifest.json", "figures/loss.svg", "figures/loss.png"} {
		assert.FileExists(t, filepath.Join(o.Dir, name))
	}
	assert.Equal(t, []string{"figures/loss.png", "figures/loss.svg"}, o.Result.Figures)
	entries, err := os.ReadDir(filepath.Join(root, "rivers"))
	require.NoError(t, err)
	assert.Len(t, entries, 1, "nothing is left of the making")

	m, err := ReadManifest(o.Dir)
	require.NoError(t, err)
	assert.Equal(t, "v9", m.Version)
	assert.Equal(t, "c0565bb1314c3c89440e9d6bd36c31ac4211f66e44dc4d0687e4b137b31cd6b1", m.Data[0].SHA256)
	assert.Equal(t, 141, m.Data[0].Rows)
	assert.Len(t, m.Files, 8)
	for _, f := range m.Files {
		text, err := os.ReadFile(filepath.Join(o.Dir, f.Name))
		require.NoError(t, err)
		assert.Equal(t, f, record(f.Name, text))
	}

	// The stored spec is the same run, and finds its data.
	again, err := ReadFile(filepath.Join(o.Dir, "spec.toml"), nil)
	require.NoError(t, err)
	plan := NewPlan(again)
	assert.Equal(t, "rivers", plan.Name)
	h2, err := plan.Hash()
	require.NoError(t, err)
	assert.Equal(t, h, h2)

	// A complete folder is not computed again.
	options.Progress = func(Progress) { t.Error("computed again") }
	kept, err := Execute(context.Background(), riversPlan(t), options)
	require.NoError(t, err)
	assert.True(t, kept.Stored)
	assert.Equal(t, ExitOK, ExitCode(nil, kept))
	x, err := o.Result.JSON()
	require.NoError(t, err)
	y, err := kept.Result.JSON()
	require.NoError(t, err)
	assert.Equal(t, string(x), string(y), "what is read is what was written")

	// Unless it must be, and then with the same bytes.
	before := map[string]string{}
	for _, f := range m.Files {
		before[f.Name] = f.SHA256
	}
	options.Force, options.Progress = true, nil
	forced, err := Execute(context.Background(), riversPlan(t), options)
	require.NoError(t, err)
	assert.False(t, forced.Stored)
	m, err = ReadManifest(o.Dir)
	require.NoError(t, err)
	for _, f := range m.Files {
		if reproducible(f.Name, true) {
			assert.Equal(t, before[f.Name], f.SHA256, f.Name)
		}
	}
	entries, err = os.ReadDir(filepath.Join(root, "rivers"))
	require.NoError(t, err)
	assert.Len(t, entries, 1)
}

func TestHash(t *testing.T) {
	hashOf := func(overrides ...string) string {
		h, err := riversPlan(t, overrides...).Hash()
		require.NoError(t, err)
		return h
	}
	base := hashOf()
	assert.Equal(t, base, hashOf(), "it is a function of what is asked")
	assert.Equal(t, base, hashOf("ode.rtol=1.0e-9", "flow.metric=fisher", "flow.damping=0"), "a default that is written out changes nothing")
	for _, o := range []string{"seed=2", "ode.rtol=2e-9", "flow.start.at=[1.0, 2.0]", "claims.resolved=false", "data.rows=[0,140]"} {
		assert.NotEqual(t, base, hashOf(o), o)
	}
	p := riversPlan(t)
	p.Members = []Member{{Name: "euclidean", Spec: riversPlan(t, "flow.metric=euclidean", "claims.closed-form=false").Spec}}
	h, err := p.Hash()
	require.NoError(t, err)
	assert.NotEqual(t, base, h)

	// Other bytes in the data are another run.
	dir := t.TempDir()
	for _, name := range []string{"rivers.toml", "rivers.csv"} {
		text, err := os.ReadFile(filepath.Join("testdata", name))
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), text, 0o600))
	}
	of := func() string {
		s, err := ReadFile(filepath.Join(dir, "rivers.toml"), nil)
		require.NoError(t, err)
		h, err := NewPlan(s).Hash()
		require.NoError(t, err)
		return h
	}
	assert.Equal(t, base, of(), "the place does not count")
	require.NoError(t, os.WriteFile(filepath.Join(dir, "rivers.csv"), []byte("length_miles\n3\n4\n"), 0o600))
	assert.NotEqual(t, base, of())
}

func TestSamplesAndFinal(t *testing.T) {
	o, err := Compute(context.Background(), riversPlan(t), Options{})
	require.NoError(t, err)
	var times []float64
	for _, s := range o.Result.Samples {
		times = append(times, float64(s.T))
		// The loss under the exact flow η(t) = T̄ + e^{−t}(η₀ − T̄).
		eta := s.Point.In("expectation")
		w := math.Exp(-float64(s.T))
		assert.InDelta(t, 591.1843971631206*(1-w)+w, eta[1], 1e-6)
		source := s.Point.In("source")
		assert.InEpsilon(t, source[0]/source[1], s.Point.In("mean-shape")[0], 1e-14)
	}
	assert.Equal(t, []float64{0, 1, 2, 5, 10}, times)
	assert.Equal(t, "dopri5", o.Result.Solver.Method)
	assert.Len(t, o.Result.Tables["estimates"].Rows, 12)

	// Without output times there are 101 samples from end to end.
	o, err = Compute(context.Background(), parsed(t, poisson, "flow.time=[1, 3]"), Options{})
	require.NoError(t, err)
	require.Len(t, o.Result.Samples, 101)
	assert.EqualValues(t, 1, o.Result.Samples[0].T)
	assert.EqualValues(t, 3, o.Result.Samples[100].T)
	for _, s := range o.Result.Samples {
		assert.InDelta(t, 1+0.01*math.Exp(1-float64(s.T)), s.Point.In("source")[0], 1e-9, "the tolerance")
	}
	assert.Nil(t, o.Result.Final.StandardError)
	assert.Nil(t, o.Result.Tables)

	// With a stop rule they end where the flow does.
	o, err = Compute(context.Background(), parsed(t, poisson, "flow.stop={distance=1e-6}", "claims.stationary=true"), Options{})
	require.NoError(t, err)
	end := float64(o.Result.Final.T)
	assert.InDelta(t, math.Log(0.01/1e-6), end, 1)
	assert.EqualValues(t, end, o.Result.Samples[100].T)
	assert.Empty(t, o.Result.Disagreeing())
}

// The maximum-likelihood estimates and their standard errors are known:
// √(λ/n), and σ/√n and σ/√(2n).
func TestStandardErrors(t *testing.T) {
	text := `
		family.name = "poisson"
		data = { dataset = "insect-sprays", columns = ["count"], where = { spray = "C" } }
		loss.kind = "nll"
		flow = { start = [1.0], stop = { distance = 1e-10 } }`
	o, err := Compute(context.Background(), parsed(t, text), Options{})
	require.NoError(t, err)
	mean := 25.0 / 12
	assert.InEpsilon(t, mean, o.Result.Final.Point.In("source")[0], 1e-9)
	assert.InEpsilon(t, math.Sqrt(mean/12), o.Result.Final.StandardError.In("source")[0], 1e-9)
	assert.InEpsilon(t, 1/math.Sqrt(12*mean), o.Result.Final.StandardError.In("natural")[0], 1e-9)
	assert.InEpsilon(t, 1/math.Sqrt(12), o.Result.Final.StandardError.In("sqrt")[0], 1e-9)
	row := o.Result.Tables["estimates"].Rows[0]
	assert.InEpsilon(t, mean+1.959963984540054*math.Sqrt(mean/12), float64(row[5].(Number)), 1e-9)

	text = `
		family.name = "normal"
		data = { dataset = "precip" }
		loss.kind = "nll"
		flow = { start = [30.0, 10.0], stop = { distance = 1e-10 }, chart = "natural" }`
	o, err = Compute(context.Background(), parsed(t, text), Options{})
	require.NoError(t, err)
	sigma := o.Result.Final.Point.In("source")[1]
	se := o.Result.Final.StandardError.In("source")
	assert.InEpsilon(t, sigma/math.Sqrt(70), se[0], 1e-9)
	assert.InEpsilon(t, sigma/math.Sqrt(140), se[1], 1e-9)
	assert.InEpsilon(t, 1/math.Sqrt(140), o.Result.Final.StandardError.In("log-scale")[1], 1e-9)
}

func TestImpossibleRuns(t *testing.T) {
	for _, c := range []struct {
		plan    *Plan
		message string
	}{
		{riversPlan(t, "flow.start.at=[1.0, -1.0]"), "command line: flow.start.at: gamma: rate = -1 must be positive [flow.start.at=[1.0, -1.0]]"},
		{riversPlan(t, "flow.start={chart=\"natural\",at=[0,1]}"), "command line: flow.start: gamma (chart natural): theta2 = 1 must be negative [flow.start={chart=\"natural\",at=[0,1]}]"},
		{parsed(t, poisson, "loss.target=[0.0]"), "command line: loss.target: poisson: lambda = 0 must be positive [loss.target=[0.0]]"},
		{riversPlan(t, "flow.metric=euclidean"), `testdata/rivers.toml:31: claims.closed-form: closed forms are known under the undamped Fisher metric only [closed-form = true]`},
		{parsed(t, "family.name=\"gamma\"\nloss={kind=\"linear\",chart=\"log\",coefficients=[1.0,1.0]}\nflow={start=[1.0,1.0],time=[0,0.1]}\nclaims.closed-form=true"),
			"x.toml:4: claims.closed-form: there is no closed form to compare with: linear: no closed form in chart log [claims.closed-form=true]"},
		{parsed(t, "family.name=\"gamma\"\nloss={kind=\"squared-distance\",target=[1.0,1.0]}\nflow={start=[2.0,1.0],time=[0,0.1]}"),
			"x.toml:2: loss.kind: squared-distance: gamma has no Fisher–Rao distance in closed form: unsupported operation [loss={kind=\"squared-distance\",target=[1.0,1.0]}]"},
	} {
		root := t.TempDir()
		_, err := Execute(context.Background(), c.plan, Options{Output: root})
		require.Error(t, err, c.message)
		assert.Equal(t, c.message, err.Error())
		assert.Equal(t, ExitUsage, ExitCode(err, nil))
		entries, err := os.ReadDir(root)
		require.NoError(t, err)
		assert.Empty(t, entries, "nothing is written")
	}
}

func TestClaimsThatFail(t *testing.T) {
	// Euler with a step above 2 overshoots the minimum by more than it was
	// away: λ − λ* is multiplied by 1 − h at every step.
	o, err := Compute(context.Background(), parsed(t, poisson, "ode.method=euler", "ode.step=2.2"), Options{})
	require.NoError(t, err)
	assert.Equal(t, ExitClaim, ExitCode(err, o))
	bad := o.Result.Disagreeing()
	require.NotEmpty(t, bad)
	assert.Equal(t, "monotone", bad[0].Name)
	assert.Greater(t, float64(bad[0].Value), float64(bad[0].Bound))

	// Which a claim may expect.
	o, err = Compute(context.Background(), parsed(t, poisson, "ode.method=euler", "ode.step=2.2", "claims={monotone=\"violated\"}"), Options{})
	require.NoError(t, err)
	assert.Equal(t, ExitOK, ExitCode(err, o))

	// The Euclidean flow is another one in every chart.
	charts := `claims={invariant=["source","natural","log"]}`
	o, err = Compute(context.Background(), parsed(t, entropyOf("gamma"), "flow.metric=euclidean", charts), Options{})
	require.NoError(t, err)
	assert.Equal(t, ExitClaim, ExitCode(err, o))
	o, err = Compute(context.Background(), parsed(t, entropyOf("gamma"), charts), Options{})
	require.NoError(t, err)
	assert.Equal(t, ExitOK, ExitCode(err, o), "%v", o.Result.Claims)

	// A flow that is cut short is not stationary.
	o, err = Compute(context.Background(), parsed(t, poisson, "flow.time=[0,1]", "claims={stationary=1e-6}"), Options{})
	require.NoError(t, err)
	assert.Equal(t, ExitClaim, ExitCode(err, o))
	assert.InDelta(t, 0.01*math.Exp(-1), float64(o.Result.Claims[0].Value), 1e-4)

	nan := NewClaim("m", Violated, flow.Check{Name: "monotone", Value: math.NaN(), Bound: 1})
	assert.False(t, nan.Holds, "what was not measured is no counter-example")
}

func entropyOf(family string) string {
	return "family.name = \"" + family + "\"\nloss.kind = \"kl\"\nloss.target = [2.0, 1.0]\nflow.start = [1.0, 3.0]\nflow.time = [0, 2]\n"
}

func TestInterruption(t *testing.T) {
	root := t.TempDir()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	options := Options{Output: root, Progress: func(p Progress) {
		if p.Steps == 40 {
			cancel()
		}
	}}
	o, err := Execute(ctx, riversPlan(t), options)
	require.ErrorIs(t, err, context.Canceled)
	assert.Equal(t, ExitInterrupted, ExitCode(err, o))
	assert.Equal(t, Interrupted, o.Result.Status)
	assert.Equal(t, 40, o.Result.Solver.Steps)
	require.Len(t, o.Result.Claims, 5)
	assert.True(t, o.Result.Claims[0].Holds, "what was computed is certified")
	assert.False(t, o.Result.Claims[2].Holds)
	assert.Contains(t, o.Result.Claims[2].Detail, "could not be measured")
	assert.NotEmpty(t, o.Result.Samples)
	assert.True(t, strings.HasSuffix(o.Dir, partial))
	text, err := os.ReadFile(filepath.Join(o.Dir, "result.json"))
	require.NoError(t, err, "the partial result is kept")
	r, err := ParseResult(text)
	require.NoError(t, err)
	assert.Equal(t, Interrupted, r.Status)
	assert.True(t, strings.HasSuffix(r.RunDir, partial))
	assert.NoFileExists(t, filepath.Join(o.Dir, "manifest.json"))

	// The next run begins anew and leaves nothing of it.
	o, err = Execute(context.Background(), riversPlan(t), Options{Output: root})
	require.NoError(t, err)
	assert.False(t, o.Stored)
	assert.NoDirExists(t, o.Dir+partial)
}

func TestSolverFailure(t *testing.T) {
	o, err := Execute(context.Background(), riversPlan(t, "ode.max-steps=20"), Options{Output: t.TempDir()})
	require.Error(t, err)
	assert.Equal(t, ExitFailed, ExitCode(err, o))
	assert.Equal(t, Failed, o.Result.Status)
	assert.Contains(t, o.Result.Error, "limit on the number of steps")
	assert.NotContains(t, err.Error(), "\n")
	assert.Len(t, o.Result.Samples, 1, "of the output times only the start was reached")
	assert.Less(t, float64(o.Result.Final.Loss), 591.0)
	assert.FileExists(t, filepath.Join(o.Dir, "result.json"))
	assert.FileExists(t, filepath.Join(o.Dir, "report.html"))
}

func TestMembers(t *testing.T) {
	plan := riversPlan(t, "claims={monotone=true}")
	control, err := plan.Spec.With("flow.metric=euclidean", "flow.chart=source", "ode.max-steps=30")
	require.NoError(t, err)
	plan.Members = []Member{{Name: "euclidean", Spec: control, Optional: true}}
	plan.Finish = func(_ context.Context, o *Outcome) error {
		tb := NewTable("what", "value")
		tb.Add("gap", math.Inf(1))
		o.Result.AddTable("extra", tb)
		o.Result.Claims = append(o.Result.Claims, NewClaim("all", Holds, flow.Check{Name: "matches-reference", Value: 1, Bound: 2}))
		return nil
	}
	root := t.TempDir()
	o, err := Execute(context.Background(), plan, Options{Output: root})
	require.NoError(t, err)
	assert.Equal(t, OK, o.Result.Status, "a control may give up")
	require.Len(t, o.Result.Members, 1)
	assert.Contains(t, o.Result.Members[0].Error, "limit on the number of steps")
	assert.NotNil(t, o.Result.Members[0].Final)
	require.Len(t, o.Result.Claims, 3)
	assert.Equal(t, "euclidean", o.Result.Claims[1].Member, "what was computed is certified")
	assert.True(t, o.Result.Claims[1].Holds)
	text, err := os.ReadFile(filepath.Join(o.Dir, "result.json"))
	require.NoError(t, err)
	assert.Contains(t, string(text), `["gap","+Inf"]`)
	assert.True(t, json.Valid(text))
	rows, err := os.ReadFile(filepath.Join(o.Dir, "trajectory.csv"))
	require.NoError(t, err)
	lines := strings.Split(string(rows), "\n")
	assert.Equal(t, "member,t,loss,speed,fisher_length,natural.theta1,natural.theta2,source.shape,source.rate", lines[0])
	assert.True(t, strings.HasPrefix(lines[1], "fisher,0,591."))
	assert.True(t, strings.HasSuffix(lines[1], ",0,-1,,"))
	assert.Contains(t, string(rows), "\neuclidean,0,591.")

	plan.Members[0].Optional = false
	o, err = Execute(context.Background(), plan, Options{Output: root, Force: true})
	assert.Equal(t, ExitFailed, ExitCode(err, o))
}

func TestThinning(t *testing.T) {
	assert.Equal(t, []int{0, 3, 6, 7}, thinned(8, 3))
	assert.Equal(t, []int{0, 3, 6}, thinned(7, 3))
	assert.Equal(t, []int{0}, thinned(1, 3))
	assert.Empty(t, thinned(0, 3))
	assert.Equal(t, 1, stride([]int{10_000}, 10_000))
	assert.Equal(t, 2, stride([]int{10_001}, 10_000))
	assert.Equal(t, 2, stride([]int{6_000, 6_000}, 10_000))
	for _, lengths := range [][]int{{1_234_567}, {5, 1_000_000, 40_000}, {1, 1, 1}} {
		k, total := stride(lengths, 10_000), 0
		for _, n := range lengths {
			total += len(thinned(n, k))
		}
		assert.LessOrEqual(t, total, 10_000)
		if k > 1 {
			total = 0
			for _, n := range lengths {
				total += len(thinned(n, k-1))
			}
			assert.Greater(t, total, 10_000, "%d is not the smallest", k)
		}
	}
	o, err := Compute(context.Background(), parsed(t, poisson, "ode.method=euler", "ode.step=0.001"), Options{})
	require.NoError(t, err)
	text, err := o.trajectory()
	require.NoError(t, err)
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	assert.Len(t, lines, 1+len(thinned(22_001, 3)))
	assert.True(t, strings.HasPrefix(lines[len(lines)-1], "fisher,22,"), "the end is kept")
}

func TestFolderIsAllOrNothing(t *testing.T) {
	root := t.TempDir()
	broken := func(context.Context, *Outcome) ([]Figure, error) { return nil, errors.New("no ink") }
	o, err := Execute(context.Background(), riversPlan(t), Options{Output: root, Figures: broken})
	require.ErrorContains(t, err, "no ink")
	assert.Equal(t, ExitFailed, ExitCode(err, o))
	h, err := o.Plan.Hash()
	require.NoError(t, err)
	final := filepath.Join(root, "rivers", h)
	assert.NoDirExists(t, final)
	assert.FileExists(t, filepath.Join(final+partial, "result.json"), "what was computed is kept")

	// A process that dies leaves whatever it had.
	require.NoError(t, os.WriteFile(filepath.Join(final+partial, "junk"), nil, 0o600))
	o, err = Execute(context.Background(), riversPlan(t), Options{Output: root, Figures: drawing})
	require.NoError(t, err)
	assert.NoFileExists(t, filepath.Join(o.Dir, "junk"))
	assert.NoDirExists(t, final+partial)

	// A failure leaves the folder that is complete as it is.
	_, err = Execute(context.Background(), riversPlan(t), Options{Output: root, Figures: broken, Force: true})
	require.Error(t, err)
	_, err = ReadResult(final)
	assert.NoError(t, err)
}

func TestUnwritableFolder(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	_, err := Execute(context.Background(), riversPlan(t), Options{Output: file, Progress: func(Progress) { t.Error("computed in vain") }})
	var bad *FolderError
	require.ErrorAs(t, err, &bad)
	assert.Contains(t, err.Error(), "cannot write the run folder "+file)
	assert.NotContains(t, err.Error(), "\n")
	assert.Equal(t, ExitFailed, ExitCode(err, nil))
}

func TestFiguresStayInTheFolder(t *testing.T) {
	root := t.TempDir()
	odd := func(context.Context, *Outcome) ([]Figure, error) {
		return []Figure{{Name: "../../loss", Files: map[string][]byte{"svg": []byte("<svg/>"), "../x": nil}}}, nil
	}
	plan := riversPlan(t)
	plan.Name = "../outside"
	o, err := Execute(context.Background(), plan, Options{Output: filepath.Join(root, "runs"), Figures: odd})
	require.NoError(t, err)
	assert.Equal(t, []string{"figures/loss.svg"}, o.Result.Figures)
	entries, err := os.ReadDir(root)
	require.NoError(t, err)
	assert.Len(t, entries, 1)
}

func TestVerify(t *testing.T) {
	root := t.TempDir()
	options := Options{Output: root, Figures: drawing}
	plan := riversPlan(t)
	_, err := Verify(context.Background(), plan, "", options)
	require.ErrorContains(t, err, "there is no complete run in it")
	o, err := Execute(context.Background(), plan, options)
	require.NoError(t, err)
	v, err := Verify(context.Background(), plan, "", options)
	require.NoError(t, err)
	assert.Equal(t, "same bytes", v.Level)
	assert.True(t, v.Reproduced)
	require.NoError(t, v.Err())

	path := filepath.Join(o.Dir, "result.json")
	good, err := os.ReadFile(path)
	require.NoError(t, err)
	signed := func(text string) {
		t.Helper()
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		m, err := ReadManifest(o.Dir)
		require.NoError(t, err)
		for i, f := range m.Files {
			if f.Name == "result.json" {
				m.Files[i] = record(f.Name, []byte(text))
			}
		}
		out, err := json.Marshal(m)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(o.Dir, "manifest.json"), out, 0o600))
	}
	for _, c := range []struct {
		old, new, level string
		reproduced      bool
	}{
		{"7.185190001379", "7.185190001378", "same numbers within tolerance", true},
		{"7.185190001379", "7.185200001379", "same claims", false},
		{`"holds":true`, `"holds":false`, "different", false},
	} {
		require.Contains(t, string(good), c.old)
		signed(replaceAll(string(good), c.old, c.new))
		v, err := Verify(context.Background(), plan, o.Dir, options)
		require.NoError(t, err)
		assert.Equal(t, c.level, v.Level)
		assert.Equal(t, c.reproduced, v.Reproduced, c.level)
		if !c.reproduced {
			assert.ErrorIs(t, v.Err(), ErrMismatch)
			assert.Equal(t, ExitVerify, ExitCode(v.Err(), nil))
		}
	}
	// A file that is not what its manifest says is not to be trusted, however
	// small the change.
	signed(string(good))
	require.NoError(t, os.WriteFile(path, []byte(replaceAll(string(good), "7.185190001379", "7.185190001378")), 0o600))
	v, err = Verify(context.Background(), plan, o.Dir, options)
	require.NoError(t, err)
	assert.Equal(t, []string{"result.json"}, v.Damaged)
	assert.Equal(t, ExitVerify, ExitCode(v.Err(), nil))
}

func TestDiff(t *testing.T) {
	root := t.TempDir()
	a, err := Execute(context.Background(), riversPlan(t), Options{Output: root})
	require.NoError(t, err)
	b, err := Execute(context.Background(), riversPlan(t, "ode.rtol=1e-6", "claims.closed-form=false"), Options{Output: root})
	require.NoError(t, err)
	d, err := Diff(a.Dir, a.Dir)
	require.NoError(t, err)
	assert.True(t, d.Empty())
	assert.Equal(t, "no difference\n", d.String())
	d, err = Diff(a.Dir, b.Dir)
	require.NoError(t, err)
	assert.Equal(t, []Change{{"ode.rtol", "1e-09", "1e-06"}, {"claims.closed-form", "true", ""}}, d.Spec)
	assert.Greater(t, float64(d.Largest), 1e-14)
	assert.Contains(t, d.String(), "ode.rtol\n    - 1e-09\n    + 1e-06\n")
	_, err = Diff(a.Dir, filepath.Join(root, "none"))
	assert.ErrorContains(t, err, "there is no complete run in it")
}

func TestReport(t *testing.T) {
	plan := riversPlan(t)
	plan.Equations = []template.HTML{"<math><mi>θ</mi></math>"}
	plan.Citations = []string{"A & B, 1999"}
	root := t.TempDir()
	o, err := Execute(context.Background(), plan, Options{Output: root, Figures: drawing})
	require.NoError(t, err)
	text, err := os.ReadFile(filepath.Join(o.Dir, "report.html"))
	require.NoError(t, err)
	page := string(text)
	for _, want := range []string{
		"<title>Lengths of rivers</title>", "All 5 claims came out as expected.", "141 observations", "<math><mi>θ</mi></math>",
		"data:image/svg&#43;xml;base64,PHN2Zy8&#43;", "It &lt;falls&gt;.", "closed-form", "A &amp; B, 1999", "c0565bb1314c3c89", "mean-shape",
		`name = &#34;gamma&#34;`, "@media print", `name="viewport"`,
	} {
		assert.Contains(t, page, want)
	}
	for _, never := range []string{"src=\"http", "href=", "<script", "ZgotmplZ", "NaN"} {
		assert.NotContains(t, page, never)
	}
	both, err := CombineReports(o.Dir, o.Dir)
	require.NoError(t, err)
	assert.Equal(t, 2, strings.Count(string(both), "<article>"))
	assert.Contains(t, string(both), "<title>Fisherflow: 2 runs</title>")
	_, err = CombineReports(root)
	assert.Error(t, err)
}

func TestNumbers(t *testing.T) {
	for x, want := range map[float64]string{math.Inf(1): `"+Inf"`, math.Inf(-1): `"-Inf"`, 0.1: "0.1", 1e-9: "1e-9", 735: "735"} {
		text, err := json.Marshal(Number(x))
		require.NoError(t, err)
		assert.Equal(t, want, string(text))
		var back Number
		require.NoError(t, json.Unmarshal(text, &back))
		assert.EqualValues(t, x, back)
	}
	text, err := json.Marshal(Point{{"b", Numbers([]float64{math.NaN(), 1})}, {"a", nil}})
	require.NoError(t, err)
	assert.Equal(t, `{"b":["NaN",1],"a":null}`, string(text), "charts keep their order")
	var p Point
	require.NoError(t, json.Unmarshal(text, &p))
	assert.True(t, math.IsNaN(p.In("b")[0]))
	assert.Nil(t, p.In("c"))
	var x Number
	assert.Error(t, json.Unmarshal([]byte(`"seven"`), &x))
	assert.Equal(t, "−1.5·10⁻¹²", readable(-1.5e-12))
	assert.Equal(t, "10⁶", readable(1e6))
	assert.Equal(t, "∞", readable(Number(math.Inf(1))))
}

func TestLayOutIsTheSameJSON(t *testing.T) {
	v := map[string]any{
		"a": []any{map[string]any{"x\"\\": "}{,", "y": []any{1.0, 2.0}, "long": strings.Repeat("z,", 200)}, map[string]any{}},
		"b": []any{[]any{1.0}, []any{}}, "c": nil, "d": "s",
	}
	text, err := layOut(v)
	require.NoError(t, err)
	var back any
	require.NoError(t, json.Unmarshal(text, &back), "%s", text)
	assert.Equal(t, any(v), back)
}

func TestExitCode(t *testing.T) {
	assert.Equal(t, ExitOK, ExitCode(nil, nil))
	assert.Equal(t, ExitFailed, ExitCode(errors.New("x"), nil))
	assert.Equal(t, ExitUsage, ExitCode(fmt.Errorf("in a: %w", &DataError{}), nil))
	assert.Equal(t, ExitInterrupted, ExitCode(fmt.Errorf("in a: %w", context.Canceled), nil))
	assert.Equal(t, ExitFailed, ExitCode(&FolderError{Err: fs.ErrPermission}, nil))
	assert.Equal(t, ExitClaim, ExitCode(nil, &Outcome{Result: &Result{Status: OK, Claims: []Claim{{}}}}))
	assert.Equal(t, ExitFailed, ExitCode(nil, &Outcome{Result: &Result{Status: Failed}}), "a stored failure is one")
}

// TestStiffness: a Euclidean flow that an explicit method can hardly follow says
// so, and an implicit one follows it in a few steps.
func TestStiffness(t *testing.T) {
	flow := []string{"flow.metric=euclidean", "flow.chart=source", "flow.start={chart=\"source\", at=[2.6, 0.005]}", "claims={monotone=true}"}
	explicit, err := Execute(context.Background(), riversPlan(t, append(flow, "ode.max-steps=5000")...), Options{Output: t.TempDir()})
	require.Error(t, err)
	require.NotNil(t, explicit.Result.Solver.StiffFrom)
	assert.Contains(t, explicit.Result.Solver.Advice(), "radau5")
	for _, method := range []string{"radau5", "rosenbrock", "auto"} {
		implicit, err := Execute(context.Background(), riversPlan(t, append(flow, "ode.method="+method)...), Options{Output: t.TempDir()})
		require.NoError(t, err, method)
		assert.Less(t, implicit.Result.Solver.Steps, 300, method)
		assert.Empty(t, implicit.Result.Solver.Advice(), method)
		assert.Empty(t, implicit.Result.Disagreeing(), method)
	}
}
