package run

import (
	"context"
	"encoding/csv"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/stat"
)

// posteriorSpec is a spec of a target, with its data in a file beside it.
func posteriorSpec(t *testing.T, target, csv string, overrides ...string) (*Spec, error) {
	dir := t.TempDir()
	text := "[target]\n" + target + "\n[family]\nname = \"multivariate-normal\"\n[loss]\nkind = \"elbo\"\n"
	if csv != "" {
		require.NoError(t, os.WriteFile(filepath.Join(dir, "mine.csv"), []byte(csv), 0o666))
		text += "[data]\nfile = \"mine.csv\"\n"
	}
	name := filepath.Join(dir, "mine.toml")
	require.NoError(t, os.WriteFile(name, []byte(text), 0o666))
	return ReadFile(name, overrides)
}

const alongALine = "y,x,one\n1.1,0,1\n1.9,1,1\n3.2,2,1\n3.9,3,1\n5.1,4,1\n5.8,5,1\n"

// Data that cannot be fitted give one line that says what, where, and what to do.
func TestPosteriorsOfBadDataSayWhatIsWrong(t *testing.T) {
	linear := func(predictors string) string {
		return "model = \"linear\"\nresponse = \"y\"\npredictors = " + predictors
	}
	for _, c := range []struct {
		name, target, csv string
		want              []string
	}{
		{"missing column", linear(`["w"]`), alongALine, []string{"target.predictors", `no column "w"`, "y, x, one"}},
		{"separable", "model = \"logistic\"\nresponse = \"y\"\npredictors = [\"x\"]", "y,x\n0,1\n0,2\n1,3\n1,4\n", []string{"improper", "separable", "normal(0, 10)"}},
		{"constant column", linear(`["x", "one"]`), alongALine, []string{"column one", "constant", "intercept"}},
		{"not a number", linear(`["x"]`), "y,x\n1,2\n2,NaN\n3,4\n4,6\n", []string{"mine.csv:3", "column x", "NaN"}},
		{"too few rows", linear(`["x"]`), "y,x\n1,2\n2,3\n", []string{"improper", "2 rows and 2 coefficients"}},
		{"unknown prior", linear(`["x"]`) + "\n[target.priors]\nintercept = \"normall(0, 1)\"", alongALine, []string{"target.priors.intercept", `did you mean "normal"`}},
		{"prior of no parameter", linear(`["x"]`) + "\n[target.priors]\nslope = \"normal(0, 1)\"", alongALine, []string{"slope"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, err := posteriorSpec(t, c.target, c.csv)
			if err == nil {
				_, err = Build(s)
			}
			require.Error(t, err)
			require.NotContains(t, err.Error(), "\n")
			for _, w := range c.want {
				require.Contains(t, err.Error(), w)
			}
			require.Equal(t, ExitUsage, ExitCode(err, nil))
		})
	}
}

// A regression with flat priors has Student t marginals; with σ known the
// posterior is normal, and q is it.
func TestPosteriorOfALineIsExact(t *testing.T) {
	s, err := posteriorSpec(t, "model = \"linear\"\nresponse = \"y\"\npredictors = [\"x\"]\nsigma = 0.2", alongALine)
	require.NoError(t, err)
	root := t.TempDir()
	o, err := Execute(context.Background(), NewPlan(s), Options{Output: root})
	require.NoError(t, err)
	r := o.Result.Posterior
	require.True(t, r.Converged && r.Trusted, r.Verdict)
	// Least squares: slope Sxy/Sxx, variance σ²/Sxx.
	x, y := []float64{0, 1, 2, 3, 4, 5}, []float64{1.1, 1.9, 3.2, 3.9, 5.1, 5.8}
	intercept, slope := stat.LinearRegression(x, y, nil, false)
	sxx := 17.5
	require.InDelta(t, slope, float64(r.QMean[1]), 1e-6)
	require.InDelta(t, intercept, float64(r.QMean[0]), 1e-5)
	require.InDelta(t, 0.2/math.Sqrt(sxx), float64(r.Parameters[1].SD), 1e-6)
	require.InDelta(t, slope+1.6448536269514722*0.2/math.Sqrt(sxx), float64(r.Parameters[1].Q95), 1e-5)
	require.InDelta(t, float64(r.ELBO), float64(r.LogEvidence), 1e-8, "q is the posterior")

	draws := readTable(t, filepath.Join(o.Dir, samplesFile))
	require.Equal(t, []string{"intercept", "x", "log_weight"}, draws[0])
	require.Len(t, draws, 1+mostSamples)
	moments := readTable(t, filepath.Join(o.Dir, normalFile))
	require.Equal(t, []string{"coordinate", "mean", "intercept", "x"}, moments[0])
	page, err := os.ReadFile(filepath.Join(o.Dir, reportFile))
	require.NoError(t, err)
	require.Contains(t, string(page), "trust it")
	stored, err := ReadResult(o.Dir)
	require.NoError(t, err)
	require.Equal(t, r.Verdict, stored.Posterior.Verdict)
}

func readTable(t *testing.T, name string) [][]string {
	text, err := os.ReadFile(name)
	require.NoError(t, err)
	rows, err := csv.NewReader(strings.NewReader(string(text))).ReadAll()
	require.NoError(t, err)
	return rows
}

// A normal in one of several modes sees nothing of the others: k̂ of the four
// modes is below 0.7. The verdict does not rest on it alone.
func TestPosteriorOfSeveralModesIsNotTrusted(t *testing.T) {
	for _, shape := range []string{"four-modes", "double-banana-lks"} {
		s, err := posteriorSpec(t, "model = \""+shape+"\"", "")
		require.NoError(t, err)
		o, err := Compute(context.Background(), NewPlan(s), Options{})
		require.NoError(t, err, shape)
		r := o.Result.Posterior
		require.False(t, r.Trusted, r.Verdict)
		require.Contains(t, r.Verdict, "another mode at")
	}
}
