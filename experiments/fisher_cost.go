package experiments

import (
	"context"
	"fmt"
	"html/template"
	"math"
	"math/rand/v2"
	"time"

	"fisherflow/metrics"
	"fisherflow/network"
	"fisherflow/run"

	"gonum.org/v1/gonum/mat"
)

// fisherCost counts what each structure costs against the number of parameters.
var fisherCost = &Experiment{
	Name:  "fisher-cost",
	Title: "What the inverse Fisher matrix costs",
	Summary: "Operations and memory of the gradient and of every structure of the Fisher matrix, counted on networks that grow in width and in depth. " +
		"The slopes against the number of parameters n are claims; measured times are drawn beside them. K-FAC costs O(n) by depth and O(n^1.5) by width, the dense matrix O(n³).",
	Equations: []string{
		"width h, two layers: n = 2h(h + 1);   depth d, 16 units: n = 272 d",
		"dense: build 2Rn², factor n³/3;   K-FAC: build 2N(p² + q²), factor (p³ + q³)/3, precondition 2pq(p + q) each layer",
	},
	Markup: []template.HTML{
		`width <i>h</i>, two layers: <i>n</i> = 2<i>h</i>(<i>h</i> + 1); &ensp; depth <i>d</i>, 16 units: <i>n</i> = 272 <i>d</i>`,
		`dense: build 2<i>Rn</i>², factor <i>n</i>³/3; &ensp; K-FAC: build 2<i>N</i>(<i>p</i>² + <i>q</i>²), factor (<i>p</i>³ + <i>q</i>³)/3, precondition 2<i>pq</i>(<i>p</i> + <i>q</i>) each layer`,
	},
	Parameters: []Parameter{{Name: "largest", Default: 3.4e4, Help: "parameters of the largest network; 1e7 takes minutes"}},
	Citations:  []string{citeMartensGrosse, citeGeorge, citeOllivier},
	main:       "exact",
	brief:      []string{"largest=9000"},
	base: func(Values) string {
		return `[model]
kind = "softmax"
[data]
dataset = "iris"
response = "species"
scale = 0.2
[flow]
metric = "kfac"
damping = 1e-2
time = [0.0, 1.0]
[ode]
tol = 1e-4
[claims]
monotone = true
energy-identity = true
`
	},
	finish: finishCost,
	draw:   drawCost,
}

// Examples of the networks that are counted, and the most parameters of dense
// matrices and of those of layers.
const (
	costExamples = 64
	densest      = 2150
	blockiest    = 2500
)

// A costItem is something that is counted.
type costItem struct {
	name string
	// structure is that of a metric; empty for the gradient.
	structure string
	part      string // "build", "factor" or "apply"
	// byWidth and byDepth are the orders in n of its operations, memory those of
	// its bytes; NaN where they have no single one.
	byWidth, byDepth             float64
	memoryByWidth, memoryByDepth float64
	most                         float64 // parameters
}

var none = math.NaN()

var costItems = []costItem{
	{"gradient", "", "build", 1, 1, none, none, math.Inf(1)},
	{"diagonal", "diagonal", "build", 1, 1, none, 1, math.Inf(1)},
	{"Fisher-vector product", "conjugate-gradient", "apply", 1, 1, 1, 1, math.Inf(1)},
	{"K-FAC, factors", "kfac", "build", 1, 1, 1, 1, math.Inf(1)},
	{"K-FAC, inverses", "kfac", "factor", 1.5, 1, none, none, math.Inf(1)},
	{"K-FAC, precondition", "kfac", "apply", 1.5, 1, none, none, math.Inf(1)},
	{"sample space", "sample-space", "factor", none, none, none, none, 2e5},
	{"block per layer, build", "block-diagonal", "build", 2, 1, 2, 1, blockiest},
	{"block per layer, Cholesky", "block-diagonal", "factor", 3, 1, none, none, blockiest},
	{"full, build", "fisher", "build", 2, 2, 2, 2, densest},
	{"full, Cholesky", "fisher", "factor", 3, 3, none, none, densest},
}

