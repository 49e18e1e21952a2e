package main

import (
	"encoding/json"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// contract is every family with the charts and coordinates that the command
// line, spec files and JSON promise, and a moderate member, a second one and
// an observation.
var contract = []struct{ family, charts, at, to, x string }{
	{"bernoulli", "source: p; natural: logit_p; arcsine: phi", "0.3", "0.6", "1"},
	{"beta", "source: a, b; natural: theta1, theta2; expectation: E_log_x, E_log_1mx; log: log_a, log_b; mean-precision: m, phi", "2,3", "3,2", "0.4"},
	{"binomial n=7", "source: p; natural: logit_p; expectation: eta", "0.3", "0.6", "2"},
	{"categorical k=3", "source: p1, p2; natural: theta1, theta2; stick: v1, v2", "0.2,0.3", "0.4,0.1", "3"},
	{"categorical k=4", "source: p1, p2, p3; natural: theta1, theta2, theta3; stick: v1, v2, v3", "0.2,0.3,0.1", "0.4,0.1,0.2", "1"},
	{"cauchy", "source: mu, sigma; log-scale: mu, log_sigma; softplus: mu, softplus_inv_sigma", "0.5,1.5", "1,2", "0.2"},
	{"chi-square", "source: k; natural: theta; log: log_k", "3", "4.5", "2"},
	{"dirichlet k=3", "source: a1, a2, a3; log: log_a1, log_a2, log_a3; expectation: eta1, eta2, eta3", "1,2,3", "1.8,1.5,2.5", "0.2,0.3,0.5"},
	{"exponential", "source: lambda; natural: theta; expectation: eta; log: log_lambda; softplus: softplus_inv_lambda", "1.5", "2", "0.7"},
	{"gamma", "source: shape, rate; natural: theta1, theta2; expectation: E_log_x, E_x; log: log_shape, log_rate; shape-scale: shape, scale; mean-shape: mean, shape", "2,1.5", "3,2", "0.7"},
	{"geometric", "source: p; natural: theta; expectation: eta; logit: logit_p", "0.3", "0.5", "4"},
	{"gibbs levels=0,1,1.5,3", "source: beta; natural: theta; expectation: U; temperature: T", "0.7", "1.2", "2"},
	{"normal-mixture k=2", "source: w, mu1, mu2, s1, s2; unconstrained: logit_w, mu1, mu2, log_s1, log_s2", "0.4,-1,1,0.8,1.2", "0.41,-1.02,1,0.8,1.2", "0.3"},
	{"gumbel", "source: mu, sigma; log-scale: mu, log_sigma; softplus: mu, softplus_inv_sigma", "0.5,1.5", "1,2", "0.2"},
	{"half-normal", "source: sigma; natural: theta; expectation: eta", "1.5", "2", "0.7"},
	{"inverse-gamma", "source: shape, scale; natural: theta1, theta2; expectation: E_log_x, E_inv_x; log: log_shape, log_scale", "2,3", "3,2", "1.2"},
	{"inverse-gaussian", "source: mu, lambda; natural: theta1, theta2; expectation: E_x, E_inv_x; log: log_mu, log_lambda", "2,3", "1.5,2", "1.2"},
	{"ising n=3", "natural: h1, h2, h3, J12, J13, J23; expectation: m1, m2, m3, c12, c13, c23", "0.1,0.2,-0.3,0.4,0.1,-0.2", "0,0.1,-0.2,0.3,0.2,-0.1", "1,-1,1"},
	{"laplace", "source: mu, sigma; log-scale: mu, log_sigma; softplus: mu, softplus_inv_sigma", "0.5,1.5", "1,2", "0.2"},
	{"logistic", "source: mu, sigma; log-scale: mu, log_sigma; softplus: mu, softplus_inv_sigma", "0.5,1.5", "1,2", "0.2"},
	{"lognormal", "source: mu, sigma; natural: theta1, theta2; expectation: eta1, eta2; log-scale: mu, log_sigma", "0.5,1.5", "1,2", "0.7"},
	{"maxwell-boltzmann", "source: a; natural: theta; expectation: eta; log: log_a", "1.5", "2", "0.7"},
	{"multinomial n=5 k=3", "source: p1, p2; natural: theta1, theta2; expectation: eta1, eta2", "0.2,0.3", "0.4,0.1", "1,2,2"},
	{"multivariate-normal dim=2", "source: mu1, mu2, S11, S21, S22; natural: theta1, theta2, Theta11, Theta21, Theta22; expectation: eta1, eta2, E11, E21, E22; precision: mu1, mu2, P11, P21, P22; cholesky: mu1, mu2, L11, L21, L22; log-cholesky: mu1, mu2, logL11, L21, logL22; std-corr: mu1, mu2, log_s1, log_s2, atanh_rho", "0.5,-1,2,0.6,1.5", "0,0.5,1,-0.2,2", "1,-1"},
	{"centred-normal dim=2", "source: S11, S21, S22; natural: T11, T21, T22; log-cholesky: logL11, L21, logL22", "2,0.6,1.5", "1,-0.2,2", "1,-1"},
	{"multivariate-normal dim=3", "source: mu1, mu2, mu3, S11, S21, S22, S31, S32, S33; natural: theta1, theta2, theta3, Theta11, Theta21, Theta22, Theta31, Theta32, Theta33; expectation: eta1, eta2, eta3, E11, E21, E22, E31, E32, E33; precision: mu1, mu2, mu3, P11, P21, P22, P31, P32, P33; cholesky: mu1, mu2, mu3, L11, L21, L22, L31, L32, L33; log-cholesky: mu1, mu2, mu3, logL11, L21, logL22, L31, L32, logL33", "0.5,-1,0,2,0.6,1.5,0.1,-0.2,1", "0,0.5,1,1,-0.2,2,0,0.3,1.5", "1,-1,0.5"},
	{"diagonal-normal dim=2", "source: mu1, mu2, s1, s2; natural: t1, t2, u1, u2; expectation: m1, m2, q1, q2; log-scale: mu1, mu2, log_s1, log_s2", "0.5,-1,2,1.5", "0,0.5,1,2", "1,-1"},
	{"negative-binomial", "source: r, p; mean-r: mu, r; log-mean-log-alpha: log_mu, log_alpha", "2.5,0.4", "3,0.5", "3"},
	{"negative-binomial r=2.5", "source: p; natural: theta; expectation: eta", "0.4", "0.5", "3"},
	{"normal", "source: mu, sigma; variance: mu, v; natural: theta1, theta2; expectation: eta1, eta2; log-scale: mu, log_sigma; precision: mu, tau; softplus: mu, softplus_inv_sigma", "0.5,1.5", "1,2", "0.2"},
	{"normal-known-mean mean=0.4", "source: v; natural: theta; sigma: sigma; log: log_v", "1.5", "2", "0.7"},
	{"normal-known-variance sd=0.7", "source: mu; natural: theta", "0.5", "1", "0.2"},
	{"pareto xm=1.5", "source: alpha; natural: theta; expectation: eta; log: log_alpha", "2", "3", "1.7"},
	{"poisson", "source: lambda; natural: theta; sqrt: u", "1.5", "2", "3"},
	{"rayleigh", "source: sigma; natural: theta; expectation: eta; log: log_sigma", "1.5", "2", "0.7"},
	{"student-t nu=3", "source: mu, sigma; log-scale: mu, log_sigma; softplus: mu, softplus_inv_sigma", "0.5,1.5", "1,2", "0.2"},
	{"student-t nu=5.5", "source: mu, sigma; log-scale: mu, log_sigma; softplus: mu, softplus_inv_sigma", "0.5,1.5", "1,2", "0.2"},
	{"student-t", "source: mu, sigma, nu", "0.5,1.5,4", "1,2,5", "0.2"},
	{"von-mises-fisher dim=3", "natural: theta1, theta2, theta3; spherical: kappa, polar, azimuth; expectation: eta1, eta2, eta3", "1,0.5,-0.7", "0.2,1,0.4", "0,0.6,0.8"},
	{"von-mises", "source: mu, kappa; natural: theta1, theta2; expectation: eta1, eta2; log: mu, log_kappa", "0.5,1.5", "1,2", "0.2"},
	{"weibull", "source: shape, scale; log: log_shape, log_scale; log-location-scale: m, b", "1.5,2", "2,1.5", "1.2"},
	{"wishart dim=2", "source: n, V11, V21, V22; natural: t0, T11, T21, T22", "5,2,0.6,1.5", "4,1,-0.2,2", "3,0.1,2"},
	{"mixture of=gamma k=2", "source: w, shape1, shape2, rate1, rate2", "0.4,2,5,1,1", "0.4,2,5,1,1.02", "2"},
	{"product of=normal,gamma", "source: 1.mu, 1.sigma, 2.shape, 2.rate", "0.5,1.5,2,1", "1,2,3,1", "0.5,1"},
}

// inspected is the document of inspect --json.
type inspected struct {
	text          string
	Point         map[string][]float64
	Fisher        map[string][][]float64
	Christoffel   map[string][][][]float64
	AmariChentsov map[string][][][]float64 `json:"amari_chentsov"`
	Entropy       *float64
	LogPartition  *float64  `json:"log_partition"`
	MeanStatistic []float64 `json:"mean_statistic"`
	Curvature     *float64  `json:"gaussian_curvature"`
	LogDensity    *float64  `json:"log_density"`
	Score         map[string][]float64
	Numeric       map[string]float64
	To            struct {
		Point     map[string][]float64
		KL        *float64
		ReverseKL *float64 `json:"reverse_kl"`
		FisherRao *float64 `json:"fisher_rao"`
		Midpoint  map[string][]float64
	}
}

func inspect(t *testing.T, family string, flags ...string) (got inspected) {
	t.Helper()
	status, stdout, stderr := flowrun(append(append([]string{"inspect"}, strings.Fields(family)...), append(flags, "--json")...)...)
	require.Equal(t, 0, status, "%s %v: %s", family, flags, stderr)
	require.NoError(t, json.Unmarshal([]byte(stdout), &got), "%s %v", family, flags)
	got.text = stdout
	return got
}

// refused wants one line and the status of wrong usage.
func refused(t *testing.T, family string, flags ...string) (line string) {
	t.Helper()
	status, stdout, stderr := flowrun(append(append([]string{"inspect"}, strings.Fields(family)...), flags...)...)
	require.Equal(t, 2, status, "%s %v: %s", family, flags, stderr)
	require.Empty(t, stdout, "%s %v", family, flags)
	require.Equal(t, 1, strings.Count(stderr, "\n"), "%s %v: %s", family, flags, stderr)
	return stderr
}

func TestContract(t *testing.T) {
	for _, c := range contract {
		t.Run(c.family, func(t *testing.T) {
			source := inspect(t, c.family, "--at="+c.at, "--to="+c.to, "--x="+c.x)
			checkDefined(t, c.family, source)
			for field, e := range source.Numeric {
				require.True(t, e > 0 && e < 1e-10, "%s: error %g", field, e)
			}
			require.Positive(t, *source.To.KL)
			if strings.Contains(c.family, "mixture") {
				// A geodesic through quadratures takes seconds: the rest is of a
				// member and itself.
				c.to = c.at
				source = inspect(t, c.family, "--at="+c.at, "--to="+c.to, "--x="+c.x)
			}
			status, stdout, stderr := flowrun(append(append([]string{"inspect"}, strings.Fields(c.family)...), "--at="+c.at, "--to="+c.to)...)
			require.Equal(t, 0, status, stderr)
			require.Contains(t, stdout, "KL(p‖q)")

			refused(t, c.family, "--at="+c.at, "--to="+c.to+",1")
			refused(t, c.family, "--at="+c.at, "--x="+c.x+",1")
			refused(t, c.family, "--at="+c.at, "--x=NaN"+strings.Repeat(",1", strings.Count(c.x, ",")))
			refused(t, c.family+" colour=3", "--at="+c.at)
			refused(t, c.family, "--at="+c.at, "--chart=polar")

			for _, chart := range strings.Split(c.charts, "; ") {
				name, coordinates, _ := strings.Cut(chart, ": ")
				for _, m := range []map[string][]float64{source.Point, source.Score, source.To.Point} {
					require.Contains(t, m, name)
				}
				xi := source.Point[name]
				line := refused(t, c.family, "--chart="+name, "--at="+commas(xi)+",1")
				require.Contains(t, line, "["+strings.ReplaceAll(coordinates, ",", "")+"]")
				for k := range xi {
					for _, bad := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
						wrong := slices.Clone(xi)
						wrong[k] = bad
						refused(t, c.family, "--chart="+name, "--at="+commas(wrong))
					}
				}
				// The document does not depend on the chart in which the members are named.
				here := inspect(t, c.family, "--chart="+name, "--at="+commas(xi), "--to="+commas(source.To.Point[name]), "--x="+c.x)
				a, b := numbersByField(t, source.text), numbersByField(t, here.text)
				require.Equal(t, slices.Sorted(maps.Keys(a)), slices.Sorted(maps.Keys(b)))
				for field, want := range a {
					key, _, _ := strings.Cut(strings.TrimPrefix(field, "to."), ".")
					tol := source.Numeric[key] + here.Numeric[key]
					for i, w := range want {
						require.InDelta(t, w, b[field][i], tol+1e-11*math.Max(1, largest(want)), "chart %s: %s", name, field)
					}
				}
			}
		})
	}
}

