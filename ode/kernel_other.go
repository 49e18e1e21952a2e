//go:build !amd64

package ode

const vectorised = false

func sumAVX2(*pass, float64) bool { return false }

func finishAVX2(*pass, float64) bool { return false }

func judgeAVX2(*verdict, float64) float64 { return 0 }

func finiteAVX2(*float64, int) bool { return false }
