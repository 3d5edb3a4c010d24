"""Readers of other programs' files, one format a file; each refuses what it cannot bound."""
