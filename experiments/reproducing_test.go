package experiments

import (
	"math"
	"os"
	"strconv"
	"strings"
	"testing"

	"fisherflow/run"

	"github.com/stretchr/testify/require"
)

// TestReproducingIsTrue: docs/reproducing.md says what the catalogue says now.
// Our numbers may differ in their last digits from machine to machine, by no
// more than the bound that they are held to.
func TestReproducingIsTrue(t *testing.T) {
	var results []*run.Result
	for _, e := range All() {
		results = append(results, computed(t, e).Result)
	}
	stored, err := os.ReadFile("../docs/reproducing.md")
	require.NoError(t, err)
	then, now := strings.Split(string(stored), "\n"), strings.Split(string(Reproducing(results)), "\n")
	require.Equal(t, len(now), len(then), "write it again: flowrun run all --force --table docs/reproducing.md")
	for i, line := range now {
		a, b := cellsOf(then[i]), cellsOf(line)
		require.Equal(t, len(b), len(a), "line %d", i+1)
		switch {
		case strings.HasPrefix(line, "* "):
			// A detail has numbers of its own.
			require.Equal(t, strings.SplitAfter(line, ": ")[0], strings.SplitAfter(then[i], ": ")[0], "line %d", i+1)
		case len(b) == 6 && number(b[2]):
			require.Equal(t, []string{b[0], b[1], b[3], b[5]}, []string{a[0], a[1], a[3], a[5]}, "line %d", i+1)
			x, y, bound := parse(a[2]), parse(b[2]), parse(b[5])
			require.InDelta(t, x, y, bound+1e-11*math.Abs(y), "line %d: %s", i+1, line)
		case len(b) == 7 && number(b[4]):
			require.Equal(t, b[:4], a[:4], "line %d", i+1)
			require.NotEmpty(t, b[4], "the headline of %s is none of its numbers", b[0])
		case len(b) == 7 && b[4] == "":
			t.Errorf("the headline of %s is none of its numbers", b[0])
		default:
			require.Equal(t, line, then[i])
		}
	}
}

// cellsOf are the cells of a row of a Markdown table, or the line itself.
func cellsOf(line string) []string {
	if !strings.HasPrefix(line, "| ") {
		return []string{line}
	}
	line = strings.ReplaceAll(line, `\|`, "¦")
	cells := strings.Split(strings.Trim(line, "|"), "|")
	for i := range cells {
		cells[i] = strings.TrimSpace(cells[i])
	}
	return cells
}

func number(s string) bool {
	_, err := strconv.ParseFloat(s, 64)
	return err == nil
}
