"""How is a name looked up? In the registry first, then among the entry points of installed packages."""

from collections.abc import Callable, MutableMapping
from difflib import get_close_matches
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Protocol, TypeVar, runtime_checkable

from ..errors import ConfigurationError

Entry = TypeVar("Entry")
GROUP = "ris_pytorch_pipeline"
"""Entry points are declared as `[project.entry-points."ris_pytorch_pipeline.codebooks"]`, `.channels`, `.estimators`,
`.networks` or `.presets`: name = "package.module:object", the object being what the registry holds."""


@runtime_checkable
class Numbered(Protocol):
    """An entry that may be numbers of a file."""

    @property
    def digest(self) -> str:
        """Of the numbers; empty where there are none."""
        ...


Numbers = TypeVar("Numbers", bound=Numbered)


def registered(registry: MutableMapping[str, Entry], name: str, kind: str) -> Entry | None:
    """The entry of a name; one that an installed package declares is loaded, checked and kept.

    Args:
        registry: by name.
        name: asked for.
        kind: `codebooks`, `channels`, `estimators`, `networks` or `presets`.

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


def named(registry: MutableMapping[str, Entry], name: str, kind: str, wanted: str) -> Entry:
    """The entry of a name that somebody knows.

    Args:
        registry: by name.
        name: asked for.
        kind: as in `registered`.
        wanted: what it is out of, such as `codes`.

    Raises:
        ConfigurationError: nobody knows the name; the nearest one is suggested.
    """
    found = registered(registry, name, kind)
    if found is None:
        close = get_close_matches(name, list(registry), n=1)
        raise ConfigurationError(
            f"{wanted} out of {', '.join(registry)}", repr(name), f"a misspelt name, or one that is not in {kind}",
            f"did you mean {close[0]!r}?" if close else f"add it to {kind.upper()} in a file that --extend names",
        )  # fmt: skip
    return found


def numbers_named(registry: MutableMapping[str, Numbers], name: str, kind: str, wanted: str) -> Numbers:
    """The entry of `NAME`, or of `NAME@DIGEST`, which means the numbers of that digest and no others.

    Args:
        registry: by name.
        name: asked for.
        kind: as in `registered`.
        wanted: what it is out of, such as `codes`.

    Raises:
        ConfigurationError: nobody knows the name, or it has other numbers by now.
    """
    base, _, digest = name.partition("@")
    if digest and registered(registry, base, kind) is None:
        raise ConfigurationError(
            f"the numbers {name}", f"no {base} in {kind}", "a configuration file that names them was not read",
            f"pass it with --config, or in Python read it first; it has [{kind}.{base}]",
        )  # fmt: skip
    found = named(registry, base, kind, wanted)
    if digest not in ("", found.digest):
        raise ConfigurationError(
            f"the numbers {name} of {kind}.{base}", f"{base}@{found.digest}" if found.digest else f"{base}, drawn",
            "a file whose content was changed since", "put the former file back, or begin anew with this one",
        )  # fmt: skip
    return found


def told_apart(name: str, entry: Numbered) -> str:
    """The name of an entry with the digest of its numbers, if it has any, so that other numbers are another name."""
    return f"{name}@{entry.digest}" if entry.digest else name


def late(module: str, function: str) -> Callable[..., Any]:
    """A function of a module, imported when it is first called: a command line is parsed without torch."""

    def call(*arguments: Any) -> Any:  # noqa: ANN401
        return vars(import_module(module))[function](*arguments)

    return call


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
