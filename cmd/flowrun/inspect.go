package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"fisherflow/manifold"
	"fisherflow/run"

	"github.com/spf13/cobra"
)

func newInspect() *cobra.Command {
	var at, to, x []string
	var chart, figureFile string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "inspect FAMILY [option=value …] --at a,b,…",
		Short: "Print all that is known of one member of a family",
		Long: `Print one member of a family in every chart: coordinates, Fisher matrix,
Christoffel symbols (Levi-Civita, first kind), cubic tensor, entropy,
log-partition, mean of the sufficient statistic, curvature; with --x the
log-density and score of an observation; with --to divergences, distance and
geodesic midpoint to a second member.`,
		Example: "  flowrun inspect gamma --at 2,1\n  flowrun inspect normal --at 0,1 --to 1,1 --x 0.5 --json\n  flowrun inspect categorical k=4 --at 0.1,0.2,0.3\n  flowrun inspect normal --at 0,1 --figure normal.png",
		Args:    cobra.MinimumNArgs(1),
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			if len(args) == 0 {
				return manifold.Names(), cobra.ShellCompDirectiveNoFileComp
			}
			return nil, cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			family, options, err := parseFamily(args)
			if err != nil {
				return err
			}
			if len(at) == 0 {
				return usage("inspect: --at is missing: give the coordinates of a member, as --at %s", example(family, chart))
			}
			point, err := numbers("--at", at)
			if err != nil {
				return err
			}
			observation, err := numbers("--x", x)
			if err != nil {
				return err
			}
			second, err := numbers("--to", to)
			if err != nil {
				return err
			}
			if figureFile != "" {
				if err := checkFigureFile(figureFile); err != nil {
					return err
				}
			}
			i, err := manifold.Inspect(cmd.Context(), family, chart, point, observation, second)
			interrupted := cmd.Context().Err() != nil
			if err != nil && !(interrupted && i != nil) {
				var c *manifold.ChartError
				if errors.As(err, &c) {
					return usage("inspect: %w%s", err, suggest(c.Chart, c.Charts))
				}
				return usage("inspect: %w", err)
			}
			if figureFile != "" && !interrupted {
				if err := drawInspection(figureFile, family, chart, point); err != nil {
					return err
				}
			}
			if asJSON {
				err = printJSON(cmd.OutOrStdout(), inspectionJSON(i, options))
				if i.TensorsMissing != "" {
					fmt.Fprintf(cmd.ErrOrStderr(), "flowrun: inspect: christoffel and amari_chentsov are %s\n", i.TensorsMissing)
				}
				if r := i.To; r != nil && r.FisherRao == nil && r.FisherRaoMissing != "" {
					fmt.Fprintf(cmd.ErrOrStderr(), "flowrun: inspect: fisher_rao and midpoint are left out: %s\n", r.FisherRaoMissing)
				}
			} else {
				printInspection(cmd.OutOrStdout(), i)
				err = nil
			}
			if err == nil && interrupted {
				return &exit{run.ExitInterrupted, errors.New("inspect: interrupted; what was known by then is printed")}
			}
			return err
		},
	}
	flags := cmd.Flags()
	flags.StringSliceVar(&at, "at", nil, "coordinates of the member, in the chart")
	flags.StringSliceVar(&to, "to", nil, "coordinates of a second member, in the same chart")
	flags.StringSliceVar(&x, "x", nil, "an observation")
	flags.StringVar(&chart, "chart", "source", "chart of --at and --to")
	flags.StringVar(&figureFile, "figure", "", "draw Fisher ellipses and geodesics around the member into this .png, .svg or .pdf file")
	flags.BoolVar(&asJSON, "json", false, "print one JSON document")
	return cmd
}

