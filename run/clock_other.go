//go:build !unix

package run

import "time"

// processorTime is the time of the clock where the system tells no other.
func processorTime() time.Duration { return time.Duration(time.Now().UnixNano()) }
