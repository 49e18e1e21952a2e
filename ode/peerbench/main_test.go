package main

import (
	"bytes"
	"encoding/csv"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
)

const oscillator = `{"osc2": {"n": 2, "t0": 0, "t1": 100, "y0": [1, 0], "ref": [0.8623188722876839, 0.5063656411097588],
	"rk4_steps": 1000, "atol_factor": 1, "stiff": false}}`

func write(t *testing.T, text string) string {
	path := filepath.Join(t.TempDir(), "problems.json")
	require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
	return path
}

func TestRows(t *testing.T) {
	path := write(t, oscillator)
	for method, settings := range map[string][]string{"dopri5": {"1e-3", "1e-6", "1e-9", "1e-12"}, "rk4": {"N=1000"}} {
		var out bytes.Buffer
		require.NoError(t, run(&out, path, "osc2", method, true))
		rows, err := csv.NewReader(&out).ReadAll()
		require.NoError(t, err)
		require.Len(t, rows[0], 19)
		require.Len(t, rows, 1+len(settings))
		for i, row := range rows[1:] {
			require.Equal(t, []string{"fisherflow", method, "osc2", "2", settings[i]}, append([]string{row[0]}, row[2:6]...))
			e, err := strconv.ParseFloat(row[6], 64)
			require.NoError(t, err)
			require.Less(t, e, 0.1)
			us, err := strconv.ParseFloat(row[13], 64)
			require.NoError(t, err)
			require.Positive(t, us)
			require.Equal(t, "ok", row[18])
		}
	}
}

func TestBadInput(t *testing.T) {
	for name, c := range map[string]struct{ path, problem, method, want string }{
		"no file":         {"", "", "", "-problems is missing"},
		"absent file":     {"nowhere.json", "", "", "nowhere.json"},
		"not JSON":        {write(t, "{"), "", "", "problems.json"},
		"problem unknown": {write(t, oscillator), "osc3", "", "osc3"},
		"problem missing": {write(t, oscillator), "lorenz", "", "lorenz is missing"},
		"method unknown":  {write(t, oscillator), "osc2", "euler2", "euler2"},
		"wrong length":    {write(t, `{"osc2": {"n": 2, "y0": [1]}}`), "osc2", "", "1 starts"},
	} {
		var out bytes.Buffer
		require.ErrorContains(t, run(&out, c.path, c.problem, c.method, true), c.want, name)
	}
}
