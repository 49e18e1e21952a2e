package main

import (
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestInspectBlamesWhatIsWrong, in one line.
func TestInspectBlamesWhatIsWrong(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, c := range []struct{ args, want string }{
		{"normal --at 0,1e-320", "inspect: at: normal: sigma = 1e-320 is too near to 0: float64 has all its digits from 2.23e-308 on"},
		{"gamma --at 1e400,1", "inspect: --at: 1e400 is out of the range of float64, whose largest number is 1.8e308"},
		{"normal k=3 --at 0,1", `inspect: normal has no options, and so none called "k"`},
		{"categorical k=3 k=4 --at .2,.3", "inspect: option k is given twice, as 3 and as 4"},
		{"gibbs levels= --at 1", "inspect: option levels= has no value"},
		{"normal --at 0,1 --figure nowhere/x.png", "inspect: --figure nowhere/x.png: there is no folder nowhere"},
		{"gama --at 1,1", `inspect: no family is called "gama"; did you mean "gamma"? (there are: bernoulli, beta, `},
		{"categorical m=3 --at .2,.3", `inspect: no option of categorical is called "m" (there are: k)`},
		{"multivariate-normal dim=3 --chart std-corr --at 1,1,1,1,1,1,1,1,1",
			`inspect: multivariate-normal has no chart "std-corr" for dim = 3, only for dim = 2 (charts: source, natural, `},
	} {
		status, stdout, stderr := flowrun(append([]string{"inspect"}, strings.Fields(c.args)...)...)
		require.Equal(t, 2, status, c.args)
		require.Empty(t, stdout)
		require.True(t, strings.HasPrefix(stderr, "flowrun: "+c.want), stderr)
		require.Equal(t, 1, strings.Count(stderr, "\n"), stderr)
	}
}

// TestInspectKeepsWhatThereIs where a midpoint is lost, a geodesic is not found, or
// tensors are too large.
func TestInspectKeepsWhatThereIs(t *testing.T) {
	status, stdout, stderr := flowrun("inspect", "normal", "--at=1e200,1", "--to=-1e200,1")
	require.Equal(t, 0, status, stderr)
	require.Contains(t, squeeze(stdout), "Fisher–Rao distance 1303.519084955")
	require.Contains(t, squeeze(stdout), "geodesic midpoint lost in float64")

	ones := func(n int, x string) string { return strings.Repeat(x+",", n-1) + x }
	// The diagonal is a geodesic, of length ∫√(k(ψ₁(t) − kψ₁(kt)))dt:
	// mpmath.quad(lambda t: mpmath.sqrt(25*(mpmath.psi(1,t)-25*mpmath.psi(1,25*t))),[1,2])
	got := inspect(t, "dirichlet k=25", "--at="+ones(25, "1"), "--to="+ones(25, "2"))
	require.InDelta(t, 2.661194737986629, *got.To.FisherRao, 1e-9)
	require.Len(t, got.Christoffel["source"], 25)
	require.Len(t, got.AmariChentsov["source"], 25)

	status, stdout, stderr = flowrun("inspect", "dirichlet", "k=51", "--at="+ones(51, "1"), "--to="+ones(51, "2"), "--json")
	require.Equal(t, 0, status, stderr)
	require.NotContains(t, stdout, "christoffel")
	require.Contains(t, stderr, "christoffel and amari_chentsov are left out: they are computed up to 50 coordinates, here are 51")
	require.Contains(t, stderr, "fisher_rao and midpoint are left out: no closed form, and with more than 50 coordinates none is looked for")
}

// TestListFamiliesSaysWhatIsNumeric: the row of mixtures is not empty.
func TestListFamiliesSaysWhatIsNumeric(t *testing.T) {
	status, stdout, stderr := flowrun("list", "families")
	require.Equal(t, 0, status, stderr)
	lines := strings.Split(stdout, "\n")
	require.Equal(t, "name dimension options charts closed form numeric", squeeze(lines[0]))
	for _, line := range lines {
		switch name, _, _ := strings.Cut(line, " "); name {
		case "normal-mixture":
			require.True(t, strings.HasSuffix(line, "  fisher, kl, entropy, distance, geodesic"), line)
		case "beta":
			require.True(t, strings.HasSuffix(line, "  distance, geodesic"), line)
		}
	}
}

func TestInspectInterrupted(t *testing.T) {
	go func() {
		time.Sleep(300 * time.Millisecond)
		_ = syscall.Kill(os.Getpid(), syscall.SIGINT)
	}()
	status, stdout, stderr := flowrun("inspect", "negative-binomial", "--at=1e-3,0.5", "--to=1e3,0.01")
	require.Equal(t, 130, status, stderr)
	require.Contains(t, stdout, "Fisher matrix")
	require.Equal(t, "flowrun: inspect: interrupted; what was known by then is printed\n", stderr)
}
