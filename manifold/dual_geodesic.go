package manifold

import (
	"errors"
	"fmt"
	"math"
)

// ExponentialGeodesic stores in dst the point a fraction s of the way from p to
// q, all in source coordinates, on the geodesic of the exponential connection,
// which is straight in natural coordinates:
//
//	θ(s) = θ_p + s(θ_q − θ_p).
//
// Between two members it never leaves the family. Beyond them, s < 0 or s > 1,
// it may, which is an error that wraps [ErrDomain] and says at which parameter.
// (Amari & Nagaoka, Methods of Information Geometry, 2000, §3.5.)
func ExponentialGeodesic(f Exponential, dst, p, q []float64, s float64) error {
	return straight(f, "natural", "exponential", dst, p, q, s)
}

// MixtureGeodesic is the same for the mixture connection, whose geodesics are
// straight in expectation coordinates:
//
//	η(s) = η_p + s(η_q − η_p).
func MixtureGeodesic(f Exponential, dst, p, q []float64, s float64) error {
	return straight(f, "expectation", "mixture", dst, p, q, s)
}

func straight(f Exponential, name, what string, dst, p, q []float64, s float64) error {
	if err := checkBoth(f, p, q); err != nil {
		return err
	}
	if math.IsNaN(s) || math.IsInf(s, 0) {
		return fmt.Errorf("%s: a geodesic has no parameter %g", f.Name(), s)
	}
	chart, ok := f.Chart(name)
	if !ok {
		return missing(f, name+" chart")
	}
	switch s {
	case 0:
		copy(dst, p)
		return nil
	case 1:
		copy(dst, q)
		return nil
	}
	n := f.Dim()
	from, to, xi, theta := make([]float64, n), make([]float64, n), make([]float64, n), make([]float64, n)
	if err := errors.Join(chart.FromSource(from, p), chart.FromSource(to, q)); err != nil {
		return err
	}
	at := func(s float64) error {
		for i := range xi {
			// From the nearer end, which it then meets exactly.
			if s < 0.5 {
				xi[i] = from[i] + s*(to[i]-from[i])
			} else {
				xi[i] = to[i] + (s-1)*(to[i]-from[i])
			}
		}
		return chart.ToSource(theta, xi)
	}
	err := at(s)
	if err == nil {
		copy(dst, theta)
		return nil
	}
	if !errors.Is(err, ErrDomain) || s > 0 && s < 1 {
		return err
	}
	// The domain is convex: inside up to the boundary, outside beyond.
	inside, outside := 0.0, s
	if s > 1 {
		inside = 1
	}
	for range 200 {
		middle := inside + (outside-inside)/2
		if middle == inside || middle == outside {
			break
		}
		if at(middle) == nil {
			inside = middle
		} else {
			outside = middle
		}
	}
	return fmt.Errorf("%s: the %s geodesic to parameter %g has met the boundary at parameter %.10g: %w", f.Name(), what, s, inside, ErrDomain)
}
