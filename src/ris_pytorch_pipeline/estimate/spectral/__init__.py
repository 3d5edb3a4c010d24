"""Sources as peaks of a spectrum of a covariance."""
