package experiments

// BibTeX of the works on training by discrete steps.
const (
	citeKingmaBa = `@inproceedings{kingma2015adam,
  author    = {Kingma, Diederik P. and Ba, Jimmy},
  title     = {{Adam}: A Method for Stochastic Optimization},
  booktitle = {International Conference on Learning Representations},
  year      = {2015},
  eprint    = {1412.6980}
}`
	citeMartens2010 = `@inproceedings{martens2010deep,
  author    = {Martens, James},
  title     = {Deep learning via {H}essian-free optimization},
  booktitle = {International Conference on Machine Learning},
  pages     = {735--742},
  year      = {2010}
}`
)
