"""Coded maximum likelihood of constant symbols."""
