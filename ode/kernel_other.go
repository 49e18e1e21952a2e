//go:build !amd64

package ode

const vectorised = false

func combineVector(_, _ []float64, _ float64, _ *row, _ [][]float64) bool { return false }

func squareBlocks(_, _, _ []float64, _, _ float64, _ *[4]float64) int { return 0 }

func finiteAVX2(_ *float64, _ int) float64 { return 0 }
