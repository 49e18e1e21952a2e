package variational

import (
	"context"
	"testing"

	"fisherflow/variational/target"

	"github.com/stretchr/testify/require"
)

// The optima of experiments.md E11 with closed-form or one-dimensional
// expectations, from the default start with default settings.
func TestPosteriordb(t *testing.T) {
	for _, c := range []struct {
		name                   string
		full, diagonal, within float64
	}{
		{"kidiq-kidscore_momiq", -1882.358997, -1884.268370, 1e-6},
		{"kidiq-kidscore_interaction", -1873.514021, -1879.081064, 1e-6},
		{"earnings-logearn_height", -1565.487044, -1568.345364, 1e-6},
		{"mesquite-logmesquite", -20.615158, -24.435705, 1e-6},
		{"kilpisjarvi_mod-kilpisjarvi", -103.243563, -108.577731, 1e-6},
		{"nes1980-nes", -1425.179207, -1432.071036, 1e-6},
		{"sblrc-blr", -195.688414, -196.675995, 1e-6},
		{"GLM_Poisson_Data-GLM_Poisson_model", -150.661388, -152.799962, 1e-4},
		{"eight_schools-eight_schools_noncentered", -32.227155, -32.290448, 1e-6},
	} {
		p, err := target.OpenPosterior(c.name)
		require.NoError(t, err)
		for covariance, want := range map[Covariance]float64{Full: c.full, Diagonal: c.diagonal} {
			f, err := Solve(context.Background(), p.Target, &Settings{Covariance: covariance, Seed: 1})
			require.NoError(t, err)
			require.InEpsilon(t, want, f.ELBO, c.within, c.name)
			require.True(t, f.Verdict.Converged, "%s, %d: %s", c.name, covariance, f.Verdict.Text)
		}
	}
}
