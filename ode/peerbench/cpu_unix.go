//go:build unix

package main

import "golang.org/x/sys/unix"

// cpuSeconds is the CPU time of the process, which stays meaningful on a machine
// that others use too.
func cpuSeconds() float64 {
	var t unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_PROCESS_CPUTIME_ID, &t); err != nil {
		panic(err)
	}
	return float64(t.Sec) + 1e-9*float64(t.Nsec)
}
