"""Files: written whole, read only where they are regular, locked while a run writes. Names load on first use."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
