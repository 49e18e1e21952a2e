package network

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"
)

// Data are examples and their responses, a row each.
type Data struct{ X, Y *mat.Dense }

// A DataError says which example cannot be used, and why.
type DataError struct {
	Row     int // from 0; −1: the data as a whole
	Problem string
}

func (e *DataError) Error() string {
	if e.Row < 0 {
		return e.Problem
	}
	return fmt.Sprintf("example %d: %s", e.Row+1, e.Problem)
}

// Check reports whether the data fit the network: their widths, finite inputs
// and responses in the support of the output. Errors are of type [*DataError].
func (n *Network) Check(d Data) error {
	rows, columns := d.X.Dims()
	responses, width := d.Y.Dims()
	switch {
	case rows == 0:
		return &DataError{-1, "there are no examples"}
	case columns != n.input.Len():
		return &DataError{-1, fmt.Sprintf("examples have %d numbers where the network takes %v", columns, n.input)}
	case responses != rows:
		return &DataError{-1, fmt.Sprintf("%d examples with %d responses", rows, responses)}
	case width != n.Responses():
		return &DataError{-1, fmt.Sprintf("responses have %d numbers where %s with %d outputs has %d", width, n.output.Name(), n.Outputs(), n.Responses())}
	}
	for i := range rows {
		for j, v := range d.X.RawRowView(i) {
			if math.IsNaN(v) || math.IsInf(v, 0) {
				return &DataError{i, fmt.Sprintf("input %d is %v", j+1, v)}
			}
		}
		if err := n.output.CheckResponse(d.Y.RawRowView(i), n.Outputs()); err != nil {
			return &DataError{i, "response: " + err.Error()}
		}
	}
	return nil
}
