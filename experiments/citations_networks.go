package experiments

const (
	citeSaadSolla = `@article{saad1995online,
  author  = {Saad, David and Solla, Sara A.},
  title   = {On-line learning in soft committee machines},
  journal = {Physical Review E},
  volume  = {52},
  pages   = {4225--4243},
  year    = {1995}
}`
	citeRattrayAmari = `@article{rattray1998natural,
  author  = {Rattray, Magnus and Saad, David and Amari, Shun-ichi},
  title   = {Natural Gradient Descent for On-Line Learning},
  journal = {Physical Review Letters},
  volume  = {81},
  pages   = {5461--5464},
  year    = {1998}
}`
	citeRattraySaad = `@article{rattray1999analysis,
  author  = {Rattray, Magnus and Saad, David},
  title   = {Analysis of natural gradient descent for multilayer neural networks},
  journal = {Physical Review E},
  volume  = {59},
  pages   = {4523--4532},
  year    = {1999}
}`
	citeBernacchia = `@inproceedings{bernacchia2018exact,
  author    = {Bernacchia, Alberto and Lengyel, M{\'a}t{\'e} and Hennequin, Guillaume},
  title     = {Exact natural gradient in deep linear networks and its application to the nonlinear case},
  booktitle = {Advances in Neural Information Processing Systems},
  volume    = {31},
  pages     = {5941--5950},
  year      = {2018}
}`
)
