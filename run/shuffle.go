package run

import (
	"math/rand/v2"

	"fisherflow/internal/legacy"
)

// shuffle puts the rows in the random order of the spec.
func (s *ShuffleSpec) shuffle(rows []int) {
	swap := func(i, j int) { rows[i], rows[j] = rows[j], rows[i] }
	if s.RNG == "numpy-legacy" {
		legacy.New(uint32(s.Seed)).Shuffle(len(rows), swap)
		return
	}
	rand.New(rand.NewPCG(uint64(s.Seed), 0)).Shuffle(len(rows), swap)
}
