"""CLI: parse, call, print. Names load on first use, and torch only when a command runs."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
