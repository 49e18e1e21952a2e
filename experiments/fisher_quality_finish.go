package experiments

import (
	"context"
	"math"
	"slices"

	"fisherflow/flow"
	"fisherflow/metrics"
	"fisherflow/network"
	"fisherflow/run"

	"gonum.org/v1/gonum/mat"
)

func finishQuality(ctx context.Context, _ Values, o *run.Outcome) error {
	exact := o.Problems[0]
	if exact.Solution == nil || exact.Err != nil || exact.Model == nil {
		return nil
	}
	if err := compareFlows(o, exact); err != nil {
		return err
	}
	return compareDirections(ctx, o, exact)
}

// pathOf is a flow by its Fisher arclength.
type pathOf struct {
	p                     *run.Problem
	times, losses, length []float64
}

// measurePath measures the exact Fisher length of a flow, step by step and at
// points between.
func measurePath(p *run.Problem) (*pathOf, error) {
	const between = 4
	point := p.Point().(*flow.NetworkPoint)
	n := p.Flow.Dim()
	out := &pathOf{p: p}
	before, now, chord, total := make([]float64, n), make([]float64, n), make([]float64, n), 0.0
	for i := range p.Solution.Len() {
		for k := range between {
			t := p.Solution.Time(i)
			if i+1 < p.Solution.Len() {
				t += (p.Solution.Time(i+1) - t) * float64(k) / between
			} else if k > 0 {
				break
			}
			p.Solution.At(now, t)
			if err := point.At(now); err != nil {
				return nil, err
			}
			if len(out.times) > 0 {
				for j := range chord {
					chord[j] = now[j] - before[j]
				}
				l, err := point.FisherLength(chord)
				if err != nil {
					return nil, err
				}
				total += l
			}
			out.times, out.losses, out.length = append(out.times, t), append(out.losses, point.Value()), append(out.length, total)
			copy(before, now)
		}
	}
	return out, nil
}

// when is the time at which a monotone series first reaches a level, by linear
// interpolation; NaN if it does not.
func when(times, series []float64, level float64) float64 {
	for i := 1; i < len(series); i++ {
		a, b := series[i-1], series[i]
		if (a-level)*(b-level) <= 0 && a != b {
			return times[i-1] + (times[i]-times[i-1])*(level-a)/(b-a)
		}
	}
	return math.NaN()
}

// compareFlows compares the flows where the exact one stands after a third of its
// time, t = 1 if nothing else is asked for: where they
// have its loss, and where they have gone as far in Fisher length.
func compareFlows(o *run.Outcome, exact *run.Problem) error {
	main, err := measurePath(exact)
	if err != nil {
		return err
	}
	e, err := network.NewEvaluation(exact.Model.Network, exact.Model.Train)
	if err != nil {
		return err
	}
	means := func(p *run.Problem, t float64) ([]float64, float64, error) {
		if math.IsNaN(t) {
			return nil, math.NaN(), nil
		}
		if err := e.At(p.Solution.At(nil, t)); err != nil {
			return nil, math.NaN(), err
		}
		out := make([]float64, e.Examples()*e.Outputs())
		for i := range e.Examples() {
			e.Mean(out[i*e.Outputs():(i+1)*e.Outputs()], i)
		}
		return out, e.Value(), nil
	}
	mark := exact.T0 + (exact.T1-exact.T0)/3
	at, level, err := means(exact, mark)
	if err != nil {
		return err
	}
	arc := when(main.length, main.times, mark) // the length travelled at the mark
	gap := func(a []float64) float64 {
		if a == nil {
			return math.NaN()
		}
		worst := 0.0
		for i, v := range a {
			worst = math.Max(worst, math.Abs(v-at[i]))
		}
		return worst
	}
	t := run.NewTable("member", "evaluations", "operations", "law_deviation", "loss",
		"equal_loss_time", "equal_loss_gap", "equal_loss_arclength", "equal_arclength_time", "equal_arclength_loss", "equal_arclength_gap")
	for _, p := range solved(o) {
		path, err := measurePath(p)
		if err != nil {
			return err
		}
		same, lossAtMark, err := means(p, mark)
		if err != nil {
			return err
		}
		tl := when(path.times, path.losses, level)
		byLoss, _, err := means(p, tl)
		if err != nil {
			return err
		}
		ta := when(path.times, path.length, arc)
		byArc, lossAtArc, err := means(p, ta)
		if err != nil {
			return err
		}
		point := p.Flow.Point().(*flow.NetworkPoint)
		evaluations := p.Solution.Statistics.Evaluations
		operations := (point.Tensor().Operations() + point.Evaluation().Operations()) / float64(evaluations)
		t.Add(p.Name, int64(evaluations), math.Round(operations), gap(same), lossAtMark, tl, gap(byLoss), when(path.length, path.times, tl), ta, lossAtArc, gap(byArc))
	}
	o.Result.AddTable("flows", t)
	return nil
}

