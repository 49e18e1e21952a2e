package run

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"fisherflow/flow"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// countingPoint counts how often a flow's point is moved.
type countingPoint struct {
	flow.Point
	moves *int
}

func (p countingPoint) At(x []float64) error {
	*p.moves++
	return p.Point.At(x)
}

// A flow that is interrupted, at whatever step and with whatever method, goes on
// from its checkpoint to the bytes of one that was not, and computes only what
// is left.
func TestFlowsGoOn(t *testing.T) {
	const base = `
figures = false
[family]
name = "gamma"
[loss]
kind = "kl"
target = { at = [2.0, 1.0] }
[flow]
start = { at = [0.7, 3.0] }
time = [0.0, 6.0]
`
	const network = `
figures = false
[model]
kind = "mlp"
widths = [64, 4, 10]
output = "softmax"
[data]
dataset = "digits"
response = "label"
scale = 0.0625
rows = [0, 40]
[flow]
metric = "conjugate-gradient"
damping = 0.1
time = [0.0, 1.0]
[ode]
rtol = 1e-6
atol = 1e-7
`
	for _, c := range []struct {
		name, spec string
		overrides  []string
		stops      []int
	}{
		{"dopri5", base, nil, []int{1, 17}},
		{"implicit", base, []string{"ode.method=radau5"}, []int{2, 9}},
		{"one that switches", base, []string{"ode.method=auto"}, []int{5}},
		{"extrapolation", base, []string{"ode.method=gbs"}, []int{4}},
		{"fixed", base, []string{`ode={method="rk4",step=0.05}`}, []int{40}},
		{"discrete", base, []string{`ode={method="natural-gradient",step=0.05}`}, []int{20}},
		{"Fisher norm", base, []string{"ode.norm=fisher", "flow.certificate=full"}, []int{12}},
		{"to the minimum", base, []string{"flow.stop={distance=1e-6}", "flow.chart=natural", "flow.metric=euclidean"}, []int{30}},
		{"conjugate gradients", network, nil, []int{3}},
	} {
		t.Run(c.name, func(t *testing.T) {
			plan := func() *Plan {
				s, err := Parse("s.toml", []byte(c.spec), c.overrides)
				require.NoError(t, err)
				return NewPlan(s)
			}
			calm, err := Execute(context.Background(), plan(), Options{Output: t.TempDir()})
			require.NoError(t, err)
			want, err := calm.Result.JSON()
			require.NoError(t, err)

			root := t.TempDir()
			steps := 0
			for _, stop := range c.stops {
				ctx, cancel := context.WithCancel(context.Background())
				steps = 0
				o, err := Execute(ctx, plan(), Options{Output: root, Progress: func(Progress) {
					if steps++; steps == stop {
						cancel()
					}
				}})
				cancel()
				require.ErrorIs(t, err, context.Canceled)
				require.Equal(t, Interrupted, o.Result.Status)
			}
			file, err := filepath.Glob(filepath.Join(root, "*", "*"+partial, recordFile+"0"))
			require.NoError(t, err)
			require.Len(t, file, 1)
			resumed, err := Execute(context.Background(), plan(), Options{Output: root})
			require.NoError(t, err)
			got, err := resumed.Result.JSON()
			require.NoError(t, err)
			assert.Equal(t, string(want), string(got))
			trajectory := func(o *Outcome) string {
				text, err := os.ReadFile(filepath.Join(o.Dir, trajectoryFile))
				require.NoError(t, err)
				return string(text)
			}
			assert.Equal(t, trajectory(calm), trajectory(resumed))
			left, err := filepath.Glob(filepath.Join(resumed.Dir, recordFile+"*"))
			require.NoError(t, err)
			assert.Empty(t, left, "a complete folder has no record")
		})
	}
}

// What a record has is not computed again.
func TestRecordsSaveWork(t *testing.T) {
	s, err := Parse("s.toml", []byte("[family]\nname=\"gamma\"\n[loss]\nkind=\"kl\"\ntarget={at=[2.0,1.0]}\n[flow]\nstart={at=[1.0,1.0]}\ntime=[0.0,3.0]\n"), nil)
	require.NoError(t, err)
	p, err := Build(s)
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "record")
	file, err := os.Create(path)
	require.NoError(t, err)
	solve := func(r *flow.Recorder) (moves int) {
		f := flow.New(countingPoint{p.Point(), &moves}, nil)
		settings := p.Settings
		settings.Recorder = r
		_, err := flow.Solve(context.Background(), f, p.Start, p.T0, p.T1, &settings)
		require.NoError(t, err)
		return moves
	}
	all := solve(&flow.Recorder{Writer: file})
	require.NoError(t, file.Close())
	assert.Equal(t, all, solve(nil))
	record, err := os.Open(path)
	require.NoError(t, err)
	defer record.Close()
	assert.Zero(t, solve(&flow.Recorder{Record: record}))
}

// A checkpoint that is damaged, or is another flow's, is one clear line.
func TestDamagedRecords(t *testing.T) {
	root := t.TempDir()
	stop := func(plan *Plan) {
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		_, err := Execute(ctx, plan, Options{Output: root, Checkpoint: time.Nanosecond, Progress: func(p Progress) {
			if p.Steps == 10 {
				cancel()
			}
		}})
		require.ErrorIs(t, err, context.Canceled)
	}
	stop(riversPlan(t))
	file, err := filepath.Glob(filepath.Join(root, "*", "*"+partial, recordFile+"0"))
	require.NoError(t, err)
	require.Len(t, file, 1)
	text, err := os.ReadFile(file[0])
	require.NoError(t, err)
	text[len(text)/2] ^= 0x55
	for _, damaged := range [][]byte{text, text[:len(text)/2]} {
		require.NoError(t, os.WriteFile(file[0], damaged, 0o666))
		_, err = Execute(context.Background(), riversPlan(t), Options{Output: root})
		assert.ErrorContains(t, err, "cannot go on from the checkpoint")
		assert.ErrorContains(t, err, "--force begins anew")
	}
	_, err = Execute(context.Background(), riversPlan(t), Options{Output: root, Force: true})
	assert.NoError(t, err)
}
