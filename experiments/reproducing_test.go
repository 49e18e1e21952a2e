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

// TestReproducingIsTrue: docs/reproducing.md says what the catalogue says now,
// but for experiments that tests compute only in part. Our numbers may differ in
// their last digits from machine to machine, by no more than the bound that they
// are held to.
func TestReproducingIsTrue(t *testing.T) {
	const again = "write it again: flowrun run all --force --table docs/reproducing.md"
	stored, err := os.ReadFile("../docs/reproducing.md")
	require.NoError(t, err)
	for _, e := range All() {
		if e.Source == "" || e.brief != nil {
			continue
		}
		now := chapter(string(Reproducing([]*run.Result{computed(t, e).Result})), e.Name)
		then := chapter(string(stored), e.Name)
		require.Equal(t, len(now), len(then), "%s: %s", e.Name, again)
		headline := false
		for i, line := range now {
			a, b := cellsOf(then[i]), cellsOf(line)
			require.Equal(t, len(b), len(a), "%s: %s: %s", e.Name, line, again)
			switch {
			case strings.HasPrefix(line, "* "):
				// A detail has numbers of its own.
				require.Equal(t, strings.SplitAfter(line, ": ")[0], strings.SplitAfter(then[i], ": ")[0], again)
			case len(b) == 6 && number(b[2]):
				require.Equal(t, []string{b[0], b[1], b[3], b[5]}, []string{a[0], a[1], a[3], a[5]}, again)
				x, y, bound := parse(a[2]), parse(b[2]), parse(b[5])
				require.InDelta(t, x, y, bound+1e-11*math.Abs(y), "%s: %s", line, again)
			case len(b) == 7:
				headline = number(b[4])
				require.Equal(t, b[:4], a[:4], again)
			default:
				require.Equal(t, line, then[i], again)
			}
		}
		require.True(t, headline, "the headline of %s, %q, is none of its numbers", e.Name, e.Headline)
	}
}

// chapter are the lines of the page about an experiment: its row in the table
// and its section.
func chapter(page, name string) []string {
	var lines []string
	inside := false
	for _, line := range strings.Split(page, "\n") {
		if strings.HasPrefix(line, "## ") {
			inside = line == "## "+name
		}
		if inside && line != "" || strings.HasPrefix(line, "| [`"+name+"`]") {
			lines = append(lines, line)
		}
	}
	return lines
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
