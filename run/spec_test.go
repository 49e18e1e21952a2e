package run

import (
	"bytes"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// rivers is the spec that the tests vary.
func rivers(t testing.TB) string {
	t.Helper()
	text, err := os.ReadFile("testdata/rivers.toml")
	require.NoError(t, err)
	return string(text)
}

const entropy = `
[family]
name = "categorical"
k = 4
[loss]
kind = "free-energy"
coefficients = [0.3, -1.2, 0.5]
temperature = 0.7
[flow]
chart = "natural"
start = { chart = "source", at = [0.1, 0.2, 0.3] }
time = [0.0, 3.0]
`

// replaced is the text with the line that has the key replaced.
func replaced(t *testing.T, text, key, line string) string {
	t.Helper()
	lines := strings.Split(text, "\n")
	for i, l := range lines {
		if strings.HasPrefix(l, key) {
			lines[i] = line
			return strings.Join(lines, "\n")
		}
	}
	t.Fatalf("no line begins with %s", key)
	return ""
}

func TestBadSpecs(t *testing.T) {
	for _, c := range []struct{ key, line, message string }{
		{"[loss]", "[loss", `rivers.toml:11: expected character ] but the document ended here`},
		{"title", "title = 3", "rivers.toml:1: title: must be text, not the number 3 [title = 3]"},
		{"title", "titel = \"x\"", `rivers.toml:1: titel: a spec has no key "titel"; did you mean "title"? [titel = "x"]`},
		{"seed", "seed = -1", "rivers.toml:2: seed: must be at least 0, not -1 [seed = -1]"},
		{"seed", "seed = 1.5", "rivers.toml:2: seed: must be a whole number, not the number 1.5 [seed = 1.5]"},
		{"name", `name = "gama"`, `rivers.toml:5: family.name: no family is called "gama"; did you mean "gamma"? [name = "gama"]`},
		{"name", `nmae = "gamma"`, `rivers.toml:5: family.nmae: [family] has no key "nmae"; did you mean "name"? [nmae = "gamma"]`},
		{"name", "name = \"gamma\"\nk = 3", `rivers.toml:6: family.k: gamma has no options [k = 3]`},
		{"name", "name = \"categorical\"\nk = 1", "rivers.toml:6: family.k: categorical: option k = 1 must be a whole number of at least 2 [k = 1]"},
		{"file", `dataset = "river"`, `rivers.toml:8: data.dataset: no data set is called "river"; did you mean "rivers"? [dataset = "river"]`},
		{"file", "file = \"a.csv\"\ndataset = \"rivers\"", `rivers.toml:9: data.dataset: file and dataset are both given: leave one out [dataset = "rivers"]`},
		{"file", "scale = 2.0", `rivers.toml:7: data: [data] needs file = "….csv" or dataset = "…" [[data]]`},
		{"columns", `colums = ["length_miles"]`, `rivers.toml:9: data.colums: [data] has no key "colums"; did you mean "columns"? [colums = ["length_miles"]]`},
		{"columns", "columns = [1]", "rivers.toml:9: data.columns: must be a list of texts; it has the number 1 [columns = [1]]"},
		{"columns", "rows = [5, 5]", "rivers.toml:9: data.rows: must be [from, to] with 0 ≤ from < to, not [5 5] [rows = [5, 5]]"},
		{"kind", `kind = "nil"`, `rivers.toml:12: loss.kind: no loss is called "nil"; did you mean "nll"? [kind = "nil"]`},
		{"kind", `kind = "elbo"`, `rivers.toml:12: loss.kind: loss "elbo" needs a [target] with model = "…" or posterior = "…" [kind = "elbo"]`},
		{"kind", `kind = "kl"`, `rivers.toml:11: loss: loss "kl" needs target = { at = […] } [[loss]]`},
		{"kind", "kind = \"nll\"\ntarget = [1.0, 2.0]", `rivers.toml:13: loss.target: loss "nll" has no target [target = [1.0, 2.0]]`},
		{"kind", `kind = "entropy"`, `rivers.toml:7: data: loss "entropy" reads no data: leave [data] out, or use loss "nll" [[data]]`},
		{"chart", `chart = "natrual"`, `rivers.toml:15: flow.chart: no chart of gamma is called "natrual"; did you mean "natural"? [chart = "natrual"]`},
		{"metric", `metric = "fihser"`, `rivers.toml:16: flow.metric: no metric is called "fihser"; did you mean "fisher"? [metric = "fihser"]`},
		{"metric", `metric = "wavelet"`, `rivers.toml:16: flow.metric: no metric is called "wavelet" (there are: fisher, euclidean, diagonal, wasserstein) [metric = "wavelet"]`},
		{"metric", `estimator = "empirical"`, `rivers.toml:16: flow.estimator: estimator "empirical" is not in this version [estimator = "empirical"]`},
		{"metric", "damping = -1.0", "rivers.toml:16: flow.damping: must not be negative, not -1 [damping = -1.0]"},
		{"start", "", "rivers.toml:14: flow: the flow has no start: [flow] needs start = { chart = \"source\", at = […] } [[flow]]"},
		{"start", "start = { chart = \"source\", at = [1.0] }", "rivers.toml:17: flow.start.at: has 1 coordinate where gamma has 2 [start = { chart = \"source\", at = [1.0] }]"},
		{"start", "start = { chrat = \"source\", at = [1.0, 1.0] }", `rivers.toml:17: flow.start.chrat: [flow.start] has no key "chrat"; did you mean "chart"? [start = { chrat = "source", at = [1.0, 1.0] }]`},
		{"start", `start = ["a", 1.0]`, `rivers.toml:17: flow.start: must be a list of numbers; it has the text "a" [start = ["a", 1.0]]`},
		{"time", "time = [10.0, 0.0]", "rivers.toml:18: flow.time: must be [from, to] with from < to, not [10 0] [time = [10.0, 0.0]]"},
		{"time", "time = [0.0, inf]", "rivers.toml:18: flow.time: must be a list of finite numbers; it has +Inf [time = [0.0, inf]]"},
		{"time", "", "rivers.toml:14: flow: the flow has no end: [flow] needs time = [from, to] or stop = { distance = … } [[flow]]"},
		{"time", "stop = { distance = 0.0 }", "rivers.toml:18: flow.stop.distance: must be positive, not 0 [stop = { distance = 0.0 }]"},
		{"time", "time = [0.0, 5.0]", "rivers.toml:25: ode.output: has 10, outside of the flow's time [0 5] [output = [0.0, 1.0, 2.0, 5.0, 10.0]]"},
		{"method", `method = "dopri"`, `rivers.toml:21: ode.method: no method is called "dopri"; did you mean "dopri5"? [method = "dopri"]`},
		{"method", `method = "rk4"`, `rivers.toml:21: ode.method: method "rk4" has no step size control: [ode] needs step = … [method = "rk4"]`},
		{"rtol", "rtol = 0.0", "rivers.toml:22: ode.rtol: must be positive, not 0 [rtol = 0.0]"},
		{"rtol", "rtol = -1e-9", "rivers.toml:22: ode.rtol: must be positive, not -1e-09 [rtol = -1e-9]"},
		{"rtol", "rtol = nan", "rivers.toml:22: ode.rtol: must be a finite number, not NaN [rtol = nan]"},
		{"rtol", "rtol = \"1e-9\"", `rivers.toml:22: ode.rtol: must be a number, not the text "1e-9" [rtol = "1e-9"]`},
		{"rtol", "tol = 1e-9", "rivers.toml:23: ode.atol: tol takes the place of rtol and atol: leave atol out [atol = 1e-12]"},
		{"atol", "atol = -1.0", "rivers.toml:23: ode.atol: must not be negative, not -1 [atol = -1.0]"},
		{"atol", "step = 0.0", "rivers.toml:23: ode.step: must be positive, not 0 [step = 0.0]"},
		{"norm", `norm = "fischer"`, `rivers.toml:24: ode.norm: no norm is called "fischer"; did you mean "fisher"? [norm = "fischer"]`},
		{"norm", `norm = "fisher"`, `rivers.toml:22: ode.rtol: the norm "fisher" has one tolerance, tol, in Fisher length: leave rtol out [rtol = 1e-9]`},
		{"output", "output = [1.0, 1.0]", "rivers.toml:25: ode.output: must be increasing: 1 is followed by 1 [output = [1.0, 1.0]]"},
		{"monotone", "monotonous = true", `rivers.toml:28: claims.monotonous: [claims] has no key "monotonous"; did you mean "monotone"? [monotonous = true]`},
		{"monotone", `monotone = "violates"`, `rivers.toml:28: claims.monotone: no expectation of a claim is called "violates"; did you mean "violated"? [monotone = "violates"]`},
		{"monotone", "monotone = 3", `rivers.toml:28: claims.monotone: must be true, false, "holds" or "violated", not the number 3 [monotone = 3]`},
		{"monotone", "matches-reference = true", "rivers.toml:28: claims.matches-reference: only a catalogue experiment has a reference to match [matches-reference = true]"},
		{"invariant", `invariant = ["source", "logs"]`, `rivers.toml:32: claims.invariant: no chart of gamma is called "logs"; did you mean "log"? [invariant = ["source", "logs"]]`},
		{"invariant", `invariant = ["source"]`, `rivers.toml:32: claims.invariant: needs two charts at least [invariant = ["source"]]`},
		{"[claims]", "certificate = \"off\"\n[claims]", `rivers.toml:27: ode.certificate: [ode] has no key "certificate" [certificate = "off"]`},
		{"[claims]", "[optimizer]\n[claims]", "rivers.toml:27: optimizer: trains a [model]; the flow of a family takes discrete steps by ode.method with ode.step [[optimizer]]"},
		{"[claims]", "[parameters]\na = 1\n[claims]", `rivers.toml:27: parameters: parameters belong to a catalogue experiment: name it with experiment = "…" [[parameters]]`},
	} {
		_, err := Parse("rivers.toml", []byte(replaced(t, rivers(t), c.key, c.line)), nil)
		var bad *SpecError
		if assert.ErrorAs(t, err, &bad, c.line) {
			assert.Equal(t, ExitUsage, ExitCode(err, nil))
			if c.key == "[loss]" {
				assert.Equal(t, 11, bad.Line)
				continue
			}
			assert.Equal(t, c.message, err.Error())
			assert.NotContains(t, err.Error(), "\n")
		}
	}
}

func TestBadOverrides(t *testing.T) {
	for _, c := range []struct{ override, message string }{
		{"flow.chart", "command line: an override is written key=value [flow.chart]"},
		{"=3", "command line: an override needs a key before the = [=3]"},
		{"seed=", "command line: an override needs a value after the = [seed=]"},
		{"a..b=1", `command line: "a..b" is not a dotted key [a..b=1]`},
		{"flow.start=[1,", "command line: [1, is not a TOML value [flow.start=[1,]"},
		{"ode.rtl=1e-8", `command line: ode.rtl: [ode] has no key "rtl"; did you mean "rtol"? [ode.rtl=1e-8]`},
		{"ode.rtol=small", `command line: ode.rtol: must be a number, not the text "small" [ode.rtol=small]`},
		{"ode.rtol.x=1", "command line: ode.rtol.x: ode.rtol is a value, not a table [ode.rtol.x=1]"},
		{"flow.metric=euclidian", `command line: flow.metric: no metric is called "euclidian"; did you mean "euclidean"? [flow.metric=euclidian]`},
	} {
		_, err := Parse("rivers.toml", []byte(rivers(t)), []string{c.override})
		var bad *SpecError
		if assert.ErrorAs(t, err, &bad, c.override) {
			assert.Equal(t, c.message, err.Error())
		}
	}
}

func TestOverrides(t *testing.T) {
	s, err := Parse("rivers.toml", []byte(rivers(t)), []string{
		"title=Other rivers", "seed=7", "flow.metric=euclidean", "flow.start.at=[2, 0.5]", "flow.time=[0,20]",
		"ode.tol=1e-7", "data.dataset=rivers", "claims.closed-form=false", "ode.max-steps=1_000", "flow.damping={kind=\"marquardt\",value=1e-3}",
	})
	require.NoError(t, err)
	assert.Equal(t, "Other rivers", s.Title)
	assert.EqualValues(t, 7, s.Seed)
	assert.Equal(t, "euclidean", s.Flow.Metric)
	assert.Equal(t, PointSpec{"source", []float64{2, 0.5}}, s.Flow.Start)
	assert.Equal(t, [2]float64{0, 20}, *s.Flow.Time)
	assert.Equal(t, "fisher", s.ODE.Norm, "tol takes the place of the base's tolerances and norm")
	assert.Equal(t, 1e-7, s.ODE.Tol)
	assert.Zero(t, s.ODE.RTol)
	assert.Equal(t, "rivers", s.Data.Dataset)
	assert.Empty(t, s.Data.File)
	assert.Equal(t, DampingSpec{"marquardt", 1e-3}, s.Flow.Damping)
	assert.Equal(t, 1000, s.ODE.MaxSteps)
	_, ok := s.claim("closed-form")
	assert.False(t, ok)

	// A word that TOML takes for a date is a word.
	s, err = Parse("rivers.toml", []byte(rivers(t)), []string{"title=1999-12-31"})
	require.NoError(t, err)
	assert.Equal(t, "1999-12-31", s.Title)

	// And back from the Fisher norm.
	s, err = s.With("ode.norm=fisher")
	require.NoError(t, err)
	s, err = s.With("ode.rtol=1e-5")
	require.NoError(t, err)
	assert.Equal(t, ODESpec{Method: "dopri5", RTol: 1e-5, ATol: 1e-5 / 1000, Norm: "rms", MaxSteps: 1_000_000, Output: s.ODE.Output}, s.ODE)
}

func TestDefaults(t *testing.T) {
	s, err := Parse("x.toml", []byte(`
		family.name = "normal"
		data.dataset = "precip"
		loss.kind = "nll"
		flow.start = [0.0, 1.0]
		flow.stop = { distance = 1e-8 }`), nil)
	require.NoError(t, err)
	assert.Equal(t, FlowSpec{
		Chart: "source", Metric: "fisher", Estimator: "exact", Damping: DampingSpec{Kind: "tikhonov"},
		Start: PointSpec{"source", []float64{0, 1}}, Stop: 1e-8,
	}, s.Flow)
	assert.Equal(t, ODESpec{Method: "dopri5", RTol: 1e-9, ATol: 1e-12, Norm: "rms", MaxSteps: 1_000_000}, s.ODE)
	assert.Equal(t, []ClaimSpec{{Name: "monotone", Expect: Holds}, {Name: "energy-identity", Expect: Holds}}, s.Claims)

	s, err = s.With("claims.stationary=true", "claims.monotone=violated", "claims.invariant=true")
	require.NoError(t, err)
	c, _ := s.claim("stationary")
	assert.Equal(t, 1e-8, c.Bound, "the stop rule's")
	c, _ = s.claim("monotone")
	assert.Equal(t, Violated, c.Expect)
	c, _ = s.claim("invariant")
	assert.Contains(t, c.Charts, "softplus")
}

func TestCanonicalFormIsAFixedPoint(t *testing.T) {
	for name, text := range map[string]string{"rivers": rivers(t), "free energy": entropy} {
		for _, overrides := range [][]string{
			nil,
			{`title=a "quoted" \ title` + "\u0001é"},
			{"ode.tol=1e-10"},
			{"ode.method=rk4", "ode.step=0.01"},
			{"ode.norm=max", "ode.rtol=3.3e-7", "ode.atol=0"},
			{"flow.certificate=steps", "claims={}"},
			{"claims={stationary={bound=1e-3,expect=\"violated\"},invariant=\"violated\",monotone=\"violated\"}"},
			{"flow.stop={distance=1e-9}", "seed=9223372036854775807"},
			{"experiment=some-name", `parameters={a=1,b=2.0,c="x",d=[1,2.5],"e f"=true}`, "claims.matches-reference=true"},
		} {
			s, err := Parse("a.toml", []byte(text), overrides)
			require.NoError(t, err, "%s %v", name, overrides)
			again, err := Parse("a.toml", s.TOML(), nil)
			require.NoError(t, err, "%s", s.TOML())
			assert.Equal(t, string(s.TOML()), string(again.TOML()))
			s.document, again.document = nil, nil
			assert.Equal(t, s, again)
		}
	}
	s, err := Parse("rivers.toml", []byte(rivers(t)), []string{
		`data.where={"odd name"=["a",2],spray="A"}`, "data.scale=0.1", "data.shuffle={rng=\"numpy-legacy\"}", "data.rows=[0,10]",
	})
	require.NoError(t, err)
	again, err := Parse("rivers.toml", s.TOML(), nil)
	require.NoError(t, err, "%s", s.TOML())
	assert.Equal(t, s.Data, again.Data)
	assert.Equal(t, string(s.TOML()), string(again.TOML()))
}

func TestDocumentOver(t *testing.T) {
	base, err := ParseDocument("base", []byte(rivers(t)))
	require.NoError(t, err)
	top, err := ParseDocument("top.toml", []byte("experiment = \"rivers-gamma\"\n[parameters]\nn = 3\n[ode]\ntol = 1e-6\nnorm = \"fisher\"\n[flow]\nstart = [2.0, 0.1]\nchart = \"lgo\"\n[claims]\nmonotone = true\n"))
	require.NoError(t, err)
	assert.Equal(t, "rivers-gamma", top.Experiment())
	assert.Equal(t, map[string]any{"n": int64(3)}, top.Parameters())
	_, err = top.Over(base).Spec()
	assert.EqualError(t, err, `top.toml:9: flow.chart: no chart of gamma is called "lgo"; did you mean "log"? [chart = "lgo"]`)
	both := top.Over(base)
	o, err := ParseOverride("flow.chart=log")
	require.NoError(t, err)
	require.NoError(t, both.Set(o))
	s, err := both.Spec()
	require.NoError(t, err)
	assert.Equal(t, 1e-6, s.ODE.Tol)
	assert.Equal(t, []float64{2, 0.1}, s.Flow.Start.At)
	assert.Len(t, s.Claims, 1, "a table of claims replaces the base's")
	assert.Equal(t, "rivers.csv", s.Data.File)
}

func TestReadFile(t *testing.T) {
	dir := t.TempDir()
	for name, c := range map[string]struct{ text, message string }{
		"missing.toml": {"", "there is no such file"},
		"empty.toml":   {" \n", "the spec is empty"},
	} {
		path := filepath.Join(dir, name)
		if c.text != "" {
			require.NoError(t, os.WriteFile(path, []byte(c.text), 0o600))
		}
		_, err := ReadFile(path, nil)
		assert.EqualError(t, err, path+": "+c.message)
		assert.Equal(t, ExitUsage, ExitCode(err, nil))
	}
	_, err := ReadFile(dir, nil)
	assert.ErrorContains(t, err, dir+": cannot be read")
}

func TestSlug(t *testing.T) {
	for text, want := range map[string]string{
		"rivers": "rivers", "My Rivers (2)": "my-rivers-2", "../../etc/passwd": "etc-passwd", "..": "run", "": "run",
		"Über": "ber", "a\x00b": "a-b", strings.Repeat("x", 500): strings.Repeat("x", 80),
	} {
		assert.Equal(t, want, Slug(text))
	}
}

func TestNearest(t *testing.T) {
	names := []string{"fisher", "euclidean", "diagonal"}
	assert.Equal(t, "fisher", Nearest("fihser", names))
	assert.Equal(t, "euclidean", Nearest("Euclidian", names))
	assert.Equal(t, "diagonal", Nearest("diag", names))
	assert.Equal(t, "", Nearest("wavelet", names))
	assert.Equal(t, "", Nearest("", names))
	assert.Equal(t, 1, editDistance("ab", "ba"))
	assert.Equal(t, 3, editDistance("ca", "abc"), "the restricted form edits no letter twice")
	assert.Equal(t, 3, editDistance("kitten", "sitting"))
	assert.Equal(t, 2, editDistance("", "ab"))
}

func TestTOMLFloats(t *testing.T) {
	for _, x := range []float64{0, 1, -2.5, 1e300, 5e-324, 0.1, math.MaxFloat64, 123456789} {
		d, err := ParseDocument("x", []byte("x = "+tomlFloat(x)))
		require.NoError(t, err)
		assert.Equal(t, x, d.tree["x"])
	}
}

func FuzzParse(f *testing.F) {
	f.Add(rivers(f))
	f.Add(entropy)
	f.Add("[family]\nname=\"multivariate-normal\"\ndim=3\n[loss]\nkind=\"entropy\"\n[flow]\nstart=[1]\ntime=[0,1]\n")
	f.Add("a.b.c = [[{x=1}]]\n[[data]]\n[data.where]\n\"\" = 1\n")
	f.Add("[claims]\ninvariant = [[1]]\n[flow]\nstop = 3\nstart = {at = {a = 1}}")
	f.Fuzz(func(t *testing.T, text string) {
		s, err := Parse("fuzz.toml", []byte(text), nil)
		if err != nil {
			if strings.Contains(err.Error(), "\n") && !strings.Contains(text, "\\") {
				t.Errorf("an error of several lines: %q", err)
			}
			return
		}
		again, err := Parse("fuzz.toml", s.TOML(), nil)
		if err != nil {
			t.Fatalf("%v in\n%s", err, s.TOML())
		}
		if !bytes.Equal(s.TOML(), again.TOML()) {
			t.Fatalf("%s\nis read as\n%s", s.TOML(), again.TOML())
		}
	})
}
