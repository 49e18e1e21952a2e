package experiments

// A fitted posterior is the optimum over normals, found by other means: Newton's
// method on the ELBO with numpy and scipy, expectations in closed form or by
// quadrature. Means and deviations are on the unconstrained scale, of the full
// covariance.
type fittedPosterior struct {
	full, diagonal float64 // ELBO
	// tol is the relative accuracy of the ELBO.
	tol      float64
	evidence float64
	mean, sd []string
}

var fittedPosteriors = map[string]fittedPosterior{
	"kidiq-kidscore_momiq": {
		full: -1882.358997, diagonal: -1884.268370, tol: 1e-6, evidence: -1882.3552,
		mean: []string{"25.8", "0.60997", "2.9051"},
		sd:   []string{"5.911", "0.05846", "0.0339"},
	},
	"kidiq-kidscore_interaction": {
		full: -1873.514021, diagonal: -1879.081064, tol: 1e-6, evidence: -1873.5098,
		mean: []string{"-11.482", "51.268", "0.96889", "-0.48427", "2.8888"},
		sd:   []string{"13.74", "15.32", "0.1482", "0.162", "0.0339"},
	},
	"earnings-logearn_height": {
		full: -1565.487044, diagonal: -1568.345364, tol: 1e-6, evidence: -1565.4853,
		mean: []string{"5.7785", "0.058817", "-0.11224"},
		sd:   []string{"0.4511", "0.00673", "0.02049"},
	},
	"mesquite-logmesquite": {
		full: -20.615158, diagonal: -24.435705, tol: 1e-6, evidence: -20.5251,
		mean: []string{"5.3515", "0.39378", "1.1512", "0.37323", "0.39432", "0.1093", "-0.58343", "-1.0861"},
		sd:   []string{"0.1727", "0.2857", "0.2129", "0.2842", "0.317", "0.1235", "0.1303", "0.1054"},
	},
	"kilpisjarvi_mod-kilpisjarvi": {
		full: -103.243563, diagonal: -108.577731, tol: 1e-6, evidence: -103.2266,
		mean: []string{"-61.033", "0.017664", "0.11911"},
		sd:   []string{"29.42", "0.007386", "0.09069"},
	},
	"nes1980-nes": {
		full: -1425.179207, diagonal: -1432.071036, tol: 1e-6, evidence: -1425.1745,
		mean: []string{"1.6766", "0.60392", "-1.2845", "-0.14626", "-0.38373", "0.023899", "0.095503", "0.028504", "0.22816", "0.60307"},
		sd:   []string{"0.5614", "0.05024", "0.2444", "0.195", "0.1959", "0.2305", "0.08308", "0.14", "0.07239", "0.02673"},
	},
	"sblrc-blr": {
		full: -195.688414, diagonal: -196.675995, tol: 1e-6, evidence: -195.6602,
		mean: []string{"0.99965", "0.99872", "0.99818", "0.99884", "0.99859", "0.038974"},
		sd:   []string{"0.0009761", "0.0009984", "0.001069", "0.001005", "0.0009642", "0.07106"},
	},
	"nes_logit_data-nes_logit_model": {
		full: -782.295964, diagonal: -783.442483, tol: 1e-4, evidence: -782.2967,
		mean: []string{"-1.4063", "0.32708"},
		sd:   []string{"0.1897", "0.05695"},
	},
	"GLM_Poisson_Data-GLM_Poisson_model": {
		full: -150.661388, diagonal: -152.799962, tol: 1e-6, evidence: -150.6603,
		mean: []string{"4.2846", "1.2462", "0.069337", "-0.2296"},
		sd:   []string{"0.02935", "0.04476", "0.0235", "0.02336"},
	},
	"eight_schools-eight_schools_noncentered": {
		full: -32.227155, diagonal: -32.290448, tol: 1e-6, evidence: -32.0023,
		mean: []string{"0.28334", "0.08712", "-0.07871", "0.053819", "-0.15443", "-0.069564", "0.32823", "0.065735", "4.4779", "0.8494"},
		sd:   []string{"0.9821", "0.9337", "0.972", "0.9433", "0.9218", "0.9433", "0.9455", "0.9777", "3.232", "0.7311"},
	},
	"arma-arma11": {
		full: 56.541241, diagonal: 56.507487, tol: 1e-4, evidence: 56.5601,
		mean: []string{"0.0068229", "0.95687", "-0.033703", "-1.7936"},
		sd:   []string{"0.01122", "0.0226", "0.05839", "0.05012"},
	},
	"garch-garch11": {
		full: -451.201645, diagonal: -451.913935, tol: 1e-4, evidence: -451.0000,
		mean: []string{"5.0509", "0.31675", "0.28712", "0.86357"},
		sd:   []string{"0.1215", "0.3582", "0.4799", "1.007"},
	},
	"low_dim_gauss_mix-low_dim_gauss_mix": {
		full: -2117.072878, diagonal: -2117.310124, tol: 1e-4, evidence: -2117.0694,
		mean: []string{"-2.7331", "1.7232", "0.027868", "0.02236", "0.49598"},
		sd:   []string{"0.04201", "0.01194", "0.03039", "0.03932", "0.06533"},
	},
}
