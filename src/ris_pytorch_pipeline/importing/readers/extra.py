"""How a reader's library is loaded: when it is used, and with a word on what to install where it is missing."""

from importlib import import_module
from types import ModuleType

from ...errors import InputError
from .bounded import Source


def needed(name: str, source: Source) -> ModuleType:
    """A module of the extra `import`.

    Raises:
        InputError: it is not installed.
    """
    try:
        return import_module(name)
    except ImportError as error:
        raise InputError(
            f"the extra `import` to read {source.path.name}", f"no {name.split('.')[0]} is installed",
            "the package installed without its readers", "pip install 'ris-pytorch-pipeline[import]'",
        ) from error  # fmt: skip
