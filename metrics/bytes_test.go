package metrics_test

import (
	"testing"

	"fisherflow/metrics"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The dense matrix and its factor are n² numbers each; a diagonal is far less,
// and the network, which they share, is counted with neither.
func TestBytes(t *testing.T) {
	p := tanhSoftmax(t, 40)
	n := float64(p.Dim())
	v := make([]float64, p.Dim())
	size := func(structure string) float64 {
		m := tensor(t, p, structure, metrics.Settings{Damping: metrics.Damping{Kind: "tikhonov", Value: .1}})
		require.NoError(t, m.At(p.theta))
		require.NoError(t, m.Raise(v, v))
		return metrics.Bytes(m)
	}
	assert.GreaterOrEqual(t, size("fisher"), 8*2*n*n)
	assert.Less(t, size("conjugate-gradient"), 8*20*n+8*10*40*3)
	assert.Less(t, size("kfac"), size("block-diagonal"))
}
