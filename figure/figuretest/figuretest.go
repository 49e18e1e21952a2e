// Package figuretest compares figures with stored pictures of them.
//
// A stored picture is the figure reduced to a fifth of its width and sixteen
// greys: a few kilobytes, in which one still sees every curve. The comparison
// forgives the last bits of a coordinate, which move the edge of a line by a
// fraction of a pixel, and nothing that one would see.
package figuretest

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"testing"
)

const (
	reduction = 5
	greys     = 16

	// A pixel may be one grey off by rounding. Where a line is missing or
	// elsewhere, pixels are off by several.
	clear = 2 * 255 / (greys - 1)
	// most is the fraction of pixels that may be off by more: an end of a line
	// of a few pixels.
	most = 1e-4
)

// UpdateVariable is the environment variable that, set to 1, makes [Check] store
// the picture instead of comparing it.
const UpdateVariable = "FISHERFLOW_UPDATE_FIGURES"

// Reduce is the picture as it is stored.
func Reduce(m image.Image) *image.Paletted {
	b := m.Bounds()
	palette := make(color.Palette, greys)
	for i := range palette {
		palette[i] = color.Gray{Y: uint8(255 * i / (greys - 1))}
	}
	out := image.NewPaletted(image.Rect(0, 0, b.Dx()/reduction, b.Dy()/reduction), palette)
	for y := range out.Rect.Dy() {
		for x := range out.Rect.Dx() {
			sum := 0
			for j := range reduction {
				for i := range reduction {
					sum += int(color.GrayModel.Convert(m.At(b.Min.X+x*reduction+i, b.Min.Y+y*reduction+j)).(color.Gray).Y)
				}
			}
			mean := float64(sum) / (reduction * reduction)
			out.SetColorIndex(x, y, uint8(mean*(greys-1)/255+0.5))
		}
	}
	return out
}

// Compare says in what a reduced picture differs from a stored one, nil if in
// nothing that one would see.
func Compare(stored, drawn image.Image) error {
	a, b := stored.Bounds(), drawn.Bounds()
	if a.Dx() != b.Dx() || a.Dy() != b.Dy() {
		return fmt.Errorf("the stored picture has %d×%d pixels, the figure %d×%d", a.Dx(), a.Dy(), b.Dx(), b.Dy())
	}
	off, left, right, top, bottom := 0, a.Dx(), 0, a.Dy(), 0
	for y := range a.Dy() {
		for x := range a.Dx() {
			u := color.GrayModel.Convert(stored.At(a.Min.X+x, a.Min.Y+y)).(color.Gray).Y
			v := color.GrayModel.Convert(drawn.At(b.Min.X+x, b.Min.Y+y)).(color.Gray).Y
			if max(u, v)-min(u, v) > clear {
				off++
				left, right, top, bottom = min(left, x), max(right, x), min(top, y), max(bottom, y)
			}
		}
	}
	if total := a.Dx() * a.Dy(); float64(off) > most*float64(total) {
		return fmt.Errorf("%d of %d pixels differ clearly, in columns %d to %d and rows %d to %d of the reduced picture", off, total, left, right, top, bottom)
	}
	return nil
}

// Check compares a figure, as a PNG, with the picture stored in a file. With
// [UpdateVariable] set it stores the picture.
func Check(t testing.TB, file string, drawn []byte) {
	t.Helper()
	m, err := png.Decode(bytes.NewReader(drawn))
	if err != nil {
		t.Fatalf("%s: the figure is no PNG: %v", file, err)
	}
	reduced := Reduce(m)
	if os.Getenv(UpdateVariable) == "1" {
		store(t, file, reduced)
		return
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Errorf("no stored picture: %v; look at the figure, then run the test with %s=1", err, UpdateVariable)
		return
	}
	stored, err := png.Decode(bytes.NewReader(text))
	if err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	if err := Compare(stored, reduced); err != nil {
		t.Errorf("%s: %v; look at the figure, and if it is right run the test with %s=1", file, err, UpdateVariable)
	}
}

func store(t testing.TB, file string, m image.Image) {
	t.Helper()
	var b bytes.Buffer
	encoder := png.Encoder{CompressionLevel: png.BestCompression}
	if err := encoder.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, b.Bytes(), 0o666); err != nil {
		t.Fatal(err)
	}
}