// qualityPoint is where directions are compared: after a share of the time.
type qualityPoint struct {
	name  string
	share float64
}

var qualityPoints = []qualityPoint{{"start", 0}, {"on the way", 1. / 6}, {"late", 1}}

// qualityDampings are the values of λ.
var qualityDampings = []float64{1e-6, 1e-4, 1e-3, 1e-2, 1e-1, 1}

// spectralBound is the number of blocks whose sum bounds F: F ≤ B·blockdiag F.
func spectralBound(structure string, n *network.Network) float64 {
	switch structure {
	case "block-diagonal":
		return float64(n.Layers())
	case "unit-wise":
		rows := 0
		for l := range n.Layers() {
			_, q, _, _, _ := n.Layer(l)
			rows += q
		}
		return float64(rows)
	case "diagonal":
		return float64(n.Dim())
	}
	return math.NaN()
}

func compareDirections(ctx context.Context, o *run.Outcome, exact *run.Problem) error {
	e, err := network.NewEvaluation(exact.Model.Network, exact.Model.Train)
	if err != nil {
		return err
	}
	n := e.Dim()
	directions := run.NewTable("where", "member", "damping", "cosine", "length_ratio", "alpha", "largest", "smallest")
	matrices := run.NewTable("where", "member", "frobenius", "frobenius_of_blocks")
	gradient, best, v, fv := make([]float64, n), make([]float64, n), make([]float64, n), make([]float64, n)
	structures := append([]qualityMember{{"exact", "sample-space", "exact", "tikhonov", 0}}, qualityMembers...)
	worst := map[string]float64{}
	errorsOf := map[string][]float64{}
	for _, where := range qualityPoints {
		theta := exact.Solution.At(nil, exact.T0+where.share*(exact.T1-exact.T0))
		product, err := metrics.OnModel("conjugate-gradient", e, metrics.Settings{})
		if err != nil {
			return err
		}
		truth, err := metrics.OnModel("sample-space", e, metrics.Settings{})
		if err != nil {
			return err
		}
		if err := truth.At(theta); err != nil {
			return err
		}
		e.Gradient(gradient)
		if err := truth.Raise(best, gradient); err != nil {
			return err
		}
		inner := func(a, b []float64) (float64, error) {
			if err := product.At(theta); err != nil {
				return 0, err
			}
			err := product.Lower(fv, b)
			return dotOf(a, fv), err
		}
		bb, err := inner(best, best)
		if err != nil {
			return err
		}
		dense, err := exactMatrices(e, theta)
		if err != nil {
			return err
		}
		damped := map[float64]metrics.Tensor{}
		for _, lambda := range qualityDampings {
			t, err := metrics.OnModel("sample-space", e, metrics.Settings{Damping: metrics.Damping{Kind: "tikhonov", Value: lambda}})
			if err != nil {
				return err
			}
			if err := t.At(theta); err != nil {
				return err
			}
			damped[lambda] = t
		}
		for _, m := range structures {
			if err := ctx.Err(); err != nil {
				return err
			}
			s := metrics.Settings{Estimator: m.estimator, Rank: qualityRank, Seed: uint64(exact.Spec.Seed)}
			if m.name != "exact + λI" && m.name != "K-FAC, factored λ" {
				whole, blocks, err := dense.errors(e, theta, m.structure, s)
				if err != nil {
					return err
				}
				matrices.Add(where.name, m.name, whole, blocks)
				errorsOf[m.structure] = append(errorsOf[m.structure], blocks)
			}
			for _, lambda := range qualityDampings {
				if m.structure == "euclidean" && lambda != 1 || m.name == "exact" {
					continue
				}
				s.Damping = metrics.Damping{Kind: m.damping, Value: lambda}
				if m.structure == "euclidean" {
					s.Damping = metrics.Damping{}
				}
				tensor, err := metrics.OnModel(m.structure, e, s)
				if err != nil {
					return err
				}
				if err := tensor.At(theta); err != nil {
					return err
				}
				if err := tensor.Raise(v, gradient); err != nil {
					return err
				}
				vv, err := inner(v, v)
				if err != nil {
					return err
				}
				vb, err := inner(v, best)
				if err != nil {
					return err
				}
				low, high, err := pencil(theta, tensor, product, damped[lambda], lambda)
				if err != nil {
					return err
				}
				directions.Add(where.name, m.name, lambda, vb/math.Sqrt(vv*bb), math.Sqrt(vv/bb), dotOf(gradient, v)/vv, high, low)
				worst[m.structure] = math.Max(worst[m.structure], high)
			}
		}
	}
	o.Result.AddTable("directions", directions)
	o.Result.AddTable("matrices", matrices)
	for _, m := range qualityMembers {
		if b := spectralBound(m.structure, e.Network()); !math.IsNaN(b) {
			within(o, m.name, "largest eigenvalue of Ĝ⁻¹(F + λI), at most the number of blocks", worst[m.structure], b*(1+1e-9))
		}
	}
	for i, w := range qualityPoints {
		within(o, "EKFAC", w.name+": Frobenius distance from the blocks, relative to that of K-FAC", errorsOf["ekfac"][i]/errorsOf["kfac"][i], 1)
	}
	return nil
}

