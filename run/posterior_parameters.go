package run

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"fisherflow/variational"
	"fisherflow/variational/target"

	"gonum.org/v1/gonum/stat"
)

func coordinateNames(t target.Target) []string {
	if n, ok := t.(target.Named); ok {
		return n.Coordinates()
	}
	names := make([]string, t.Dim())
	for i := range names {
		names[i] = fmt.Sprintf("z%d", i+1)
	}
	return names
}

func parameterNames(t target.Target) []string {
	if n, ok := t.(target.Named); ok {
		return n.Names()
	}
	return coordinateNames(t)
}

// constrain is z on the model's own scale.
func constrain(t target.Target, z []float64) []float64 {
	if n, ok := t.(target.Named); ok {
		return n.Constrain(nil, z)
	}
	return z
}

// parameters are moments and quantiles under q. A parameter that is a function
// of one coordinate, as most are, has them by quadrature and by that function of
// the coordinate's quantiles; others have them from the draws.
func parameters(t target.Target, f *variational.Fit, draws [][]float64) []Parameter {
	names := parameterNames(t)
	of, linear := depends(t, f, len(names))
	out := make([]Parameter, len(names))
	column := make([]float64, len(draws))
	for i, name := range names {
		p := Parameter{Name: name}
		set := func(mean, sd, q05, q50, q95 float64) {
			p.Mean, p.SD, p.Q05, p.Q50, p.Q95 = Number(mean), Number(sd), Number(q05), Number(q50), Number(q95)
		}
		if j := of[i]; j >= 0 && linear {
			m, s := f.Mean[j], f.SD[j]
			set(m, s, m-normal95*s, m, m+normal95*s)
		} else if j >= 0 {
			set(marginal(t, f, i, j))
		} else if len(draws) > 0 {
			for k, x := range draws {
				column[k] = x[i]
			}
			mean, sd := stat.MeanStdDev(column, nil)
			slices.Sort(column)
			q := func(p float64) float64 { return stat.Quantile(p, stat.LinInterp, column, nil) }
			set(mean, sd, q(0.05), q(0.5), q(0.95))
		} else {
			set(nan, nan, nan, nan, nan)
		}
		out[i] = p
	}
	return out
}

// mostProbed is the number of coordinates up to which they are moved one at a
// time.
const mostProbed = 1000

// depends has, for each parameter, the one coordinate that it is a function of,
// or −1 where there are several. It is found by moving one coordinate at a time.
// Identity says that the parameters are the coordinates.
func depends(t target.Target, f *variational.Fit, n int) (of []int, identity bool) {
	of = make([]int, n)
	for i := range of {
		of[i] = i
	}
	d := len(f.Mean)
	if slices.Equal(constrain(t, f.Mean), f.Mean) && slices.Equal(constrain(t, f.SD), f.SD) {
		return of, true
	}
	const (
		tries   = 3
		unknown = -2
	)
	for i := range of {
		if of[i] = unknown; d > mostProbed {
			of[i] = -1
		}
	}
	if d > mostProbed {
		return of, false
	}
	rng := rand.New(rand.NewPCG(1, 0))
	z := make([]float64, d)
	for range tries {
		for j := range z {
			z[j] = f.Mean[j] + f.SD[j]*rng.NormFloat64()
		}
		before := slices.Clone(constrain(t, z))
		for j := range z {
			keep := z[j]
			z[j] += f.SD[j] * (0.5 + rng.Float64())
			for i, x := range constrain(t, z) {
				switch {
				case x == before[i] || of[i] == j:
				case of[i] == unknown:
					of[i] = j
				default:
					of[i] = -1
				}
			}
			z[j] = keep
		}
	}
	for i := range of {
		of[i] = max(of[i], -1)
	}
	return of, false
}

// normal95 is the 95 % point of the standard normal distribution.
const normal95 = 1.6448536269514722

// marginal is a parameter under q that is a monotone function of one coordinate.
func marginal(t target.Target, f *variational.Fit, i, j int) (mean, sd, q05, q50, q95 float64) {
	z := slices.Clone(f.Mean)
	at := func(x float64) float64 {
		z[j] = f.Mean[j] + f.SD[j]*x
		return constrain(t, z)[i]
	}
	// The trapezoidal rule is exact to rounding for what is analytic in a strip
	// of the coordinate's standard deviation.
	const (
		h     = 0.125
		reach = 80
	)
	var weights, values [2*reach + 1]float64
	total := 0.0
	for k := range values {
		x := h * float64(k-reach)
		weights[k], values[k] = math.Exp(-x*x/2), at(x)
		total += weights[k]
	}
	for k, v := range values {
		mean += weights[k] / total * v
	}
	for k, v := range values {
		sd += weights[k] / total * (v - mean) * (v - mean)
	}
	q05, q50, q95 = at(-normal95), at(0), at(normal95)
	return mean, math.Sqrt(sd), min(q05, q95), q50, max(q05, q95)
}
