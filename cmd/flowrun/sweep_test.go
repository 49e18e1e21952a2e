package main

import (
	"crypto/sha256"
	"encoding/json"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// asProgram makes the test binary behave as flowrun.
const asProgram = "FLOWRUN_TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
	}
	os.Exit(m.Run())
}

// program is flowrun as a process of its own.
func program(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	require.NoError(t, err)
	c := exec.Command(self, args...)
	c.Env = append(os.Environ(), asProgram+"=1")
	return c
}

const shortSpec = `[family]
name = "normal"
[loss]
kind = "kl"
target = { at = [0.0, 1.0] }
[flow]
start = { at = [1.0, 2.0] }
time = [0.0, 2.0]
`

// contents are the files of a sweep that do not tell of the time, by name.
func contents(t *testing.T, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	require.NoError(t, filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		require.NoError(t, err)
		name, err := filepath.Rel(dir, path)
		require.NoError(t, err)
		switch base := d.Name(); {
		case d.IsDir(), base == "manifest.json", base == "timings.json", base == "log.jsonl", base == "report.html", strings.HasSuffix(base, ".lock"):
			return nil
		}
		text, err := os.ReadFile(path)
		if len(text) > 4000 {
			sum := sha256.Sum256(text)
			text = sum[:]
		}
		out[name] = string(text)
		return err
	}))
	return out
}

func table(t *testing.T, dir string) []map[string]any {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, "table.jsonl"))
	require.NoError(t, err)
	var rows []map[string]any
	for line := range strings.Lines(string(text)) {
		row := map[string]any{}
		require.NoError(t, json.Unmarshal([]byte(line), &row))
		rows = append(rows, row)
	}
	return rows
}

func TestSweep(t *testing.T) {
	t.Chdir(t.TempDir())
	write(t, "s.toml", shortSpec)
	grid := []string{"sweep", "s.toml", "ode.rtol=log:1e-4..1e-8:3", "flow.start=1/1,2/1", "-o", "d"}

	status, out, errs := flowrun(append(grid, "--dry-run")...)
	require.Equal(t, 0, status, errs)
	assert.Contains(t, out, "6 cells, 0 complete in d")
	assert.NoDirExists(t, "d", "a dry run writes nothing")

	status, out, errs = flowrun(grid...)
	require.Equal(t, 0, status, errs)
	assert.Contains(t, out, "[2, 1]")
	rows := table(t, "d")
	require.Len(t, rows, 6)
	assert.Equal(t, 1e-4, rows[0]["ode.rtol"])
	assert.Equal(t, []any{2.0, 1.0}, rows[5]["flow.start"])
	for i, r := range rows {
		assert.Equal(t, float64(i), r["index"])
		assert.Equal(t, "ok", r["status"])
		assert.Equal(t, true, r["claim.monotone"])
		assert.FileExists(t, filepath.Join("d", filepath.FromSlash(r["run_dir"].(string)), "result.json"))
	}
	// The energy defect falls with the tolerance, and the table knows its order.
	orders, err := os.ReadFile("d/orders.csv")
	require.NoError(t, err)
	assert.Contains(t, string(orders), "claim.energy-identity.value,ode.rtol,")
	assert.FileExists(t, "d/ranks.csv")
	assert.FileExists(t, "d/figures/along-ode-rtol.svg")
	assert.FileExists(t, "d/figures/heat-evaluations.png")

	// Again, and with a value more: what is complete is not touched.
	modified := func() map[string]time.Time {
		out := map[string]time.Time{}
		manifests, err := filepath.Glob("d/s/*/manifest.json")
		require.NoError(t, err)
		for _, m := range manifests {
			info, err := os.Stat(m)
			require.NoError(t, err)
			out[m] = info.ModTime()
		}
		return out
	}
	before := modified()
	status, _, errs = flowrun("sweep", "s.toml", "ode.rtol=1e-5", "flow.start=1/1,2/1", "-o", "d", "-q")
	require.Equal(t, 0, status, errs)
	after := modified()
	require.Len(t, after, 8)
	for m, at := range before {
		assert.Equal(t, at, after[m])
	}
	more := table(t, "d")
	require.Len(t, more, 8, "the table is that of both grids")
	assert.Equal(t, rows, more[:6], "and what is added leaves indices alone")

	// collect makes the same files from what is there.
	was := contents(t, "d")
	status, _, errs = flowrun("collect", "d")
	require.Equal(t, 0, status, errs)
	assert.Equal(t, was, contents(t, "d"))
	status, out, _ = flowrun("status", "d")
	assert.Equal(t, 0, status)
	assert.Contains(t, out, "8 cells: 8 ok; 16 of 16 claims as expected")
}

