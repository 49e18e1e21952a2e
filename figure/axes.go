package figure

import (
	"fmt"
	"math"
	"strconv"

	"gonum.org/v1/plot"
)

// narrowest is the width of an axis, as a fraction of its values, below which
// they are taken to be equal: rounding, not data.
const narrowest = 1e-10

// linearTicks puts at most six labels at round numbers, as few digits as tell
// them apart.
type linearTicks struct{}

func (linearTicks) Ticks(low, high float64) []plot.Tick {
	if !(high-low > narrowest*math.Max(math.Abs(low), math.Abs(high))) {
		return []plot.Tick{{Value: low, Label: strconv.FormatFloat(low, 'g', 4, 64)}}
	}
	step := math.Pow(10, math.Floor(math.Log10((high-low)/5)))
	for _, m := range []float64{1, 2, 5, 10} {
		if (high-low)/(m*step) <= 5.5 {
			step *= m
			break
		}
	}
	var ticks []plot.Tick
	first := math.Ceil(low/step - 1e-9)
	for i := range 8 {
		k := first + float64(i)
		v := k * step
		if v > high+1e-9*step {
			break
		}
		if k == 0 {
			v = 0
		}
		ticks = append(ticks, plot.Tick{Value: v, Label: label(v, step)})
	}
	return ticks
}

// label writes a tick's value with the digits that its step needs.
func label(v, step float64) string {
	if a := math.Abs(v); v != 0 && (a >= 1e5 || step < 1e-4) {
		return strconv.FormatFloat(v, 'g', 4, 64)
	}
	return strconv.FormatFloat(v, 'f', max(0, -int(math.Floor(math.Log10(step)+1e-9))), 64)
}

// logTicks are ticks of an axis in log₁₀: it labels decades, at most seven of
// them, and marks the others, or within two decades the digits 2 and 5 too.
type logTicks struct{}

func (logTicks) Ticks(low, high float64) []plot.Tick {
	if !(high > low) {
		return nil
	}
	first, last := int(math.Ceil(low-1e-9)), int(math.Floor(high+1e-9))
	stride := 1
	for (last-first)/stride >= 7 {
		stride++
	}
	var ticks []plot.Tick
	for d := first; d <= last; d++ {
		t := plot.Tick{Value: float64(d)}
		if mod(d, stride) == 0 {
			t.Label = decade(d)
		}
		ticks = append(ticks, t)
	}
	if last-first >= 2 {
		return ticks
	}
	for d := first - 1; d <= last; d++ {
		for m := 2.0; m < 10; m++ {
			v := float64(d) + math.Log10(m)
			if v < low || v > high {
				continue
			}
			t := plot.Tick{Value: v}
			if m == 2 || m == 5 {
				t.Label = strconv.FormatFloat(m*math.Pow(10, float64(d)), 'g', 3, 64)
			}
			ticks = append(ticks, t)
		}
	}
	return ticks
}

func decade(d int) string {
	if d >= -2 && d <= 3 {
		return strconv.FormatFloat(math.Pow(10, float64(d)), 'g', -1, 64)
	}
	return fmt.Sprintf("1e%d", d)
}

// A Range is the extent of an axis.
type Range struct{ Low, High float64 }

// extent covers the values with a margin, and is never empty.
func extent(values []float64, log bool) Range {
	low, high := math.Inf(1), math.Inf(-1)
	for _, v := range finite(values) {
		if log && v <= 0 {
			continue
		}
		low, high = math.Min(low, v), math.Max(high, v)
	}
	if low > high {
		if log {
			return Range{0.1, 10}
		}
		return Range{0, 1}
	}
	if log {
		r := math.Max(high/low, 1.2)
		m := math.Pow(math.Min(r, 1e300), 0.04)
		return Range{math.Max(low/m, 1e-300), math.Min(high*m, 1e300)}
	}
	m := 0.04 * (high - low)
	if !(high-low > narrowest*math.Max(math.Abs(low), math.Abs(high))) {
		m = math.Max(0.5*math.Abs(high), 0.5)
	}
	return Range{low - m, high + m}
}