// parseFamily reads FAMILY option=value ….
func parseFamily(args []string) (manifold.Family, manifold.Options, error) {
	options := manifold.Options{}
	for _, a := range args[1:] {
		key, value, ok := strings.Cut(a, "=")
		if !ok {
			return nil, nil, usage("inspect: %q is not an option=value", a)
		}
		if value == "" {
			return nil, nil, usage("inspect: option %s= has no value", key)
		}
		if first, twice := options[key]; twice {
			return nil, nil, usage("inspect: option %s is given twice, as %v and as %s", key, first, value)
		}
		if n, err := strconv.ParseFloat(value, 64); err == nil {
			options[key] = n
		} else {
			options[key] = value
		}
	}
	family, err := manifold.New(args[0], options)
	var name *manifold.NameError
	if errors.As(err, &name) && len(name.Names) > 0 {
		return nil, nil, usage("inspect: no %s is called %q%s (there are: %s)", name.Kind, name.Name, suggest(name.Name, name.Names), strings.Join(name.Names, ", "))
	}
	if err != nil {
		return nil, nil, usage("inspect: %w", err)
	}
	return family, options, nil
}

func example(f manifold.Family, chart string) string {
	v, err := manifold.In(f, chart)
	if err != nil {
		return "a,b,…"
	}
	return strings.Join(v.Chart().Coordinates(), ",")
}

func numbers(flag string, words []string) ([]float64, error) {
	if len(words) == 0 {
		return nil, nil
	}
	out := make([]float64, len(words))
	for i, w := range words {
		v, err := strconv.ParseFloat(strings.TrimSpace(w), 64)
		if errors.Is(err, strconv.ErrRange) {
			return nil, usage("inspect: %s: %s is out of the range of float64, whose largest number is 1.8e308", flag, w)
		}
		if err != nil {
			return nil, usage("inspect: %s: %q is not a number", flag, w)
		}
		out[i] = v
	}
	return out, nil
}

// ordered is a JSON object whose keys keep their order.
type ordered []field

type field struct {
	key   string
	value any
}

func (o ordered) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, f := range o {
		if i > 0 {
			b.WriteByte(',')
		}
		key, err := json.Marshal(f.key)
		if err != nil {
			return nil, err
		}
		value, err := json.Marshal(f.value)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", f.key, err)
		}
		b.Write(key)
		b.WriteByte(':')
		b.Write(value)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

func inspectionJSON(i *manifold.Inspection, options manifold.Options) ordered {
	o := ordered{{"family", i.Family}, {"options", options}, {"point", byChart(i.Charts, i.Point)}, {"fisher", byChart(i.Charts, i.Fisher)}}
	if i.Gamma != nil {
		o = append(o, field{"christoffel", byChart(i.Charts, i.Gamma)})
	}
	if i.Cubic != nil {
		o = append(o, field{"amari_chentsov", byChart(i.Charts, i.Cubic)})
	}
	optional := func(key string, v *float64) {
		if v != nil {
			o = append(o, field{key, run.Number(*v)})
		}
	}
	optional("entropy", i.Entropy)
	optional("log_partition", i.LogPartition)
	if i.Mean != nil {
		o = append(o, field{"mean_statistic", plain(i.Mean)})
	}
	optional("gaussian_curvature", i.Curvature)
	optional("log_density", i.LogDensity)
	if i.Score != nil {
		o = append(o, field{"score", byChart(i.Charts, i.Score)})
	}
	numeric := ordered{}
	for _, key := range slices.Sorted(maps.Keys(i.Numeric)) {
		numeric = append(numeric, field{key, run.Number(i.Numeric[key])})
	}
	o = append(o, field{"numeric", numeric})
	if r := i.To; r != nil {
		to := ordered{{"point", byChart(i.Charts, r.Point)}}
		if r.KL != nil {
			to = append(to, field{"kl", run.Number(*r.KL)}, field{"reverse_kl", run.Number(*r.ReverseKL)})
		}
		for _, d := range []struct {
			key   string
			value *float64
		}{{"bhattacharyya", r.Bhattacharyya}, {"squared_hellinger", r.SquaredHellinger}, {"renyi_2", r.Renyi2}} {
			if d.value != nil {
				to = append(to, field{d.key, run.Number(*d.value)})
			}
		}
		if r.FisherRao != nil {
			to = append(to, field{"fisher_rao", run.Number(*r.FisherRao)})
		}
		if r.Midpoint != nil {
			to = append(to, field{"midpoint", byChart(i.Charts, r.Midpoint)})
		}
		o = append(o, field{"to", to})
	}
	return o
}

