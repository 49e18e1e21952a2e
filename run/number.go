package run

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
)

// A Number is a float64 that survives JSON: what is not finite is written as
// the string "NaN", "+Inf" or "-Inf", and everything else in the shortest form
// that reads back the same.
type Number float64

// MarshalJSON writes the number.
func (x Number) MarshalJSON() ([]byte, error) {
	switch v := float64(x); {
	case math.IsNaN(v):
		return []byte(`"NaN"`), nil
	case math.IsInf(v, 1):
		return []byte(`"+Inf"`), nil
	case math.IsInf(v, -1):
		return []byte(`"-Inf"`), nil
	default:
		return json.Marshal(v)
	}
}

// UnmarshalJSON reads the number.
func (x *Number) UnmarshalJSON(text []byte) error {
	s := string(text)
	switch s {
	case `"NaN"`:
		*x = Number(math.NaN())
		return nil
	case `"+Inf"`:
		*x = Number(math.Inf(1))
		return nil
	case `"-Inf"`:
		*x = Number(math.Inf(-1))
		return nil
	}
	v, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return fmt.Errorf("%s is not a number", s)
	}
	*x = Number(v)
	return nil
}

// Numbers converts a slice.
func Numbers(x []float64) []Number {
	out := make([]Number, len(x))
	for i, v := range x {
		out[i] = Number(v)
	}
	return out
}

// Floats converts a slice back.
func Floats(x []Number) []float64 {
	out := make([]float64, len(x))
	for i, v := range x {
		out[i] = float64(v)
	}
	return out
}
