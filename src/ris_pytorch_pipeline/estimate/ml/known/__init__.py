"""Coded maximum likelihood of symbols that are known up to one complex factor each."""
