package descent_test

import (
	"context"
	"fmt"

	"fisherflow/descent"
	"fisherflow/network"

	"gonum.org/v1/gonum/mat"
)

// A net learns exclusive or by K-FAC. In practice examples come from a file, and
// a batch of them at a time.
func Example() {
	x := mat.NewDense(4, 2, []float64{0, 0, 0, 1, 1, 0, 1, 1})
	y := mat.NewDense(4, 1, []float64{0, 1, 1, 0})
	net, err := network.MLP([]int{2, 8, 2}, network.Tanh{}, network.Softmax{})
	if err != nil {
		panic(err)
	}
	model, err := network.NewEvaluation(net, network.Data{X: x, Y: y})
	if err != nil {
		panic(err)
	}
	start := make([]float64, net.Dim())
	if err := net.Initial(start, "glorot-uniform", 1); err != nil {
		panic(err)
	}
	trainer, err := descent.NewTrainer(model, start, descent.KFAC(), descent.Training{Seed: 1})
	if err != nil {
		panic(err)
	}
	if err := trainer.Run(context.Background(), 20, nil); err != nil {
		panic(err)
	}
	if err := model.At(trainer.Theta()); err != nil {
		panic(err)
	}
	fmt.Println(model.Value() < 1e-3, model.Accuracy())
	// Output: true 1
}
