package main

import (
	"context"
	"fmt"
	"math"
	"slices"

	"fisherflow/ode"
)

// bench times one problem.
type bench struct {
	definition
	name  string
	field ode.Field
	quick bool
	tf    float64 // seconds of one evaluation of the field
}

// A setting is what a row is run with.
type setting struct {
	name      string
	tolerance float64 // 0: fixed steps
	steps     int
}

// cases lists the settings for a method. A stiff problem is not given to a
// method that would need a step for each unit of its largest eigenvalue.
func (b *bench) cases(m ode.Method) []setting {
	if m.EmbeddedOrder() == 0 {
		if b.FixedSteps == 0 {
			return nil
		}
		return []setting{{name: fmt.Sprintf("N=%d", b.FixedSteps), steps: b.FixedSteps}}
	}
	if b.Stiff && m.Kind() == "explicit" {
		return nil
	}
	var cases []setting
	for k := 3; k <= 13; k++ {
		if b.quick && k%3 != 0 || m.Order() <= 3 && k > 9 {
			continue
		}
		cases = append(cases, setting{name: fmt.Sprintf("1e-%d", k), tolerance: math.Pow10(-k)})
	}
	return cases
}

func (b *bench) solve(m ode.Method, c setting) (*ode.Trajectory, error) {
	s := &ode.Settings{Method: m, Discard: true, MaxSteps: 100_000_000}
	if c.steps > 0 {
		s.Step = (b.T1 - b.T0) / float64(c.steps)
	} else {
		s.RTol, s.ATol = c.tolerance, c.tolerance*b.AbsoluteFactor
	}
	return ode.Solve(context.Background(), b.field, b.Y0, b.T0, b.T1, s)
}

// row runs one method at one setting.
func (b *bench) row(m ode.Method, c setting) string {
	var result *ode.Trajectory
	var fault error
	median, least := b.time(func() { result, fault = b.solve(m, c) })
	absolute, relative := b.errors(result)
	status := "ok"
	if fault != nil {
		status = "FAIL " + clean(fault.Error())
	}
	s := result.Statistics
	rejected := s.Rejected + s.Refused
	perEvaluation := least / float64(max(1, s.Evaluations))
	return fmt.Sprintf("fisherflow,%s,%s,%s,%d,%s,%.3e,%.3e,%d,%d,%d,%d,%.3f,%.3f,%.2f,%.2f,%.2f,%.1f,%s",
		version(), m.Name(), b.name, b.N, c.name, absolute, relative, s.Evaluations, s.Jacobians, s.Steps, rejected,
		median*1e6, least*1e6, b.tf*1e9, perEvaluation*1e9, (perEvaluation-b.tf)*1e9,
		least/float64(max(1, s.Steps+rejected))*1e9, status)
}

// errors are the largest absolute and relative error of the end.
func (b *bench) errors(r *ode.Trajectory) (absolute, relative float64) {
	for i, y := range r.State(r.Len() - 1) {
		e := math.Abs(y - b.Reference[i])
		absolute = math.Max(absolute, e)
		relative = math.Max(relative, e/math.Max(math.Abs(b.Reference[i]), 1e-300))
	}
	return absolute, relative
}

// time returns the median and the least CPU seconds of a call, over batches.
func (b *bench) time(f func()) (median, least float64) {
	begin := cpuSeconds()
	f()
	once := cpuSeconds() - begin
	batches, batch := 9, 2e-3
	if b.quick {
		batches, batch = 3, 5e-4
	}
	switch {
	case once > 2:
		batches = 1
	case once > 0.1:
		batches = 3
	}
	repeats := 1 + int(min(20000, batch/max(once, 1e-7)))
	times := make([]float64, batches)
	for k := range times {
		begin := cpuSeconds()
		for range repeats {
			f()
		}
		times[k] = (cpuSeconds() - begin) / float64(repeats)
	}
	slices.Sort(times)
	return times[len(times)/2], times[0]
}

// fieldTime times one evaluation of the field.
func (b *bench) fieldTime() {
	dst := make([]float64, b.N)
	repeats := 100000
	if b.N > 100 {
		repeats = 3000
	}
	if b.quick {
		repeats /= 10
	}
	_, least := b.time(func() {
		for range repeats {
			if b.field.Eval(dst, b.T0, b.Y0) != nil {
				return
			}
		}
	})
	b.tf = least / float64(repeats)
}
