package invariance

import (
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"strings"

	"fisherflow/metrics"
	"fisherflow/network"
)

// A NetworkMetric is a metric of a network and what it keeps.
type NetworkMetric struct {
	// Name is the metric in words, as "K-FAC + λI".
	Name      string
	Structure string
	Settings  metrics.Settings
	// Keeps are the kinds of changes of parameters of [Kinds] that its steps do
	// not depend on.
	Keeps []string
}

// Applicable says whether the metric is defined after a change of that kind.
func (r *NetworkMetric) Applicable(kind string) bool {
	if r.Structure != "kfac" && r.Structure != "ekfac" {
		return true
	}
	return kind == "product scale" || strings.HasPrefix(kind, "unit affine") || kind == "layer orthogonal" || kind == "layer affine"
}

// damping of the damped rows.
const tableDamping = 1e-2

// NetworkMetrics lists the metrics with what each keeps. Damped by λI a metric keeps
// orthogonal changes at most; EKFAC, which fits the second moments better than
// K-FAC, gives up its invariance under affine changes of activations for it.
//
// Sources: Martens & Grosse, arXiv 1503.05671, Theorem 1 (K-FAC under affine
// changes of layers); Ollivier, arXiv 1303.0818 (unit-wise, quasi-diagonal).
func NetworkMetrics() []NetworkMetric {
	damped := func(kind string) metrics.Settings {
		return metrics.Settings{Damping: metrics.Damping{Kind: kind, Value: tableDamping}}
	}
	inUnits := []string{"product scale", "coordinate scale", "unit affine activations", "unit affine inputs", "unit linear"}
	inLayers := append(slices.Clone(inUnits), "layer orthogonal", "layer affine", "layer linear")
	turned := []string{"layer orthogonal"}
	everywhere := []string{"layer orthogonal", "orthogonal"}
	return []NetworkMetric{
		{"exact Fisher", "fisher", metrics.Settings{}, Kinds()},
		{"empirical Fisher", "fisher", metrics.Settings{Estimator: "empirical"}, Kinds()},
		{"Monte Carlo, same draws", "fisher", metrics.Settings{Estimator: "monte-carlo", Samples: 2, Seed: 1}, Kinds()},
		{"block per layer", "block-diagonal", metrics.Settings{}, inLayers},
		{"unit-wise", "unit-wise", metrics.Settings{}, inUnits},
		{"quasi-diagonal", "quasi-diagonal", metrics.Settings{}, inUnits[:3]},
		{"K-FAC", "kfac", metrics.Settings{}, []string{"product scale", "unit affine activations", "unit affine inputs", "layer orthogonal", "layer affine"}},
		{"EKFAC", "ekfac", metrics.Settings{}, turned},
		{"diagonal", "diagonal", metrics.Settings{}, inUnits[:2]},
		{"gradient (SGD)", "euclidean", metrics.Settings{}, everywhere},
		{"exact + λI", "fisher", damped("tikhonov"), everywhere},
		{"exact + λ diag F", "fisher", damped("marquardt"), inUnits[:2]},
		{"exact + λ blocks", "fisher", damped("block"), inLayers},
		{"block + λI", "block-diagonal", damped("tikhonov"), turned},
		{"unit-wise + λI", "unit-wise", damped("tikhonov"), nil},
		{"quasi-diagonal + λI", "quasi-diagonal", damped("tikhonov"), nil},
		{"K-FAC + λI", "kfac", damped("tikhonov"), turned},
		{"K-FAC, factored λ", "kfac", damped("factored"), turned},
		{"EKFAC + λI", "ekfac", damped("tikhonov"), turned},
		{"diagonal + λI", "diagonal", damped("tikhonov"), nil},
	}
}

// A Cell is the largest defect of a metric under some changes of one kind.
type Cell struct {
	Kind string
	// Keeps is what the table says, Defect what was measured; NaN where the
	// metric is not applicable.
	Keeps, Applicable bool
	Defect            float64
}

// NetworkTable measures every metric of [NetworkMetrics] under draws changes of every kind, drawn
// with the seed, and keeps the largest defects, row by row.
func NetworkTable(e *network.Evaluation, theta []float64, draws int, seed uint64) ([][]Cell, error) {
	rng := rand.New(rand.NewPCG(seed, 0))
	changes := make([][]*Reparametrization, draws)
	for i := range changes {
		changes[i] = Reparametrizations(e.Network(), rng)
	}
	var table [][]Cell
	for _, row := range NetworkMetrics() {
		var cells []Cell
		for k, name := range Kinds() {
			c := Cell{Kind: name, Keeps: slices.Contains(row.Keeps, name), Applicable: true}
			for i := range changes {
				d, err := Defect(e, theta, row.Structure, row.Settings, changes[i][k])
				if errors.Is(err, ErrNotApplicable) {
					c.Applicable, c.Defect = false, math.NaN()
					break
				}
				if err != nil {
					return nil, err
				}
				c.Defect = math.Max(c.Defect, d)
			}
			cells = append(cells, c)
		}
		table = append(table, cells)
	}
	return table, nil
}
