package run

import (
	"bytes"
	"encoding/csv"
	"strconv"
)

const (
	trajectoryRows = 10_000
	// thinning is the rule by which the trajectory file is thinned.
	thinning = "every k-th accepted step of each member and its last one, with the smallest k that leaves at most 10000 rows"
)

// stride is the smallest k such that every k-th of the states of all
// trajectories, and their last ones, are at most rows.
func stride(lengths []int, rows int) int {
	for k := 1; ; k++ {
		total, longest := 0, 0
		for _, n := range lengths {
			total += len(thinned(n, k))
			longest = max(longest, n)
		}
		if total <= rows || k >= longest {
			return k
		}
	}
}

// thinned are the indices 0, k, 2k, … and n−1.
func thinned(n, k int) []int {
	var kept []int
	for i := 0; i < n; i += k {
		kept = append(kept, i)
	}
	if n > 0 && kept[len(kept)-1] != n-1 {
		kept = append(kept, n-1)
	}
	return kept
}

// trajectory is the file of accepted steps. Its coordinates are those of the
// members' charts; with several charts a column is called chart.coordinate, with
// several families family.chart.coordinate, and is empty for members in another.
func (o *Outcome) trajectory() ([]byte, error) {
	type block struct {
		family, chart string
		coordinates   []string
	}
	place := func(p *Problem) string { return p.Family.Name() + "." + p.Spec.Flow.Chart }
	families := map[string]bool{}
	var blocks []block
	var lengths []int
	at := map[string]int{} // first column of the block of a chart of a family
	columns := 5
	for _, p := range o.Problems {
		if p.Solution == nil {
			continue
		}
		lengths = append(lengths, len(p.Solution.Losses))
		view, err := p.View()
		if err != nil {
			return nil, err
		}
		families[p.Family.Name()] = true
		if p.coordinateless() {
			continue
		}
		if _, ok := at[place(p)]; !ok {
			at[place(p)] = columns
			blocks = append(blocks, block{p.Family.Name(), view.Chart().Name(), view.Chart().Coordinates()})
			columns += view.Dim()
		}
	}
	header := []string{"member", "t", "loss", "speed", "fisher_length"}
	for _, b := range blocks {
		for _, name := range b.coordinates {
			if len(blocks) > 1 {
				name = b.chart + "." + name
			}
			if len(families) > 1 {
				name = b.family + "." + name
			}
			header = append(header, name)
		}
	}
	var out bytes.Buffer
	w := csv.NewWriter(&out)
	if err := w.Write(header); err != nil {
		return nil, err
	}
	k := stride(lengths, trajectoryRows)
	number := func(x float64) string { return strconv.FormatFloat(x, 'g', -1, 64) }
	for _, p := range o.Problems {
		s := p.Solution
		if s == nil {
			continue
		}
		first := at[place(p)]
		for _, i := range thinned(len(s.Losses), k) {
			row := make([]string, columns)
			row[0], row[1], row[2], row[3], row[4] = p.Name, number(s.Time(i)), number(s.Losses[i]), number(s.Speeds[i]), number(s.Lengths[i])
			if !p.coordinateless() {
				for j, x := range s.State(i)[:p.Flow.Dim()] {
					row[first+j] = number(x)
				}
			}
			if err := w.Write(row); err != nil {
				return nil, err
			}
		}
	}
	for _, p := range o.Problems {
		if p.Training == nil {
			continue
		}
		// A training has no speed; it is listed where its loss was measured.
		for _, l := range p.Training.Learned {
			row := make([]string, columns)
			row[0], row[1], row[2] = p.Name, number(float64(l.Step)), number(l.TrainLoss)
			if err := w.Write(row); err != nil {
				return nil, err
			}
		}
	}
	w.Flush()
	return out.Bytes(), w.Error()
}
