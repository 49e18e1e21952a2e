package figure

import (
	"image/color"

	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// The palette of Okabe & Ito (2008), which the common kinds of colour blindness
// keep apart, without its yellow, which paper does not.
var palette = []color.NRGBA{
	{0x00, 0x72, 0xB2, 0xFF}, // blue
	{0xD5, 0x5E, 0x00, 0xFF}, // vermilion
	{0x00, 0x9E, 0x73, 0xFF}, // bluish green
	{0xCC, 0x79, 0xA7, 0xFF}, // reddish purple
	{0xE6, 0x9F, 0x00, 0xFF}, // orange
	{0x56, 0xB4, 0xE9, 0xFF}, // sky blue
	{0x00, 0x00, 0x00, 0xFF}, // black
}

// Dash patterns tell curves apart where colours cannot. The first is solid.
var dashes = [][]vg.Length{
	nil,
	{vg.Points(6), vg.Points(2.5)},
	{vg.Points(1.5), vg.Points(2)},
	{vg.Points(7), vg.Points(2), vg.Points(1.5), vg.Points(2)},
}

var glyphs = []draw.GlyphDrawer{
	draw.CircleGlyph{}, draw.SquareGlyph{}, draw.TriangleGlyph{}, draw.PyramidGlyph{}, draw.RingGlyph{}, draw.BoxGlyph{}, draw.CrossGlyph{},
}

var (
	ink      = color.NRGBA{0x20, 0x20, 0x20, 0xFF} // axes and text
	faint    = color.NRGBA{0xB8, 0xB8, 0xB8, 0xFF} // level sets
	fainter  = color.NRGBA{0xE6, 0xE6, 0xE6, 0xFF} // grid
	outside  = color.NRGBA{0xF0, 0xF0, 0xF0, 0xFF} // outside of the domain
	fieldInk = color.NRGBA{0x90, 0x90, 0x90, 0xFF} // vector field
)

const (
	curveWidth  = vg.Length(1.2)
	thinWidth   = vg.Length(0.5)
	markRadius  = vg.Length(2.6)
	dotRadius   = vg.Length(1.1)
	labelSize   = vg.Length(9)
	titleSize   = vg.Length(10)
	legendGap   = vg.Length(14)
	sampleWidth = vg.Length(22)
)

var sans = font.Font{Typeface: "Liberation", Variant: "Sans"}

func textFont(size vg.Length) font.Font {
	f := sans
	f.Size = size
	return f
}

// A Style chooses among the colours, dashes and markers of the theme.
type Style struct {
	Color, Dash int
	// Wide draws the line twice as wide, to tell two solid lines apart in grey.
	Wide bool
	// Marker draws a marker at every point.
	Marker bool
	// Dot makes markers small discs, for clouds of data.
	Dot bool
}

func (s Style) colour() color.NRGBA { return palette[mod(s.Color, len(palette))] }

func (s Style) line() draw.LineStyle {
	width := curveWidth
	if s.Wide {
		width *= 2
	}
	return draw.LineStyle{Color: s.colour(), Width: width, Dashes: dashes[mod(s.Dash, len(dashes))]}
}

func (s Style) glyph() draw.GlyphStyle {
	if s.Dot {
		return draw.GlyphStyle{Color: s.colour(), Radius: dotRadius, Shape: draw.CircleGlyph{}}
	}
	return draw.GlyphStyle{Color: s.colour(), Radius: markRadius, Shape: glyphs[mod(s.Color, len(glyphs))]}
}

func mod(i, n int) int { return ((i % n) + n) % n }
