package ode

// explicit makes the steps of an explicit Runge–Kutta method.
type explicit struct {
	*tableau
	k [][]float64 // stages; k[0] aliases nothing, it is a copy of f0
	y []float64   // argument of a stage
}

func (e *explicit) step(field *guarded, t0, t1 float64, y0, f0, y1, f1, err, coarse []float64) error {
	h := t1 - t0
	copy(e.k[0], f0)
	last := len(e.b)
	if e.fsal {
		last--
	}
	for i := 1; i < last; i++ {
		combine(e.y, y0, h, e.a[i], e.k)
		t := t0 + e.c[i]*h
		if e.c[i] == 1 {
			t = t1 // exactly, so that no stage lies beyond the end
		}
		if fault := field.eval(e.k[i], t, e.y); fault != nil {
			return fault
		}
	}
	combine(y1, y0, h, e.b[:last], e.k)
	if fault := field.eval(f1, t1, y1); fault != nil {
		return fault
	}
	if e.fsal {
		copy(e.k[last], f1)
	}
	if e.err != nil {
		combine(err, nil, h, e.err, e.k)
	}
	if e.coarse != nil {
		combine(coarse, nil, h, e.coarse, e.k)
	}
	return nil
}

func (e *explicit) interpolate(field *guarded, t0, t1 float64, y0, extra []float64) error {
	h := t1 - t0
	for i, row := range e.denseA {
		combine(e.y, y0, h, row, e.k)
		if fault := field.eval(e.k[len(e.b)+i], t0+e.denseC[i]*h, e.y); fault != nil {
			return fault
		}
	}
	n := len(y0)
	for m, w := range e.extra {
		combine(extra[m*n:(m+1)*n], nil, h, w, e.k)
	}
	return nil
}

// combine stores y + h Σ w_j k_j in dst, with y zero if nil, in one pass for
// each run of up to four stages with weights that are not zero.
func combine(dst, y []float64, h float64, w []float64, k [][]float64) {
	if y == nil {
		clear(dst)
	} else {
		copy(dst, y)
	}
	n := len(dst)
	var use [4][]float64
	var by [4]float64
	m := 0
	for j, x := range w {
		if x != 0 {
			use[m], by[m] = k[j][:n], h*x
			m++
		}
		if m == 4 || j == len(w)-1 && m > 0 {
			accumulate(dst, &use, &by, m)
			m = 0
		}
	}
}

func accumulate(dst []float64, use *[4][]float64, by *[4]float64, m int) {
	n := len(dst)
	a, b, c, d := use[0][:n], use[max(0, min(1, m-1))][:n], use[max(0, min(2, m-1))][:n], use[m-1][:n]
	wa, wb, wc, wd := by[0], by[1], by[2], by[3]
	switch m {
	case 1:
		for i := range dst {
			dst[i] += wa * a[i]
		}
	case 2:
		for i := range dst {
			dst[i] += wa*a[i] + wb*b[i]
		}
	case 3:
		for i := range dst {
			dst[i] += wa*a[i] + wb*b[i] + wc*c[i]
		}
	case 4:
		for i := range dst {
			dst[i] += wa*a[i] + wb*b[i] + wc*c[i] + wd*d[i]
		}
	}
}
