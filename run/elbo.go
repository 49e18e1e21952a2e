package run

import (
	"fmt"

	"fisherflow/flow"
	"fisherflow/manifold"
	"fisherflow/variational"
	"fisherflow/variational/target"
)

// posterior makes the target of a spec and the family of q.
func (s *Spec) posterior(p *Problem) error {
	var err error
	if p.Target, p.Observations, err = BuildTarget(s); err != nil {
		return err
	}
	covariance, _ := s.Family.Options["covariance"].(string)
	if p.Family, err = approximation(covariance, p.Target.Dim()); err != nil {
		return s.Errorf("family", "%w", err)
	}
	return nil
}

// elbo makes the loss of a spec with a target.
func (s *Spec) elbo(p *Problem) (flow.Loss, error) {
	e, err := expectation(p.Target)
	if err != nil {
		return nil, s.Errorf("target", "%w", err)
	}
	loss, err := variational.NewELBO(p.Family, e)
	if err != nil {
		return nil, s.Errorf("family", "%w", err)
	}
	return loss, nil
}

const (
	// predictorNodes of the quadrature over a linear predictor.
	predictorNodes = 40
	// Up to fewUnknowns a product of rules, whose weights are positive, begins
	// with tensorNodes a coordinate; above that sparse rules begin with
	// ruleLevel, and above mostSparse there are quasi-random points.
	fewUnknowns = 4
	tensorNodes = 5
	mostSparse  = 15
	ruleLevel   = 2
)

// expectation is the most accurate one that a target has, or the coarsest of
// those by nodes in z, which are refined when the flow is integrated.
func expectation(t target.Target) (variational.Expectation, error) {
	switch t := t.(type) {
	case target.NormalExpectation:
		return variational.ByClosedForm(t), nil
	case target.LinearModel:
		return variational.ByPredictor(t, predictorNodes), nil
	}
	d := t.Dim()
	var rule *variational.Rule
	var err error
	switch {
	case d <= fewUnknowns:
		rule, err = variational.Tensor(d, tensorNodes)
	case d <= mostSparse:
		rule, err = variational.Sparse(d, ruleLevel)
	default:
		rule, err = variational.QuasiRandom(d, max(1024, 4*d))
	}
	if err != nil {
		return nil, fmt.Errorf("quadrature in %d dimensions: %w", d, err)
	}
	return variational.ByRule(t, rule), nil
}

const (
	// posteriorTol is the error of a step, in Fisher length.
	posteriorTol = 1e-4
	// posteriorStop is the Fisher distance to the optimum at which a fit ends:
	// the mean is then off by at most that many standard deviations.
	posteriorStop = 1e-5
)

// laplace is the default start of a flow towards a posterior, in source
// coordinates.
func laplace(t target.Target, f manifold.Family) ([]float64, error) {
	mean, cov, conditional, err := variational.Laplace(t, make([]float64, t.Dim()))
	if err != nil {
		return nil, err
	}
	source := append([]float64(nil), mean...)
	if _, diagonal := f.(manifold.DiagonalNormal); diagonal {
		return append(source, conditional...), nil
	}
	for i := range mean {
		for j := range i + 1 {
			source = append(source, cov.At(i, j))
		}
	}
	return source, nil
}

// posteriorMethod is the default method. Where q has all covariances the flow
// contracts at rates near 1; a mean field on correlated unknowns has rates far
// apart and needs a stiff method.
func posteriorMethod(f FamilySpec) string {
	if f.Options["covariance"] == "diagonal" {
		return "radau5"
	}
	return "auto"
}

// posteriorChart is the default chart, one without a boundary.
func posteriorChart(f FamilySpec) string {
	if f.Options["covariance"] == "diagonal" {
		return "log-scale"
	}
	return "log-cholesky"
}
