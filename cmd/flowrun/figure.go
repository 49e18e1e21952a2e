package main

import (
	"fmt"

	"fisherflow/experiments"
	"fisherflow/manifold"
	"fisherflow/run"
)

// drawInspection draws Fisher ellipses over the chart and geodesics around a
// member.
func drawInspection(file string, f manifold.Family, chart string, at []float64) error {
	if err := checkFigureFile(file); err != nil {
		return err
	}
	fig, err := experiments.Indicatrix(f, chart, at)
	if err != nil {
		return usage("inspect: %w", err)
	}
	if err := fig.Save(file); err != nil {
		return &exit{run.ExitFailed, fmt.Errorf("figure: %w", err)}
	}
	return nil
}
