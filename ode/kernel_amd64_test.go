package ode

import (
	"testing"

	"fisherflow/ode/internal/problem"

	"github.com/stretchr/testify/require"
)

// TestEveryProcessorGivesTheSameBits: whole solutions by the portable kernels, by
// AVX2 and by AVX-512 where there is one.
func TestEveryProcessorGivesTheSameBits(t *testing.T) {
	avx2, avx512 := vectorised, wide
	defer func() { vectorised, wide = avx2, avx512 }()
	for _, name := range []string{"lorenz", "arenstorf", "pleiades", "fisher_gauss", "heat1000"} {
		p := problem.ByName(name)
		for _, m := range Methods() {
			if m.Kind() == "implicit" && len(p.Y0) > 3 {
				continue
			}
			s := &Settings{Method: m, RTol: 1e-5, SaveAt: []float64{p.T1 / 3}}
			if m.EmbeddedOrder() == 0 {
				s.Step = p.T1 / 4000
			}
			var first *Trajectory
			for _, kernels := range []struct{ vectorised, wide bool }{{false, false}, {avx2, false}, {avx2, avx512}} {
				vectorised, wide = kernels.vectorised, kernels.wide
				r := mustSolve(t, p.Field, p.Y0, 0, p.T1, s)
				if first == nil {
					first = r
					continue
				}
				require.Equal(t, first.times, r.times, "%s by %s", name, m.Name())
				require.Equal(t, end(first), end(r), "%s by %s", name, m.Name())
				require.Equal(t, first.Saved(), r.Saved(), "%s by %s", name, m.Name())
			}
		}
	}
}
