package ode

import "math"

// A Norm is the size of a step's error estimate in units of the tolerance: the
// step is accepted when it is at most 1. y0 and y1 are the states at both ends
// of the step. An error that wraps [ErrDomain], or a value that is not finite,
// rejects the step.
type Norm func(err, y0, y1 []float64) (float64, error)

// RMS is the root mean square of err_i/(atol + rtol·max(|y0_i|, |y1_i|)).
func RMS(rtol, atol float64) Norm {
	return func(err, y0, y1 []float64) (float64, error) {
		y0, y1 = y0[:len(err)], y1[:len(err)]
		sum := 0.0
		for i, e := range err {
			sum += scaledSquare(e, y0[i], y1[i], rtol, max(atol, leastScale))
		}
		return math.Sqrt(sum / float64(len(err))), nil
	}
}

// RMSWith is RMS with an absolute tolerance for each component.
func RMSWith(rtol float64, atols []float64) Norm {
	return func(err, y0, y1 []float64) (float64, error) {
		y0, y1, a := y0[:len(err)], y1[:len(err)], atols[:len(err)]
		sum := 0.0
		for i, e := range err {
			sum += scaledSquare(e, y0[i], y1[i], rtol, max(a[i], leastScale))
		}
		return math.Sqrt(sum / float64(len(err))), nil
	}
}

// Max is the largest |err_i|/(atol + rtol·max(|y0_i|, |y1_i|)).
func Max(rtol, atol float64) Norm {
	return func(err, y0, y1 []float64) (float64, error) {
		y0, y1 = y0[:len(err)], y1[:len(err)]
		largest := 0.0
		for i, e := range err {
			e = math.Abs(e) / (max(atol, leastScale) + rtol*max(math.Abs(y0[i]), math.Abs(y1[i])))
			if e > largest || e != e {
				largest = e
			}
			if largest != largest {
				break
			}
		}
		return largest, nil
	}
}
