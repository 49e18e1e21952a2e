package figure

import (
	"bytes"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
	"gonum.org/v1/plot/vg/vgpdf"
	"gonum.org/v1/plot/vg/vgsvg"
)

// A Figure is one or several panels side by side with a common legend below.
type Figure struct {
	// Title names the figure, Caption explains it; neither is drawn.
	Title, Caption string
	Panels         []*Panel
	// Columns is the number of panels in a row; 0 means all in one row.
	Columns int
	// Width and Height are in inches; zero means 6.5 and what suits the panels.
	Width, Height float64
}

// Formats are the file formats that a figure can be drawn in.
var Formats = []string{"svg", "png", "pdf"}

const (
	resolution   = 200 // dots per inch of a PNG
	defaultWidth = 6.5
	panelHeight  = 3.1
)

func (f *Figure) columns() int {
	if f.Columns > 0 {
		return min(f.Columns, len(f.Panels))
	}
	return len(f.Panels)
}

func (f *Figure) size() (w, h vg.Length) {
	width, height := f.Width, f.Height
	if width == 0 {
		width = defaultWidth
	}
	if height == 0 {
		rows := (len(f.Panels) + f.columns() - 1) / max(1, f.columns())
		height = panelHeight*float64(rows) + f.legend().height(vg.Length(width)*vg.Inch).Dots(72)/72
		if f.columns() == 1 {
			height += 0.5 * float64(rows)
		}
	}
	return vg.Length(width) * vg.Inch, vg.Length(height) * vg.Inch
}

// Draw writes the figure in a format of [Formats].
func (f *Figure) Draw(w io.Writer, format string) error {
	if len(f.Panels) == 0 {
		return fmt.Errorf("figure %q has no panel", f.Title)
	}
	width, height := f.size()
	var canvas vg.CanvasWriterTo
	switch format {
	case "png":
		canvas = vgimg.PngCanvas{Canvas: vgimg.NewWith(vgimg.UseWH(width, height), vgimg.UseDPI(resolution))}
	case "svg":
		canvas = vgsvg.New(width, height)
	case "pdf":
		c := vgpdf.New(width, height)
		c.EmbedFonts(true)
		canvas = c
	default:
		return fmt.Errorf("figure %q: no format %q (there are: %s)", f.Title, format, strings.Join(Formats, ", "))
	}
	f.draw(draw.New(canvas))
	_, err := canvas.WriteTo(w)
	return err
}

// Bytes is the figure in a format of [Formats].
func (f *Figure) Bytes(format string) ([]byte, error) {
	var b bytes.Buffer
	err := f.Draw(&b, format)
	return b.Bytes(), err
}

// Save writes the figure to a file, in the format of its extension.
func (f *Figure) Save(path string) error {
	b, err := f.Bytes(strings.TrimPrefix(filepath.Ext(path), "."))
	if err != nil {
		return err
	}
	return os.WriteFile(path, b, 0o666)
}

func (f *Figure) draw(c draw.Canvas) {
	legend := f.legend()
	foot := legend.height(c.Max.X - c.Min.X)
	columns := f.columns()
	rows := (len(f.Panels) + columns - 1) / columns
	tiles := draw.Tiles{
		Rows: rows, Cols: columns, PadX: 12, PadY: 12, PadTop: 4, PadLeft: 2, PadRight: 8,
	}
	area := draw.Crop(c, 0, 0, foot, 0)
	for i, p := range f.Panels {
		p.plot().Draw(tiles.At(area, i%columns, i/columns))
	}
	legend.draw(draw.Crop(c, 0, 0, 0, foot-(c.Max.Y-c.Min.Y)))
}

// finite keeps the values that are numbers.
func finite(values []float64) []float64 {
	var kept []float64
	for _, v := range values {
		if !math.IsNaN(v) && !math.IsInf(v, 0) {
			kept = append(kept, v)
		}
	}
	return kept
}
