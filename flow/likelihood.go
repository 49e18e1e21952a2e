package flow

import (
	"fmt"
	"math"

	"fisherflow/manifold"
)

// NLL returns the mean negative log-likelihood of observations, the rows,
//
//	L(θ) = −(1/n) Σ log p(x_i|θ).
//
// On an exponential family only the mean T̄ of the sufficient statistic enters,
// L = A(θ) − θ·T̄ − mean log h, and the flow under the Fisher metric is
// η(t) = T̄ + e^{−t}(η₀ − T̄). Any other family is asked for the log-density
// and the score of every row at every point.
//
// A row outside of the family's support is an error that names it.
func NLL(family manifold.Family, rows [][]float64) (Loss, error) {
	if len(rows) == 0 {
		return nil, fmt.Errorf("nll: no observations")
	}
	if o, ok := family.(manifold.Observed); ok {
		for i, x := range rows {
			if err := o.CheckObservation(x); err != nil {
				return nil, fmt.Errorf("nll: observation %d: %w", i+1, err)
			}
		}
	}
	if f, ok := family.(manifold.Exponential); ok {
		return newStatisticNLL(f, rows)
	}
	return newRowNLL(family, rows)
}

// statisticNLL is the likelihood of an exponential family, by its mean
// sufficient statistic.
type statisticNLL struct {
	*dual
	mean    []float64 // T̄
	base    float64   // mean of log h
	n       int
	value   float64
	size    float64
	residue []float64 // η − T̄
}

func newStatisticNLL(family manifold.Exponential, rows [][]float64) (Loss, error) {
	d, err := newDual(family)
	if err != nil {
		return nil, err
	}
	k := family.Dim()
	mean, lost := make([]float64, k), make([]float64, k)
	statistic := make([]float64, k)
	base := 0.0
	for _, x := range rows {
		family.Sufficient(statistic, x)
		for i, t := range statistic {
			// Compensated, so that the order of the rows does not show.
			y := t - lost[i]
			s := mean[i] + y
			lost[i] = (s - mean[i]) - y
			mean[i] = s
		}
		base += family.LogBase(x)
	}
	for i := range mean {
		mean[i] /= float64(len(rows))
	}
	return &statisticNLL{
		dual: d, mean: mean, base: base / float64(len(rows)), n: len(rows), residue: make([]float64, k),
	}, nil
}

func (l *statisticNLL) Name() string { return "nll" }

func (l *statisticNLL) At(theta []float64) error {
	if err := l.at(theta); err != nil {
		return err
	}
	a := l.family.LogPartition(theta)
	inner, size := dot(l.nat, l.mean)
	l.value = a - inner - l.base
	l.size = math.Abs(a) + size + math.Abs(l.base)
	for i, e := range l.eta {
		l.residue[i] = e - l.mean[i]
	}
	return nil
}

func (l *statisticNLL) Value() float64         { return l.value }
func (l *statisticNLL) Magnitude() float64     { return l.size }
func (l *statisticNLL) Gradient(dst []float64) { l.fromNatural(dst, l.residue) }
func (l *statisticNLL) Clone() Loss {
	c := *l
	c.dual, c.residue = l.clone(), make([]float64, len(l.residue))
	return &c
}

// Observations is the number of rows.
func (l *statisticNLL) Observations() int { return l.n }

// rowNLL is the likelihood of a family that has no sufficient statistic.
type rowNLL struct {
	family   manifold.Family
	density  manifold.LogDensity
	scorer   manifold.Scorer
	rows     [][]float64
	value    float64
	size     float64
	score    []float64
	gradient []float64
}

func newRowNLL(family manifold.Family, rows [][]float64) (Loss, error) {
	density, ok1 := family.(manifold.LogDensity)
	scorer, ok2 := family.(manifold.Scorer)
	if !ok1 || !ok2 {
		return nil, fmt.Errorf("nll: %s has no log-density and score", family.Name())
	}
	n := family.Dim()
	return &rowNLL{
		family: family, density: density, scorer: scorer, rows: rows,
		score: make([]float64, n), gradient: make([]float64, n),
	}, nil
}

func (l *rowNLL) Name() string { return "nll" }

func (l *rowNLL) At(theta []float64) error {
	if err := l.family.Check(theta); err != nil {
		return err
	}
	clear(l.gradient)
	l.value, l.size = 0, 0
	w := 1 / float64(len(l.rows))
	for _, x := range l.rows {
		p := l.density.LogDensity(x, theta)
		l.value -= w * p
		l.size += w * math.Abs(p)
		if err := l.scorer.Score(l.score, x, theta); err != nil {
			return err
		}
		for i, s := range l.score {
			l.gradient[i] -= w * s
		}
	}
	return nil
}

func (l *rowNLL) Value() float64         { return l.value }
func (l *rowNLL) Magnitude() float64     { return l.size }
func (l *rowNLL) Gradient(dst []float64) { copy(dst, l.gradient) }
func (l *rowNLL) Observations() int      { return len(l.rows) }
func (l *rowNLL) Clone() Loss {
	c := *l
	c.score, c.gradient = make([]float64, len(l.score)), make([]float64, len(l.gradient))
	return &c
}
