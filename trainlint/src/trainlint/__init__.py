"""Training that cannot fail silently: watch any PyTorch loop, read any log, and name what is wrong."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
