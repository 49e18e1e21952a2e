package experiments

const citeKunstner = `@inproceedings{kunstner2019limitations,
  author    = {Kunstner, Frederik and Balles, Lukas and Hennig, Philipp},
  title     = {Limitations of the Empirical {Fisher} Approximation for Natural Gradient Descent},
  booktitle = {Advances in Neural Information Processing Systems},
  volume    = {32},
  pages     = {4158--4169},
  note      = {arXiv:1905.12558},
  year      = {2019}
}`