func dotOf(a, b []float64) float64 {
	s := 0.0
	for i, v := range a {
		s += v * b[i]
	}
	return s
}

// matricesOf are the exact Fisher matrix and its blocks, one a layer.
type matricesOf struct{ whole, blocks *mat.SymDense }

func exactMatrices(e *network.Evaluation, theta []float64) (*matricesOf, error) {
	m := &matricesOf{}
	for _, c := range []struct {
		structure string
		to        **mat.SymDense
	}{{"fisher", &m.whole}, {"block-diagonal", &m.blocks}} {
		var err error
		if *c.to, err = matrixOf(e, theta, c.structure, metrics.Settings{}); err != nil {
			return nil, err
		}
	}
	return m, nil
}

func matrixOf(e *network.Evaluation, theta []float64, structure string, s metrics.Settings) (*mat.SymDense, error) {
	t, err := metrics.OnModel(structure, e, s)
	if err != nil {
		return nil, err
	}
	if err := t.At(theta); err != nil {
		return nil, err
	}
	m := mat.NewSymDense(e.Dim(), nil)
	return m, metrics.Matrix(m, t)
}

// errors are the relative Frobenius distances from the exact matrix, and of the
// blocks of the layers from its own.
func (m *matricesOf) errors(e *network.Evaluation, theta []float64, structure string, s metrics.Settings) (whole, blocks float64, err error) {
	f, err := matrixOf(e, theta, structure, s)
	if err != nil {
		return 0, 0, err
	}
	layer := make([]int, e.Dim())
	for l := range e.Layers() {
		offset, q, p, _, _ := e.Layer(l)
		for i := offset; i < offset+q*p; i++ {
			layer[i] = l
		}
	}
	size, sizeOfBlocks := 0.0, 0.0
	for i := range layer {
		for j := range layer {
			d, w := f.At(i, j)-m.whole.At(i, j), m.whole.At(i, j)
			whole, size = whole+d*d, size+w*w
			if layer[i] == layer[j] {
				d, w = f.At(i, j)-m.blocks.At(i, j), m.blocks.At(i, j)
				blocks, sizeOfBlocks = blocks+d*d, sizeOfBlocks+w*w
			}
		}
	}
	return math.Sqrt(whole / size), math.Sqrt(blocks / sizeOfBlocks), nil
}

// pencil are the smallest and the largest eigenvalue of Ĝ⁻¹(F + λI): the largest
// of it and of its inverse, by the power method, from products with F and solves
// with F + λI.
func pencil(theta []float64, hat, product, damped metrics.Tensor, lambda float64) (low, high float64, err error) {
	n := len(theta)
	x, w := make([]float64, n), make([]float64, n)
	power := func(apply func() error) (float64, error) {
		for i := range x {
			x[i] = 1 + math.Sin(float64(3*i))
		}
		value := 0.0
		for range 40 {
			size := math.Sqrt(dotOf(x, x))
			for i := range x {
				x[i] /= size
			}
			if err := apply(); err != nil {
				return 0, err
			}
			value = dotOf(x, w)
			copy(x, w)
		}
		return value, nil
	}
	high, err = power(func() error {
		if err := product.At(theta); err != nil {
			return err
		}
		if err := product.Lower(w, x); err != nil {
			return err
		}
		for i := range w {
			w[i] += lambda * x[i]
		}
		return hat.Raise(w, w)
	})
	if err != nil {
		return
	}
	low, err = power(func() error {
		if err := hat.Lower(w, x); err != nil {
			return err
		}
		return damped.Raise(w, w)
	})
	return 1 / low, high, err
}

// rowsOf are the rows of a table whose leading cells are the given ones.
func rowsOf(t *run.Table, cells ...string) [][]any {
	return slices.DeleteFunc(slices.Clone(t.Rows), func(row []any) bool {
		for i, c := range cells {
			if row[i] != c {
				return true
			}
		}
		return false
	})
}