// checkDefined wants every field of the document that the family defines.
func checkDefined(t *testing.T, family string, got inspected) {
	t.Helper()
	for _, charts := range []int{len(got.Fisher), len(got.Christoffel), len(got.AmariChentsov), len(got.Score), len(got.To.Point)} {
		require.Len(t, got.Point, charts)
	}
	require.NotNil(t, got.Entropy)
	require.NotNil(t, got.LogDensity)
	require.NotNil(t, got.To.KL)
	require.NotNil(t, got.To.ReverseKL)
	if _, ok := got.Point["natural"]; ok {
		require.NotNil(t, got.LogPartition)
		require.Contains(t, got.Point, "expectation")
		require.Equal(t, got.Point["expectation"], got.MeanStatistic)
	}
	if len(got.Point["source"]) == 2 {
		require.NotNil(t, got.Curvature)
	}
	require.NotNil(t, got.To.FisherRao)
	require.Len(t, got.To.Midpoint, len(got.Point))
}

// numbersByField are the numbers of a document, in order, by field and chart.
// Errors are not compared.
func numbersByField(t *testing.T, text string) map[string][]float64 {
	var tree map[string]any
	require.NoError(t, json.Unmarshal([]byte(text), &tree))
	delete(tree, "numeric")
	delete(tree, "options")
	out := map[string][]float64{}
	var collect func(field string, v any)
	collect = func(field string, v any) {
		switch v := v.(type) {
		case float64:
			out[field] = append(out[field], v)
		case []any:
			for _, e := range v {
				collect(field, e)
			}
		case map[string]any:
			for k, e := range v {
				collect(strings.TrimPrefix(field+"."+k, "."), e)
			}
		}
	}
	collect("", tree)
	return out
}

