package ode_test

import (
	"context"
	"errors"
	"fmt"
	"math"

	"fisherflow/ode"
)

var background = context.Background()

// oscillator is y″ = −y.
var oscillator = ode.FieldFunc(func(dst []float64, t float64, y []float64) error {
	dst[0], dst[1] = y[1], -y[0]
	return nil
})

func Example() {
	// The harmonic oscillator, to a relative tolerance of 1e-9.
	r, err := ode.Solve(background, oscillator, []float64{1, 0}, 0, 2*math.Pi, &ode.Settings{RTol: 1e-9})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("after a half turn %.6f, after a turn %.6f\n", r.At(nil, math.Pi)[0], r.At(nil, 2*math.Pi)[0])
	// Output: after a half turn -1.000000, after a turn 1.000000
}

// SaveAt interpolates, and leaves the steps alone.
func Example_saveAt() {
	r, err := ode.Solve(background, oscillator, []float64{1, 0}, 0, 4, &ode.Settings{
		RTol: 1e-10, SaveAt: []float64{1, 2, 3}, Discard: true,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	for i, y := range r.Saved() {
		fmt.Printf("cos %d = %.8f\n", i+1, y[0])
	}
	// Output:
	// cos 1 = 0.54030231
	// cos 2 = -0.41614684
	// cos 3 = -0.98999250
}

// StopAt ends a step exactly there, with the accuracy of the steps.
func Example_stopAt() {
	r, err := ode.Solve(background, oscillator, []float64{1, 0}, 0, 4, &ode.Settings{RTol: 1e-12, StopAt: []float64{1, 2, 3}})
	if err != nil {
		fmt.Println(err)
		return
	}
	for i := 1; i <= 3; i++ {
		fmt.Printf("cos %d = %.11f\n", i, r.At(nil, float64(i))[0])
	}
	// Output:
	// cos 1 = 0.54030230587
	// cos 2 = -0.41614683655
	// cos 3 = -0.98999249660
}

// An observer sees every step, and may end the solve well.
func Example_observer() {
	s := &ode.Settings{Discard: true, Observer: func(step *ode.Step) error {
		if step.Y1[0] < 0 {
			return ode.ErrStop
		}
		return nil
	}}
	r, err := ode.Solve(background, oscillator, []float64{1, 0}, 0, math.Inf(1), s)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(r.Reason, "after the first quarter turn:", r.Time(r.Len()-1) > math.Pi/2)
	// Output: stopped by the observer after the first quarter turn: true
}

// A controller that changes the step size smoothly, and tolerances by component.
func Example_control() {
	s := &ode.Settings{Controller: ode.PID, RTol: 1e-8, ATols: []float64{1e-10, 1e-6}}
	r, err := ode.Solve(background, oscillator, []float64{1, 0}, 0, 2*math.Pi, s)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%.6f\n", r.State(r.Len() - 1)[0])
	// Output: 1.000000
}

// rod is the heat in a rod of a thousand pieces: each knows its neighbours alone.
type rod struct{}

func (rod) Eval(dst []float64, _ float64, u []float64) error {
	for i := range u {
		dst[i] = -2 * u[i]
		if i > 0 {
			dst[i] += u[i-1]
		}
		if i+1 < len(u) {
			dst[i] += u[i+1]
		}
	}
	return nil
}

func (rod) Bandwidths() (lower, upper int) { return 1, 1 }

// A banded field: its Jacobian takes three evaluations, and its equations O(n).
func Example_banded() {
	u := make([]float64, 1000)
	u[500] = 1
	r, err := ode.Solve(background, rod{}, u, 0, 1000, &ode.Settings{Method: ode.Radau5})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%.5f in the middle, fewer than 100 steps: %t\n", r.State(r.Len() - 1)[500], r.Statistics.Steps < 100)
	// Output: 0.00892 in the middle, fewer than 100 steps: true
}

// A ball that loses a tenth of its speed at every bounce: an event finds the
// floor, and Apply turns the velocity.
func Example_events() {
	ball := ode.FieldFunc(func(dst []float64, _ float64, y []float64) error {
		dst[0], dst[1] = y[1], -9.81
		return nil
	})
	floor := ode.Event{
		Value:     func(_ float64, y []float64) (float64, error) { return y[0], nil },
		Direction: -1,
		Apply:     func(_ float64, y []float64) error { y[0], y[1] = 0, -0.9*y[1]; return nil },
	}
	r, err := ode.Solve(background, ball, []float64{1, 0}, 0, 2, &ode.Settings{Events: []ode.Event{floor}})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, hit := range r.Hits {
		fmt.Printf("%.6f s at %.3f m/s\n", hit.T, hit.Y[1])
	}
	// Output:
	// 0.451524 s at -4.429 m/s
	// 1.264266 s at -3.987 m/s
	// 1.995734 s at -3.588 m/s
}

// reaction is Robertson's, whose rates differ by nine orders of magnitude. It
// knows its derivatives.
type reaction struct{}

func (reaction) Eval(dst []float64, _ float64, y []float64) error {
	a, b, c := 0.04*y[0], 1e4*y[1]*y[2], 3e7*y[1]*y[1]
	dst[0], dst[1], dst[2] = b-a, a-b-c, c
	return nil
}

func (reaction) Jacobian(dst []float64, _ float64, y []float64) error {
	dst[0], dst[1], dst[2] = -0.04, 1e4*y[2], 1e4*y[1]
	dst[3], dst[4], dst[5] = 0.04, -1e4*y[2]-6e7*y[1], -1e4*y[1]
	dst[7] = 6e7 * y[1]
	return nil
}

// A stiff field. An explicit method gives up and says why; auto turns to an
// implicit one.
func Example_stiff() {
	y0 := []float64{1, 0, 0}
	_, err := ode.Solve(background, reaction{}, y0, 0, 1e5, &ode.Settings{MaxSteps: 10000})
	fmt.Println(errors.Is(err, ode.ErrMaxSteps))

	r, err := ode.Solve(background, reaction{}, y0, 0, 1e5, &ode.Settings{Method: ode.Auto, ATol: 1e-14})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%.4g of it are left, after fewer than 400 steps: %t\n", r.State(r.Len() - 1)[0], r.Statistics.Steps < 400)
	// Output:
	// true
	// 0.01787 of it are left, after fewer than 400 steps: true
}

// A norm of one's own: the error of an angle and of its velocity, each in its own
// unit.
func Example_norm() {
	pendulum := ode.FieldFunc(func(dst []float64, _ float64, y []float64) error {
		dst[0], dst[1] = y[1], -math.Sin(y[0])
		return nil
	})
	norm := func(err, _, _ []float64) (float64, error) {
		return math.Hypot(err[0]/1e-8, err[1]/1e-6), nil
	}
	r, err := ode.Solve(background, pendulum, []float64{1, 0}, 0, 10, &ode.Settings{Norm: norm})
	if err != nil {
		fmt.Println(err)
		return
	}
	energy := func(y []float64) float64 { return y[1]*y[1]/2 - math.Cos(y[0]) }
	fmt.Printf("energy changed by less than 1e-6: %t\n", math.Abs(energy(r.State(r.Len()-1))-energy(r.State(0))) < 1e-6)
	// Output: energy changed by less than 1e-6: true
}

// A field that jumps at a known time.
func Example_discontinuities() {
	heater := ode.FieldFunc(func(dst []float64, t float64, y []float64) error {
		dst[0] = -y[0]
		if t > 1 {
			dst[0]++
		}
		return nil
	})
	r, err := ode.Solve(background, heater, []float64{1}, 0, 2, &ode.Settings{RTol: 1e-10, Discontinuities: []float64{1}})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%.8f, %d steps rejected\n", r.State(r.Len() - 1)[0], r.Statistics.Rejected)
	// Output: 0.76745584, 0 steps rejected
}

// A solution that ends before the span does comes with its time, and with what
// was computed of it.
func Example_blowUp() {
	square := ode.FieldFunc(func(dst []float64, _ float64, y []float64) error { dst[0] = y[0] * y[0]; return nil })
	r, err := ode.Solve(background, square, []float64{1}, 0, 2, nil)
	var where *ode.Error
	fmt.Printf("%t at t = %.4f; at t = 0.5 it was %.4f\n", errors.As(err, &where), where.T, r.At(nil, 0.5)[0])
	// Output: true at t = 1.0000; at t = 0.5 it was 2.0000
}

func ExampleTrajectory_Continue() {
	first, err := ode.Solve(background, oscillator, []float64{1, 0}, 0, 1, &ode.Settings{RTol: 1e-9})
	if err != nil {
		fmt.Println(err)
		return
	}
	rest, err := first.Continue(background, oscillator, math.Pi)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%.6f\n", rest.State(rest.Len() - 1)[0])
	// Output: -1.000000
}

func ExampleSteps() {
	decay := ode.FieldFunc(func(dst []float64, _ float64, y []float64) error { dst[0] = -y[0]; return nil })
	for step, err := range ode.Steps(background, decay, []float64{1}, 0, 10, nil) {
		if err != nil {
			fmt.Println(err)
			return
		}
		if step.Y1[0] < 0.5 {
			fmt.Printf("halved before t = %.1f\n", step.T1+0.05)
			break
		}
	}
	// Output: halved before t = 0.8
}

func ExampleEnsemble() {
	// The period of a pendulum by its amplitude, over all cores.
	pendulum := ode.FieldFunc(func(dst []float64, _ float64, y []float64) error {
		dst[0], dst[1] = y[1], -math.Sin(y[0])
		return nil
	})
	quarter := ode.Event{Value: func(_ float64, y []float64) (float64, error) { return y[0], nil }, Terminal: true}
	problem := func(i int) (ode.Problem, error) {
		return ode.Problem{
			Field: pendulum, Y0: []float64{float64(i+1) / 2, 0}, T1: math.Inf(1),
			Settings: &ode.Settings{RTol: 1e-10, Events: []ode.Event{quarter}},
		}, nil
	}
	all, err := ode.Ensemble(background, 4, problem, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	for i, r := range all {
		fmt.Printf("%.1f rad: %.6f s\n", float64(i+1)/2, 4*r.Hits[0].T)
	}
	// Output:
	// 0.5 rad: 6.382790 s
	// 1.0 rad: 6.699976 s
	// 1.5 rad: 7.300865 s
	// 2.0 rad: 8.349753 s
}
