package manifold

import (
	"context"
	"errors"
	"fmt"
	"slices"
)

// ErrNotFound says that a geodesic has been looked for and was not found; see
// [GeodesicError].
var ErrNotFound = errors.New("not found")

// A GeodesicError says between which members, in source coordinates, no geodesic
// was found, and why. It wraps [ErrNotFound].
type GeodesicError struct {
	Family   string
	From, To []float64
	Why      string
}

func (e *GeodesicError) Error() string {
	return fmt.Sprintf("%s: no geodesic from %s to %s was found: %s; members between them are nearer and may be joined one by one",
		e.Family, brief(e.From), brief(e.To), e.Why)
}

// Unwrap returns [ErrNotFound].
func (e *GeodesicError) Unwrap() error { return ErrNotFound }

var (
	errAim   = fmt.Errorf("geodesic %w by shooting", ErrNotFound)
	errChain = fmt.Errorf("geodesic %w by a chain", ErrNotFound)
	errSpent = fmt.Errorf("geodesic %w within the limit on its work", ErrNotFound)
)

// blamesPlace reports whether an integration failed because of where it came to.
func (s *Shooting) blamesPlace(err error) bool {
	return !errors.Is(err, ErrNotFound) && s.field.ctx.Err() == nil
}

// unaimed is a failure of an integration as one to find the geodesic.
func (s *Shooting) unaimed(err error) error {
	if s.blamesPlace(err) {
		return fmt.Errorf("%w: %w", errAim, err)
	}
	return err
}

// notFound names the members of a geodesic that was not found; other errors are
// left as they are.
func (s *Shooting) notFound(err error, p, q []float64) error {
	if ended := s.field.ctx.Err(); ended != nil {
		return ended
	}
	if !errors.Is(err, ErrNotFound) {
		return err
	}
	why := "float64 cannot aim where geodesics spread this far or the Fisher matrix is this ill-conditioned"
	switch {
	case s.field.exhausted:
		why = "the limit on the work of one geodesic was reached"
	case errors.Is(err, errChain):
		why = "a chain of shorter ones between them did not settle"
	}
	return &GeodesicError{Family: s.field.view.Name(), From: slices.Clone(p), To: slices.Clone(q), Why: why}
}

// brief writes a point, of a long one the ends.
func brief(x []float64) string {
	if len(x) <= 6 {
		return fmt.Sprintf("%.6g", x)
	}
	return fmt.Sprintf("[%.6g %.6g … %.6g]", x[0], x[1], x[len(x)-1])
}

// DefaultEffort is the work after which a [Shooting] gives up, in units of one
// evaluation of the geodesic flow on a family of two coordinates with a Fisher
// matrix in closed form, about a microsecond.
const DefaultEffort = 5_000_000

// spend counts the work of one evaluation of the flow, and refuses it when the
// context has ended or the work is done.
func (f *geodesicField) spend() error {
	f.spent += f.price
	if c, ok := f.view.base.(interface{ fisherPrice(theta []float64) float64 }); ok {
		f.spent += float64(1+4*f.n) * c.fisherPrice(f.theta)
	}
	if c, ok := f.view.base.(interface{ placesTaken() int }); ok {
		f.spent += float64(f.n*c.placesTaken()) / 8
	}
	if f.spent > f.allowed {
		f.exhausted = true
		return errSpent
	}
	return f.ctx.Err()
}

// begin starts the count of the work of one geodesic.
func (s *Shooting) begin() {
	f := &s.field
	s.floor, f.spent, f.exhausted = 0, 0, false
	f.ctx, f.allowed = s.Context, float64(s.Effort)
	if s.Context == nil {
		f.ctx = context.Background()
	}
	if s.Effort == 0 {
		f.allowed = DefaultEffort
	}
}

// priceOf is the work of one evaluation of the flow but for quadratures, which
// are counted by their places, and for what a Fisher matrix costs that depends on
// the point.
func priceOf(f *geodesicField) float64 {
	if f.force != nil {
		return 1
	}
	n := float64(f.n)
	matrix := 0.5 + n*n*n/600
	if f.frame == nil {
		return (1 + 4*n) * matrix
	}
	return matrix + 0.5 + n*n*n/600
}

// fisherPrice is that of a series or of the panels of an integral; see
// sizeInformation.
func (NegativeBinomialFree) fisherPrice(theta []float64) float64 {
	if theta[0] > 8 || theta[1] > 0.1 {
		return 1
	}
	return 20
}
