package manifold

// planar is a chart of a family of two coordinates that mixes them.
type planar struct {
	family Family
	name   string
	names  []string
	ranges []interval
	// to stores θ(ξ); ok is false outside of the chart, with the coordinate to
	// blame and what it should be.
	to   func(dst, xi []float64) (blame int, want string, ok bool)
	from func(dst, theta []float64)
	// jacobian is ∂θ/∂ξ and inverse ∂ξ/∂θ, by rows.
	jacobian, inverse func(xi, theta []float64) [4]float64
	// bend has ∂²θ_i/∂ξ₁², ∂²θ_i/∂ξ₁∂ξ₂, ∂²θ_i/∂ξ₂² for both i; nil where it has no
	// closed form.
	bend func(xi, theta []float64) [2][3]float64
}

func (c *planar) Name() string          { return c.name }
func (c *planar) Coordinates() []string { return c.names }

func (c *planar) ToSource(dst, xi []float64) error {
	if err := check(c.family.Name(), c.name, c.names, c.ranges, xi); err != nil {
		return err
	}
	if blame, want, ok := c.to(dst, xi); !ok {
		return &DomainError{Family: c.family.Name(), Chart: c.name, Coordinate: c.names[blame], Value: xi[blame], Want: want}
	}
	return c.family.Check(dst)
}

func (c *planar) FromSource(dst, theta []float64) error {
	if err := c.family.Check(theta); err != nil {
		return err
	}
	c.from(dst, theta)
	return nil
}

func apply(dst []float64, j [4]float64, v []float64) {
	dst[0], dst[1] = j[0]*v[0]+j[1]*v[1], j[2]*v[0]+j[3]*v[1]
}

func applyTransposed(dst []float64, j [4]float64, c []float64) {
	dst[0], dst[1] = j[0]*c[0]+j[2]*c[1], j[1]*c[0]+j[3]*c[1]
}

func (c *planar) Push(dst, xi, theta, v []float64)        { apply(dst, c.jacobian(xi, theta), v) }
func (c *planar) PushInverse(dst, xi, theta, v []float64) { apply(dst, c.inverse(xi, theta), v) }
func (c *planar) Pull(dst, xi, theta, v []float64)        { applyTransposed(dst, c.jacobian(xi, theta), v) }
func (c *planar) PullInverse(dst, xi, theta, v []float64) {
	applyTransposed(dst, c.inverse(xi, theta), v)
}

// Bend is false where the chart has no second derivative of its own.
func (c *planar) Bend(dst, xi, theta, u, v []float64) bool {
	if c.bend == nil {
		return false
	}
	for i, b := range c.bend(xi, theta) {
		dst[i] = b[0]*u[0]*v[0] + b[1]*(u[0]*v[1]+u[1]*v[0]) + b[2]*u[1]*v[1]
	}
	return true
}
