package figure

import (
	"image/color"
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// A Panel is a pair of axes with what is drawn in them, from the back to the
// front: the outside of the domain, level sets, a vector field, ellipses,
// curves, marks.
type Panel struct {
	Title          string
	X, Y           string // axis labels
	LogX, LogY     bool
	XRange, YRange *Range // nil: what the curves and marks need

	// Level, if not nil, is a function whose level sets are drawn and outside of
	// whose domain, where it is NaN, the panel is shaded.
	Level func(x, y float64) float64
	// Field, if not nil, is a vector field of which the direction is drawn.
	Field func(x, y float64) (dx, dy float64)

	Curves   []Curve
	Ellipses []Ellipse
	Marks    []Mark
	// Words are labels inside the axes.
	Words []Word
	// Heat, if not nil, is a heat map at the back.
	Heat *Heat
	// XNames and YNames, if not nil, replace the ticks: names at 0, 1, 2, …
	XNames, YNames []string
}

// A Curve is a polyline, broken where a coordinate is not a number.
type Curve struct {
	Name  string // in the legend; empty: none
	X, Y  []float64
	Style Style
	// Points draws markers only.
	Points bool
}

// A Mark is a single point of note.
type Mark struct {
	X, Y float64
	Kind MarkKind
	// Color is that of the style of the curve it belongs to.
	Color int
}

// A MarkKind is the sign of a mark.
type MarkKind int

// The kinds of marks.
const (
	Start  MarkKind = iota // open circle
	End                    // filled circle
	Target                 // cross
)

// A Word is a short label at a point.
type Word struct {
	X, Y float64
	Text string
	// DX and DY move the label, in points; both zero means up and right.
	DX, DY float64
}

// An Ellipse is {c + v : vᵀMv = r²}, drawn to true shape in data coordinates.
type Ellipse struct {
	X, Y          float64
	M11, M12, M22 float64
	Radius        float64
	Style         Style
}

// mostPoints is the number of points of a curve above which it is thinned.
const mostPoints = 4000

func (p *Panel) plot() *plot.Plot {
	q := plot.New()
	q.TextHandler = handler
	q.Title.Text = p.Title
	q.Title.TextStyle.Font = textFont(titleSize)
	q.Title.TextStyle.Color = ink
	q.Title.Padding = 4
	for _, a := range []struct {
		axis  *plot.Axis
		label string
		log   bool
		given *Range
		x     bool
	}{{&q.X, p.X, p.LogX, p.XRange, true}, {&q.Y, p.Y, p.LogY, p.YRange, false}} {
		a.axis.Label.Text = a.label
		a.axis.Label.TextStyle.Font = textFont(labelSize)
		a.axis.Label.TextStyle.Color = ink
		a.axis.Label.Padding = 3
		a.axis.Tick.Label.Font = textFont(labelSize)
		a.axis.Tick.Label.Color = ink
		a.axis.LineStyle = draw.LineStyle{Color: ink, Width: thinWidth}
		a.axis.Tick.LineStyle = a.axis.LineStyle
		a.axis.Tick.Length = 3.5
		a.axis.Padding = 0
		a.axis.Tick.Marker = linearTicks{}
		r := p.extent(a.x, a.log)
		if a.given != nil {
			r = *a.given
		}
		if a.log {
			// The axis is linear in log₁₀: on a logarithmic one gonum/plot keeps
			// room for the label where it does not stand.
			a.axis.Tick.Marker = logTicks{}
			r = Range{math.Log10(r.Low), math.Log10(r.High)}
		}
		a.axis.Min, a.axis.Max = r.Low, r.High
	}
	if p.XNames != nil {
		ticks := make([]plot.Tick, len(p.XNames))
		for i, n := range p.XNames {
			ticks[i] = plot.Tick{Value: float64(i), Label: n}
		}
		q.X.Tick.Marker = plot.ConstantTicks(ticks)
		q.X.Tick.Length = 2
	}
	if p.YNames != nil {
		ticks := make([]plot.Tick, len(p.YNames))
		for i, n := range p.YNames {
			ticks[i] = plot.Tick{Value: float64(i), Label: n}
		}
		q.Y.Tick.Marker = plot.ConstantTicks(ticks)
		q.Y.Tick.Length = 0
	}
	q.Add(&layers{p})
	return q
}

// extent is the range of all that the panel's axes must cover.
func (p *Panel) extent(x, log bool) Range {
	var all []float64
	add := func(u, v float64) {
		if x {
			all = append(all, u)
		} else {
			all = append(all, v)
		}
	}
	for _, c := range p.Curves {
		for i := range min(len(c.X), len(c.Y)) {
			add(c.X[i], c.Y[i])
		}
	}
	for _, m := range p.Marks {
		add(m.X, m.Y)
	}
	if h := p.Heat; h != nil {
		if n := h.across(); x {
			return Range{-0.5, float64(n) - 0.5}
		}
		return Range{-0.5, float64(len(h.Values)) - 0.5}
	}
	for _, e := range p.Ellipses {
		dx, dy := e.reach()
		add(e.X-dx, e.Y-dy)
		add(e.X+dx, e.Y+dy)
	}
	return extent(all, log)
}

// reach is half the width and height of the ellipse.
func (e Ellipse) reach() (dx, dy float64) {
	det := e.M11*e.M22 - e.M12*e.M12
	if !(det > 0) {
		return 0, 0
	}
	return e.Radius * math.Sqrt(e.M22/det), e.Radius * math.Sqrt(e.M11/det)
}

// layers draws the contents of a panel.
type layers struct{ *Panel }

// Plot implements plot.Plotter.
func (l *layers) Plot(c draw.Canvas, q *plot.Plot) {
	trX, trY := q.Transforms(&c)
	at := func(x, y float64) vg.Point {
		return vg.Point{X: trX(onAxis(x, l.LogX)), Y: trY(onAxis(y, l.LogY))}
	}
	switch {
	case l.Heat != nil:
		l.Heat.plot(c, at)
	case l.Level != nil:
		l.levels(c, q, at)
	default:
		l.grid(c, q)
	}
	if l.Field != nil {
		l.arrows(c, q, at)
	}
	for _, e := range l.Ellipses {
		l.stroke(c, e.Style.line(), ellipsePoints(e), at)
	}
	for _, k := range l.Curves {
		l.curve(c, k, at)
	}
	for _, m := range l.Marks {
		if p := at(m.X, m.Y); c.Contains(p) {
			l.mark(c, m, p)
		}
	}
	words := legendText
	for _, w := range l.Words {
		if p := at(w.X, w.Y); c.Contains(p) {
			dx, dy := w.DX, w.DY
			if dx == 0 && dy == 0 {
				dx, dy = 5, 6
			}
			c.FillText(words, vg.Point{X: p.X + vg.Length(dx), Y: p.Y + vg.Length(dy)}, w.Text)
		}
	}
	// The frame is closed, so that level sets and shades end somewhere.
	frame := draw.LineStyle{Color: ink, Width: thinWidth}
	c.StrokeLines(frame, []vg.Point{c.Min, {X: c.Max.X, Y: c.Min.Y}, c.Max, {X: c.Min.X, Y: c.Max.Y}, c.Min})
}

// grid draws faint lines at the labelled ticks.
func (l *layers) grid(c draw.Canvas, q *plot.Plot) {
	style := draw.LineStyle{Color: fainter, Width: thinWidth}
	for _, t := range q.X.Tick.Marker.Ticks(q.X.Min, q.X.Max) {
		if t.Label != "" {
			x := c.X(q.X.Norm(t.Value))
			c.StrokeLine2(style, x, c.Min.Y, x, c.Max.Y)
		}
	}
	for _, t := range q.Y.Tick.Marker.Ticks(q.Y.Min, q.Y.Max) {
		if t.Label != "" {
			y := c.Y(q.Y.Norm(t.Value))
			c.StrokeLine2(style, c.Min.X, y, c.Max.X, y)
		}
	}
}

// stroke draws a polyline, broken where it is not finite, clipped to the axes.
func (l *layers) stroke(c draw.Canvas, style draw.LineStyle, points [][2]float64, at func(x, y float64) vg.Point) {
	var run []vg.Point
	flush := func() {
		if len(run) > 1 {
			c.StrokeLines(style, c.ClipLinesXY(run)...)
		}
		run = nil
	}
	for _, p := range points {
		if !drawable(p[0], l.LogX) || !drawable(p[1], l.LogY) {
			flush()
			continue
		}
		v := at(p[0], p[1])
		// Far outside of the axes float32 formats would overflow.
		const far = 1e5
		v.X, v.Y = max(-far, min(far, v.X)), max(-far, min(far, v.Y))
		run = append(run, v)
	}
	flush()
}

func drawable(x float64, log bool) bool {
	return !math.IsNaN(x) && !math.IsInf(x, 0) && (!log || x > 0)
}

func (l *layers) curve(c draw.Canvas, k Curve, at func(x, y float64) vg.Point) {
	n := min(len(k.X), len(k.Y))
	// The first points are all kept: on a logarithmic axis they are far apart.
	stride := 1 + n/mostPoints
	var points [][2]float64
	for i := range n {
		if i < mostPoints/4 || i%stride == 0 || i == n-1 {
			points = append(points, [2]float64{k.X[i], k.Y[i]})
		}
	}
	if !k.Points {
		l.stroke(c, k.Style.line(), points, at)
	}
	if !k.Points && !k.Style.Marker {
		return
	}
	glyph := k.Style.glyph()
	for _, p := range points {
		if drawable(p[0], l.LogX) && drawable(p[1], l.LogY) {
			if v := at(p[0], p[1]); c.Contains(v) {
				c.DrawGlyph(glyph, v)
			}
		}
	}
}

func (l *layers) mark(c draw.Canvas, m Mark, p vg.Point) {
	colour := palette[mod(m.Color, len(palette))]
	switch m.Kind {
	case Start:
		c.DrawGlyphNoClip(draw.GlyphStyle{Color: color.White, Radius: 3.4, Shape: draw.CircleGlyph{}}, p)
		c.DrawGlyphNoClip(draw.GlyphStyle{Color: colour, Radius: 3.2, Shape: draw.RingGlyph{}}, p)
	case End:
		c.DrawGlyphNoClip(draw.GlyphStyle{Color: colour, Radius: 3.2, Shape: draw.CircleGlyph{}}, p)
	case Target:
		const r = 4
		style := draw.LineStyle{Color: ink, Width: 1.4}
		c.StrokeLine2(style, p.X-r, p.Y-r, p.X+r, p.Y+r)
		c.StrokeLine2(style, p.X-r, p.Y+r, p.X+r, p.Y-r)
	}
}

func ellipsePoints(e Ellipse) [][2]float64 {
	// M = LLᵀ; v = r L⁻ᵀ(cos, sin).
	l11 := math.Sqrt(e.M11)
	l21 := e.M12 / l11
	l22 := math.Sqrt(e.M22 - l21*l21)
	const n = 96
	points := make([][2]float64, n+1)
	for i := range points {
		s, c := math.Sincos(2 * math.Pi * float64(i) / n)
		y := s / l22
		x := (c - l21*y) / l11
		points[i] = [2]float64{e.X + e.Radius*x, e.Y + e.Radius*y}
	}
	return points
}

// arrows draws the direction of the field on a grid that is even on the page.
func (l *layers) arrows(c draw.Canvas, q *plot.Plot, at func(x, y float64) vg.Point) {
	const across = 17
	width, height := c.Max.X-c.Min.X, c.Max.Y-c.Min.Y
	down := max(3, int(math.Round(float64(height/width)*across)))
	length := width / across * 0.62
	style := draw.LineStyle{Color: fieldInk, Width: thinWidth}
	for i := range across {
		for j := range down {
			x := inverse((float64(i)+0.5)/across, q.X.Min, q.X.Max, l.LogX)
			y := inverse((float64(j)+0.5)/float64(down), q.Y.Min, q.Y.Max, l.LogY)
			dx, dy := l.Field(x, y)
			if !drawable(dx, false) || !drawable(dy, false) || dx == 0 && dy == 0 {
				continue
			}
			// The direction on the page, by a small step in the data.
			p := at(x, y)
			h := 1e-4 * math.Min(scale(x, q.X.Min, q.X.Max, l.LogX)/math.Max(math.Abs(dx), 1e-300), scale(y, q.Y.Min, q.Y.Max, l.LogY)/math.Max(math.Abs(dy), 1e-300))
			e := at(x+h*dx, y+h*dy)
			ux, uy := float64(e.X-p.X), float64(e.Y-p.Y)
			r := math.Hypot(ux, uy)
			if !(r > 0) || math.IsInf(r, 0) {
				continue
			}
			ux, uy = ux/r, uy/r
			half := length / 2
			tail := vg.Point{X: p.X - half*vg.Length(ux), Y: p.Y - half*vg.Length(uy)}
			head := vg.Point{X: p.X + half*vg.Length(ux), Y: p.Y + half*vg.Length(uy)}
			c.StrokeLine2(style, tail.X, tail.Y, head.X, head.Y)
			for _, side := range []float64{0.45, -0.45} {
				s, k := math.Sincos(math.Pi + side)
				bx, by := k*ux-s*uy, s*ux+k*uy
				c.StrokeLine2(style, head.X, head.Y, head.X+2.6*vg.Length(bx), head.Y+2.6*vg.Length(by))
			}
		}
	}
}

// onAxis is a data coordinate as the axis has it.
func onAxis(x float64, log bool) float64 {
	if !log {
		return x
	}
	if !(x > 0) {
		return -400
	}
	return math.Log10(x)
}

// inverse is the data coordinate at a fraction of an axis.
func inverse(fraction, low, high float64, log bool) float64 {
	x := low + fraction*(high-low)
	if log {
		return math.Pow(10, x)
	}
	return x
}

// scale is the length on which a data coordinate varies over an axis.
func scale(x, low, high float64, log bool) float64 {
	if log {
		return math.Abs(x) * (high - low)
	}
	return high - low
}
