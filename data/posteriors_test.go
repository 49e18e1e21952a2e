package data_test

import (
	"testing"

	"fisherflow/data"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestPosteriors(t *testing.T) {
	names := data.PosteriorNames()
	require.Len(t, names, 15)
	for _, name := range names {
		p, err := data.OpenPosterior(name)
		require.NoError(t, err)
		assert.Equal(t, name, p.Name)
		assert.NotEmpty(t, p.Title)
		assert.Contains(t, p.Source, "posteriordb")
		assert.Len(t, p.SHA256, 64)
		if len(p.Reference) > 0 {
			assert.Equal(t, 10000, p.Draws)
			assert.Len(t, p.Correlation, len(p.Reference))
		}
		for _, m := range p.Reference {
			assert.True(t, m.Q05 < m.Q50 && m.Q50 < m.Q95 && m.SD > 0 && m.Unconstrained.SD > 0, "%s %s", name, m.Name)
		}
	}
	p, err := data.OpenPosterior("garch-garch11")
	require.NoError(t, err)
	y, err := p.Numbers("y")
	require.NoError(t, err)
	assert.Len(t, y, 200)
	assert.Equal(t, "alpha0", p.Reference[1].Name)
	assert.Equal(t, 1.470759738038983, p.Reference[1].Mean)
	_, err = p.Numbers("x")
	assert.Error(t, err)
	_, err = data.OpenPosterior("garch")
	assert.ErrorContains(t, err, "garch-garch11")
}
