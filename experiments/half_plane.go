package experiments

import (
	"context"
	"fmt"
	"html/template"
	"math"
	"strings"

	"fisherflow/manifold"
	"fisherflow/run"
)

// halfPlane is the flow of both divergences of normal distributions beside the
// geodesic.
var halfPlane = &Experiment{
	Name:  "half-plane",
	Title: "Three ways between two normal distributions",
	Summary: "From N(−2, 2²) to N(1, ½²) in the half-plane (μ, σ): the Fisher flow of KL(q‖p), straight in expectation coordinates, " +
		"that of KL(p‖q), straight in natural coordinates, and that of half the squared distance, the geodesic. " +
		"Each is integrated in (μ, σ), where it is nonlinear, and compared with its closed form.",
	Equations: []string{
		"M: L = KL(q‖p),  η(t) = η* + e^{−t}(η₀ − η*)",
		"E: L = KL(p‖q),  θ(t) = θ* + e^{−t}(θ₀ − θ*)",
		"geodesic: L = ½ d(p, q)²,  d(t) = e^{−t} d₀",
		"d/dt KL(p_t‖q) = −J along M,  d/dt KL(q‖p_t) = −J along E,  J = KL(p‖q) + KL(q‖p)",
	},
	Markup: []template.HTML{
		`M: <i>L</i> = KL(<i>q</i>‖<i>p</i>), &ensp; <i>η</i>(<i>t</i>) = <i>η</i>* + e<sup>−<i>t</i></sup>(<i>η</i>₀ − <i>η</i>*)`,
		`E: <i>L</i> = KL(<i>p</i>‖<i>q</i>), &ensp; <i>θ</i>(<i>t</i>) = <i>θ</i>* + e<sup>−<i>t</i></sup>(<i>θ</i>₀ − <i>θ</i>*)`,
		`geodesic: <i>L</i> = ½ <i>d</i>(<i>p</i>, <i>q</i>)², &ensp; <i>d</i>(<i>t</i>) = e<sup>−<i>t</i></sup> <i>d</i>₀`,
		`d/d<i>t</i> KL(<i>p</i>‖<i>q</i>) = −<i>J</i> along M, d/d<i>t</i> KL(<i>q</i>‖<i>p</i>) = −<i>J</i> along E, &ensp; <i>J</i> = KL(<i>p</i>‖<i>q</i>) + KL(<i>q</i>‖<i>p</i>)`,
	},
	Source:    "Nakamura 1993; Fujiwara & Amari 1995; Costa, Santos & Strapasson 2015",
	Headline:  "geodesic: Fisher–Rao distance of the ends",
	Citations: []string{citeNakamura, citeFujiwaraAmari, citeCosta},
	main:      "m-flow",
	base: func(Values) string {
		return `[family]
name = "normal"
[loss]
kind = "kl"
target = { chart = "source", at = [1.0, 0.5] }
[flow]
chart = "source"
metric = "fisher"
start = { chart = "source", at = [-2.0, 2.0] }
time = [0.0, 8.0]
[ode]
method = "dopri5"
rtol = 1e-12
atol = 1e-15
output = [0.0, 0.5, 1.0, 2.0, 4.0, 8.0]
[claims]
monotone = true
energy-identity = true
resolved = true
closed-form = true
invariant = ["source", "variance", "natural", "expectation", "log-scale", "precision", "softplus"]
`
	},
	members: func(_ Values, main *run.Spec) ([]run.Member, error) {
		e, err := with("e-flow", main, "loss.kind=reverse-kl")
		if err != nil {
			return nil, err
		}
		g, err := with("geodesic", main, "loss.kind=squared-distance")
		return []run.Member{e, g}, err
	},
	draw: drawHalfPlane,
}

func init() { halfPlane.finish = finishHalfPlane }

// Losses of the M- and the E-flow at the output times, and the dual identities
// at t = ½, computed independently.
var (
	halfPlaneM = strings.Fields("2.04254 1.34504 1.04752 .604553 .0899731 7.34964e-5")
	halfPlaneE = strings.Fields("24.1137 .377694 .0739256 .00650686 9.98494e-5 3.26549e-8")
)

func finishHalfPlane(_ context.Context, _ Values, o *run.Outcome) error {
	if !halfPlane.isDefault(o) {
		return nil
	}
	for _, c := range []struct {
		member  string
		printed []string
	}{{"m-flow", halfPlaneM}, {"e-flow", halfPlaneE}} {
		p := problem(o, c.member)
		if p == nil || p.Solution == nil || p.Err != nil {
			continue
		}
		point := p.Point()
		for k, t := range p.Spec.ODE.Output {
			if k >= len(c.printed) {
				break
			}
			if err := point.At(p.Solution.At(nil, t)); err != nil {
				return err
			}
			digits(o, c.member, fmt.Sprintf("loss at t = %g", t), point.Value(), c.printed[k], 6)
		}
	}
	if err := dualIdentity(o, "m-flow", -15.34759427022094); err != nil {
		return err
	}
	if err := dualIdentity(o, "e-flow", -0.5737316021314847); err != nil {
		return err
	}
	d, err := manifold.Normal{}.Distance([]float64{-2, 2}, []float64{1, 0.5})
	if err != nil {
		return err
	}
	reference(o, "geodesic", "Fisher–Rao distance of the ends", d, 3.0486610339, 5e-11)
	return nil
}

// dualIdentity checks the rate of the other divergence along a flow at t = ½,
// −(KL(p‖q) + KL(q‖p)), as a derivative of the computed solution.
func dualIdentity(o *run.Outcome, member string, want float64) error {
	p := problem(o, member)
	if p == nil || p.Solution == nil || p.Err != nil {
		return nil
	}
	const t = 0.5
	f := manifold.Normal{}
	target := p.Spec.Loss.Target.At
	theta, velocity := p.Solution.At(nil, t), make([]float64, 3)
	if err := p.Flow.Eval(velocity, t, append(append([]float64(nil), theta...), 0)); err != nil {
		return err
	}
	rate := 0.0
	if member == "m-flow" {
		// ∂KL(p‖q)/∂(μ, σ) = ((μ−μ*)/σ*², σ/σ*² − 1/σ).
		rate = (theta[0]-target[0])/(target[1]*target[1])*velocity[0] + (theta[1]/(target[1]*target[1])-1/theta[1])*velocity[1]
	} else {
		// ∂KL(q‖p)/∂(μ, σ) = ((μ−μ*)/σ², 1/σ − (σ*² + (μ−μ*)²)/σ³).
		d, s := theta[0]-target[0], theta[1]
		rate = d/(s*s)*velocity[0] + (1/s-(target[1]*target[1]+d*d)/(s*s*s))*velocity[1]
	}
	a, err := f.KL(theta, target)
	if err != nil {
		return err
	}
	b, err := f.KL(target, theta)
	if err != nil {
		return err
	}
	reference(o, member, "rate of the other divergence at t = 1/2", rate, want, 1e-8*math.Abs(want))
	reference(o, member, "−J at t = 1/2", -(a + b), want, 1e-8*math.Abs(want))
	return nil
}
