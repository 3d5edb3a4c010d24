"""Serve: measurements in, sources out, over HTTP, for many clients at a time. Names load on first use."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
