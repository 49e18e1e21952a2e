package tanh

import "golang.org/x/sys/cpu"

// vectorised says whether this processor runs evalAVX2. A variable, so that a
// test can run the portable form.
var vectorised = cpu.X86.HasAVX2

// evalAVX2 takes n numbers, a multiple of four.
//
//go:noescape
func evalAVX2(h, d, s *float64, n int)
