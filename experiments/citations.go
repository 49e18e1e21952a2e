package experiments

// BibTeX of the works that experiments rest on.
const (
	citeAmari1998 = `@article{amari1998natural,
  author  = {Amari, Shun-ichi},
  title   = {Natural Gradient Works Efficiently in Learning},
  journal = {Neural Computation},
  volume  = {10},
  number  = {2},
  pages   = {251--276},
  year    = {1998}
}`
	citeFujiwaraAmari = `@article{fujiwara1995gradient,
  author  = {Fujiwara, Akio and Amari, Shun-ichi},
  title   = {Gradient systems in view of information geometry},
  journal = {Physica D},
  volume  = {80},
  pages   = {317--327},
  year    = {1995}
}`
	citeNakamura = `@article{nakamura1993completely,
  author  = {Nakamura, Yoshimasa},
  title   = {Completely integrable gradient systems on the manifolds of {Gaussian} and multinomial distributions},
  journal = {Japan Journal of Industrial and Applied Mathematics},
  volume  = {10},
  pages   = {179--189},
  year    = {1993}
}`
	citeCosta = `@article{costa2015fisher,
  author  = {Costa, Sueli I. R. and Santos, Sandra A. and Strapasson, Jo{\~a}o E.},
  title   = {Fisher information distance: a geometrical reading},
  journal = {Discrete Applied Mathematics},
  volume  = {197},
  pages   = {59--69},
  year    = {2015}
}`
	citeMcNeil = `@book{mcneil1977interactive,
  author    = {McNeil, Donald R.},
  title     = {Interactive Data Analysis},
  publisher = {Wiley},
  year      = {1977}
}`
	citeBeall = `@article{beall1942transformation,
  author  = {Beall, Geoffrey},
  title   = {The transformation of data from entomological field experiments},
  journal = {Biometrika},
  volume  = {32},
  pages   = {243--262},
  year    = {1942}
}`
	citeHofbauer = `@book{hofbauer1998evolutionary,
  author    = {Hofbauer, Josef and Sigmund, Karl},
  title     = {Evolutionary Games and Population Dynamics},
  publisher = {Cambridge University Press},
  year      = {1998}
}`
	citeHarper = `@misc{harper2009replicator,
  author = {Harper, Marc},
  title  = {The Replicator Equation as an Inference Dynamic},
  note   = {arXiv:0911.1383},
  year   = {2009}
}`
	citeDomingo = `@misc{domingo2023explicit,
  author = {Domingo-Enrich, Carles and Pooladian, Aram-Alexandre},
  title  = {An Explicit Expansion of the {Kullback--Leibler} Divergence along its {Fisher--Rao} Gradient Flow},
  note   = {arXiv:2302.12229},
  year   = {2023}
}`
)
