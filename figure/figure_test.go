package figure

import (
	"bytes"
	"fmt"
	"image/color"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/plot"
)

// everything is a figure that uses all there is.
func everything() *Figure {
	spiral := Curve{Name: "a spiral", Style: Style{Color: 0}}
	for i := range 300 {
		t := float64(i) / 30
		spiral.X = append(spiral.X, 2+math.Exp(-0.3*t)*math.Cos(t))
		spiral.Y = append(spiral.Y, 1.5+math.Exp(-0.3*t)*math.Sin(t))
	}
	decay := Curve{Name: "decay", Style: Style{Color: 1, Dash: 1, Marker: true}}
	for i := range 12 {
		decay.X = append(decay.X, math.Pow(10, float64(i)-8))
		decay.Y = append(decay.Y, math.Pow(10, -1.5*float64(i)))
	}
	return &Figure{
		Title: "Everything", Caption: "All that a panel can hold.", Columns: 2,
		Panels: []*Panel{
			{
				Title: "a portrait", X: "μ", Y: "σ", Curves: []Curve{spiral},
				XRange: &Range{-0.5, 4}, YRange: &Range{-0.5, 3.5},
				Level: func(x, y float64) float64 {
					if x <= 0 || y <= 0 {
						return math.NaN()
					}
					return (x-2)*(x-2) + (y-1.5)*(y-1.5)
				},
				Field:    func(x, y float64) (float64, float64) { return 2 - x, 1.5 - y },
				Ellipses: []Ellipse{{X: 2, Y: 1.5, M11: 2, M12: 0.5, M22: 1, Radius: 0.3, Style: Style{Color: 4}}},
				Marks:    []Mark{{X: 3, Y: 1.5, Kind: Start}, {X: 2, Y: 1.5, Kind: Target}, {X: 1, Y: 1, Kind: End}},
				Words:    []Word{{X: 3, Y: 1.5, Text: "p"}},
			},
			{X: "tolerance", Y: "gap", LogX: true, LogY: true, Curves: []Curve{decay}},
			{X: "ratio", YNames: []string{"first", "second"}, Curves: []Curve{{Name: "dots", X: []float64{1, 2}, Y: []float64{0, 1}, Points: true}}},
		},
	}
}

func TestFormatsAndReproducibility(t *testing.T) {
	for _, format := range []string{"svg", "png"} {
		first, err := everything().Bytes(format)
		require.NoError(t, err)
		old := runtime.GOMAXPROCS(1)
		second, err := everything().Bytes(format)
		runtime.GOMAXPROCS(old)
		require.NoError(t, err)
		require.True(t, bytes.Equal(first, second), format)
	}
	for _, format := range Formats {
		path := filepath.Join(t.TempDir(), "everything."+format)
		require.NoError(t, everything().Save(path))
		info, err := os.Stat(path)
		require.NoError(t, err)
		require.Greater(t, info.Size(), int64(1000))
	}
	require.ErrorContains(t, everything().Save("everything.gif"), "no format")
	_, err := (&Figure{Title: "empty"}).Bytes("svg")
	require.ErrorContains(t, err, "no panel")
}

// TestInkIsWhereItShouldBe looks at the picture: each colour of the theme that
// was used is there, and the margin is white, so that no label is cut.
func TestInkIsWhereItShouldBe(t *testing.T) {
	b, err := everything().Bytes("png")
	require.NoError(t, err)
	picture, err := png.Decode(bytes.NewReader(b))
	require.NoError(t, err)
	bounds := picture.Bounds()
	require.Equal(t, int(6.5*resolution), bounds.Dx())
	count := map[color.NRGBA]int{}
	for y := bounds.Min.Y; y < bounds.Max.Y; y++ {
		for x := bounds.Min.X; x < bounds.Max.X; x++ {
			c := color.NRGBAModel.Convert(picture.At(x, y)).(color.NRGBA)
			count[c]++
			if x == bounds.Min.X || y == bounds.Min.Y || x == bounds.Max.X-1 || y == bounds.Max.Y-1 {
				require.Equal(t, color.NRGBA{255, 255, 255, 255}, c, "ink at the edge (%d, %d)", x, y)
			}
		}
	}
	for i, c := range []color.NRGBA{palette[0], palette[1], palette[4], outside} {
		require.Greater(t, count[c], 50, "colour %d", i)
	}
}

