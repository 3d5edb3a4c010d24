"""Coded maximum likelihood of sources whose symbols are of several kinds."""
