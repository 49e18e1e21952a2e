package main

import (
	"fmt"
	"io"

	"fisherflow/network"
	"fisherflow/run"
)

// doctorModel says what a spec with a [model] would compute, and where it starts.
func doctorModel(w io.Writer, p *run.Problem) {
	net := p.Model.Network
	examples, _ := p.Model.Train.X.Dims()
	how := fmt.Sprintf("flow %s: %s under %s", p.Name, p.Family.Name(), p.Spec.Flow.Metric)
	if o := p.Spec.Optimizer; o != nil {
		batch := "all examples"
		if o.Batch > 0 {
			batch = plural(o.Batch, "example")
		}
		how = fmt.Sprintf("training %s: %s by %s, %s of %s", p.Name, p.Family.Name(), o.Rule, plural(o.Steps, "step"), batch)
	}
	fmt.Fprintf(w, "%s; %s, output %s of %s, %s", how, plural(net.Dim(), "parameter"), net.Output().Name(), plural(net.Outputs(), "number"), plural(examples, "example"))
	if p.Model.Test != nil {
		tested, _ := p.Model.Test.X.Dims()
		fmt.Fprintf(w, ", test %d", tested)
	}
	fmt.Fprintln(w)
	e, err := network.NewEvaluation(net, p.Model.Train)
	if err == nil {
		err = e.At(p.Start)
	}
	if err != nil {
		fmt.Fprintf(w, "  the loss cannot be evaluated at the start: %v\n", err)
		return
	}
	g := make([]float64, net.Dim())
	e.Gradient(g)
	fmt.Fprintf(w, "  at the start the loss is %.8g and its gradient %s\n", e.Value(), join(g[:min(len(g), 8)]))
}
