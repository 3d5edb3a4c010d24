"""How is a name looked up? In the registry first, then among the entry points of installed packages."""

from collections.abc import MutableMapping
from importlib.metadata import EntryPoint, entry_points
from typing import TypeVar

from ..errors import ConfigurationError

Entry = TypeVar("Entry")
GROUP = "ris_pytorch_pipeline"
"""Entry points are declared as `[project.entry-points."ris_pytorch_pipeline.codebooks"]`, `.channels`, `.estimators`
or `.presets`: name = "package.module:object", the object being what the registry holds."""


def registered(registry: MutableMapping[str, Entry], name: str, kind: str) -> Entry | None:
    """The entry of a name; one that an installed package declares is loaded, checked and kept.

    Args:
        registry: by name.
        name: asked for.
        kind: `codebooks`, `channels`, `estimators` or `presets`.

    Returns:
        The entry, or None where nobody knows the name.

    Raises:
        ConfigurationError: an entry point that does not load, or whose object is of another kind.
    """
    if name in registry:
        return registry[name]
    for point in entry_points(group=f"{GROUP}.{kind}", name=name):
        registry[name] = _loaded(point, type(next(iter(registry.values()))))
        return registry[name]
    return None


def _loaded(point: EntryPoint, kind: type[Entry]) -> Entry:
    try:
        value = point.load()
    except (ImportError, AttributeError) as error:
        raise ConfigurationError(
            f"{point.name!r} as {point.value} of an installed package", str(error), "a package half installed",
            "install it again, or uninstall it",
        ) from error  # fmt: skip
    if not isinstance(value, kind):
        raise ConfigurationError(
            f"{point.value} as a {kind.__name__}", type(value).__name__, "an entry point that names another object",
            f"let it name a {kind.__name__}",
        )  # fmt: skip
    return value
