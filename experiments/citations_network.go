package experiments

// BibTeX of the works on Fisher matrices of networks.
const (
	citeMartensGrosse = `@inproceedings{martens2015optimizing,
  author    = {Martens, James and Grosse, Roger},
  title     = {Optimizing Neural Networks with {K}ronecker-factored Approximate Curvature},
  booktitle = {International Conference on Machine Learning},
  year      = {2015},
  eprint    = {1503.05671}
}`
	citeMartens2020 = `@article{martens2020new,
  author  = {Martens, James},
  title   = {New Insights and Perspectives on the Natural Gradient Method},
  journal = {Journal of Machine Learning Research},
  volume  = {21},
  number  = {146},
  year    = {2020}
}`
	citeZhang2019 = `@inproceedings{zhang2019fast,
  author    = {Zhang, Guodong and Martens, James and Grosse, Roger},
  title     = {Fast Convergence of Natural Gradient Descent for Over-Parameterized Neural Networks},
  booktitle = {Advances in Neural Information Processing Systems},
  year      = {2019},
  eprint    = {1905.10961}
}`
	citeKarakida = `@inproceedings{karakida2020understanding,
  author    = {Karakida, Ryo and Osawa, Kazuki},
  title     = {Understanding Approximate {F}isher Information for Fast Convergence of Natural Gradient Descent in Wide Neural Networks},
  booktitle = {Advances in Neural Information Processing Systems},
  year      = {2020},
  eprint    = {2010.00879}
}`
	citeOllivier = `@article{ollivier2015riemannian,
  author  = {Ollivier, Yann},
  title   = {Riemannian metrics for neural networks {I}: feedforward networks},
  journal = {Information and Inference},
  volume  = {4},
  number  = {2},
  pages   = {108--153},
  year    = {2015},
  eprint  = {1303.0818}
}`
	citeGeorge = `@inproceedings{george2018fast,
  author    = {George, Thomas and Laurent, C{\'e}sar and Bouthillier, Xavier and Ballas, Nicolas and Vincent, Pascal},
  title     = {Fast Approximate Natural Gradient Descent in a {K}ronecker-factored Eigenbasis},
  booktitle = {Advances in Neural Information Processing Systems},
  year      = {2018},
  eprint    = {1806.03884}
}`
	citeKunstner = `@inproceedings{kunstner2019limitations,
  author    = {Kunstner, Frederik and Balles, Lukas and Hennig, Philipp},
  title     = {Limitations of the Empirical {F}isher Approximation for Natural Gradient Descent},
  booktitle = {Advances in Neural Information Processing Systems},
  year      = {2019},
  eprint    = {1905.12558}
}`
	citeAlpaydin = `@misc{alpaydin1998optical,
  author = {Alpaydin, Ethem and Kaynak, Cenk},
  title  = {Optical Recognition of Handwritten Digits},
  note   = {UCI Machine Learning Repository},
  year   = {1998}
}`
)
