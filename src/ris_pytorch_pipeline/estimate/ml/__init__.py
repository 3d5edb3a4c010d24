"""Coded maximum likelihood: the search for sources, off the grid."""
