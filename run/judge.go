package run

import (
	"context"
	"fmt"
	"math"

	"fisherflow/flow"
	"fisherflow/invariance"
)

// judge measures the claims of a flow that has been integrated. The error is
// the context's: a claim that cannot be measured does not hold, and says why.
// Of a flow that was cut short only the certificate can be.
func (p *Problem) judge(ctx context.Context) ([]Claim, error) {
	var claims []Claim
	for _, c := range p.Spec.Claims {
		if c.Name == "matches-reference" {
			continue // measured by the experiment, which has the reference
		}
		check, err := p.measure(ctx, c)
		if p.Err == nil && ctx.Err() != nil {
			return claims, ctx.Err()
		}
		if err != nil {
			check = flow.Check{Name: c.Name, Value: math.NaN(), Bound: math.NaN(), Detail: fmt.Sprintf("could not be measured: %v", err)}
		}
		claims = append(claims, NewClaim(p.Name, c.Expect, check))
	}
	return claims, nil
}

// NewClaim is a check as a claim of a member that expects it to hold, or to be
// violated. What is not a number agrees with neither.
func NewClaim(member, expect string, check flow.Check) Claim {
	holds := check.Holds()
	if expect == Violated {
		holds = !check.Holds() && !math.IsNaN(check.Value)
	}
	return Claim{
		Name: check.Name, Member: member, Expect: expect, Holds: holds,
		Value: Number(check.Value), Bound: Number(check.Bound), Detail: check.Detail,
	}
}

func (p *Problem) measure(ctx context.Context, c ClaimSpec) (flow.Check, error) {
	certificate := c.Name == "monotone" || c.Name == "energy-identity"
	if p.Err != nil && !(certificate && p.Solution != nil) {
		return flow.Check{}, p.Err
	}
	switch c.Name {
	case "monotone":
		return p.Solution.Monotone, nil
	case "energy-identity":
		return p.Solution.EnergyIdentity, nil
	case "resolved":
		if p.Model != nil {
			return p.Solution.Resolved(ctx, p.distance())
		}
		distance, _, err := flow.Intrinsic(p.Family, p.Spec.Flow.Chart)
		if err != nil {
			return flow.Check{}, err
		}
		return p.Solution.Resolved(ctx, distance)
	case "stationary":
		return p.Solution.Stationary(c.Bound), nil
	case "closed-form":
		if p.Model != nil {
			return p.meanLaw()
		}
		return p.Solution.ClosedForm(p.Spec.ODE.Output)
	case "invariant":
		check, _, err := p.invariance(ctx, c.Charts)
		return check, err
	}
	return flow.Check{}, fmt.Errorf("no claim is called %q", c.Name)
}

// invariance compares the flow in several charts over the time that it took.
func (p *Problem) invariance(ctx context.Context, charts []string) (flow.Check, *invariance.Gap, error) {
	maker, err := p.Spec.metric()
	if err != nil {
		return flow.Check{}, nil, err
	}
	problem := &invariance.Problem{
		Family: p.Family, Loss: p.Loss, Metric: maker, Start: p.Source,
		T0: p.T0, T1: p.Solution.Time(p.Solution.Len() - 1),
	}
	for _, t := range p.Settings.ODE.StopAt {
		if t <= problem.T1 {
			problem.Times = append(problem.Times, t)
		}
	}
	return invariance.Check(ctx, problem, charts, p.Settings)
}
