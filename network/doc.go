// Package network has layered conditional models
//
//	p(y|x, θ) = p(y|z),   z = s_L,   s_l = W_l a_l,   a_l = [h_{l−1}; 1],   h_l = φ(s_l),
//
// with dense and convolutional layers and an output family in which z are the
// parameters. The loss of a data set of N examples is the mean
//
//	L(θ) = (1/N) Σ_n −log p(y_n|x_n, θ),
//
// with the family's normalising constants, and so is the Fisher matrix the mean
//
//	F(θ) = (1/N) Σ_n J_nᵀ H_n J_n,   J_n = ∂z_n/∂θ,   H = E[∂log p/∂z ∂log p/∂zᵀ],
//
// over the examples; labels never enter it. The flow −F⁺∇L then depends on
// neither N nor a repetition of the data.
//
// θ is one flat vector: layer by layer the matrix W_l, of q rows and p columns
// by rows, whose last column is the bias. A convolution is the same matrix
// applied to the patches of its input, T of them per example; a dense layer
// has T = 1.
//
// The two types to know are [Network], the architecture, and [Evaluation], a
// network with data: set at θ, it has the loss, its gradient, products with J
// and Jᵀ, and for any cotangent of the outputs the pair (A_l, G_l) of inputs
// and cotangents of each layer, whose row products g aᵀ are the gradients of
// single examples. These are never formed. A regression model is a network of
// one layer.
package network
