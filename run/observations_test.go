package run

import (
	"os"
	"path/filepath"
	"testing"

	"fisherflow/internal/legacy"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestBadData(t *testing.T) {
	for _, c := range []struct {
		text      string // of the file; empty: there is none
		overrides []string
		message   string
	}{
		{"", nil, "DIR/x.csv: there is no such data file (named in DIR/rivers.toml:8)"},
		{"\n", nil, "x.csv: the file is empty"},
		{"length_miles\n3\nfour\n", nil, `x.csv:3: column length_miles: "four" is not a number`},
		{"length_miles\n3\nNaN\n", nil, "x.csv:3: column length_miles: NaN is not a finite number"},
		{"length_miles,b\n3,1\n,1\n", nil, "x.csv:3: column length_miles: a value is missing"},
		{"length_miles\n3\n-5\n", nil, "x.csv:3: column length_miles: outside of the support: gamma: observation -5 must be positive"},
		{"length\n3\n", nil, `DIR/rivers.toml:9: data.columns: x.csv has no column "length_miles" (columns: length) [columns = ["length_miles"]]`},
		{"length_mile\n3\n", nil, `DIR/rivers.toml:9: data.columns: x.csv has no column "length_miles" (columns: length_mile); did you mean "length_mile"? [columns = ["length_miles"]]`},
		{"length_miles,b\n3,1\n", []string{`data.columns=["length_miles","b"]`}, `command line: data.columns: names 2 columns where an observation of gamma is 1 number [data.columns=["length_miles","b"]]`},
		{"length_miles,b\n3,1\n", []string{`data.columns=[]`}, "DIR/rivers.toml:7: data: an observation of gamma is 1 number, and x.csv has 2: choose with columns = […] from length_miles, b [[data]]"},
		{"length_miles,b\n3,1\n", []string{"data.where.b=2"}, "command line: data.where.b: keeps no row of x.csv; column b has 1 [data.where.b=2]"},
		{"length_miles,b\n3,1\n", []string{"data.where.c=2"}, `command line: data.where.c: x.csv has no column "c" (columns: length_miles, b) [data.where.c=2]`},
		{"length_miles\n3\n", []string{"data.rows=[0,2]"}, "command line: data.rows: ends at 2; rows to choose from: 1 [data.rows=[0,2]]"},
	} {
		dir := t.TempDir()
		require.NoError(t, os.WriteFile(filepath.Join(dir, "rivers.toml"), []byte(replaced(t, rivers(t), "file", `file = "x.csv"`)), 0o600))
		if c.text != "" {
			require.NoError(t, os.WriteFile(filepath.Join(dir, "x.csv"), []byte(c.text), 0o600))
		}
		s, err := ReadFile(filepath.Join(dir, "rivers.toml"), c.overrides)
		require.NoError(t, err)
		_, err = Build(s)
		require.Error(t, err, c.message)
		assert.Equal(t, c.message, replaceAll(err.Error(), dir, "DIR"))
		assert.Equal(t, ExitUsage, ExitCode(err, nil))
	}
}

func TestChoosingRows(t *testing.T) {
	observe := func(overrides ...string) *Observations {
		s, err := Parse("x.toml", []byte(`
			family.name = "poisson"
			data.dataset = "insect-sprays"
			data.columns = ["count"]
			loss.kind = "nll"
			flow.start = [1.0]
			flow.time = [0, 1]`), overrides)
		require.NoError(t, err)
		p, err := Build(s)
		require.NoError(t, err)
		return p.Observations
	}
	first := func(o *Observations, n int) (x []float64) {
		for _, row := range o.Rows[:n] {
			x = append(x, row[0])
		}
		return x
	}
	assert.Len(t, observe().Rows, 72)
	c := observe("data.where.spray=C")
	assert.Len(t, c.Rows, 12)
	assert.Equal(t, []float64{0, 1, 7, 2, 3, 1}, first(c, 6))
	assert.Equal(t, 26, c.Lines[0])
	assert.Len(t, observe(`data.where.spray=["A","C"]`).Rows, 24)
	assert.Len(t, observe("data.where.count=[0, 1.0]").Rows, 8)
	assert.Equal(t, []float64{7, 20}, first(observe("data.rows=[1,3]"), 2))
	assert.Equal(t, []float64{20, 14}, first(observe("data.scale=2"), 2))

	a, b := observe("data.shuffle=true"), observe("data.shuffle=true", "seed=1")
	assert.ElementsMatch(t, observe().Lines, a.Lines)
	assert.NotEqual(t, observe().Lines, a.Lines)
	assert.NotEqual(t, a.Lines, b.Lines)
	assert.Equal(t, a.Lines, observe("data.shuffle=true").Lines)
}

// numpy.random.RandomState(0).permutation(10), RandomState(42).permutation(10),
// and the first draws of MT19937 with the seed 5489 of its authors.
func TestNumpyLegacyShuffle(t *testing.T) {
	for seed, want := range map[int64][]int{
		0:  {2, 8, 4, 9, 1, 6, 7, 3, 0, 5},
		42: {8, 1, 5, 0, 7, 2, 9, 4, 3, 6},
	} {
		rows := []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}
		(&ShuffleSpec{RNG: "numpy-legacy", Seed: seed}).shuffle(rows)
		assert.Equal(t, want, rows)
	}
	g := legacy.New(5489)
	assert.EqualValues(t, []uint32{3499211612, 581869302, 3890346734}, []uint32{g.Uint32(), g.Uint32(), g.Uint32()})
}