// A costPoint is what an item takes on a network.
type costPoint struct {
	item       int
	byDepth    bool
	size, n    int
	operations float64
	bytes      float64
	time       time.Duration
}

func costNetwork(byDepth bool, size int) (*network.Evaluation, []float64, error) {
	widths := []int{size, size, size}
	if byDepth {
		widths = nil
		for range size + 1 {
			widths = append(widths, 16)
		}
	}
	n, err := network.MLP(widths, network.Tanh{}, network.Softmax{})
	if err != nil {
		return nil, nil, err
	}
	rng := rand.New(rand.NewPCG(7, uint64(size)))
	d := network.Data{X: mat.NewDense(costExamples, widths[0], nil), Y: mat.NewDense(costExamples, 1, nil)}
	for i := range costExamples {
		for j := range widths[0] {
			d.X.Set(i, j, rng.NormFloat64())
		}
		d.Y.Set(i, 0, float64(rng.IntN(n.Outputs())))
	}
	theta := make([]float64, n.Dim())
	if err := n.Initial(theta, "glorot-uniform", 1); err != nil {
		return nil, nil, err
	}
	e, err := network.NewEvaluation(n, d)
	return e, theta, err
}

// count measures an item on a network. Matrices are those of one response drawn
// for each example, so that all structures see as many gradients as examples.
func (c *costItem) count(e *network.Evaluation, theta []float64) (operations, bytes float64, took time.Duration, err error) {
	v := make([]float64, len(theta))
	moved := append([]float64(nil), theta...)
	moved[0] += 1e-9
	if err = e.At(theta); err != nil {
		return
	}
	if c.structure == "" {
		before, began := e.Operations(), time.Now()
		if err = e.At(moved); err != nil {
			return
		}
		e.Gradient(v)
		return e.Operations() - before, 8 * float64(len(theta)), time.Since(began), nil
	}
	s := metrics.Settings{Estimator: "monte-carlo", Seed: 1, Damping: metrics.Damping{Kind: "tikhonov", Value: 1e-2}, Memory: largestMemory}
	switch c.structure {
	case "kfac":
		s.Damping.Kind = "factored"
	case "conjugate-gradient":
		s.Estimator = "exact"
	}
	t, err := metrics.OnModel(c.structure, e, s)
	if err != nil {
		return
	}
	if err = e.At(moved); err != nil {
		return
	}
	e.Gradient(v)
	total := func() float64 { return t.Operations() + e.Operations() }
	measure := func(f func() error) (float64, time.Duration, error) {
		before, began := total(), time.Now()
		err := f()
		return total() - before, time.Since(began), err
	}
	build, builtIn, err := measure(func() error { return t.At(moved) })
	if err != nil {
		return
	}
	direction := make([]float64, len(theta))
	apply := func() error { return t.Raise(direction, v) }
	if c.structure == "conjugate-gradient" {
		apply = func() error { return t.Lower(direction, v) }
	}
	first, firstIn, err := measure(apply)
	if err != nil {
		return
	}
	second, secondIn, err := measure(apply)
	bytes = metrics.Bytes(t)
	switch {
	case c.part == "build":
		operations, took = build, builtIn
	case c.part == "apply":
		operations, took = second, secondIn
	case c.structure == "sample-space":
		operations, took = build+first, builtIn+firstIn
	default:
		operations, took = first-second, max(0, firstIn-secondIn)
	}
	return
}

// largestMemory is what a structure may hold.
const largestMemory = 24 << 30

