package descent_test

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"testing"

	"fisherflow/descent"
	"fisherflow/metrics"
	"fisherflow/network"
	"fisherflow/ode"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
)

// labelled is a softmax net of 5-4-3 on n examples whose labels it can learn.
func labelled(t testing.TB, n int) (*network.Evaluation, []float64) {
	t.Helper()
	net, err := network.MLP([]int{5, 4, 3}, network.Tanh{}, network.Softmax{})
	require.NoError(t, err)
	rng := rand.New(rand.NewPCG(1, 2))
	d := network.Data{X: mat.NewDense(n, 5, nil), Y: mat.NewDense(n, 1, nil)}
	for i := range n {
		sum := 0.0
		for j := range 5 {
			x := rng.NormFloat64()
			d.X.Set(i, j, x)
			sum += x * float64(j-1)
		}
		d.Y.Set(i, 0, float64(min(2, max(0, int(1.5+sum)))))
	}
	e, err := network.NewEvaluation(net, d)
	require.NoError(t, err)
	theta := make([]float64, net.Dim())
	require.NoError(t, net.Initial(theta, "lecun-normal", 3))
	return e, theta
}

// every are optimizers with memories of all kinds.
func every() map[string]func() descent.Optimizer {
	factored := metrics.Damping{Kind: "factored", Value: 0.1}
	plain := metrics.Damping{Value: 0.1}
	return map[string]func() descent.Optimizer{
		"sgd":         func() descent.Optimizer { return new(descent.SGD) },
		"momentum":    func() descent.Optimizer { return &descent.Momentum{Nesterov: true} },
		"adam":        func() descent.Optimizer { return &descent.Adam{Rate: 0.01} },
		"fisher-step": func() descent.Optimizer { return &descent.FisherStep{Epsilon: 0.1, Estimator: "monte-carlo"} },
		"kfac":        func() descent.Optimizer { return descent.KFAC() },
		"kfac of Monte Carlo, averaged, inverted at intervals": func() descent.Optimizer {
			return &descent.Natural{Structure: "kfac", Momentum: 0.5, Norm: 1e-2,
				Metric: metrics.Settings{Estimator: "monte-carlo", Average: 0.9, Interval: 3, Damping: factored}}
		},
		"ekfac": func() descent.Optimizer {
			return &descent.Natural{Structure: "ekfac", Metric: metrics.Settings{Average: 0.9, Damping: plain}}
		},
		"dense": func() descent.Optimizer { return &descent.Natural{Metric: metrics.Settings{Damping: plain}} },
		"conjugate gradients, preconditioned": func() descent.Optimizer {
			return &descent.Natural{Structure: "conjugate-gradient", Preconditioner: "kfac", Metric: metrics.Settings{Damping: plain}, LevenbergMarquardt: new(descent.LevenbergMarquardt)}
		},
	}
}

// TestTrainingGoesOn: a training that was stored and taken up again ends in the
// same bits as one that was not interrupted, in the middle of an epoch too.
func TestTrainingGoesOn(t *testing.T) {
	for name, make := range every() {
		for _, batch := range []int{0, 7} {
			model, start := labelled(t, 25)
			begin := func() *descent.Trainer {
				tr, err := descent.NewTrainer(model.Clone(), start, make(), descent.Training{Batch: batch, Seed: 5})
				require.NoError(t, err, name)
				return tr
			}
			whole, first, second := begin(), begin(), begin()
			require.NoError(t, whole.Run(context.Background(), 12, nil), name)
			require.NoError(t, first.Run(context.Background(), 5, nil), name)
			memory, err := first.AppendBinary(nil)
			require.NoError(t, err)
			require.NoError(t, second.Run(context.Background(), 2, nil), name)
			require.NoError(t, second.UnmarshalBinary(memory), name)
			require.Equal(t, 5, second.Steps())
			require.NoError(t, second.Run(context.Background(), 12, nil), name)
			require.Equal(t, whole.Theta(), second.Theta(), "%s, batch %d", name, batch)
			again, err := second.AppendBinary(nil)
			require.NoError(t, err)
			want, err := whole.AppendBinary(nil)
			require.NoError(t, err)
			require.Equal(t, want, again, "%s, batch %d", name, batch)
			require.Error(t, second.UnmarshalBinary(memory[:len(memory)-1]), name)
			require.Error(t, second.UnmarshalBinary(append(memory, 0)), name)
		}
	}
}