func TestOddData(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	many := make([]float64, 1_000_000)
	for i := range many {
		many[i] = float64(i)
	}
	for i, c := range []Curve{
		{}, {X: []float64{1}, Y: []float64{1}}, {X: []float64{nan, nan}, Y: []float64{1, 2}}, {X: []float64{1, 2}, Y: []float64{inf, -inf}},
		{X: []float64{1, 1, 1}, Y: []float64{2, 2, 2}}, {X: []float64{1e-300, 1e300}, Y: []float64{-1e300, 1e300}}, {X: []float64{0, -1, 2}, Y: []float64{0, -1, 2}},
		{X: []float64{-2, -2 + 4e-16}, Y: []float64{1, 1 + 2e-16}}, {X: many, Y: many}, {X: []float64{1, 2, 3}, Y: []float64{1}},
	} {
		for _, log := range []bool{false, true} {
			c.Name = "odd"
			f := &Figure{Panels: []*Panel{{
				LogX: log, LogY: log, Curves: []Curve{c, {X: c.X, Y: c.Y, Points: true}},
				Level: func(x, y float64) float64 { return nan },
				Field: func(x, y float64) (float64, float64) { return inf, nan },
			}}}
			_, err := f.Bytes("svg")
			require.NoError(t, err, "case %d", i)
		}
	}
}

func TestTicks(t *testing.T) {
	labels := func(ticks []plot.Tick) []string {
		var out []string
		for _, k := range ticks {
			if k.Label != "" {
				out = append(out, k.Label)
			}
		}
		return out
	}
	require.Equal(t, []string{"0.0", "0.2", "0.4", "0.6", "0.8", "1.0"}, labels(linearTicks{}.Ticks(0, 1)))
	require.Equal(t, []string{"-2", "-1", "0", "1"}, labels(linearTicks{}.Ticks(-2.1, 1.1)))
	require.Equal(t, []string{"0", "10", "20"}, labels(linearTicks{}.Ticks(-1, 29)))
	require.Equal(t, []string{"1e-4", "1e-3", "0.01", "0.1"}, labels(logTicks{}.Ticks(-4.2, -0.9)))
	require.Equal(t, []string{"10", "2", "5", "20"}, labels(logTicks{}.Ticks(0.2, 1.4)))
	for _, r := range [][2]float64{{0, 1e-12}, {1e6, 1e6 + 1}, {-1e300, 1e300}, {3, 3}, {-2 - 4e-16, -2 + 4e-16}} {
		require.LessOrEqual(t, len(linearTicks{}.Ticks(r[0], r[1])), 8)
	}
}

// TestSegments: a level set separates the corners below it from the others.
func TestSegments(t *testing.T) {
	require.Empty(t, segments([4]float64{1, 2, 3, 4}, 0))
	require.Equal(t, [][4]float64{{0.5, 0, 0, 0.5}}, segments([4]float64{0, 1, 2, 1}, 0.5))
	require.Len(t, segments([4]float64{0, 1, 0, 1}, 0.6), 2)
	require.Len(t, segments([4]float64{0, 1, 0, 1}, 0.4), 2)
	require.Empty(t, segments([4]float64{0, 1, math.NaN(), 1}, 0.5))
}

// TestEllipsePoints: every point is at the radius in the metric.
func TestEllipsePoints(t *testing.T) {
	e := Ellipse{X: 1, Y: -2, M11: 2, M12: 0.7, M22: 1.5, Radius: 0.4}
	dx, dy := e.reach()
	for _, p := range ellipsePoints(e) {
		x, y := p[0]-e.X, p[1]-e.Y
		require.InDelta(t, 0.16, e.M11*x*x+2*e.M12*x*y+e.M22*y*y, 1e-12)
		require.LessOrEqual(t, math.Abs(x), dx*(1+1e-12))
		require.LessOrEqual(t, math.Abs(y), dy*(1+1e-12))
	}
}

func Example() {
	f := &Figure{
		Title: "A decay",
		Panels: []*Panel{{
			X: "time t", Y: "loss", LogY: true,
			Curves: []Curve{{Name: "Fisher flow", X: []float64{0, 1, 2}, Y: []float64{1, 0.1, 0.01}, Style: Style{Marker: true}}},
		}},
	}
	svg, err := f.Bytes("svg")
	fmt.Println(bytes.HasPrefix(svg, []byte("<?xml")), err)
	// Output: true <nil>
}
