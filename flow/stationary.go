package flow

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"
)

// largestJacobian is the dimension up to which the Jacobian of the flow is
// formed to bound the distance left.
const largestJacobian = 512

// distanceLeft bounds the Fisher distance from x, where the Fisher flow has
// the given speed, to the minimum: speed/λ with λ the smallest rate of decay.
//
// Near a minimum the Fisher velocity is v = −A(x − x*), with A = G⁻¹∇²L of
// positive eigenvalues, and x is ‖A⁻¹v‖_G ≤ ‖v‖_G/λ_min away. A is the
// Jacobian of the velocity by central differences over 1e-4 Fisher units. +Inf
// says that no bound was found: a rate that is not positive, or too many
// coordinates.
func (f *Flow) distanceLeft(x []float64, speed float64) float64 {
	if speed == 0 {
		return 0
	}
	n := f.Dim()
	if n > largestJacobian {
		return math.Inf(1)
	}
	const step = 1e-4
	jacobian := mat.NewDense(n, n, nil)
	shifted := append([]float64(nil), x...)
	forward, backward := make([]float64, n), make([]float64, n)
	unit := make([]float64, n)
	for j := range n {
		if f.measureAt(x) != nil {
			return math.Inf(1)
		}
		clear(unit)
		unit[j] = 1
		length, err := f.length(unit)
		if err != nil || !(length > 0) || math.IsInf(length, 1) {
			return math.Inf(1)
		}
		h := step / length
		shifted[j] = x[j] + h
		err1 := f.fisherVelocity(forward, shifted)
		up := shifted[j]
		shifted[j] = x[j] - h
		err2 := f.fisherVelocity(backward, shifted)
		down := shifted[j]
		shifted[j] = x[j]
		if err1 != nil || err2 != nil || up == down {
			return math.Inf(1)
		}
		for i := range n {
			jacobian.Set(i, j, (backward[i]-forward[i])/(up-down))
		}
	}
	var eigen mat.Eigen
	if !eigen.Factorize(jacobian, mat.EigenNone) {
		return math.Inf(1)
	}
	smallest := math.Inf(1)
	for _, v := range eigen.Values(nil) {
		smallest = math.Min(smallest, real(v))
	}
	if !(smallest > 0) {
		return math.Inf(1)
	}
	return speed / smallest
}

// fisherVelocity stores −G⁻¹dL at x for the measuring metric.
func (f *Flow) fisherVelocity(dst, x []float64) error {
	if err := f.point.At(x); err != nil {
		return err
	}
	f.point.Gradient(f.covector)
	raise := f.point.Raise
	if f.fisher != nil {
		if err := f.fisher.At(x); err != nil {
			return err
		}
		raise = f.fisher.Raise
	}
	if err := raise(dst, f.covector); err != nil {
		return err
	}
	for i := range dst {
		dst[i] = -dst[i]
	}
	return nil
}

// Stationary checks that the Fisher distance from the end of the trajectory to
// the minimum is at most bound.
func (r *Result) Stationary(bound float64) Check {
	speed := r.Speeds[len(r.Speeds)-1]
	r.DistanceLeft = r.flow.distanceLeft(r.Last(), speed)
	c := Check{Name: "stationary", Value: r.DistanceLeft, Bound: bound}
	if math.IsInf(c.Value, 1) {
		c.Detail = fmt.Sprintf("no bound on the distance left: speed %.3g in Fisher length, no positive smallest rate found", speed)
		return c
	}
	rate := math.NaN()
	if c.Value > 0 {
		rate = speed / c.Value
	}
	c.Detail = fmt.Sprintf("Fisher distance left ≤ speed %.3g / smallest rate %.6g", speed, rate)
	return c
}
