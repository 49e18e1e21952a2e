package experiments

import (
	"bytes"
	"context"
	"math"
	"path/filepath"
	"strings"
	"testing"

	"fisherflow/data"
	"fisherflow/figure/figuretest"
	"fisherflow/internal/special"
	"fisherflow/run"

	"github.com/stretchr/testify/require"
)

var outcomes = map[string]*run.Outcome{}

// computed is the outcome of an experiment, briefly where it takes long, computed
// once for all tests.
func computed(t *testing.T, e *Experiment) *run.Outcome {
	t.Helper()
	if o := outcomes[e.Name]; o != nil {
		return o
	}
	plan, err := e.Plan(e.brief...)
	require.NoError(t, err)
	o, err := run.Compute(context.Background(), plan, run.Options{})
	require.NoError(t, err)
	outcomes[e.Name] = o
	return o
}

// TestCatalogueHolds computes every experiment: all claims come out as they
// are expected to.
func TestCatalogueHolds(t *testing.T) {
	for _, e := range All() {
		t.Run(e.Name, func(t *testing.T) {
			o := computed(t, e)
			require.Equal(t, run.OK, o.Result.Status, o.Result.Error)
			require.NotEmpty(t, o.Result.Claims)
			for _, c := range o.Result.Disagreeing() {
				t.Errorf("%s, %s: %s", c.Name, c.Member, c.Detail)
			}
			figures, err := Figures(context.Background(), o)
			require.NoError(t, err)
			require.NotEmpty(t, figures)
			again, err := Figures(context.Background(), o)
			require.NoError(t, err)
			for i, f := range figures {
				require.NotEmpty(t, f.Caption)
				for format, b := range f.Files {
					require.True(t, bytes.Equal(b, again[i].Files[format]), "%s.%s", f.Name, format)
				}
				if strings.HasPrefix(f.Name, "timing-") {
					continue // another picture every time
				}
				figuretest.Check(t, filepath.Join("testdata", "figures", e.Name, f.Name+".png"), f.Files["png"])
			}
			require.NotEmpty(t, e.Equations)
			require.Len(t, e.Markup, len(e.Equations))
			require.NotEmpty(t, e.Citations)
		})
	}
}

// TestRiversGammaIsTheMaximumLikelihoodEstimate solves the likelihood
// equations by bisection, without any flow.
func TestRiversGammaIsTheMaximumLikelihoodEstimate(t *testing.T) {
	set, err := data.Open("rivers")
	require.NoError(t, err)
	table, err := set.Table()
	require.NoError(t, err)
	x, err := table.Numbers("length_miles")
	require.NoError(t, err)
	mean, meanLog := 0.0, 0.0
	for _, v := range x {
		mean += v / float64(len(x))
		meanLog += math.Log(v) / float64(len(x))
	}
	low, high := 1e-3, 1e3
	for range 200 {
		m := (low + high) / 2
		if math.Log(m)-special.Digamma(m) > math.Log(mean)-meanLog {
			low = m
		} else {
			high = m
		}
	}
	got := computed(t, riversGamma).Result.Final.Point.In("source")
	require.InEpsilon(t, low, got[0], 1e-8)
	require.InEpsilon(t, low/mean, got[1], 1e-8)
}

func TestOverridesAndParameters(t *testing.T) {
	e, _ := Find("sprays-poisson")
	plan, err := e.Plan("spray=C", "ode.tol=1e-8")
	require.NoError(t, err)
	require.Equal(t, 1e-8, plan.Spec.ODE.Tol)
	require.Equal(t, "C", plan.Spec.Parameters["spray"])
	for _, m := range plan.Members {
		require.Equal(t, 1e-8, m.Spec.ODE.Tol, m.Name)
		require.Equal(t, plan.Spec.Data.Where, m.Spec.Data.Where)
	}

	// The resolved spec is the same run.
	d, err := run.ParseDocument("spec.toml", plan.Spec.TOML())
	require.NoError(t, err)
	again, err := e.PlanDocument(d)
	require.NoError(t, err)
	a, err := plan.Hash()
	require.NoError(t, err)
	b, err := again.Hash()
	require.NoError(t, err)
	require.Equal(t, a, b)

	for override, want := range map[string]string{
		"spray=G":         "must be one of",
		"spry=A":          `did you mean "spray"`,
		"flow.chart=sqtr": `did you mean "sqrt"`,
		"spray=3":         "must be a name",
	} {
		_, err := e.Plan(override)
		var bad *run.SpecError
		require.ErrorAs(t, err, &bad, override)
		require.ErrorContains(t, err, want)
	}
	g, _ := Find("step-geometry")
	_, err = g.Plan("epsilon=-1")
	require.ErrorContains(t, err, "positive")
	plan, err = g.Plan("family=gamma")
	require.NoError(t, err)
	o, err := run.Compute(context.Background(), plan, run.Options{})
	require.NoError(t, err)
	require.Empty(t, o.Result.Disagreeing())
}

// TestReferencesAreForTheDefaultOnly: another target has no published losses.
func TestReferencesAreForTheDefaultOnly(t *testing.T) {
	e, _ := Find("half-plane")
	plan, err := e.Plan("loss.target.at=[1.0, 0.6]")
	require.NoError(t, err)
	o, err := run.Compute(context.Background(), plan, run.Options{})
	require.NoError(t, err)
	for _, c := range o.Result.Claims {
		require.NotEqual(t, "matches-reference", c.Name)
	}
}

// TestAWrongReferenceIsSeen is the control of matches-reference.
func TestAWrongReferenceIsSeen(t *testing.T) {
	o := &run.Outcome{Result: &run.Result{}}
	digits(o, "m", "a number", 1.34504, "1.34504", 6)
	digits(o, "m", "a number", 1.345046, "1.34504", 6)
	require.True(t, o.Result.Claims[0].Holds)
	require.False(t, o.Result.Claims[1].Holds)
}

func TestIndicatrix(t *testing.T) {
	plan, err := riversGamma.Plan()
	require.NoError(t, err)
	p, err := run.Build(plan.Spec)
	require.NoError(t, err)
	f, err := Indicatrix(p.Family, "source", []float64{2, 1})
	require.NoError(t, err)
	drawn, err := f.Bytes("png")
	require.NoError(t, err)
	figuretest.Check(t, filepath.Join("testdata", "figures", "indicatrix.png"), drawn)
	require.Greater(t, len(f.Panels[0].Ellipses), 9)
	// E-geodesics are straight in (a, b), an affine image of the natural chart.
	straight := 0
	for _, c := range f.Panels[0].Curves {
		if c.Name == "e-geodesics" && len(c.X) > 2 {
			n := len(c.X) - 1
			cross := (c.X[n]-c.X[0])*(c.Y[n/2]-c.Y[0]) - (c.Y[n]-c.Y[0])*(c.X[n/2]-c.X[0])
			require.InDelta(t, 0, cross, 1e-8)
			straight++
		}
	}
	require.Equal(t, 8, straight)
	_, err = Indicatrix(p.Family, "source", []float64{2, -1})
	require.Error(t, err)
}
