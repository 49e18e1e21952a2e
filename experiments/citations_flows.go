package experiments

const citeChenFlows = `@misc{chen2023gradient,
  author = {Chen, Yifan and Huang, Daniel Zhengyu and Huang, Jiaoyang and Reich, Sebastian and Stuart, Andrew M.},
  title  = {Gradient Flows for Sampling: Mean-Field Models, {Gaussian} Approximations and Affine Invariance},
  year   = {2023},
  note   = {arXiv:2302.11024}
}`