// plain is a value with its numbers made fit for JSON.
func plain(v any) any {
	switch x := v.(type) {
	case []float64:
		return run.Numbers(x)
	case [][]float64:
		out := make([]any, len(x))
		for i, e := range x {
			out[i] = plain(e)
		}
		return out
	case manifold.Tensor:
		out := make([]any, len(x))
		for i, e := range x {
			out[i] = plain(e)
		}
		return out
	}
	return v
}

func byChart[T any](charts []string, m map[string]T) ordered {
	o := ordered{}
	for _, c := range charts {
		if v, ok := m[c]; ok {
			o = append(o, field{c, plain(v)})
		}
	}
	return o
}

func printJSON(w io.Writer, v any) error {
	text, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(w, string(text))
	return err
}

func printInspection(w io.Writer, i *manifold.Inspection) {
	fmt.Fprintf(w, "%s\n", i.Family)
	for _, c := range i.Charts {
		fmt.Fprintf(w, "\n%s\n", c)
		for k, name := range i.Names[c] {
			fmt.Fprintf(w, "  %-22s %.15g\n", name, i.Point[c][k])
		}
		fmt.Fprintf(w, "  Fisher matrix\n")
		printRows(w, i.Fisher[c])
		if s, ok := i.Score[c]; ok {
			fmt.Fprintf(w, "  score                  %s\n", join(s))
		}
		if g, ok := i.Gamma[c]; ok && len(g) <= 3 {
			for a, slab := range g {
				fmt.Fprintf(w, "  Christoffel Γ_%d..      (Levi-Civita, first kind)\n", a+1)
				printRows(w, slab)
			}
		}
	}
	if i.TensorsMissing != "" {
		fmt.Fprintf(w, "\nChristoffel symbols and cubic tensor are %s\n", i.TensorsMissing)
	}
	fmt.Fprintln(w)
	line := func(name string, v *float64) {
		if v != nil {
			fmt.Fprintf(w, "%-24s %.15g\n", name, *v)
		}
	}
	line("entropy", i.Entropy)
	line("log-partition", i.LogPartition)
	if i.Mean != nil {
		fmt.Fprintf(w, "%-24s %s\n", "mean of the statistic", join(i.Mean))
	}
	line("Gaussian curvature", i.Curvature)
	line("log-density", i.LogDensity)
	if r := i.To; r != nil {
		fmt.Fprintf(w, "\nto %s\n", join(r.Point[i.Charts[0]]))
		line("KL(p‖q)", r.KL)
		line("KL(q‖p)", r.ReverseKL)
		line("Rényi divergence D₂(p‖q)", r.Renyi2)
		line("Bhattacharyya distance", r.Bhattacharyya)
		line("squared Hellinger dist.", r.SquaredHellinger)
		if r.FisherRao == nil {
			fmt.Fprintf(w, "%-24s %s\n", "Fisher–Rao distance", r.FisherRaoMissing)
		}
		line("Fisher–Rao distance", r.FisherRao)
		if r.Midpoint != nil {
			fmt.Fprintf(w, "%-24s %s\n", "geodesic midpoint", join(r.Midpoint[i.Charts[0]]))
		} else if r.FisherRao != nil {
			fmt.Fprintf(w, "%-24s %s\n", "geodesic midpoint", r.MidpointMissing)
		}
	}
}

func printRows(w io.Writer, rows [][]float64) {
	const most = 10
	for _, row := range rows[:min(len(rows), most)] {
		fmt.Fprintf(w, "    %s\n", join(row[:min(len(row), most)]))
	}
	if len(rows) > most {
		fmt.Fprintf(w, "    … %d×%d in all: see --json\n", len(rows), len(rows))
	}
}

func join(v []float64) string {
	words := make([]string, len(v))
	for i, x := range v {
		words[i] = fmt.Sprintf("%.10g", x)
	}
	return strings.Join(words, "  ")
}

// checkFigureFile wants a file name with an ending that figures have.
func checkFigureFile(file string) error {
	ending := strings.TrimPrefix(filepath.Ext(file), ".")
	if !slices.Contains([]string{"png", "svg", "pdf"}, ending) {
		return usage("%s: a figure's file name ends in .png, .svg or .pdf", file)
	}
	if _, err := os.Stat(filepath.Dir(file)); err != nil {
		return usage("inspect: --figure %s: there is no folder %s", file, filepath.Dir(file))
	}
	return nil
}