// By tasks, in another process each or in any order, come the same bytes.
func TestTasks(t *testing.T) {
	t.Chdir(t.TempDir())
	write(t, "s.toml", shortSpec)
	grid := func(dir string, more ...string) []string {
		return append([]string{"sweep", "s.toml", "seed=1..5", "-q", "-o", dir}, more...)
	}
	status, _, errs := flowrun(grid("all")...)
	require.Equal(t, 0, status, errs)
	status, out, errs := flowrun(grid("tasks", "--emit", "k8s", "--chunk", "2")...)
	require.Equal(t, 0, status, errs)
	assert.Contains(t, out, "completions: 3\n")
	status, out, _ = flowrun("status", "tasks")
	assert.Equal(t, 0, status)
	assert.Contains(t, out, "5 missing")
	status, _, errs = flowrun("collect", "tasks", "-q")
	assert.Equal(t, 1, status)
	assert.Contains(t, errs, "5 of 5 cells not complete")
	for _, i := range []string{"2", "0"} {
		t.Setenv("JOB_COMPLETION_INDEX", i)
		status, _, errs = flowrun("task", "tasks", "--chunk", "2", "-q")
		require.Equal(t, 0, status, errs)
	}
	status, _, errs = flowrun("task", "tasks", "--chunk", "2", "--index", "1", "-q")
	require.Equal(t, 0, status, errs)
	status, _, errs = flowrun("collect", "tasks", "-q")
	require.Equal(t, 0, status, errs)
	assert.Equal(t, contents(t, "all"), contents(t, "tasks"))
	status, _, errs = flowrun("task", "tasks", "--chunk", "2", "--index", "3")
	assert.Equal(t, 2, status)
	assert.Contains(t, errs, "tasks 0 to 2")
}

// A cell that fails is named and keeps no other from being computed; claims
// change the status only with --strict.
func TestSweepStatus(t *testing.T) {
	t.Chdir(t.TempDir())
	write(t, "s.toml", shortSpec)
	status, _, errs := flowrun("sweep", "s.toml", "ode.max-steps=2,1000", "seed=1,2", "-o", "d", "-q")
	assert.Equal(t, 1, status)
	assert.Contains(t, errs, "cell 0 (ode.max-steps=2 seed=1): ")
	assert.Contains(t, errs, "2 of 4 cells failed")
	rows := table(t, "d")
	assert.Equal(t, "failed", rows[1]["status"])
	assert.Equal(t, "ok", rows[3]["status"])
	was := contents(t, "d")
	status, _, _ = flowrun("collect", "d", "-q")
	assert.Equal(t, 1, status)
	assert.Equal(t, was, contents(t, "d"), "a failed cell is read as it was computed")

	unmet := []string{"sweep", "s.toml", "flow.metric=euclidean,fisher", "claims.stationary={bound=1e-9}", "-o", "e", "-q"}
	status, _, errs = flowrun(unmet...)
	assert.Equal(t, 0, status, errs)
	assert.Equal(t, 1.0, table(t, "e")[0]["disagreeing"])
	status, _, errs = flowrun(append(unmet, "--strict")...)
	assert.Equal(t, 3, status)
	assert.Contains(t, errs, "claims not as expected in 2 of 2 cells")

	for args, want := range map[string]string{
		"sweep s.toml -o f":                                           "give values of at least one key",
		"sweep s.toml ode.rtol=1e-4,1e-4 -o f":                        "there twice",
		"sweep s.toml ode.rtoll=1e-4 -o f":                            `did you mean "rtol"`,
		"sweep s.toml seed=1,2 flow.metric=fisher --zip seed,b -o f":  "no key of the sweep",
		"sweep s.toml seed=1..4 --emit nomad -o f":                    "knows k8s",
		"sweep rivers-gama seed=1..4 -o f":                            `did you mean "rivers-gamma"`,
		"sweep rivers-gamma seed=1..4 -o d":                           "the folder holds a sweep of ",
		"task d":                                                      "SLURM_ARRAY_TASK_ID",
		"collect nowhere":                                             "there is no sweep in nowhere",
		"collect d --value los":                                       `did you mean "loss"`,
		"sweep s.toml seed=1,2 ode.rtol=1e-4 --zip seed,ode.rtol":     "has 1 values where seed has 2",
		"sweep s.toml seed=1,2 --slurm -o g":                          "sbatch",
		"sweep s.toml flow.chart=natural,naturel --dry-run --seed 18": `cell 1 (flow.chart=naturel seed=18)`,
	} {
		if strings.Contains(args, "slurm") {
			t.Setenv("PATH", "")
		}
		status, _, errs = flowrun(strings.Fields(args)...)
		assert.Equal(t, 2, status, args)
		assert.Contains(t, errs, want, args)
		assert.Equal(t, 1, strings.Count(errs, "\n"), errs)
	}
	write(t, "s.toml", shortSpec+"\n# changed\n")
	status, _, errs = flowrun("collect", "d")
	assert.Equal(t, 2, status)
	assert.Contains(t, errs, "has changed since the sweep was made")
}

// Killed at any moment, twice in the same folder at once, a sweep goes on to the
// bytes of one that was left alone.
func TestSweepKilled(t *testing.T) {
	t.Chdir(t.TempDir())
	write(t, "s.toml", shortSpec)
	grid := func(dir string) []string { return []string{"sweep", "s.toml", "seed=1..40", "-q", "-o", dir} }
	status, _, errs := flowrun(grid("calm")...)
	require.Equal(t, 0, status, errs)

	r := rand.New(rand.NewPCG(1, 1))
	for range 4 {
		c := program(t, grid("killed")...)
		require.NoError(t, c.Start())
		time.Sleep(time.Duration(20+r.IntN(150)) * time.Millisecond)
		require.NoError(t, c.Process.Kill())
		_ = c.Wait()
	}
	var both sync.WaitGroup
	for range 2 {
		both.Go(func() {
			out, err := program(t, grid("killed")...).CombinedOutput()
			assert.NoError(t, err, string(out))
		})
	}
	both.Wait()
	assert.Equal(t, contents(t, "calm"), contents(t, "killed"))
}
