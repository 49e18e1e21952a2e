package manifold

import "slices"

// A Recharted family is a family with charts of one's own beside its own. A
// [View] in one of them sees the family itself, so that nothing that the family
// can do is lost.
type Recharted struct {
	Family
	names []string
	make  map[string]func() Chart
}

// WithChart returns the family with a further chart: make is called for every
// view, and returns a chart of that name with workspace of its own. A name that
// the family uses already is the caller's mistake.
func WithChart(f Family, name string, make func() Chart) *Recharted {
	if c, ok := f.(Charted); ok {
		if _, taken := c.Chart(name); taken {
			panic("manifold: " + f.Name() + " has a chart " + name + " already")
		}
	}
	r := &Recharted{Family: f, make: map[string]func() Chart{name: make}, names: []string{name}}
	if inner, ok := f.(*Recharted); ok {
		r.Family = inner.Family
		r.names = append(slices.Clone(inner.names), name)
		for n, m := range inner.make {
			r.make[n] = m
		}
	}
	return r
}

// Charts lists the family's own charts first.
func (r *Recharted) Charts() []string {
	own := []string{"source"}
	if c, ok := r.Family.(Charted); ok {
		own = c.Charts()
	}
	return slices.Concat(own, r.names)
}

// Chart returns a new chart of that name.
func (r *Recharted) Chart(name string) (Chart, bool) {
	if m, ok := r.make[name]; ok {
		return m(), true
	}
	if c, ok := r.Family.(Charted); ok {
		return c.Chart(name)
	}
	return nil, false
}

// Plain is the family without charts of one's own.
func Plain(f Family) Family {
	if r, ok := f.(*Recharted); ok {
		return r.Family
	}
	return f
}

var _ Charted = (*Recharted)(nil)
