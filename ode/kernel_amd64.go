package ode

import "golang.org/x/sys/cpu"

// vectorised says whether this processor runs the kernels in kernel_amd64.s. A
// variable, so that a test can run the portable ones.
var vectorised = cpu.X86.HasAVX2

// wide says whether they may take long vectors in the registers of AVX-512.
var wide = cpu.X86.HasAVX2 && cpu.X86.HasAVX512F

//go:noescape
func sumAVX2(p *pass, h float64) (finite bool)

//go:noescape
func finishAVX2(p *pass, h float64) (finite bool)

//go:noescape
func judgeAVX2(v *verdict, h float64) (sum float64)

// finiteAVX2 takes a multiple of four components.
//
//go:noescape
func finiteAVX2(v *float64, n int) (finite bool)
