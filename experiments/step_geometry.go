package experiments

import (
	"context"
	"fmt"
	"html/template"
	"math"

	"fisherflow/manifold"
	"fisherflow/run"

	"gonum.org/v1/gonum/mat"
)

// stepGeometry measures what a step of a given length does to a distribution.
var stepGeometry = &Experiment{
	Name:  "step-geometry",
	Title: "What a unit step does",
	Summary: "The same Euclidean step changes a distribution wildly differently from place to place and from direction to direction: " +
		"KL(p_θ‖p_{θ+εv})/(½ε²) tends to vᵀI(θ)v. For steps of unit Fisher length it is 1 everywhere. The flow that is run beside it shows the metric along a path.",
	Equations: []string{
		"KL(p_θ‖p_{θ+εv}) = ½ε² vᵀI(θ)v + O(ε³)",
		"Euclidean unit steps: |v| = 1;   Fisher unit steps: vᵀI(θ)v = 1",
	},
	Markup: []template.HTML{
		`KL(<i>p<sub>θ</sub></i>‖<i>p</i><sub><i>θ</i>+<i>εv</i></sub>) = ½<i>ε</i>² <i>v</i>ᵀ<i>I</i>(<i>θ</i>)<i>v</i> + O(<i>ε</i>³)`,
		`Euclidean unit steps: |<i>v</i>| = 1; &ensp; Fisher unit steps: <i>v</i>ᵀ<i>I</i>(<i>θ</i>)<i>v</i> = 1`,
	},
	Parameters: []Parameter{
		{Name: "family", Default: "normal", Help: "family of two coordinates", Choices: []string{"normal", "gamma"}},
		{Name: "epsilon", Default: 1e-4, Help: "Fisher length of the steps"},
	},
	Citations: []string{citeAmari1998},
	main:      "fisher",
	base: func(v Values) string {
		start, target := "[-2.0, 0.3]", "[2.0, 1.5]"
		if v.text("family") == "gamma" {
			start, target = "[0.5, 4.0]", "[4.0, 1.0]"
		}
		return fmt.Sprintf(`[family]
name = %q
[loss]
kind = "kl"
target = { chart = "source", at = %s }
[flow]
chart = "source"
metric = "fisher"
start = { chart = "source", at = %s }
time = [0.0, 8.0]
[ode]
method = "dopri5"
norm = "fisher"
tol = 1e-9
[claims]
monotone = true
energy-identity = true
closed-form = true
`, v.text("family"), target, start)
	},
	draw: drawStepGeometry,
}

func init() { stepGeometry.finish = finishStepGeometry }

// stepPoints are the places where steps are made.
func stepPoints(family string) [][]float64 {
	if family == "gamma" {
		return [][]float64{{0.3, 0.1}, {0.3, 10}, {1, 1}, {3, 0.1}, {3, 10}, {30, 1}, {30, 30}}
	}
	return [][]float64{{0, 0.03}, {0, 0.1}, {0, 0.3}, {0, 1}, {0, 3}, {0, 10}, {0, 30}}
}

const stepDirections = 16

// A step is a unit vector at a point and the ratio it achieves.
type step struct {
	point, direction         []float64
	angle                    float64
	euclidean, fisher, exact float64
}

// steps measures KL(p_θ‖p_{θ+εv})/(½ε²) for unit vectors of both kinds. The
// Euclidean step is scaled to the same Fisher length ε, so that the quotient
// keeps its accuracy, and reported per unit of its own length.
func steps(family manifold.Family, points [][]float64, epsilon float64) ([]step, error) {
	kl := family.(manifold.Diverger)
	g := mat.NewSymDense(2, nil)
	var all []step
	for _, theta := range points {
		if err := family.(manifold.Fisherer).Fisher(g, theta); err != nil {
			return nil, err
		}
		for k := range stepDirections {
			angle := 2 * math.Pi * float64(k) / stepDirections
			v := []float64{math.Cos(angle), math.Sin(angle)}
			square := g.At(0, 0)*v[0]*v[0] + 2*g.At(0, 1)*v[0]*v[1] + g.At(1, 1)*v[1]*v[1]
			length := math.Sqrt(square)
			h := epsilon / length // Euclidean length of the step
			d, err := kl.KL(theta, []float64{theta[0] + h*v[0], theta[1] + h*v[1]})
			if err != nil {
				return nil, err
			}
			all = append(all, step{
				point: theta, direction: v, angle: angle, exact: square,
				euclidean: d / (h * h / 2), fisher: d / (epsilon * epsilon / 2),
			})
		}
	}
	return all, nil
}

func finishStepGeometry(_ context.Context, v Values, o *run.Outcome) error {
	family := o.Problems[0].Family
	if family.Dim() != 2 {
		return nil
	}
	epsilon := v.number("epsilon")
	all, err := steps(family, stepPoints(family.Name()), epsilon)
	if err != nil {
		return err
	}
	t := run.NewTable("theta1", "theta2", "angle", "euclidean", "fisher")
	least, most, worst := math.Inf(1), 0.0, 0.0
	for _, s := range all {
		t.Add(s.point[0], s.point[1], s.angle, s.euclidean, s.fisher)
		least, most = math.Min(least, s.euclidean), math.Max(most, s.euclidean)
		worst = math.Max(worst, math.Abs(s.fisher-1))
	}
	o.Result.AddTable("steps", t)
	// The next term of the divergence is ε times a sixth of third derivatives,
	// of order one in Fisher units.
	reference(o, "fisher", "largest |ratio − 1| of Fisher unit steps", worst, 0, 10*epsilon)
	o.Result.Claims = append(o.Result.Claims, run.Claim{
		Name: "matches-reference", Member: "euclidean", Expect: run.Violated, Holds: most/least > 100,
		Value: run.Number(most / least), Bound: 100,
		Detail: fmt.Sprintf("Euclidean unit steps are not alike: ratios from %.3g to %.3g", least, most),
	})
	return nil
}
