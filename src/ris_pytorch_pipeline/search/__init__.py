"""Search: hyper-parameters by Optuna, judged by whitened GOSPA and not by the loss. Names load on first use."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
