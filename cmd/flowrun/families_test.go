package main

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// exponentialFamilies are a member of each further exponential family, an
// observation and a second member, and one far out.
var exponentialFamilies = []struct{ family, at, x, to, far string }{
	{"beta", "2,3", "0.4", "1,1", "1e-6,1e9"},
	{"binomial n=7", "0.3", "2", "0.5", "1e-15"},
	{"centred-normal dim=2", "2,0.8,1", "1,-1", "1,0,1", "1,0.999999999,1"},
	{"chi-square", "3", "2", "4", "1e9"},
	{"diagonal-normal dim=2", "0,1,2,3", "1,1", "0,0,1,1", "0,0,1e-9,1e9"},
	{"dirichlet k=3", "1,2,3", "0.2,0.3,0.5", "2,2,2", "1e-6,1e9,1"},
	{"geometric", "0.3", "4", "0.5", "0.999999999999999"},
	{"gibbs levels=0,1,1.5,3", "0.7", "2", "-0.7", "0"},
	{"half-normal", "2", "1", "3", "1e-9"},
	{"inverse-gamma", "2,3", "1", "1,1", "1e-6,1e9"},
	{"inverse-gaussian", "2,3", "1", "1,1", "1e9,1e-9"},
	{"ising n=3", "0.1,0.2,0.3,0.4,0.5,0.6", "1,-1,1", "0,0,0,0,0,0", "8,-9,7,1,2,0.5"},
	{"lognormal", "1,2", "3", "0,1", "1,1e-9"},
	{"maxwell-boltzmann", "2", "1", "3", "1e9"},
	{"multinomial n=5 k=3", "0.2,0.3", "1,2,2", "0.3,0.3", "1e-15,0.5"},
	{"negative-binomial r=2.5", "0.4", "3", "0.5", "1e-15"},
	{"normal-known-mean mean=0.4", "2", "1", "1", "1e-9"},
	{"normal-known-variance sd=0.7", "2", "1", "1", "1e9"},
	{"pareto xm=1.5", "2", "3", "1", "1e-6"},
	{"rayleigh", "2", "1", "3", "1e9"},
	{"von-mises", "1,2", "0.5", "2,1", "1,1e6"},
	{"von-mises-fisher dim=3", "1,2,3", "0,0.6,0.8", "1,0,0", "0,0,0"},
	{"wishart dim=2", "5,2,0.8,1", "3,0.1,2", "4,1,0,1", "1.000001,1,0.5,2"},
}

func TestInspectExponentialFamilies(t *testing.T) {
	for _, c := range exponentialFamilies {
		args := append([]string{"inspect"}, strings.Fields(c.family)...)
		status, stdout, stderr := flowrun(append(args, "--at="+c.at, "--x="+c.x, "--to="+c.to, "--json")...)
		require.Equal(t, 0, status, stderr)
		var got struct {
			Point      map[string][]float64
			Fisher     map[string][][]float64
			Entropy    *float64
			Partition  *float64  `json:"log_partition"`
			Mean       []float64 `json:"mean_statistic"`
			LogDensity *float64  `json:"log_density"`
			Score      map[string][]float64
			To         struct{ KL float64 }
		}
		require.NoError(t, json.Unmarshal([]byte(stdout), &got), c.family)
		for _, chart := range []string{"source", "natural", "expectation"} {
			require.Contains(t, got.Fisher, chart, c.family)
			require.Contains(t, got.Score, chart, c.family)
		}
		require.NotNil(t, got.Entropy, c.family)
		require.NotNil(t, got.Partition, c.family)
		require.NotNil(t, got.LogDensity, c.family)
		require.Equal(t, got.Point["expectation"], got.Mean, c.family)
		require.Positive(t, got.To.KL, c.family)

		status, _, stderr = flowrun(append(args, "--at="+c.at, "--to="+c.to)...)
		require.Equal(t, 0, status, stderr)
		status, stdout, stderr = flowrun(append(args, "--at="+c.far, "--json")...)
		require.Equal(t, 0, status, stderr)
		require.NotContains(t, stdout, "NaN", c.family)

		// Bad input is one line.
		for _, bad := range []string{"NaN" + strings.Repeat(",1", strings.Count(c.at, ",")), c.at + ",1"} {
			status, _, stderr = flowrun(append(args, "--at="+bad)...)
			require.Equal(t, 2, status, c.family)
			require.Equal(t, 1, strings.Count(stderr, "\n"), stderr)
		}
	}
}
