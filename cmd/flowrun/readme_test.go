package main

import (
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestReadme runs the commands of the README's console blocks and looks for
// each line that it shows of their output; files that it shows are written
// first. Its Go program is the Example of package flow.
func TestReadme(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	require.NoError(t, err)
	example, err := os.ReadFile("../../flow/example_test.go")
	require.NoError(t, err)
	picture, err := os.ReadFile("../../docs/images/rivers-gamma.png")
	require.NoError(t, err)
	t.Chdir(t.TempDir())

	block := regexp.MustCompile("(?s)(?:`([a-z.]+)`:\\n\\n)?```([a-z]+)\\n(.*?)```")
	commands := 0
	for _, m := range block.FindAllStringSubmatch(string(readme), -1) {
		name, kind, text := m[1], m[2], m[3]
		switch {
		case name != "":
			write(t, name, text)
		case kind == "go":
			for _, line := range strings.Split(strings.TrimSpace(text), "\n") {
				require.Contains(t, string(example), "\t"+line+"\n")
			}
		case kind == "console":
			var stdout string
			for _, line := range strings.Split(strings.TrimSpace(text), "\n") {
				if command, ok := strings.CutPrefix(line, "$ flowrun "); ok {
					var status int
					var stderr string
					status, stdout, stderr = flowrun(strings.Fields(command)...)
					require.Equal(t, 0, status, "%s: %s", command, stderr)
					commands++
					continue
				}
				// The last digits, and what is rounding, are those of a compiler
				// that does not fuse multiplications and additions.
				if runtime.GOARCH == "amd64" {
					require.Contains(t, squeeze(stdout), squeeze(line))
				}
			}
		}
	}
	require.Equal(t, 5, commands)

	// The picture is the one that the first command draws, to the byte there.
	if runtime.GOARCH != "amd64" {
		return
	}
	drawn, err := filepath.Glob("runs/rivers-gamma/*/figures/trajectories.png")
	require.NoError(t, err)
	require.Len(t, drawn, 1)
	got, err := os.ReadFile(drawn[0])
	require.NoError(t, err)
	require.True(t, string(got) == string(picture), "docs/images/rivers-gamma.png is not what flowrun run rivers-gamma draws")
}

// squeeze makes runs of spaces one, since columns are as wide as their widest.
func squeeze(s string) string { return regexp.MustCompile(` +`).ReplaceAllString(s, " ") }
