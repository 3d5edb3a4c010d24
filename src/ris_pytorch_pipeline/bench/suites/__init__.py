"""Suites: many sweeps written down in one file, each cell kept as it finishes."""
