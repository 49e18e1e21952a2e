package metrics

import (
	"fmt"

	"fisherflow/manifold"
)

// product is the Fisher metric of independent families side by side.
type product struct {
	factors []manifold.Metric
	at      []int // where each begins, and the dimension of all
}

func newProduct(factors []*manifold.View) (*product, error) {
	p := &product{at: []int{0}}
	for i, v := range factors {
		m, err := ForFisher(v)
		if err != nil {
			return nil, fmt.Errorf("factor %d: %w", i+1, err)
		}
		p.factors = append(p.factors, m)
		p.at = append(p.at, p.at[i]+m.Dim())
	}
	return p, nil
}

func (p *product) Dim() int { return p.at[len(p.factors)] }

func (p *product) At(x []float64) error {
	for i, m := range p.factors {
		if err := m.At(x[p.at[i]:p.at[i+1]]); err != nil {
			return fmt.Errorf("factor %d: %w", i+1, err)
		}
	}
	return nil
}

func (p *product) Raise(dst, covector []float64) error {
	for i, m := range p.factors {
		a, b := p.at[i], p.at[i+1]
		if err := m.Raise(dst[a:b], covector[a:b]); err != nil {
			return fmt.Errorf("factor %d: %w", i+1, err)
		}
	}
	return nil
}

func (p *product) Lower(dst, vector []float64) error {
	for i, m := range p.factors {
		a, b := p.at[i], p.at[i+1]
		if err := m.Lower(dst[a:b], vector[a:b]); err != nil {
			return fmt.Errorf("factor %d: %w", i+1, err)
		}
	}
	return nil
}
