package figuretest

import (
	"bytes"
	"image/png"
	"math"
	"testing"

	"fisherflow/figure"

	"github.com/stretchr/testify/require"
)

func sine(phase, shift float64, legend string) *figure.Figure {
	c := figure.Curve{Name: legend}
	d := figure.Curve{Style: figure.Style{Color: 1, Dash: 1}}
	for i := range 201 {
		x := float64(i) / 20
		c.X, c.Y = append(c.X, x), append(c.Y, math.Sin(x+phase))
		d.X, d.Y = append(d.X, x), append(d.Y, math.Cos(x)+shift)
	}
	return &figure.Figure{Panels: []*figure.Panel{{X: "x", Y: "y", YRange: &figure.Range{Low: -2, High: 2}, Curves: []figure.Curve{c, d}}}}
}

func TestCompare(t *testing.T) {
	draw := func(f *figure.Figure) error {
		b, err := f.Bytes("png")
		require.NoError(t, err)
		m, err := png.Decode(bytes.NewReader(b))
		require.NoError(t, err)
		base, err := sine(0, 0, "sine").Bytes("png")
		require.NoError(t, err)
		stored, err := png.Decode(bytes.NewReader(base))
		require.NoError(t, err)
		return Compare(Reduce(stored), Reduce(m))
	}
	require.NoError(t, draw(sine(0, 0, "sine")))
	require.NoError(t, draw(sine(1e-6, 1e-6, "sine")))
	// Controls: a curve elsewhere by a hundredth of the axis, another word in
	// the legend, a curve that is missing, another size.
	require.ErrorContains(t, draw(sine(0, 0.04, "sine")), "pixels differ clearly")
	require.Error(t, draw(sine(0, 0, "cosine")))
	without := sine(0, 0, "sine")
	without.Panels[0].Curves = without.Panels[0].Curves[:1]
	require.Error(t, draw(without))
	wide := sine(0, 0, "sine")
	wide.Width = 7
	require.ErrorContains(t, draw(wide), "the stored picture has")
}
