package run

import "strings"

// Nearest returns the name that is closest to the given one, and "" if none is
// close enough to be meant: more than a third of the letters, and at least
// two, would have to change. A name that begins with the given one counts.
func Nearest(name string, names []string) string {
	best, least := "", max(2, len(name)/3)+1
	for _, candidate := range names {
		d := editDistance(strings.ToLower(name), strings.ToLower(candidate))
		if d < least && d < len(candidate) {
			best, least = candidate, d
		}
	}
	if best == "" && len(name) > 1 {
		for _, candidate := range names {
			if strings.HasPrefix(candidate, strings.ToLower(name)) {
				return candidate
			}
		}
	}
	return best
}

// editDistance is the number of insertions, deletions, substitutions and
// transpositions of neighbours that turn a into b (Damerau 1964, in the
// restricted form that edits no letter twice).
func editDistance(a, b string) int {
	x, y := []rune(a), []rune(b)
	var before []int
	last := make([]int, len(y)+1)
	row := make([]int, len(y)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(x); i++ {
		row[0] = i
		for j := 1; j <= len(y); j++ {
			cost := 1
			if x[i-1] == y[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && x[i-1] == y[j-2] && x[i-2] == y[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, make([]int, len(y)+1)
	}
	return last[len(y)]
}
