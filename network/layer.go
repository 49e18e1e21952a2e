package network

import (
	"errors"
	"fmt"
)

// A Shape is that of one example's values between two layers: an image of
// Height × Width positions with Channels numbers each, in that order of
// memory. A plain vector has one position.
type Shape struct{ Height, Width, Channels int }

// Vector is the shape of n numbers.
func Vector(n int) Shape { return Shape{1, 1, n} }

// Len is the number of numbers.
func (s Shape) Len() int { return s.Height * s.Width * s.Channels }

func (s Shape) String() string {
	if s.Height == 1 && s.Width == 1 {
		return fmt.Sprint(s.Channels)
	}
	return fmt.Sprintf("%d×%d×%d", s.Height, s.Width, s.Channels)
}

// A Layer is one of [Dense] and [Conv].
type Layer interface {
	// compile gives the layer its place behind values of the shape in.
	compile(in Shape) (stage, error)
}

// Dense is a layer in which every unit sees the whole input: h = φ(W[x; 1]).
type Dense struct {
	Units int
	// Activation is φ; nil is the identity.
	Activation Activation
	// NoBias leaves the constant 1 out of the input.
	NoBias bool
	// Residual adds the input to the output, h = x + φ(W[x; 1]), which must
	// have its size.
	Residual bool
}

// Conv is a two-dimensional convolution: every Channels units see a patch of
// Kernel × Kernel positions, and all patches the same weights.
type Conv struct {
	Channels, Kernel int
	// Stride is the distance of neighbouring patches; 0 means 1.
	Stride int
	// Padding is the width of the frame of zeros around the input.
	Padding int
	// Activation, NoBias and Residual are those of [Dense].
	Activation       Activation
	NoBias, Residual bool
}

// A stage is a layer in its place: p inputs and q outputs at each of T
// positions.
type stage struct {
	in, out    Shape
	p, q, t    int
	offset     int // of W in θ
	bias       bool
	residual   bool
	activation Activation
	conv       *Conv // nil: dense
}

// inputs is p without the constant.
func (s *stage) inputs() int {
	if s.bias {
		return s.p - 1
	}
	return s.p
}

func (d Dense) compile(in Shape) (stage, error) {
	if d.Units < 1 {
		return stage{}, fmt.Errorf("a dense layer of %d units", d.Units)
	}
	s := stage{in: in, out: Vector(d.Units), p: in.Len(), q: d.Units, t: 1}
	return s.finish(d.Activation, d.NoBias, d.Residual)
}

func (c Conv) compile(in Shape) (stage, error) {
	if c.Stride == 0 {
		c.Stride = 1
	}
	switch {
	case c.Channels < 1 || c.Kernel < 1:
		return stage{}, fmt.Errorf("a convolution of %d channels with a kernel of %d", c.Channels, c.Kernel)
	case c.Stride < 0 || c.Padding < 0:
		return stage{}, fmt.Errorf("a convolution with stride %d and padding %d", c.Stride, c.Padding)
	case c.Padding >= c.Kernel:
		return stage{}, fmt.Errorf("padding %d puts patches of %d wholly outside of the input", c.Padding, c.Kernel)
	case in.Height+2*c.Padding < c.Kernel || in.Width+2*c.Padding < c.Kernel:
		return stage{}, fmt.Errorf("a kernel of %d does not fit into an input of %v with padding %d", c.Kernel, in, c.Padding)
	}
	out := Shape{(in.Height+2*c.Padding-c.Kernel)/c.Stride + 1, (in.Width+2*c.Padding-c.Kernel)/c.Stride + 1, c.Channels}
	s := stage{in: in, out: out, p: c.Kernel * c.Kernel * in.Channels, q: c.Channels, t: out.Height * out.Width, conv: &c}
	return s.finish(c.Activation, c.NoBias, c.Residual)
}

func (s stage) finish(a Activation, noBias, residual bool) (stage, error) {
	s.activation, s.bias, s.residual = a, !noBias, residual
	if a == nil {
		s.activation = Identity{}
	}
	if s.bias {
		s.p++
	}
	if residual && s.in.Len() != s.out.Len() {
		return s, fmt.Errorf("a residual connection from %v to %v numbers", s.in, s.out)
	}
	if s.p < 1 {
		return s, errors.New("a layer without inputs")
	}
	return s, nil
}

// gather stores the patches of x in the rows of dst, one a position, stride
// numbers apart.
func (s *stage) gather(dst []float64, stride int, x []float64) {
	s.patches(func(row, column, at int, inside bool) {
		to := dst[row*stride+column : row*stride+column+s.in.Channels]
		if inside {
			copy(to, x[at:])
		} else {
			clear(to)
		}
	})
}

// scatter adds the patches in the rows of src to x: the transpose of gather.
func (s *stage) scatter(x, src []float64, stride int) {
	s.patches(func(row, column, at int, inside bool) {
		if inside {
			for i, v := range src[row*stride+column : row*stride+column+s.in.Channels] {
				x[at+i] += v
			}
		}
	})
}

// patches visits each position of each patch: its row and first column among
// the patches, and where its channels begin in the input, if inside.
func (s *stage) patches(visit func(row, column, at int, inside bool)) {
	c := s.conv
	for i := range s.out.Height {
		for j := range s.out.Width {
			row := i*s.out.Width + j
			for u := range c.Kernel {
				for v := range c.Kernel {
					y, x := i*c.Stride+u-c.Padding, j*c.Stride+v-c.Padding
					inside := y >= 0 && y < s.in.Height && x >= 0 && x < s.in.Width
					visit(row, (u*c.Kernel+v)*s.in.Channels, (y*s.in.Width+x)*s.in.Channels, inside)
				}
			}
		}
	}
}
