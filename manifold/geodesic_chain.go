package manifold

import (
	"fmt"
	"math"
	"slices"
)

// A geodesicChain is a geodesic in pieces short enough to be shot: nodes[0] = p
// to the last, q. Each node between is half-way between its neighbours on the
// geodesic that joins these, to which the whole chain converges by domain
// decomposition (Noakes, A global algorithm for geodesics, J. Austral. Math.
// Soc. A 65, 1998): at once where geodesics spread, since there what is wrong
// at the ends of a piece has no weight in its middle.
type geodesicChain struct {
	shooting         *Shooting
	nodes            [][]float64
	lengths          []float64 // of the pieces, at first roughly
	length, accuracy float64   // of all
	placed           float64   // the error of the nodes, in Fisher length
}

const (
	chainJeffreys = 4    // the longest first piece, as the root of the symmetric divergence
	chainPiece    = 2.5  // the length under which two pieces become one
	chainNodes    = 3000 // at most, to begin with
	chainSweeps   = 400
	chainSplits   = 10
)

// link finds the chain from p to q.
func (s *Shooting) link(p, q []float64) (*geodesicChain, error) {
	c := &geodesicChain{shooting: s}
	if err := c.lay(p, q); err != nil {
		return nil, fmt.Errorf("%w: %w", errAim, err)
	}
	place := make([]float64, s.n)
	moved := math.Inf(1)
	splits := 0
	for range chainSweeps {
		last := moved
		moved = 0.0
		dropped := false
		for i := 1; i+1 < len(c.nodes); i++ {
			before, after := c.nodes[i-1], c.nodes[i+1]
			if err := s.connect(before, after); err != nil {
				// Closer neighbours can be joined.
				if splits++; splits > chainSplits || c.split(i) != nil || c.split(i-1) != nil {
					return nil, s.unaimed(err)
				}
				dropped = true
				i++
				continue
			}
			length, err := s.field.raise(s.from, s.start)
			if err != nil {
				return nil, err
			}
			if length <= chainPiece && len(c.nodes) > 3 {
				c.nodes = slices.Delete(c.nodes, i, i+1)
				c.lengths = slices.Delete(c.lengths, i, i+1)
				c.lengths[i-1] = length
				dropped = true
				continue
			}
			share := c.lengths[i-1] / (c.lengths[i-1] + c.lengths[i])
			if last > 1e-3 { // roughly
				err = s.shoot(s.start, share, coarse)
				if err == nil {
					err = s.field.view.chart.ToSource(place, s.end[:s.n])
				}
			} else if _, err = s.along(place, before, share); err == nil {
				length, err = s.field.raise(s.from, s.start)
			}
			if err != nil {
				return nil, err
			}
			c.lengths[i-1], c.lengths[i] = share*length, (1-share)*length
			d, err := s.gap(c.nodes[i], place)
			if err != nil {
				return nil, err
			}
			moved = math.Max(moved, d)
			copy(c.nodes[i], place)
		}
		// Lengths err by the square of the misplacement; further sweeps that
		// change nothing have met rounding.
		if !dropped && (moved < 1e-10 || moved < 1e-8 && moved > last/2) {
			c.placed = moved
			return c, c.measure()
		}
	}
	return nil, errChain
}

// split places a node half-way on piece i.
func (c *geodesicChain) split(i int) error {
	s := c.shooting
	node := make([]float64, s.n)
	if err := s.connect(c.nodes[i], c.nodes[i+1]); err != nil {
		return err
	}
	length, err := s.field.raise(s.from, s.start)
	if err != nil {
		return err
	}
	if err := s.shoot(s.start, 0.5, coarse); err != nil {
		return err
	}
	if err := s.field.view.chart.ToSource(node, s.end[:s.n]); err != nil {
		return err
	}
	c.nodes = slices.Insert(c.nodes, i+1, node)
	c.lengths[i] = length / 2
	c.lengths = slices.Insert(c.lengths, i, length/2)
	return nil
}

// gap is the distance between close points, in the Fisher matrix at the second.
func (s *Shooting) gap(p, q []float64) (float64, error) {
	f := &s.field
	chart := f.view.chart
	if err := chart.FromSource(s.from, p); err != nil {
		return math.NaN(), err
	}
	if err := chart.FromSource(s.to, q); err != nil {
		return math.NaN(), err
	}
	if err := f.view.Fisher(f.g, s.to); err != nil {
		return math.NaN(), err
	}
	for i := range s.trial {
		s.trial[i] = s.to[i] - s.from[i]
	}
	return s.lengthAt(s.trial), nil
}

