package figure

import (
	"image/color"
	"math"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// A Heat is a heat map: Values[j][i] stands around (i, j) in a shade between
// white, the least, and blue, the greatest, and is written in its cell where
// there is room. What is not a number is left grey. The axes take names:
// [Panel.XNames] and [Panel.YNames].
type Heat struct {
	Values [][]float64
	// Log shades by the logarithm; values that are not positive are left grey.
	Log bool
	// Words are written in the cells, as Values are laid out.
	Words [][]string
}

// The shades of a heat map, light to dark; lightness alone orders them.
var light, dark = color.NRGBA{0xF7, 0xFB, 0xFF, 0xFF}, color.NRGBA{0x08, 0x45, 0x94, 0xFF}

// across is the number of columns of a heat map, of its longest row.
func (h *Heat) across() int {
	n := 0
	for _, row := range h.Values {
		n = max(n, len(row))
	}
	return n
}

func (h *Heat) scaled(v float64) float64 {
	if h.Log {
		if !(v > 0) {
			return math.NaN()
		}
		v = math.Log(v)
	}
	if math.IsInf(v, 0) {
		return math.NaN()
	}
	return v
}

func (h *Heat) plot(c draw.Canvas, at func(x, y float64) vg.Point) {
	low, high := math.Inf(1), math.Inf(-1)
	for _, row := range h.Values {
		for _, v := range row {
			if s := h.scaled(v); !math.IsNaN(s) {
				low, high = math.Min(low, s), math.Max(high, s)
			}
		}
	}
	for j, row := range h.Values {
		for i, v := range row {
			a, b := at(float64(i)-0.5, float64(j)-0.5), at(float64(i)+0.5, float64(j)+0.5)
			share := 0.5
			if high > low {
				share = (h.scaled(v) - low) / (high - low)
			}
			shade := fainter
			if !math.IsNaN(share) && !math.IsNaN(h.scaled(v)) {
				shade = between(light, dark, share)
			}
			c.FillPolygon(shade, []vg.Point{a, {X: b.X, Y: a.Y}, b, {X: a.X, Y: b.Y}})
			if j >= len(h.Words) || i >= len(h.Words[j]) {
				continue
			}
			style := legendText
			style.Font = textFont(min(labelSize, 0.42*(b.Y-a.Y)))
			style.XAlign, style.YAlign = draw.XCenter, draw.YCenter
			if share > 0.55 && shade != fainter {
				style.Color = color.White
			}
			if word := h.Words[j][i]; style.Font.Size >= 4 && style.Width(word) < 0.94*(b.X-a.X) {
				c.FillText(style, vg.Point{X: (a.X + b.X) / 2, Y: (a.Y + b.Y) / 2}, word)
			}
		}
	}
}

func between(a, b color.NRGBA, share float64) color.NRGBA {
	mix := func(x, y uint8) uint8 { return uint8(math.Round(float64(x) + share*(float64(y)-float64(x)))) }
	return color.NRGBA{mix(a.R, b.R), mix(a.G, b.G), mix(a.B, b.B), 0xFF}
}
