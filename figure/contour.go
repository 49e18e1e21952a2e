package figure

import (
	"math"
	"sort"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

const (
	cells     = 120 // of the grid on which a function is contoured
	levelSets = 12
)

// levels shades the outside of the domain and draws level sets at quantiles of
// the function over the panel, so that they are spread over the page and not
// crowded where it is steep.
func (l *layers) levels(c draw.Canvas, q *plot.Plot, at func(x, y float64) vg.Point) {
	var grid [cells + 1][cells + 1]float64
	var x, y [cells + 1]float64
	for i := range x {
		x[i] = inverse(float64(i)/cells, q.X.Min, q.X.Max, l.LogX)
		y[i] = inverse(float64(i)/cells, q.Y.Min, q.Y.Max, l.LogY)
	}
	var values []float64
	for i := range grid {
		for j := range grid[i] {
			v := l.Level(x[i], y[j])
			if math.IsInf(v, 0) {
				v = math.NaN()
			}
			grid[i][j] = v
			if !math.IsNaN(v) {
				values = append(values, v)
			}
		}
	}
	for j := range cells {
		// Runs of cells outside of the domain, row by row.
		for i := 0; i < cells; i++ {
			start := i
			for i < cells && !inside(&grid, i, j) {
				i++
			}
			if i > start {
				a, b := at(x[start], y[j]), at(x[i], y[j+1])
				c.FillPolygon(outside, []vg.Point{a, {X: b.X, Y: a.Y}, b, {X: a.X, Y: b.Y}})
			}
		}
	}
	if len(values) == 0 {
		return
	}
	sort.Float64s(values)
	style := draw.LineStyle{Color: faint, Width: thinWidth}
	for k := range levelSets {
		// Closer towards the minimum.
		u := math.Pow((float64(k)+0.5)/levelSets, 1.6)
		level := values[int(u*float64(len(values)-1))]
		for i := range cells {
			for j := range cells {
				for _, s := range segments(
					[4]float64{grid[i][j], grid[i+1][j], grid[i+1][j+1], grid[i][j+1]}, level) {
					a := at(lerp(x[i], x[i+1], s[0], l.LogX), lerp(y[j], y[j+1], s[1], l.LogY))
					b := at(lerp(x[i], x[i+1], s[2], l.LogX), lerp(y[j], y[j+1], s[3], l.LogY))
					c.StrokeLine2(style, a.X, a.Y, b.X, b.Y)
				}
			}
		}
	}
}

func inside(grid *[cells + 1][cells + 1]float64, i, j int) bool {
	return !math.IsNaN(grid[i][j] + grid[i+1][j] + grid[i][j+1] + grid[i+1][j+1])
}

func lerp(a, b, s float64, log bool) float64 {
	if log {
		return a * math.Pow(b/a, s)
	}
	return a + s*(b-a)
}

// segments are the pieces of a level set in a unit cell, by marching squares,
// each as (x₁, y₁, x₂, y₂); corners run (0,0), (1,0), (1,1), (0,1).
func segments(v [4]float64, level float64) [][4]float64 {
	for _, x := range v {
		if math.IsNaN(x) {
			return nil
		}
	}
	corner := [4][2]float64{{0, 0}, {1, 0}, {1, 1}, {0, 1}}
	var cuts [][2]float64
	for e := range 4 {
		a, b := v[e], v[(e+1)%4]
		if (a < level) == (b < level) {
			continue
		}
		s := (level - a) / (b - a)
		p, r := corner[e], corner[(e+1)%4]
		cuts = append(cuts, [2]float64{p[0] + s*(r[0]-p[0]), p[1] + s*(r[1]-p[1])})
	}
	switch len(cuts) {
	case 2:
		return [][4]float64{{cuts[0][0], cuts[0][1], cuts[1][0], cuts[1][1]}}
	case 4:
		// A saddle: the mean decides which corners belong together.
		if mean := (v[0] + v[1] + v[2] + v[3]) / 4; (mean < level) == (v[0] < level) {
			return [][4]float64{
				{cuts[0][0], cuts[0][1], cuts[1][0], cuts[1][1]},
				{cuts[2][0], cuts[2][1], cuts[3][0], cuts[3][1]},
			}
		}
		return [][4]float64{
			{cuts[0][0], cuts[0][1], cuts[3][0], cuts[3][1]},
			{cuts[1][0], cuts[1][1], cuts[2][0], cuts[2][1]},
		}
	}
	return nil
}
