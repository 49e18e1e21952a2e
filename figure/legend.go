package figure

import (
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// A legend names the curves below the panels, in as many rows as it takes.
type legend []entry

type entry struct {
	name         string
	style        Style
	line, marker bool
}

// legend gathers the named curves of all panels, each once.
func (f *Figure) legend() legend {
	var l legend
	seen := map[string]bool{}
	for _, p := range f.Panels {
		for _, c := range p.Curves {
			if c.Name == "" || seen[c.Name] {
				continue
			}
			seen[c.Name] = true
			l = append(l, entry{name: c.Name, style: c.Style, line: !c.Points, marker: c.Style.Marker || c.Points})
		}
	}
	return l
}

var legendText = draw.TextStyle{Color: ink, Font: textFont(labelSize), XAlign: draw.XLeft, YAlign: draw.YCenter}

func init() { legendText.Handler = handler }

var handler text.Handler = plot.DefaultTextHandler

func (e entry) width() vg.Length { return sampleWidth + 5 + legendText.Width(e.name) }

// rows breaks the legend into rows of at most the given width.
func (l legend) rows(width vg.Length) [][]entry {
	var rows [][]entry
	var row []entry
	used := vg.Length(0)
	for _, e := range l {
		if w := e.width() + legendGap; used+w > width && len(row) > 0 {
			rows, row, used = append(rows, row), nil, 0
		}
		row = append(row, e)
		used += e.width() + legendGap
	}
	if row != nil {
		rows = append(rows, row)
	}
	return rows
}

const legendRow = vg.Length(14)

func (l legend) height(width vg.Length) vg.Length {
	n := len(l.rows(width))
	if n == 0 {
		return 0
	}
	return vg.Length(n)*legendRow + 8
}

// draw draws the legend, each row centred.
func (l legend) draw(c draw.Canvas) {
	y := c.Max.Y - legendRow/2 - 2
	for _, row := range l.rows(c.Max.X - c.Min.X) {
		used := -legendGap
		for _, e := range row {
			used += e.width() + legendGap
		}
		x := c.Min.X + (c.Max.X-c.Min.X-used)/2
		for _, e := range row {
			if e.line {
				c.StrokeLine2(e.style.line(), x, y, x+sampleWidth, y)
			}
			if e.marker {
				c.DrawGlyph(e.style.glyph(), vg.Point{X: x + sampleWidth/2, Y: y})
			}
			c.FillText(legendText, vg.Point{X: x + sampleWidth + 5, Y: y}, e.name)
			x += e.width() + legendGap
		}
		y -= legendRow
	}
}
