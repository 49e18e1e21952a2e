package run

import (
	"context"
	"errors"
	"fmt"
	"math"

	"fisherflow/flow"
	"fisherflow/variational"
	"fisherflow/variational/target"

	"gonum.org/v1/gonum/mat"
)

// A PosteriorResult is q, where a flow of the loss elbo has ended, and what it
// is worth.
type PosteriorResult struct {
	// Parameters are on the constrained scale, under q.
	Parameters []Parameter `json:"parameters"`
	// QMean and QCovariance are on the unconstrained scale, of the coordinates
	// that Coordinates names. The covariance is a list for a diagonal one, and
	// left out above 200 coordinates.
	Coordinates []string `json:"coordinates"`
	QMean       []Number `json:"q_mean"`
	QCovariance any      `json:"q_covariance,omitempty"`
	ELBO        Number   `json:"elbo"`
	// ELBOError is by how much finer nodes change the ELBO.
	ELBOError           Number `json:"elbo_error"`
	LogEvidence         Number `json:"log_evidence"`
	LogEvidenceError    Number `json:"log_evidence_se"`
	ParetoK             Number `json:"pareto_k"`
	Draws               int    `json:"draws"`
	Expectation         string `json:"expectation"`
	Distance            Number `json:"distance_left"`
	Converged           bool   `json:"converged"`
	Trusted             bool   `json:"trusted"`
	Verdict             string `json:"verdict"`
	constrained, points [][]float64
	logWeights          []float64
	covariance          *mat.SymDense
}

// A Parameter is one parameter of a model, on its own scale, under q.
type Parameter struct {
	Name string `json:"name"`
	Mean Number `json:"mean"`
	SD   Number `json:"sd"`
	Q05  Number `json:"q05"`
	Q50  Number `json:"q50"`
	Q95  Number `json:"q95"`
}

const (
	// mostDraws of q are weighed where the density is a cheap one, fewDraws
	// elsewhere; drawnNumbers bounds the numbers drawn in many dimensions.
	mostDraws    = 100_000
	fewDraws     = 20_000
	drawnNumbers = 20_000_000
	termsDrawn   = 20_000_000 // of the log density
	// nodeAccuracy is the Fisher distance by which the error of the nodes may
	// move q.
	nodeAccuracy = 5e-5
	// dearestNodes bounds the nodes in z.
	dearestNodes = 10_000
	// largestCovariance is the number of coordinates up to which a result has
	// q's covariance.
	largestCovariance = 200
)

// fit integrates the flow of a posterior, with finer nodes once more where those
// it had prove too coarse, and judges q at its end.
func (p *Problem) fit(ctx context.Context, settings flow.Settings) {
	loss, ok := p.Loss.(*variational.ELBO)
	if !ok {
		p.Err = fmt.Errorf("%s: no ELBO", p.Name)
		return
	}
	here := loss.Clone().(*variational.ELBO)
	if p.Err = here.At(p.Source); p.Err != nil {
		return
	}
	if wrong := here.CheckGradient(p.Target); wrong != "" {
		p.Err = errors.New(wrong)
		return
	}
	observer := settings.Observer
	choice := p.choice()
	finer, near := variational.Refine(ctx, loss, p.Source, p.Spec.Flow.Chart, choice)
	if finer != loss.Expectation() {
		// Flows over many nodes are dear, and begin near the end where no start
		// was asked for.
		if p.Spec.Flow.Start.At == nil && variational.Nodes(finer) > manyNodes {
			p.Err = p.moveStart(near)
		}
		if p.Err == nil {
			loss, p.Err = p.useNodes(finer)
		}
	}
	view, err := p.View()
	if err != nil {
		p.Err = err
	}
	for p.Err == nil {
		settings.Observer = variational.Watch(ctx, view, here, observer)
		p.Solution, p.Err = flow.Solve(ctx, p.Flow, p.Start, p.T0, p.T1, &settings)
		if p.Solution == nil || p.Solution.Trajectory == nil || ctx.Err() != nil {
			return
		}
		finer, err := p.examine(loss, choice)
		if err != nil {
			p.Err = errors.Join(p.Err, err)
		}
		if finer == nil {
			return
		}
		loss, p.Err = p.useNodes(finer)
	}
}

// manyNodes is the number of nodes above which a flow begins near its end.
const manyNodes = 1000

// useNodes makes the flow that of a finer expectation.
func (p *Problem) useNodes(e variational.Expectation) (*variational.ELBO, error) {
	loss, err := variational.NewELBO(p.Family, e)
	if err != nil {
		return nil, err
	}
	maker, err := p.Spec.metric()
	if err != nil {
		return nil, err
	}
	p.Loss = loss
	p.Flow, err = flow.OnFamily(p.Family, p.Spec.Flow.Chart, loss, maker)
	return loss, err
}

