package experiments

import (
	"bytes"
	"fmt"
	"math"
	"strings"

	"fisherflow/run"
)

// A comparison is a number of an experiment beside its reference.
type comparison struct {
	member, what string
	ours, theirs string
	difference   float64
	bound        float64
	holds        bool
	// counter says that the claim is a counter-example, which what describes
	// in full.
	counter bool
}

const referenceMark = ", reference "

// comparisons reads the claims matches-reference of a result.
func comparisons(r *run.Result) []comparison {
	var all []comparison
	for _, c := range r.Claims {
		if c.Expect == run.Violated {
			all = append(all, comparison{member: c.Member, what: c.Name + ": " + c.Detail, holds: c.Holds, counter: true})
			continue
		}
		if c.Name != "matches-reference" {
			continue
		}
		i := strings.LastIndex(c.Detail, referenceMark)
		if i < 0 {
			continue
		}
		j := strings.LastIndex(c.Detail[:i], ": ")
		if j < 0 {
			continue
		}
		all = append(all, comparison{
			member: c.Member, what: c.Detail[:j], ours: c.Detail[j+2 : i], theirs: c.Detail[i+len(referenceMark):],
			difference: float64(c.Value), bound: float64(c.Bound), holds: c.Holds,
		})
	}
	return all
}

// Reproducing is a page in Markdown that puts the numbers of published
// experiments beside the references, from their results.
func Reproducing(results []*run.Result) []byte {
	var b bytes.Buffer
	b.WriteString(`# Reproducing published experiments

Written by ` + "`flowrun run all --table docs/reproducing.md`" + `; a test keeps it true. References are
the numbers of the papers where these print them; otherwise they were computed
by independent programs from the papers' formulas, seeds and data. A difference
is held to its bound: half a unit of the last digit that the reference gives, or
the accuracy that two independent programs agree to.

| experiment | after | compared | headline | ours | reference | difference |
|---|---|---|---|---|---|---|
`)
	var sections bytes.Buffer
	for _, r := range results {
		e, ok := Find(r.Name)
		if !ok || e.Source == "" {
			continue
		}
		all := comparisons(r)
		numbers, bad, headline := 0, 0, comparison{}
		for _, c := range all {
			if !c.counter {
				numbers++
			}
			if !c.holds {
				bad++
			}
			if c.member+": "+c.what == e.Headline {
				headline = c
			}
		}
		compared := fmt.Sprint(numbers)
		if bad > 0 {
			compared += fmt.Sprintf(", %d FAIL", bad)
		}
		fmt.Fprintf(&b, "| [`%s`](#%s) | %s | %s | %s | %s | %s | %s |\n", e.Name, e.Name, escape(e.Source), compared,
			escape(e.Headline), headline.ours, headline.theirs, small(headline.difference))
		e.section(&sections, all)
	}
	b.Write(sections.Bytes())
	return b.Bytes()
}

func (e *Experiment) section(b *bytes.Buffer, all []comparison) {
	fmt.Fprintf(b, "\n## %s\n\n%s. After %s. `flowrun run %s`; the works by `flowrun cite %s`.\n\n", e.Name, e.Title, e.Source, e.Name, e.Name)
	b.WriteString("| flow | number | ours | reference | difference | bound |\n|---|---|---|---|---|---|\n")
	for _, c := range all {
		if c.counter {
			continue
		}
		bound := small(c.bound)
		if !c.holds {
			bound += " FAILS"
		}
		fmt.Fprintf(b, "| %s | %s | %s | %s | %s | %s |\n", escape(c.member), escape(c.what), c.ours, c.theirs, small(c.difference), bound)
	}
	first := true
	for _, c := range all {
		if !c.counter {
			continue
		}
		if first {
			b.WriteString("\nExpected to be violated, and found to be:\n\n")
			first = false
		}
		verdict := ""
		if !c.holds {
			verdict = " — NOT FOUND"
		}
		fmt.Fprintf(b, "* %s, %s%s\n", c.member, c.what, verdict)
	}
}

// small writes a difference with two digits.
func small(x float64) string {
	if math.IsNaN(x) {
		return "–"
	}
	return fmt.Sprintf("%.1e", x)
}

func escape(s string) string { return strings.ReplaceAll(s, "|", `\|`) }
