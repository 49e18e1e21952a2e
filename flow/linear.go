package flow

import (
	"fmt"
	"math"

	"fisherflow/manifold"
)

// Linear returns L = c·ξ, with ξ the coordinates of a chart of the family. In
// the natural chart of an exponential family its Fisher flow is
// η(t) = η₀ − ct in expectation coordinates, until it meets the boundary; in
// the expectation chart it is that of [Expectation].
func Linear(family manifold.Family, chart string, c []float64) (Loss, error) {
	view, err := manifold.In(family, chart)
	if err != nil {
		return nil, fmt.Errorf("linear: %w", err)
	}
	if err := checkCoefficients("linear", family, c); err != nil {
		return nil, err
	}
	n := family.Dim()
	return &linear{
		family: family, chartName: chart, chart: view.Chart(), c: append([]float64(nil), c...),
		theta: make([]float64, n), xi: make([]float64, n),
	}, nil
}

type linear struct {
	family      manifold.Family
	chartName   string
	chart       manifold.Chart
	c           []float64
	theta, xi   []float64
	value, size float64
}

func (l *linear) Name() string { return "linear" }

func (l *linear) At(theta []float64) error {
	if err := l.family.Check(theta); err != nil {
		return err
	}
	copy(l.theta, theta)
	if err := l.chart.FromSource(l.xi, theta); err != nil {
		return err
	}
	l.value, l.size = dot(l.c, l.xi)
	return nil
}

func (l *linear) Value() float64         { return l.value }
func (l *linear) Magnitude() float64     { return math.Abs(l.size) }
func (l *linear) Gradient(dst []float64) { l.chart.PullInverse(dst, l.xi, l.theta, l.c) }
func (l *linear) Clone() Loss {
	c, err := Linear(l.family, l.chartName, l.c)
	if err != nil {
		panic("flow: " + err.Error())
	}
	return c
}