func largest(v []float64) float64 {
	m := 0.0
	for _, x := range v {
		m = math.Max(m, math.Abs(x))
	}
	return m
}

func commas(v []float64) string {
	words := make([]string, len(v))
	for i, x := range v {
		words[i] = strconv.FormatFloat(x, 'g', -1, 64)
	}
	return strings.Join(words, ",")
}

// What would not fit into memory or on a screen is refused in one line.
func TestInspectTooMuch(t *testing.T) {
	for family, want := range map[string]string{
		"multivariate-normal dim=1000000": "500001500000 coordinates",
		"wishart dim=100000":              "at most",
		"normal-mixture k=1000000":        "at most",
		"categorical k=1000000":           "[p1 p2 … p999999]",
		"normal-mixture k=100000":         "[w1 w2 … s100000]",
		"binomial n=1e300":                "from 1 to 1000000",
	} {
		line := refused(t, family, "--at=0.5")
		require.Contains(t, line, want)
		require.Less(t, len(line), 250)
	}
	line := refused(t, "poisson", "--at=0.5,1", "--x=3")
	require.Contains(t, line, "[lambda]")
	ones := strings.Repeat("1,", 2000) + "1"
	line = refused(t, "dirichlet k=2001", "--at="+ones)
	require.Contains(t, line, "2001 coordinates")
}

// Where the domain leaves no step for a difference the derivatives are closed.
func TestInspectAtTheEdge(t *testing.T) {
	got := inspect(t, "categorical k=3", "--at=0.7,0.3")
	require.Contains(t, got.Fisher, "source")
	require.InDelta(t, 1, got.Christoffel["source"][0][1][1]/got.Fisher["source"][0][1]/got.Fisher["source"][0][1]*2, 1e-12) // ½∂₁G₂₂ = 1/(2p₃²)
}
