package experiments

import (
	"context"
	"os"
	"slices"
	"testing"
	"time"

	"fisherflow/run"

	"github.com/stretchr/testify/require"
)

// longVariable names the environment variable that has the tests of this file
// compute all posteriors; without it those of closed form are.
const longVariable = "FISHERFLOW_LONG"

// slowPosteriors have quadratures in z.
var slowPosteriors = []string{
	"nes_logit_data-nes_logit_model", "arma-arma11", "garch-garch11", "low_dim_gauss_mix-low_dim_gauss_mix",
}

// TestPosteriorsMatch fits every posterior with a known optimum from the default
// start, with a full and a diagonal covariance: each is converged by its own
// verdict, and where the reference says.
func TestPosteriorsMatch(t *testing.T) {
	for name := range fittedPosteriors {
		if os.Getenv(longVariable) == "" && slices.Contains(slowPosteriors, name) {
			continue
		}
		for _, covariance := range []string{"full", "diagonal"} {
			t.Run(name+"/"+covariance, func(t *testing.T) {
				plan, err := posterior.Plan("name="+name, "covariance="+covariance)
				require.NoError(t, err)
				began := time.Now()
				o, err := run.Compute(context.Background(), plan, run.Options{})
				require.NoError(t, err)
				r := o.Result.Posterior
				t.Logf("%.1f s, %d evaluations: ELBO %.9g, log evidence %.7g ± %.1g: %s", time.Since(began).Seconds(),
					o.Result.Solver.Evaluations, float64(r.ELBO), float64(r.LogEvidence), float64(r.LogEvidenceError), r.Verdict)
				for _, c := range o.Result.Disagreeing() {
					t.Errorf("%s: %s", c.Name, c.Detail)
				}
				require.True(t, r.Converged, r.Verdict)
				if covariance == "full" {
					require.True(t, r.Trusted, r.Verdict)
				}
				// The reference's own evidence has a standard error of about 1e-3. That
				// of a q that misses much of the posterior is not to be relied upon.
				if !r.Trusted {
					return
				}
				require.InDelta(t, fittedPosteriors[name].evidence, float64(r.LogEvidence), 6*float64(r.LogEvidenceError)+0.02)
			})
		}
	}
}
