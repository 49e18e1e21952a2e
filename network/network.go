package network

import (
	"errors"
	"fmt"
)

// A Network is an architecture: layers one behind the other and an output
// family. It is immutable and safe for concurrent use.
type Network struct {
	input  Shape
	stages []stage
	output Output
	n      int
}

// New returns the network that takes examples of the shape input through the
// layers and reads its last values as the parameters of the output.
func New(input Shape, layers []Layer, output Output) (*Network, error) {
	if input.Height < 1 || input.Width < 1 || input.Channels < 1 {
		return nil, fmt.Errorf("examples of %v numbers", input)
	}
	if len(layers) == 0 {
		return nil, errors.New("a network needs a layer at least")
	}
	if output == nil {
		return nil, errors.New("a network needs an output")
	}
	n := &Network{input: input, output: output}
	at := input
	for i, l := range layers {
		s, err := l.compile(at)
		if err != nil {
			return nil, fmt.Errorf("layer %d: %w", i+1, err)
		}
		s.offset = n.n
		n.n += s.p * s.q
		n.stages = append(n.stages, s)
		at = s.out
	}
	if _, err := output.Responses(at.Len()); err != nil {
		return nil, fmt.Errorf("output %s: %w", output.Name(), err)
	}
	return n, nil
}

// MLP returns a network of dense layers: widths are the numbers of inputs, of
// units of each hidden layer, and of outputs. The last layer is linear.
func MLP(widths []int, hidden Activation, output Output) (*Network, error) {
	if len(widths) < 2 {
		return nil, fmt.Errorf("widths %v must name inputs and outputs at least", widths)
	}
	var layers []Layer
	for i, w := range widths[1:] {
		d := Dense{Units: w, Activation: hidden}
		if i == len(widths)-2 {
			d.Activation = nil
		}
		layers = append(layers, d)
	}
	return New(Vector(widths[0]), layers, output)
}

// Dim is the number of parameters.
func (n *Network) Dim() int { return n.n }

// Input is the shape of an example, Outputs the number of parameters z of the
// output family.
func (n *Network) Input() Shape { return n.input }

// Outputs is the length of z.
func (n *Network) Outputs() int { return n.stages[len(n.stages)-1].out.Len() }

// Output is the output family.
func (n *Network) Output() Output { return n.output }

// Responses is the length of a response y.
func (n *Network) Responses() int {
	r, err := n.output.Responses(n.Outputs())
	if err != nil {
		panic("network: " + err.Error()) // New has asked
	}
	return r
}

// Layers is the number of layers.
func (n *Network) Layers() int { return len(n.stages) }

// Layer returns the place of layer l: W is the q×p matrix at offset in θ,
// applied at each of t positions; bias says whether its last column is one.
func (n *Network) Layer(l int) (offset, q, p, t int, bias bool) {
	s := &n.stages[l]
	return s.offset, s.q, s.p, s.t, s.bias
}