// moveStart makes the flow begin at a point in source coordinates.
func (p *Problem) moveStart(source []float64) error {
	view, err := p.View()
	if err != nil {
		return err
	}
	p.Source = append([]float64(nil), source...)
	p.Start = make([]float64, len(source))
	return view.Chart().FromSource(p.Start, p.Source)
}

// choice are the settings by which q is judged. A draw costs as many terms as
// there are observations, and the number of draws is chosen with that in mind.
func (p *Problem) choice() *variational.Settings {
	draws := fewDraws
	switch t := p.Target.(type) {
	case target.NormalExpectation:
		draws = mostDraws
	case target.LinearModel:
		n, _ := t.Design().Dims()
		draws = max(fewDraws, min(mostDraws, termsDrawn/max(n, 1)))
	}
	distance := p.Spec.Flow.Stop
	if distance == 0 {
		distance = posteriorStop
	}
	return &variational.Settings{
		Accuracy: nodeAccuracy, MaxNodes: dearestNodes, Distance: distance, Draws: min(draws, max(200, drawnNumbers/p.Target.Dim())),
		Seed: uint64(p.Spec.Seed), MaxSteps: p.Spec.ODE.MaxSteps, Covariance: covarianceOf(p.Spec.Family),
	}
}

func covarianceOf(f FamilySpec) variational.Covariance {
	if f.Options["covariance"] == "diagonal" {
		return variational.Diagonal
	}
	return variational.Full
}

// examine judges the end of the flow. A flow that did not end well has its
// verdict for an error.
func (p *Problem) examine(loss *variational.ELBO, choice *variational.Settings) (variational.Expectation, error) {
	view, err := p.View()
	if err != nil {
		return nil, err
	}
	source := make([]float64, p.Family.Dim())
	if err := view.Chart().ToSource(source, p.Solution.Last()); err != nil {
		return nil, err
	}
	f, finer, err := variational.Judge(p.Target, loss, p.Solution, p.Err, source, choice)
	if f == nil || err != nil {
		return finer, err
	}
	if p.Err != nil {
		p.Err = errors.New(f.Verdict.Text)
	}
	p.Posterior = newPosterior(p.Target, f)
	return nil, nil
}

// newPosterior lays a fit out.
func newPosterior(t target.Target, f *variational.Fit) *PosteriorResult {
	r := &PosteriorResult{
		Coordinates: coordinateNames(t), QMean: Numbers(f.Mean), ELBO: Number(f.ELBO), ELBOError: Number(f.ELBOError),
		LogEvidence: Number(math.NaN()), LogEvidenceError: Number(math.NaN()), ParetoK: Number(math.NaN()),
		Expectation: f.Expectation, Distance: Number(f.DistanceLeft + f.Moved),
		Converged: f.Verdict.Converged, Trusted: f.Verdict.Trusted, Verdict: f.Verdict.Text,
	}
	d := len(f.Mean)
	diagonal := f.Family.Dim() == 2*d && d > 1
	if diagonal {
		variances := make([]float64, d)
		for i, s := range f.SD {
			variances[i] = s * s
		}
		r.QCovariance = Numbers(variances)
	} else if d <= largestCovariance {
		r.covariance = f.Covariance()
		rows := make([][]Number, d)
		for i := range rows {
			rows[i] = Numbers(mat.Row(nil, i, r.covariance))
		}
		r.QCovariance = rows
	}
	if e := f.Evidence; e != nil {
		r.LogEvidence, r.LogEvidenceError, r.ParetoK, r.Draws = Number(e.Log), Number(e.StandardError), Number(e.ParetoK), e.Draws
		r.logWeights = e.LogWeights
		for k := range e.Draws {
			z := e.Points[k*d : (k+1)*d]
			r.points = append(r.points, z)
			r.constrained = append(r.constrained, constrain(t, z))
		}
	}
	r.Parameters = parameters(t, f, r.constrained)
	return r
}

// Drawn are the draws of q, on the model's own scale, and the logarithms of
// their unnormalised weights p/q. They are not kept with a stored result.
func (r *PosteriorResult) Drawn() (draws [][]float64, logWeights []float64) {
	return r.constrained, r.logWeights
}

// Covariance is q's on the unconstrained scale, nil for a diagonal one, above
// 200 coordinates, and of a stored result.
func (r *PosteriorResult) Covariance() *mat.SymDense { return r.covariance }
