package manifold

import (
	"fmt"
	"math"
)

// A DomainError says that a coordinate lies outside of its domain. It wraps
// [ErrDomain].
type DomainError struct {
	Family     string
	Chart      string // empty for the source coordinates
	Coordinate string
	Value      float64
	Want       string // what would be right, as "must be positive"
}

func (e *DomainError) Error() string {
	where := e.Family
	if e.Chart != "" && e.Chart != "source" {
		where += " (chart " + e.Chart + ")"
	}
	return fmt.Sprintf("%s: %s = %g %s", where, e.Coordinate, e.Value, e.Want)
}

// Unwrap returns [ErrDomain].
func (e *DomainError) Unwrap() error { return ErrDomain }

// An interval is an open range of real numbers.
type interval struct {
	low, high float64
	want      string
}

var (
	realLine = interval{math.Inf(-1), math.Inf(1), "must be finite"}
	positive = interval{0, math.Inf(1), "must be positive"}
	negative = interval{math.Inf(-1), 0, "must be negative"}
	unit     = interval{0, 1, "must lie between 0 and 1"}
)

func (r interval) contains(x float64) bool { return x > r.low && x < r.high }

// check reports the first of the coordinates that lies outside of its range.
func check(family, chart string, names []string, ranges []interval, x []float64) error {
	mustLen(len(x), len(ranges))
	for i, r := range ranges {
		if !r.contains(x[i]) {
			want := r.want
			if math.IsNaN(x[i]) || math.IsInf(x[i], 0) {
				want = realLine.want
			}
			return &DomainError{Family: family, Chart: chart, Coordinate: names[i], Value: x[i], Want: want}
		}
	}
	return nil
}

func mustLen(got, want int) {
	if got != want {
		panic(fmt.Sprintf("manifold: slice of length %d where %d are needed", got, want))
	}
}

// An ObservationError says that an observation lies outside of the support. It
// wraps [ErrDomain].
type ObservationError struct {
	Family string
	Value  []float64
	Want   string
}

func (e *ObservationError) Error() string {
	if len(e.Value) == 1 {
		return fmt.Sprintf("%s: observation %g %s", e.Family, e.Value[0], e.Want)
	}
	return fmt.Sprintf("%s: observation %g %s", e.Family, e.Value, e.Want)
}

// Unwrap returns [ErrDomain].
func (e *ObservationError) Unwrap() error { return ErrDomain }

func checkScalar(family string, x []float64, ok func(float64) bool, want string) error {
	if len(x) != 1 {
		return &ObservationError{Family: family, Value: x, Want: "must be one number"}
	}
	if !ok(x[0]) || math.IsInf(x[0], 0) {
		return &ObservationError{Family: family, Value: x, Want: want}
	}
	return nil
}

// checkVector wants n finite numbers.
func checkVector(family string, x []float64, n int) error {
	if len(x) != n {
		return &ObservationError{Family: family, Value: x, Want: fmt.Sprintf("must have %d components", n)}
	}
	for _, v := range x {
		if !realLine.contains(v) {
			return &ObservationError{Family: family, Value: x, Want: "must be finite"}
		}
	}
	return nil
}

func isCount(x float64) bool { return x >= 0 && x == math.Trunc(x) }
