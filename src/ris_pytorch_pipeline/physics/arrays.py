"""Which arrays there are, by name, with what the rest of the code needs to know of each. Imports no torch."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from ..errors import ConfigurationError
from .registry import late, told_apart

PANEL = "panel"
"""Name of the array that a scenario describes itself."""
LAYOUT = (
    "horizontal", "vertical", "spacing", "bend_deg", "wavelength", "frequencies", "bandwidth", "yaw_deg", "pitch_deg"
)  # fmt: skip
"""Fields of a scenario that an array may be made of."""
OPEN = LAYOUT[4:]
"""Those that element positions alone leave open: wavelengths, and where the array looks."""
_GIVEN = "given"
"""Name of arrays that Python hands over, which are told apart by their numbers."""


@runtime_checkable
class Placed(Protocol):
    """An `Array`, as far as code without torch looks at it."""

    @property
    def elements(self) -> Any:  # noqa: ANN401
        """(element, 3), metres."""
        ...

    @property
    def wavelengths(self) -> tuple[float, ...]:
        """Metres."""
        ...


@dataclass(frozen=True, kw_only=True)
class ArrayModel:
    """A way to make the array.

    >>> def ring(scenario):
    ...     turn = torch.arange(6, dtype=torch.float64) * (math.pi / 3)
    ...     return Points(torch.stack([0 * turn, turn.cos(), turn.sin()], dim=-1), scenario.wavelength)
    >>> ARRAYS["ring"] = ArrayModel(name="ring", make=ring, fields=("wavelength",), elements=6)
    >>> scenario_array(preset("random", array="ring", wavelength=0.1))
    Array(6 elements, flat, 2 m x 1.73 m, wavelength 0.1 m)
    >>> del ARRAYS["ring"]

    Args:
        name: by which scenarios call it.
        make: a `Scenario` -> its `Array`.
        fields: of the scenario that it is made of; the others of `LAYOUT` say nothing beside it.
        elements: how many; None is N_H N_V of the scenario.
        wavelengths: metres, if it says them itself.
        digest: of an array that is numbers, by which scenarios tell it from others of that name.
    """

    name: str
    make: Callable[..., Any]
    fields: tuple[str, ...] = ()
    elements: int | None = None
    wavelengths: tuple[float, ...] | None = None
    digest: str = ""


ARRAYS: dict[str, ArrayModel] = {
    PANEL: ArrayModel(name=PANEL, make=late(f"{__package__}.scenes.array_models", "panel_array"), fields=LAYOUT)
}
"""By name; numbers by `NAME@DIGEST` as well, so that a scenario keeps its own when the name gets others."""


def array_named(name: str) -> ArrayModel:
    """The array of this name.

    >>> array_named("panel").fields[:2]
    ('horizontal', 'vertical')

    Raises:
        ConfigurationError: no array has this name, or `NAME@DIGEST` and its numbers are others or were not read.
    """
    if (found := known_array(name)) is not None:
        return found
    base, _, _ = name.partition("@")
    raise ConfigurationError(
        f"the array {name}", f"{base}@{ARRAYS[base].digest}" if base in ARRAYS else "no array of that name",
        "a file that was changed since, or that was not read by this command",
        f"pass the file with --array, or the configuration that has [arrays.{base}] with --config; in Python "
        "Scenario(array=...) with the Array itself",
    )  # fmt: skip


def known_array(name: str) -> ArrayModel | None:
    """The array of this name; None for `NAME@DIGEST` of an earlier sitting, whose numbers are not known in this one.

    Raises:
        ConfigurationError: a name without a digest that no array has.
    """
    base, _, digest = name.partition("@")
    found = ARRAYS.get(name, ARRAYS.get(base))
    if digest:
        return found if found is not None and found.digest == digest else None
    if found is None:
        raise ConfigurationError(
            f"an array out of {', '.join(known for known in ARRAYS if '@' not in known)}", repr(name),
            "a misspelt name, or an array that no configuration names",
            f'name its file: [arrays.{name}] with file = "{name}.toml", or on a command line --array {name}.toml',
        )  # fmt: skip
    return found


def array_name(array: str | Placed) -> str:
    """What a scenario calls an array: a name, with the digest of its numbers if it is any.

    Args:
        array: a name, or an `Array`, which is known by that name from now on.

    Raises:
        ConfigurationError: neither.
    """
    if not isinstance(array, str):
        return keep(_given(_GIVEN, array))
    return array if "@" in array or (found := known_array(array)) is None else told_apart(array, found)


def keep(model: ArrayModel) -> str:
    """Know an array by its name with its digest, which is returned."""
    name = told_apart(model.name, model)
    ARRAYS[name] = model
    return name


def revived(kind: Callable[..., Any], values: Mapping[str, Any], numbers: ArrayModel | None) -> Any:  # noqa: ANN401
    """A scenario out of another process, which brings its array along.

    Args:
        kind: `Scenario`.
        values: of its fields.
        numbers: its array, if that is any.
    """
    if numbers is not None:
        keep(numbers)
    return kind(**values)


_given = late(f"{__package__}.scenes.array_models", "given_array")
