package experiments

const (
	citeGonzalez = `@article{gonzalez1996time,
  author  = {Gonzalez, Oscar},
  title   = {Time integration and discrete {Hamiltonian} systems},
  journal = {Journal of Nonlinear Science},
  volume  = {6},
  pages   = {449--467},
  year    = {1996}
}`
	citeMcLachlan = `@article{mclachlan1999geometric,
  author  = {McLachlan, Robert I. and Quispel, G. R. W. and Robidoux, Nicolas},
  title   = {Geometric integration using discrete gradients},
  journal = {Philosophical Transactions of the Royal Society A},
  volume  = {357},
  pages   = {1021--1045},
  year    = {1999}
}`
	citeCelledoni = `@article{celledoni2018dissipative,
  author  = {Celledoni, Elena and Eidnes, S{\o}lve and Owren, Brynjulf and Ringholm, Torbj{\o}rn},
  title   = {Dissipative numerical schemes on {Riemannian} manifolds with applications to gradient flows},
  journal = {SIAM Journal on Scientific Computing},
  volume  = {40},
  number  = {6},
  pages   = {A3789--A3806},
  year    = {2018}
}`
)
