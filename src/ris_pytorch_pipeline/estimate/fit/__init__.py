"""Does the model explain the data? Evidence, tests, ambiguity and two kinds of ±. Names load on first use."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
