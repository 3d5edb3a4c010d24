"""The command `trainlint`: parse, call, print."""

from .program import main

__all__ = ["main"]
