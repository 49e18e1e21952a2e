package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"fisherflow/figure"
	"fisherflow/run"
)

const (
	mostPanels = 6  // of a figure
	mostCurves = 14 // of a panel, as many as style tells apart
	mostHeat   = 40 // rows or columns of a heat map
)

// compare draws how what was measured depends on the keys, and writes the orders
// and ranks that it has. With no values it takes those worth it.
func compare(ctx context.Context, t *run.SweepTable, dir string, values []string) error {
	if len(values) == 0 {
		values = t.Worth()
	}
	for _, v := range values {
		if !slices.Contains(t.Columns, v) {
			return usage("collect: the table has no column %q%s", v, suggest(v, t.Columns))
		}
	}
	if err := writeOrders(t, dir, values); err != nil {
		return err
	}
	if err := writeRanks(t, dir, values); err != nil {
		return err
	}
	for name, f := range comparison(t, values) {
		if err := ctx.Err(); err != nil {
			return err
		}
		folder := filepath.Join(dir, "figures")
		if err := os.MkdirAll(folder, 0o777); err != nil {
			return &run.FolderError{Path: folder, Doing: "cannot make", Err: err}
		}
		for _, format := range []string{"svg", "png"} {
			if err := f.Save(filepath.Join(folder, name+"."+format)); err != nil {
				return &run.FolderError{Path: folder, Doing: "cannot draw in", Err: err}
			}
		}
	}
	return nil
}

// comparison are the figures by name: for every numeric key the values along it,
// and for the first two keys with several values heat maps.
func comparison(t *run.SweepTable, values []string) map[string]*figure.Figure {
	figures := map[string]*figure.Figure{}
	shown := values[:min(len(values), mostPanels)]
	var several []string
	for _, key := range t.Keys {
		if len(t.ValuesOf(key)) > 1 {
			several = append(several, key)
		}
		if !t.Numeric(key) {
			continue
		}
		f := &figure.Figure{Title: "Values along " + key, Columns: 2}
		for _, v := range shown {
			if p := along(t, v, key); p != nil {
				f.Panels = append(f.Panels, p)
			}
		}
		if len(f.Panels) == 1 {
			f.Columns = 1
		}
		if len(f.Panels) > 0 {
			figures[run.Slug("along "+key)] = f
		}
	}
	if len(several) == 2 {
		x, y := several[0], several[1]
		if len(t.ValuesOf(y)) > len(t.ValuesOf(x)) {
			x, y = y, x
		}
		for _, v := range shown {
			if p := heat(t, v, x, y); p != nil {
				figures[run.Slug("heat "+v)] = &figure.Figure{Title: v, Panels: []*figure.Panel{p}, Height: 1.5 + 0.32*float64(max(4, len(p.YNames)))}
			}
		}
	}
	return figures
}

// along is a panel of a value against a key, a curve for each setting of the
// others, with the order where they are powers of it.
func along(t *run.SweepTable, value, key string) *figure.Panel {
	curves := t.Curves(value, key)
	if len(curves) == 0 || len(curves) > mostCurves {
		return nil
	}
	p := &figure.Panel{X: key, Y: value}
	var xs, ys []float64
	for _, c := range curves {
		xs, ys = append(xs, c.X...), append(ys, c.Y...)
	}
	p.LogX, p.LogY = wide(xs), wide(ys)
	for i, c := range curves {
		p.Curves = append(p.Curves, figure.Curve{Name: c.Others, X: c.X, Y: c.Y, Style: figure.Style{Color: i, Dash: i, Marker: true}})
	}
	if orders := t.Orders(value, key); p.LogX && p.LogY && len(orders) > 0 {
		low, high := orders[0].Order, orders[0].Order
		for _, o := range orders {
			low, high = min(low, o.Order), max(high, o.Order)
		}
		p.Title = fmt.Sprintf("order %.2f", low)
		if len(orders) == 1 {
			p.Title = fmt.Sprintf("order %.2f ± %.2f", low, orders[0].Error)
		} else if high-low >= 0.005 {
			p.Title = fmt.Sprintf("orders %.2f to %.2f", low, high)
		}
	}
	return p
}

