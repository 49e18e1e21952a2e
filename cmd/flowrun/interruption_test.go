package main

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A flow of about two seconds.
const longSpec = `figures = false
[model]
kind = "mlp"
widths = [64, 8, 10]
output = "softmax"
[data]
dataset = "digits"
response = "label"
scale = 0.0625
rows = [0, 60]
[flow]
metric = "conjugate-gradient"
damping = 0.01
time = [0.0, 1.0]
[ode]
rtol = 1e-6
atol = 1e-8
[claims]
monotone = true
`

// Killed at any moment, a long flow goes on to the bytes of one that was left
// alone, and leaves no folder that looks complete.
func TestLongFlowKilled(t *testing.T) {
	t.Chdir(t.TempDir())
	write(t, "s.toml", longSpec)
	began := time.Now()
	status, _, errs := flowrun("run", "s.toml", "-q", "-o", "calm")
	require.Equal(t, 0, status, errs)
	took := time.Since(began)

	r := rand.New(rand.NewPCG(2, 2))
	for range 3 {
		c := program(t, "run", "s.toml", "-q", "-o", "killed", "--checkpoint", "20ms")
		require.NoError(t, c.Start())
		time.Sleep(time.Duration((0.1 + 0.3*r.Float64()) * float64(took)))
		require.NoError(t, c.Process.Kill())
		_ = c.Wait()
		complete, err := filepath.Glob("killed/s/*/manifest.json")
		require.NoError(t, err)
		if len(complete) > 0 {
			assert.NotContains(t, complete[0], ".partial")
		}
	}
	if runtime.GOOS != "windows" {
		// SIGTERM is met as Ctrl-C is.
		var text strings.Builder
		c := program(t, "run", "s.toml", "-q", "-o", "killed", "--checkpoint", "20ms")
		c.Stderr = &text
		logged := func() (at time.Time) {
			logs, err := filepath.Glob("killed/s/*/log.jsonl")
			require.NoError(t, err)
			for _, l := range logs {
				if info, err := os.Stat(l); err == nil {
					at = info.ModTime()
				}
			}
			return at
		}
		before := logged()
		require.NoError(t, c.Start())
		for range 500 {
			if logged().After(before) {
				break
			}
			time.Sleep(5 * time.Millisecond)
		}
		require.NoError(t, c.Process.Signal(syscall.SIGTERM))
		_ = c.Wait()
		if c.ProcessState.ExitCode() != 0 { // it may have been done
			assert.Equal(t, 130, c.ProcessState.ExitCode())
			assert.Contains(t, text.String(), "interrupted; what there is is kept in ")
			assert.Equal(t, 1, strings.Count(text.String(), "\n"))
		}
	}
	status, _, errs = flowrun("run", "s.toml", "-q", "-o", "killed")
	require.Equal(t, 0, status, errs)
	assert.Equal(t, contents(t, "calm"), contents(t, "killed"))
}

// A folder that vanishes under a run is one clear line.
func TestFolderRemoved(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("an open file cannot be removed there")
	}
	t.Chdir(t.TempDir())
	write(t, "s.toml", longSpec)
	c := program(t, "run", "s.toml", "-q", "-o", "gone", "--checkpoint", "5ms")
	var text strings.Builder
	c.Stderr = &text
	require.NoError(t, c.Start())
	for range 500 {
		if found, _ := filepath.Glob("gone/s/*.partial/log.jsonl"); len(found) > 0 {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	require.NoError(t, os.RemoveAll("gone"))
	_ = c.Wait()
	assert.Equal(t, 1, c.ProcessState.ExitCode())
	assert.Contains(t, text.String(), "gone")
	assert.Contains(t, text.String(), "no such file or directory")
	assert.Equal(t, 1, strings.Count(text.String(), "\n"), text.String())
}
