package ode

import (
	"context"
	"fmt"
	"testing"

	"fisherflow/ode/internal/problem"
)

// BenchmarkStep is the time of one accepted step on a field that costs next to
// nothing.
func BenchmarkStep(b *testing.B) {
	for _, m := range Methods() {
		for _, n := range []int{2, 4, 28, 1000} {
			if m.Kind() == "implicit" && n > 28 {
				continue
			}
			b.Run(fmt.Sprintf("%s/n=%d", m.Name(), n), func(b *testing.B) {
				y0 := make([]float64, n)
				y0[0] = 1
				s := &Settings{Method: m, Step: 1e-3, MaxStep: 1e-3, Discard: true, MaxSteps: b.N + 10}
				b.ReportAllocs()
				b.ResetTimer()
				if _, err := Solve(context.Background(), problem.Oscillators{}, y0, 0, 1e-3*float64(b.N), s); err != nil {
					b.Fatal(err)
				}
			})
		}
	}
}

// BenchmarkStiff is the time of a whole solve of a stiff problem.
func BenchmarkStiff(b *testing.B) {
	for _, name := range []string{"vdp1000", "rober", "hires"} {
		p := problem.ByName(name)
		for _, m := range []Method{Radau5, Rosenbrock, Auto} {
			b.Run(name+"/"+m.Name(), func(b *testing.B) {
				s := &Settings{Method: m, RTol: 1e-6, ATol: 1e-6 * p.Absolute, Discard: true}
				for b.Loop() {
					if _, err := Solve(context.Background(), p.Field, p.Y0, p.T0, p.T1, s); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