// TestTrainersLower: every optimizer lowers the loss of a net that can learn.
func TestTrainersLower(t *testing.T) {
	for name, make := range every() {
		model, start := labelled(t, 40)
		tr, err := descent.NewTrainer(model, start, make(), descent.Training{})
		require.NoError(t, err)
		first, last := 0.0, 0.0
		require.NoError(t, tr.Run(context.Background(), 30, func(r descent.Report) error {
			if first == 0 {
				first = r.Loss
			}
			last = r.Loss
			return nil
		}))
		require.Less(t, last, 0.9*first, name)
	}
}

// TestStepsOfTrainersDoNotAllocate, with a net too small for the blocked
// kernels of LAPACK, which do.
func TestStepsOfTrainersDoNotAllocate(t *testing.T) {
	for name, make := range every() {
		model, start := labelled(t, 21)
		tr, err := descent.NewTrainer(model, start, make(), descent.Training{Batch: 7})
		require.NoError(t, err)
		step := func() {
			if _, err := tr.Step(); err != nil {
				panic(err)
			}
		}
		for range 4 {
			step()
		}
		require.Zero(t, testing.AllocsPerRun(20, step), name)
	}
}

// TestBatchesGoThroughTheExamples: an epoch has each example once but for those
// that do not fill a batch, in another order each time, which the seed decides.
func TestBatchesGoThroughTheExamples(t *testing.T) {
	model, start := labelled(t, 10)
	seen := &batches{Model: model}
	tr, err := descent.NewTrainer(seen, start, new(descent.SGD), descent.Training{Batch: 3, Seed: 1})
	require.NoError(t, err)
	seen.all = nil
	require.NoError(t, tr.Run(context.Background(), 6, nil))
	require.InDelta(t, 2, tr.Epochs(), 0)
	for epoch := range 2 {
		count := map[int]int{}
		for _, i := range seen.all[9*epoch : 9*epoch+9] {
			count[i]++
		}
		require.Len(t, count, 9)
	}
	require.NotEqual(t, seen.all[:9], seen.all[9:])
}

// batches notes the examples of all batches.
type batches struct {
	descent.Model
	all []int
}

func (b *batches) Batch(i []int) error {
	b.all = append(b.all, i...)
	return b.Model.Batch(i)
}

func TestTrainersStop(t *testing.T) {
	model, start := labelled(t, 10)
	tr, err := descent.NewTrainer(model, start, new(descent.SGD), descent.Training{})
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	err = tr.Run(ctx, 100, func(descent.Report) error {
		if tr.Steps() == 3 {
			cancel()
		}
		return nil
	})
	require.ErrorIs(t, err, context.Canceled)
	require.ErrorContains(t, err, "after 3 of 100 steps")
	require.NoError(t, tr.Run(context.Background(), 4, nil))
	stop := errors.New("enough")
	require.ErrorIs(t, tr.Run(context.Background(), 9, func(descent.Report) error { return stop }), stop)
	require.Equal(t, 5, tr.Steps())
}

