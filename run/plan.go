package run

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"html/template"
	"time"

	"fisherflow/flow"
	"fisherflow/manifold"
	"fisherflow/variational/target"
)

// A Plan is a run about to be executed: the flow of a spec, and of others that
// it is compared with.
type Plan struct {
	// Name names the folder of the plan's runs.
	Name string
	// Spec is that of the main member, MainName how claims call it; empty
	// means the name of its metric.
	Spec     *Spec
	MainName string
	// Members are the others.
	Members []Member

	// Description says in a sentence or two what is asked, Equations how, and
	// Citations after whom.
	Description string
	Equations   []template.HTML
	Citations   []string

	// Surface makes the surface of a member whose spec leaves it to the
	// experiment; see [Spec.Own].
	Surface func(member string, s *Spec) (*Surface, error)

	// Finish, if not nil, is called when the flows have been computed and
	// their claims judged. It may add tables and claims to the result.
	Finish func(ctx context.Context, o *Outcome) error
}

// A Member is a flow that the main one is compared with.
type Member struct {
	Name string
	Spec *Spec
	// Optional says that the run is well even if this flow's solver gives up,
	// as a control may.
	Optional bool
}

// NewPlan is the plan of a single spec.
func NewPlan(s *Spec) *Plan {
	return &Plan{Name: s.Name(), Spec: s, Description: s.Title}
}

func (p *Plan) mainName() string {
	if p.MainName != "" {
		return p.MainName
	}
	if p.Spec.Optimizer != nil {
		return p.Spec.Optimizer.Rule
	}
	return p.Spec.Flow.Metric
}

// members are all flows, the main one first.
func (p *Plan) members() []Member {
	return append([]Member{{Name: p.mainName(), Spec: p.Spec}}, p.Members...)
}

// An Outcome is an executed plan: the result, and what it was computed from.
type Outcome struct {
	Plan *Plan
	// Problems are the flows, the main one first, with their solutions. They
	// are nil when the result was read from a folder.
	Problems []*Problem
	Result   *Result
	// Timings are in the order of the problems, Measured those of what an
	// experiment measured beside them, each a Solve.
	Timings, Measured []Timing
	// Stored says that the folder was complete already and nothing was
	// computed. Dir is the folder, empty if none was asked for.
	Stored bool
	Dir    string
	// Figures are what was drawn; nil when the result was read from a folder.
	Figures []Figure

	provenance *Manifest // nil without a folder
	keeper     *keeper   // nil without a folder
}

// A Timing is the time that a flow took.
type Timing struct {
	Member        string
	Solve, Claims time.Duration
}

// A Problem is a flow ready to be integrated, and afterwards its solution.
type Problem struct {
	Name     string
	Optional bool
	Spec     *Spec
	Family   manifold.Family
	Loss     flow.Loss
	// Target is the posterior of the loss elbo, nil for others.
	Target target.Target
	// Model is the network of a conditional model, nil for others; Family are
	// then its parameters, and Loss shares the flow's evaluation.
	Model *Model
	// Training trains the model, nil for a flow; there is then no Flow, T0 is 0
	// and T1 the number of steps.
	Training *Training
	// Observations are nil for a loss that reads none.
	Observations *Observations
	// Flow is the vector field in the chart of the spec; Point of it, a
	// [flow.ChartPoint] or a [flow.NetworkPoint], must not be used while the
	// flow is integrated.
	Flow *flow.Flow
	// Start is in the flow's chart, Source the same point in source
	// coordinates.
	Start, Source []float64
	T0, T1        float64 // T1 is +Inf where only a stop rule ends the flow
	Settings      flow.Settings

	// Solution is nil before the flow is integrated; Err says why it is
	// incomplete.
	Solution *flow.Result
	Err      error

	diagnoses []diagnosed
}

// View is the family in the flow's chart, with workspace of its own.
func (p *Problem) View() (*manifold.View, error) { return manifold.In(p.Family, p.Spec.Flow.Chart) }

// Point is the flow's loss and metric at a point of its chart, with workspace
// of its own.
func (p *Problem) Point() flow.Point { return p.Flow.Point().Clone() }

// A Figure is a drawing in one or several formats.
type Figure struct {
	Name    string // of its files, without extension
	Title   string
	Caption string
	// Files has the contents by file extension, as "svg" or "png".
	Files map[string][]byte
}

// A Progress is the state of a plan in execution, after an accepted step.
type Progress struct {
	Member         string
	Index, Members int // which of how many flows, from 0
	T0, T1         float64
	flow.Progress
}

// Options say how a plan is executed.
type Options struct {
	// Output is the root of the run folders; empty means "runs".
	Output string
	// Force computes even if there is a complete folder.
	Force bool
	// Figures draws, if it is not nil. It is called once, when everything else
	// has been computed.
	Figures func(ctx context.Context, o *Outcome) ([]Figure, error)
	// Progress, if not nil, is called after every accepted step.
	Progress func(Progress)
	// Version is the program's version, for the manifest.
	Version string
	// Waiting, if not nil, is called when another process computes the same run,
	// before its end is waited for. With NoWait the error is ErrBusy instead.
	Waiting func()
	NoWait  bool
	// Checkpoint is the time from one checkpoint of a training to the next; 0
	// means a minute. One is kept too where the context ends, and the next run
	// goes on from it, unless Force is set.
	Checkpoint time.Duration
	// Slots, if not nil, is taken from while there is something to compute, and
	// given back while the disk is waited for: it bounds the processors used.
	Slots chan struct{}
}

// Build makes the problems of all members, the main one first, as [Build] does.
func (p *Plan) Build() ([]*Problem, error) {
	var problems []*Problem
	for _, m := range p.members() {
		var surface *Surface
		if m.Spec.Own && p.Surface != nil {
			var err error
			if surface, err = p.Surface(m.Name, m.Spec); err != nil {
				return nil, err
			}
		}
		problem, err := build(m.Spec, surface)
		if err != nil {
			return nil, err
		}
		problem.Name, problem.Optional = m.Name, m.Optional
		problems = append(problems, problem)
	}
	return problems, nil
}

// Hash is the first 16 hexadecimal digits of the SHA-256 of all that
// determines the run: the resolved specs of all members, which hold the seed,
// the checksums of their data, and the schema of the result.
func (p *Plan) Hash() (string, error) {
	problems, err := p.Build()
	if err != nil {
		return "", err
	}
	return hash(problems), nil
}

func hash(problems []*Problem) string {
	h := sha256.New()
	fmt.Fprintf(h, "schema %d\n", Schema)
	for _, p := range problems {
		fmt.Fprintf(h, "member %q\n%s", p.Name, p.Spec.TOML())
		if p.Observations != nil {
			fmt.Fprintf(h, "data %s\n", p.Observations.SHA256)
		}
	}
	return hex.EncodeToString(h.Sum(nil))[:16]
}
