package experiments

const (
	citePosteriordb = `@inproceedings{magnusson2025posteriordb,
  author    = {Magnusson, M{\aa}ns and Torgander, Jakob and B{\"u}rkner, Paul-Christian and Zhang, Lu and Carpenter, Bob and Vehtari, Aki},
  title     = {posteriordb: Testing, Benchmarking and Developing {Bayesian} Inference Algorithms},
  booktitle = {Proceedings of the 28th International Conference on Artificial Intelligence and Statistics},
  year      = {2025}
}`
	citeOpper = `@article{opper2009variational,
  author  = {Opper, Manfred and Archambeau, C{\'e}dric},
  title   = {The Variational {Gaussian} Approximation Revisited},
  journal = {Neural Computation},
  volume  = {21},
  pages   = {786--792},
  year    = {2009}
}`
	citeVehtari = `@article{vehtari2024pareto,
  author  = {Vehtari, Aki and Simpson, Daniel and Gelman, Andrew and Yao, Yuling and Gabry, Jonah},
  title   = {Pareto Smoothed Importance Sampling},
  journal = {Journal of Machine Learning Research},
  volume  = {25},
  number  = {72},
  pages   = {1--58},
  year    = {2024}
}`
)
