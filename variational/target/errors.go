package target

import "errors"

// ErrDomain is wrapped by errors about points at which a log density cannot be
// evaluated. An adaptive method may try a nearer point.
var ErrDomain = errors.New("outside of the domain of the target")