// TestTrainingRefuses what cannot be meant, in a line that says so.
func TestTrainingRefuses(t *testing.T) {
	lm := new(descent.LevenbergMarquardt)
	for _, c := range []struct {
		o     descent.Optimizer
		batch int
		want  string
	}{
		{new(descent.SGD), 11, "batch 11 must be 0, for all, or at most the number of examples, 10"},
		{new(descent.SGD), -1, "batch -1"},
		{&descent.SGD{Rate: -1}, 0, "rate -1 must be finite and above 0"},
		{&descent.SGD{Rate: math.NaN()}, 0, "rate NaN"},
		{&descent.Momentum{Momentum: 1}, 0, "momentum 1 must lie in [0, 1)"},
		{&descent.Adam{Beta2: 1}, 0, "beta2 1 must lie in"},
		{&descent.FisherStep{Epsilon: -1}, 0, "epsilon -1"},
		{&descent.Natural{Metric: metrics.Settings{Damping: metrics.Damping{Value: -1}}}, 0, "damping -1 must be finite and not negative"},
		{&descent.Natural{LevenbergMarquardt: lm}, 0, "begins at a damping above 0"},
		{&descent.Natural{LevenbergMarquardt: lm, Metric: metrics.Settings{Damping: metrics.Damping{Kind: "marquardt", Value: 1}}}, 0, "adapts damping of kind tikhonov or factored"},
		{&descent.Natural{Structure: "kfac", Preconditioner: "diagonal"}, 0, "takes no preconditioner"},
		{&descent.Natural{Structure: "diagonal", Metric: metrics.Settings{Average: 0.5}}, 0, "keeps no average"},
		{&descent.Natural{Structure: "diagonal", Metric: metrics.Settings{Interval: 2}}, 0, "interval 2"},
		{&descent.Natural{Metric: metrics.Settings{Memory: 1000}}, 0, "GiB are allowed: take a structure with less memory"},
		{&descent.Natural{Norm: -1}, 0, "norm constraint -1"},
	} {
		model, start := labelled(t, 10)
		_, err := descent.NewTrainer(model, start, c.o, descent.Training{Batch: c.batch})
		require.ErrorContains(t, err, c.want)
	}
	model, start := labelled(t, 10)
	start[3] = math.NaN()
	_, err := descent.NewTrainer(model, start, new(descent.SGD), descent.Training{})
	require.EqualError(t, err, "parameter 4 starts at NaN")
	_, err = descent.OptimizerByName("adamm")
	require.ErrorContains(t, err, "adam, fisher-step")
}

// TestMemoryOfAnotherTraining is refused, with what differs.
func TestMemoryOfAnotherTraining(t *testing.T) {
	model, start := labelled(t, 25)
	make := func(s descent.Training) *descent.Trainer {
		tr, err := descent.NewTrainer(model.Clone(), start, new(descent.Adam), s)
		require.NoError(t, err)
		return tr
	}
	memory, err := make(descent.Training{Batch: 5, Seed: 1}).AppendBinary(nil)
	require.NoError(t, err)
	require.ErrorContains(t, make(descent.Training{Seed: 1}).UnmarshalBinary(memory), "5 examples in a batch, not 0")
	require.ErrorContains(t, make(descent.Training{Batch: 5, Seed: 2}).UnmarshalBinary(memory), "1 as seed, not 2")
	require.ErrorContains(t, make(descent.Training{}).UnmarshalBinary([]byte("GIF89a")), "not the memory of a training")
	other, err := descent.NewTrainer(model.Clone(), start, new(descent.SGD), descent.Training{Batch: 5, Seed: 1})
	require.NoError(t, err)
	require.ErrorContains(t, other.UnmarshalBinary(memory), "not that of this optimizer")
}

// TestDivergenceIsSaid: a rate that takes the net out of range ends with the
// step and what helps.
func TestDivergenceIsSaid(t *testing.T) {
	model, start := labelled(t, 10)
	tr, err := descent.NewTrainer(model, start, &descent.SGD{Rate: 1e308}, descent.Training{})
	require.NoError(t, err)
	err = tr.Run(context.Background(), 5, nil)
	require.ErrorIs(t, err, ode.ErrDomain)
	require.ErrorContains(t, err, "a smaller rate or more damping helps")
	for _, x := range tr.Theta() {
		require.False(t, math.IsNaN(x))
	}
}
