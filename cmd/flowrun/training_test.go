package main

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

const trainingSpec = `title = "Quakes"
[model]
kind = "poisson"
[data]
dataset = "quakes"
response = "stations"
predictors = ["magnitude"]
[optimizer]
rule = "kfac"
batch = 100
steps = 5
`

// TestTrainings goes through the commands that take a spec with an [optimizer].
func TestTrainings(t *testing.T) {
	t.Chdir(t.TempDir())
	write(t, "quakes.toml", trainingSpec)
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"doctor", "quakes.toml"}, "training kfac: poisson by kfac, 5 steps of 100 examples; 2 parameters, output poisson of 1 number, 1000 examples"},
		{[]string{"run", "quakes.toml"}, "kfac: 5 steps, "},
		{[]string{"verify", "quakes.toml"}, "same bytes"},
		{[]string{"list", "optimizers"}, "natural-gradient"},
		{[]string{"doctor", "quakes.toml", `optimizer={rule="adam",steps=3}`}, "by adam, 3 steps of all examples"},
	} {
		status, stdout, stderr := flowrun(c.args...)
		assert.Zero(t, status, stderr)
		assert.Contains(t, stdout, c.want)
	}
	status, _, stderr := flowrun("run", "quakes.toml", "optimizer.batch=1001")
	assert.Equal(t, 2, status)
	assert.Contains(t, stderr, "optimizer.batch: is larger than the data")
}
