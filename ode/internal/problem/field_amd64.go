package problem

import "golang.org/x/sys/cpu"

// The large fields have assembly, as a compiler of C makes it of their loops: so
// that solvers are compared, and not compilers.
var vectorised = cpu.X86.HasAVX2

// heatAVX2 stores u_{i−1} − 2u_i + u_{i+1} in n components of dst, a multiple of
// four, neither the first nor the last of u.
//
//go:noescape
func heatAVX2(dst, u *float64, n int)

// oscillateAVX2 stores n components of the oscillators, a multiple of four.
//
//go:noescape
func oscillateAVX2(dst, y *float64, n int)
