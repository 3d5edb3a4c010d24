"""Experiment: the frozen configuration of a run, read from and written to strict TOML. Names load on first use."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