// wide reports whether numbers want a logarithmic axis: all positive, or zero
// among numbers that are, and over more than a decade and a half.
func wide(x []float64) bool {
	low, high := math.Inf(1), 0.0
	for _, v := range x {
		if v < 0 {
			return false
		}
		if v > 0 && !math.IsInf(v, 0) {
			low, high = min(low, v), max(high, v)
		}
	}
	return high > 30*low
}

func heat(t *run.SweepTable, value, x, y string) *figure.Panel {
	columns, rows := t.ValuesOf(x), t.ValuesOf(y)
	if len(columns) > mostHeat || len(rows) > mostHeat {
		return nil
	}
	h := &figure.Heat{}
	var all []float64
	for range rows {
		h.Values = append(h.Values, slices.Repeat([]float64{math.NaN()}, len(columns)))
		h.Words = append(h.Words, make([]string, len(columns)))
	}
	for _, r := range t.Rows {
		i, j := slices.Index(r.Keys, x), slices.Index(r.Keys, y)
		v, ok := r.Number(value)
		if i < 0 || j < 0 || !ok || r.Status != run.OK {
			continue
		}
		i, j = slices.Index(columns, r.Values[i]), slices.Index(rows, r.Values[j])
		h.Values[j][i], h.Words[j][i] = v, strconv.FormatFloat(v, 'g', 3, 64)
		all = append(all, v)
	}
	if len(all) == 0 {
		return nil
	}
	h.Log = wide(all)
	return &figure.Panel{Title: value, X: x, Y: y, Heat: h, XNames: named(columns, 10), YNames: named(rows, mostHeat)}
}

// named are values as ticks, numbers in few digits, and of many only some.
func named(values []string, most int) []string {
	names := make([]string, len(values))
	every := (len(values) + most - 1) / most
	for i, v := range values {
		if i%every != 0 {
			continue
		}
		names[i] = v
		if x, err := strconv.ParseFloat(v, 64); err == nil {
			names[i] = strconv.FormatFloat(x, 'g', 3, 64)
		}
	}
	return names
}

func writeOrders(t *run.SweepTable, dir string, values []string) error {
	lines := [][]string{{"value", "key", "at", "order", "standard_error", "points"}}
	for _, v := range values {
		for _, k := range t.Keys {
			for _, o := range t.Orders(v, k) {
				lines = append(lines, []string{o.Column, o.Key, o.Others, digits(o.Order), digits(o.Error), strconv.Itoa(o.Points)})
			}
		}
	}
	return writeTable(filepath.Join(dir, "orders.csv"), lines)
}

func writeRanks(t *run.SweepTable, dir string, values []string) error {
	lines := [][]string{{"value", "key", "setting", "mean_rank", "settings_of_others"}}
	for _, v := range values {
		for _, k := range t.Keys {
			if len(t.ValuesOf(k)) < 2 {
				continue
			}
			for _, r := range t.Ranks(v, k) {
				lines = append(lines, []string{r.Column, r.Key, r.Value, digits(r.Rank), strconv.Itoa(r.Settings)})
			}
		}
	}
	return writeTable(filepath.Join(dir, "ranks.csv"), lines)
}

func digits(x float64) string { return strconv.FormatFloat(x, 'g', 6, 64) }

func writeTable(path string, lines [][]string) error {
	if len(lines) == 1 {
		if err := os.Remove(path); err != nil && !os.IsNotExist(err) {
			return &run.FolderError{Path: path, Doing: "cannot remove", Err: err}
		}
		return nil
	}
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	if err := w.WriteAll(lines); err != nil {
		return err
	}
	if err := os.WriteFile(path, b.Bytes(), 0o666); err != nil {
		return &run.FolderError{Path: strings.TrimSuffix(path, filepath.Base(path)), Doing: "cannot write in", Err: err}
	}
	return nil
}
