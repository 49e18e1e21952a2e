package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Far out members print numbers, and no NaN among them.
func TestInspectFarOut(t *testing.T) {
	for _, c := range []struct{ family, at string }{
		{"beta", "1e-6,1e9"},
		{"binomial n=7", "1e-15"},
		{"centred-normal dim=2", "1,0.999999999,1"},
		{"chi-square", "1e9"},
		{"diagonal-normal dim=2", "0,0,1e-9,1e9"},
		{"dirichlet k=3", "1e-6,1e9,1"},
		{"geometric", "0.999999999999999"},
		{"gibbs levels=0,1,1.5,3", "0"},
		{"half-normal", "1e-9"},
		{"inverse-gamma", "1e-6,1e9"},
		{"inverse-gaussian", "1e9,1e-9"},
		{"ising n=3", "8,-9,7,1,2,0.5"},
		{"lognormal", "1,1e-9"},
		{"maxwell-boltzmann", "1e9"},
		{"multinomial n=5 k=3", "1e-15,0.5"},
		{"negative-binomial r=2.5", "1e-15"},
		{"normal-known-mean mean=0.4", "1e-9"},
		{"normal-known-variance sd=0.7", "1e9"},
		{"pareto xm=1.5", "1e-6"},
		{"rayleigh", "1e9"},
		{"von-mises", "1,1e6"},
		{"von-mises-fisher dim=3", "0,0,0"},
		{"wishart dim=2", "1.000001,1,0.5,2"},
	} {
		status, stdout, stderr := flowrun(append(append([]string{"inspect"}, strings.Fields(c.family)...), "--at="+c.at, "--json")...)
		require.Equal(t, 0, status, stderr)
		require.NotContains(t, stdout, "NaN", c.family)
	}
}
