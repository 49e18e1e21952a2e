package ode

import "math"

// Auto makes steps of DormandPrince while the field is not stiff and of Radau5
// while it is. It turns to the implicit method when fifteen steps in a row are
// bounded by stability (Hairer & Wanner II, IV.2), and back when for as many the
// explicit one could have made the same step.
var Auto Method = auto{}

type auto struct{}

func (auto) Name() string       { return "auto" }
func (auto) Order() int         { return DormandPrince.Order() }
func (auto) EmbeddedOrder() int { return DormandPrince.EmbeddedOrder() }
func (auto) DenseOrder() int    { return Radau5.DenseOrder() }
func (auto) Stages() int        { return 0 }
func (auto) Kind() string       { return "automatic" }

func (auto) stepper(n int, s *Settings) stepper {
	w := &switching{settings: s, n: n}
	w.explicit = DormandPrince.stepper(n, s).(*explicit)
	w.explicit.eager = true
	return w
}

func (w *switching) reset(s *Settings) {
	w.settings, w.stiff, w.turned, w.calm = s, false, false, 0
	w.explicit.reset(s)
	if w.implicit != nil {
		w.implicit.reset(s)
	}
}

// switching makes the steps of Auto.
type switching struct {
	settings *Settings
	n        int
	explicit *explicit
	implicit *collocated // nil until the field is stiff for the first time
	stiff    bool
	turned   bool // the next step is the first of the other method
	calm     int  // implicit steps in a row that the explicit method could make
}

func (w *switching) layout() (bool, int) { return true, 1 }

func (w *switching) step(a *attempt) (float64, error) {
	if !w.stiff {
		return w.explicit.step(a)
	}
	fresh := a.fresh
	a.fresh = fresh || w.turned
	square, fault := w.implicit.step(a)
	a.fresh = fresh
	return square, fault
}

func (w *switching) interpolate(a *attempt) error {
	if w.stiff {
		clear(a.extra)
		return w.implicit.interpolate(a)
	}
	h := a.t1 - a.t0
	for i := range a.f0 {
		a.slopes[i], a.slopes[w.n+i] = h*a.f0[i], h*a.f1[i]
	}
	return w.explicit.interpolate(a)
}

func (w *switching) keeps() bool { return true }

func (w *switching) keep(a *attempt) {
	w.turned = false
	if !w.stiff {
		a.stiff = false
		if w.explicit.keep(a); a.stiff {
			w.turn(true)
			a.stiff = false // and taken care of
			if w.implicit == nil {
				w.implicit = newCollocated(Radau5.(*collocation), w.n, w.settings)
			}
		}
		return
	}
	w.implicit.keep(a)
	if w.implicit.jacobian.bound()*math.Abs(a.t1-a.t0) > w.explicit.boundary/2 {
		w.calm = 0
		return
	}
	if w.calm++; w.calm == 15 {
		w.turn(false)
	}
}

func (w *switching) turn(stiff bool) {
	w.stiff, w.turned, w.calm = stiff, true, 0
	w.explicit.suspect, w.explicit.calm = 0, 0
}
