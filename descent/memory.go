package descent

import (
	"encoding/binary"
	"errors"
	"math"
)

// errMemory says that bytes are not the memory of what should remember.
var errMemory = errors.New("the memory is not that of this optimizer on this model")

// appendNumbers appends numbers as they are, eight bytes each.
func appendNumbers(b []byte, numbers ...float64) []byte {
	for _, x := range numbers {
		b = binary.LittleEndian.AppendUint64(b, math.Float64bits(x))
	}
	return b
}

// takeNumbers fills dst from the front of b and returns the rest.
func takeNumbers(dst []float64, b []byte) ([]byte, error) {
	if len(b) < 8*len(dst) {
		return nil, errMemory
	}
	for i := range dst {
		dst[i] = math.Float64frombits(binary.LittleEndian.Uint64(b[8*i:]))
	}
	return b[8*len(dst):], nil
}

// takeAll fills slices from b, which must hold their numbers and no more.
func takeAll(b []byte, slices ...[]float64) error {
	n := 0
	for _, s := range slices {
		n += 8 * len(s)
	}
	if len(b) != n {
		return errMemory
	}
	for _, s := range slices {
		b, _ = takeNumbers(s, b)
	}
	return nil
}
