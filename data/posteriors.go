package data

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"strings"
)

//go:embed posteriordb/*.json
var posteriorFiles embed.FS

// A Posterior is the data of a Bayesian model of posteriordb with moments of
// its posterior from long Markov chains. The models themselves are in package
// variational/target.
type Posterior struct {
	Name, Title string
	// Source says where it was taken from, References whom to cite, by the keys
	// of posteriordb; they may be empty for made data.
	Source     string
	References []string
	// Reference has the moments of the parameters, in order; empty where none
	// ship. Correlation is that of the parameters on the unconstrained scale,
	// Draws the number of draws they are from.
	Reference   []Moment
	Correlation [][]float64
	Draws       int
	// SHA256 is the checksum of the file, in hexadecimal.
	SHA256 string

	values map[string]json.RawMessage
}

// A Moment is what is known of one parameter's posterior. MCSE is the standard
// error of the mean by the draws' finite number.
type Moment struct {
	Name          string  `json:"-"`
	Mean          float64 `json:"mean"`
	SD            float64 `json:"sd"`
	MCSE          float64 `json:"mcse_mean"`
	Q05           float64 `json:"q05"`
	Q50           float64 `json:"q50"`
	Q95           float64 `json:"q95"`
	Transform     string  `json:"transform"` // id, log or logit
	Unconstrained struct{ Mean, SD float64 }
}

// PosteriorNames lists the posteriors that ship, in alphabetical order.
func PosteriorNames() []string {
	entries, err := posteriorFiles.ReadDir("posteriordb")
	if err != nil {
		panic("data: " + err.Error())
	}
	var names []string
	for _, e := range entries {
		names = append(names, strings.TrimSuffix(e.Name(), ".json"))
	}
	slices.SortFunc(names, func(a, b string) int { return strings.Compare(strings.ToLower(a), strings.ToLower(b)) })
	return names
}

// OpenPosterior returns a posterior's data by name. The error for a name that
// is none lists those that are.
func OpenPosterior(name string) (*Posterior, error) {
	text, err := posteriorFiles.ReadFile(path.Join("posteriordb", name+".json"))
	if err != nil {
		return nil, fmt.Errorf("no posterior is called %q (posteriors: %v)", name, PosteriorNames())
	}
	var file struct {
		Name, Title, Source string
		References          json.RawMessage
		Data                map[string]json.RawMessage
		Reference           json.RawMessage
		Correlation         [][]float64 `json:"reference_unconstrained_corr"`
		Draws               int         `json:"reference_ndraws"`
	}
	if err := json.Unmarshal(text, &file); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	sum := sha256.Sum256(text)
	p := &Posterior{
		Name: file.Name, Title: strings.Join(strings.Fields(file.Title), " "), Source: file.Source,
		Correlation: file.Correlation, Draws: file.Draws, SHA256: hex.EncodeToString(sum[:]), values: file.Data,
	}
	// One reference is written without a list.
	var one string
	if json.Unmarshal(file.References, &one) == nil && one != "" {
		p.References = []string{one}
	} else if err := json.Unmarshal(file.References, &p.References); err != nil && one == "" {
		p.References = nil
	}
	if len(file.Reference) > 0 {
		if p.Reference, err = moments(file.Reference); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	return p, nil
}

// moments reads an object whose keys are parameters, in their order.
func moments(text []byte) ([]Moment, error) {
	d := json.NewDecoder(bytes.NewReader(text))
	if _, err := d.Token(); err != nil {
		return nil, err
	}
	var out []Moment
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return nil, err
		}
		var m struct {
			Moment
			Mean float64 `json:"unconstrained_mean"`
			SD   float64 `json:"unconstrained_sd"`
		}
		if err := d.Decode(&m); err != nil {
			return nil, err
		}
		moment := m.Moment
		moment.Name = key.(string)
		moment.Unconstrained.Mean, moment.Unconstrained.SD = m.Mean, m.SD
		out = append(out, moment)
	}
	return out, nil
}

// Numbers returns a list of the data by name, or one number as a list of one.
func (p *Posterior) Numbers(name string) ([]float64, error) {
	text, ok := p.values[name]
	if !ok {
		return nil, fmt.Errorf("%s has no data called %q", p.Name, name)
	}
	var list []float64
	if err := json.Unmarshal(text, &list); err == nil {
		return list, nil
	}
	var one float64
	if err := json.Unmarshal(text, &one); err != nil {
		return nil, fmt.Errorf("%s: %s is not a list of numbers", p.Name, name)
	}
	return []float64{one}, nil
}

// Matrix returns a table of the data by name, one row a list.
func (p *Posterior) Matrix(name string) ([][]float64, error) {
	var rows [][]float64
	if err := json.Unmarshal(p.values[name], &rows); err != nil {
		return nil, fmt.Errorf("%s: %s is not a table of numbers", p.Name, name)
	}
	return rows, nil
}

// Has reports whether there are data of that name.
func (p *Posterior) Has(name string) bool { _, ok := p.values[name]; return ok }
