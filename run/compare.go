package run

import (
	"cmp"
	"math"
	"slices"
	"strings"
)

// An Order is the exponent p of value ≈ C·keyᵖ, by least squares of the
// logarithms, at one setting of the other keys.
type Order struct {
	Column, Key string
	// Others is the setting of the other keys, key=value by spaces.
	Others string
	Order  float64
	// Error is the standard error of the order, NaN from two points.
	Error  float64
	Points int
}

// A Curve is what a table has of a column along a key at one setting of the
// other keys, of the cells that are complete, by rising key.
type Curve struct {
	Others string
	X, Y   []float64
}

// Curves are those of a column along a numeric key. The cells in which either
// is no number are left out.
func (t *SweepTable) Curves(column, key string) []Curve {
	var curves []Curve
	at := map[string]int{}
	for _, r := range t.Rows {
		x, ok1 := keyNumber(r.Cell, key)
		y, ok2 := r.Number(column)
		if !ok1 || !ok2 || r.Status != OK {
			continue
		}
		others := r.others(key)
		i, ok := at[others]
		if !ok {
			i = len(curves)
			at[others] = i
			curves = append(curves, Curve{Others: others})
		}
		c := &curves[i]
		k, _ := slices.BinarySearch(c.X, x)
		c.X, c.Y = slices.Insert(c.X, k, x), slices.Insert(c.Y, k, y)
	}
	return curves
}

// others is the setting of all keys but the given ones.
func (c Cell) others(keys ...string) string {
	var parts []string
	for i, k := range c.Keys {
		if !slices.Contains(keys, k) {
			parts = append(parts, k+"="+c.Values[i])
		}
	}
	return strings.Join(parts, " ")
}

func keyNumber(c Cell, key string) (float64, bool) {
	r := Row{Cell: c}
	return r.Number(key)
}

// Numeric reports whether a key has at least two different numbers for values
// and nothing else.
func (t *SweepTable) Numeric(key string) bool {
	seen := map[float64]bool{}
	for _, r := range t.Rows {
		if !slices.Contains(r.Keys, key) {
			continue
		}
		x, ok := keyNumber(r.Cell, key)
		if !ok {
			return false
		}
		seen[x] = true
	}
	return len(seen) > 1
}

// ValuesOf are the values of a key as they were written, numbers by size and
// others in the order of the cells.
func (t *SweepTable) ValuesOf(key string) []string {
	var values []string
	for _, r := range t.Rows {
		if i := slices.Index(r.Keys, key); i >= 0 && !slices.Contains(values, r.Values[i]) {
			values = append(values, r.Values[i])
		}
	}
	if t.Numeric(key) {
		number := func(v string) float64 {
			x, _ := keyNumber(Cell{Keys: []string{key}, Values: []string{v}}, key)
			return x
		}
		slices.SortStableFunc(values, func(a, b string) int { return cmp.Compare(number(a), number(b)) })
	}
	return values
}

// Orders fits the order of a column in a key, wherever at least three cells
// that differ in it alone have positive values.
func (t *SweepTable) Orders(column, key string) []Order {
	var orders []Order
	for _, c := range t.Curves(column, key) {
		var x, y []float64
		for i := range c.X {
			if c.X[i] > 0 && c.Y[i] > 0 && !math.IsInf(c.Y[i], 0) {
				x, y = append(x, math.Log(c.X[i])), append(y, math.Log(c.Y[i]))
			}
		}
		if len(x) < 3 || x[0] == x[len(x)-1] {
			continue
		}
		slope, se := line(x, y)
		orders = append(orders, Order{column, key, c.Others, slope, se, len(x)})
	}
	return orders
}

// line is the slope of the least-squares line and its standard error.
func line(x, y []float64) (slope, se float64) {
	n := float64(len(x))
	var mx, my float64
	for i := range x {
		mx += x[i] / n
		my += y[i] / n
	}
	var sxx, sxy float64
	for i := range x {
		sxx += (x[i] - mx) * (x[i] - mx)
		sxy += (x[i] - mx) * (y[i] - my)
	}
	slope = sxy / sxx
	var rss float64
	for i := range x {
		e := y[i] - my - slope*(x[i]-mx)
		rss += e * e
	}
	return slope, math.Sqrt(rss / (n - 2) / sxx)
}

// A Rank says how a value of a key fares: the mean, over all settings of the
// other keys at which every value of the key has a number, of its rank by a
// column. Rank 1 is the least; equal values share their mean rank.
type Rank struct {
	Column, Key, Value string
	Rank               float64
	Settings           int
}

// Ranks ranks the values of a key by a column, best first.
func (t *SweepTable) Ranks(column, key string) []Rank {
	values := t.ValuesOf(key)
	blocks := map[string][]float64{}
	var order []string
	for _, r := range t.Rows {
		i := slices.Index(r.Keys, key)
		y, ok := r.Number(column)
		if i < 0 || !ok || r.Status != OK || math.IsNaN(y) {
			continue
		}
		others := r.others(key)
		if blocks[others] == nil {
			order = append(order, others)
			blocks[others] = slices.Repeat([]float64{math.NaN()}, len(values))
		}
		blocks[others][slices.Index(values, r.Values[i])] = y
	}
	ranks := make([]Rank, len(values))
	for i, v := range values {
		ranks[i] = Rank{Column: column, Key: key, Value: v}
	}
	for _, others := range order {
		block := blocks[others]
		if slices.ContainsFunc(block, math.IsNaN) {
			continue
		}
		for i, y := range block {
			below, same := 0, 0
			for _, z := range block {
				if z < y {
					below++
				} else if z == y {
					same++
				}
			}
			ranks[i].Rank += float64(below) + float64(same+1)/2
			ranks[i].Settings++
		}
	}
	kept := ranks[:0]
	for _, r := range ranks {
		if r.Settings > 0 {
			r.Rank /= float64(r.Settings)
			kept = append(kept, r)
		}
	}
	slices.SortStableFunc(kept, func(a, b Rank) int { return cmp.Compare(a.Rank, b.Rank) })
	return kept
}

// Worth are the columns worth comparing: the loss, the evaluations, and what
// claims measured, as far as they are not the same in all complete cells, to
// rounding. What "monotone" measures is rounding where it holds.
func (t *SweepTable) Worth() []string {
	var out []string
	for _, c := range t.Columns {
		if c != "loss" && c != "evaluations" && !(strings.HasPrefix(c, "claim.") && strings.HasSuffix(c, ".value")) ||
			strings.HasPrefix(c, "claim.monotone.") {
			continue
		}
		low, high := math.Inf(1), math.Inf(-1)
		for _, r := range t.Rows {
			if x, ok := r.Number(c); ok && r.Status == OK && !math.IsNaN(x) {
				low, high = min(low, x), max(high, x)
			}
		}
		if high-low > 1e-12*max(math.Abs(low), math.Abs(high)) {
			out = append(out, c)
		}
	}
	return out
}