func costs(ctx context.Context, largest float64) ([]costPoint, error) {
	var points []costPoint
	for _, byDepth := range []bool{false, true} {
		for _, size := range costSizes(byDepth, largest) {
			n := 2 * size * (size + 1)
			if byDepth {
				n = 272 * size
			}
			e, theta, err := costNetwork(byDepth, size)
			if err != nil {
				return nil, err
			}
			for i := range costItems {
				if err := ctx.Err(); err != nil {
					return nil, err
				}
				c := &costItems[i]
				if float64(n) > c.most {
					continue
				}
				operations, bytes, took, err := c.count(e, theta)
				// Of short times the shortest of some tells the machine's noise
				// from the work.
				for k := 0; k < 4 && err == nil && took < 20*time.Millisecond; k++ {
					var again time.Duration
					operations, bytes, again, err = c.count(e, theta)
					took = min(took, again)
				}
				if err != nil {
					return nil, fmt.Errorf("%s at %d parameters: %w", c.name, n, err)
				}
				points = append(points, costPoint{item: i, byDepth: byDepth, size: size, n: n, operations: operations, bytes: bytes, time: took})
			}
		}
	}
	return points, nil
}

// costSizes are widths or depths, each twice the one before, and the last one
// the largest.
func costSizes(byDepth bool, largest float64) []int {
	first, most := 8, int(math.Sqrt(largest/2+.25)-.5)
	if byDepth {
		first, most = 2, int(largest/272)
	}
	var sizes []int
	for size := first; size <= most; size *= 2 {
		sizes = append(sizes, size)
	}
	if n := len(sizes); n > 0 && float64(most) > 1.05*float64(sizes[n-1]) && largest > 1e5 {
		sizes = append(sizes, most)
	}
	return sizes
}

// costSlopes allow for what is of lower order at the sizes that are counted.
const costSlopes = 0.1

func finishCost(ctx context.Context, v Values, o *run.Outcome) error {
	points, err := costs(ctx, v.number("largest"))
	if err != nil {
		return err
	}
	t := run.NewTable("growing", "item", "size", "parameters", "operations", "bytes")
	growing := map[bool]string{false: "width", true: "depth"}
	slopes := run.NewTable("growing", "item", "operations_slope", "operations_order", "bytes_slope", "bytes_order")
	for i, c := range costItems {
		for _, byDepth := range []bool{false, true} {
			var own []costPoint
			for _, p := range points {
				if p.item == i && p.byDepth == byDepth {
					own = append(own, p)
					t.Add(growing[byDepth], c.name, int64(p.size), int64(p.n), p.operations, p.bytes)
					o.Measured = append(o.Measured, run.Timing{Member: costMember(p), Solve: p.time})
				}
			}
			if len(own) < 2 {
				continue
			}
			a, b := own[len(own)-2], own[len(own)-1]
			run := math.Log(float64(b.n) / float64(a.n))
			slope, memory := math.Log(b.operations/a.operations)/run, math.Log(b.bytes/a.bytes)/run
			order, orderOfBytes := c.byWidth, c.memoryByWidth
			if byDepth {
				order, orderOfBytes = c.byDepth, c.memoryByDepth
			}
			slopes.Add(growing[byDepth], c.name, slope, order, memory, orderOfBytes)
			if !math.IsNaN(order) {
				within(o, c.name, fmt.Sprintf("by %s, slope %.4f of counted operations, order %g, off by", growing[byDepth], slope, order), math.Abs(slope-order), costSlopes)
			}
			if !math.IsNaN(orderOfBytes) {
				within(o, c.name, fmt.Sprintf("by %s, slope %.4f of bytes, order %g, off by", growing[byDepth], memory, orderOfBytes), math.Abs(memory-orderOfBytes), costSlopes)
			}
		}
	}
	o.Result.AddTable("costs", t)
	o.Result.AddTable("slopes", slopes)
	return nil
}

// costMember names a point among the timings.
func costMember(p costPoint) string {
	growing := "width"
	if p.byDepth {
		growing = "depth"
	}
	return fmt.Sprintf("%s, %s %d", costItems[p.item].name, growing, p.size)
}
