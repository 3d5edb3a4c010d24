"""Tasks: work in pieces that do not depend on each other, here or on a cluster. `cluster` needs the extra `scale`."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
