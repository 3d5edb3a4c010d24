"""Estimators of others, written anew, to compare with."""