// lay places nodes on a straight line in the chart, in expectations or in natural
// coordinates, on whichever takes the fewest, as far apart as the symmetric
// divergence lets them be shot. Mixtures, on straight lines of expectations, are
// as broad as geodesics between far members.
func (c *geodesicChain) lay(p, q []float64) error {
	s := c.shooting
	charts := []Chart{s.field.view.chart}
	if e, ok := s.field.view.base.(Exponential); ok {
		for _, name := range []string{"expectation", "natural"} {
			if chart, ok := e.Chart(name); ok {
				charts = append(charts, chart)
			}
		}
	}
	limit := chainNodes
	var failure error
	for _, chart := range charts {
		nodes, lengths, err := s.layAlong(chart, p, q, limit)
		if err == nil {
			c.nodes, c.lengths = nodes, lengths
			limit = len(nodes) - 1
		} else if failure == nil {
			failure = err
		}
	}
	if c.nodes == nil {
		return failure
	}
	return nil
}

// layAlong places nodes, at most limit, on the chart's straight line.
func (s *Shooting) layAlong(chart Chart, p, q []float64, limit int) (nodes [][]float64, lengths []float64, err error) {
	base := s.field.view.base
	jeffreys, _, err := Intrinsic(base)
	if err != nil {
		return nil, nil, err
	}
	from, to, at := make([]float64, s.n), make([]float64, s.n), make([]float64, s.n)
	if err := chart.FromSource(from, p); err != nil {
		return nil, nil, err
	}
	if err := chart.FromSource(to, q); err != nil {
		return nil, nil, err
	}
	// step is the divergence from the last node to that at u, which it returns.
	step := func(u float64) (next []float64, d float64, err error) {
		next = slices.Clone(q)
		if u < 1 {
			for i := range at {
				at[i] = from[i] + u*(to[i]-from[i])
			}
			if err := chart.ToSource(next, at); err != nil {
				return nil, math.NaN(), err
			}
			if err := base.Check(next); err != nil {
				return nil, math.NaN(), err
			}
		}
		d, err = jeffreys(nodes[len(nodes)-1], next)
		return next, d, err
	}
	nodes = [][]float64{slices.Clone(p)}
	reached, stride := 0.0, 1.0
	for reached < 1 {
		if len(nodes) >= limit {
			return nil, nil, fmt.Errorf("more than %d points would be needed between", limit)
		}
		for stride = math.Min(4*stride, 1-reached); ; stride /= 2 {
			u := math.Min(1, reached+stride)
			if u == reached {
				return nil, nil, fmt.Errorf("points between cannot be told apart")
			}
			next, d, err := step(u)
			if err == nil && d > 0 && d <= chainJeffreys {
				nodes, lengths = append(nodes, next), append(lengths, d)
				reached = u
				break
			}
		}
	}
	return nodes, lengths, nil
}

// measure adds up the pieces.
func (c *geodesicChain) measure() error {
	for i := range c.lengths {
		if err := c.shooting.connect(c.nodes[i], c.nodes[i+1]); err != nil {
			return err
		}
		d, accuracy, err := c.shooting.measure()
		if err != nil {
			return err
		}
		c.lengths[i] = d
		c.length += d
		c.accuracy += accuracy
	}
	c.accuracy += float64(len(c.nodes)) * c.placed * c.placed
	return nil
}

// log stores the velocity at p.
func (c *geodesicChain) log(dst []float64) (accuracy float64, err error) {
	if err = c.shooting.connect(c.nodes[0], c.nodes[1]); err == nil {
		accuracy, err = c.shooting.velocity(dst, c.nodes[0])
	}
	if err != nil {
		return math.NaN(), err
	}
	scale := c.length / c.lengths[0]
	for i := range dst {
		dst[i] *= scale
	}
	return (accuracy+c.placed)*scale + c.accuracy, nil
}

// at stores the point at time t, beyond the ends by the pieces there.
func (c *geodesicChain) at(dst []float64, t float64) (accuracy float64, err error) {
	along := t * c.length
	piece := 0
	for piece+1 < len(c.lengths) && along > c.lengths[piece] {
		along -= c.lengths[piece]
		piece++
	}
	if err = c.shooting.connect(c.nodes[piece], c.nodes[piece+1]); err == nil {
		accuracy, err = c.shooting.along(dst, c.nodes[piece], along/c.lengths[piece])
	}
	if err != nil && (t < 0 || t > 1) {
		start := t*c.length - along
		err = fmt.Errorf("%w (of which %.10g lie before its last piece)", err, start)
	}
	return accuracy + c.placed + c.accuracy, err
}
