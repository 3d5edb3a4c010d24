"""Which fields does a search vary, and over which values? Read from a named space or a TOML file, strictly."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, is_dataclass
from importlib import resources
from pathlib import Path
from typing import Any

import tomli_w

from ...errors import ConfigurationError
from ...experiment import Phases, TrainingExperiment
from ...experiment.strict import nearest, typed_fields
from ...experiment.toml import read_toml
from ..trying.recipe import Recipe, phases_of
from .knobs import Knob, is_knob, knob_of

HYBRID = TrainingExperiment().network
"""The kind of network that an experiment has unless it says otherwise."""
SPACES = ("small", "wide")
"""The named spaces; each is a file beside this one, written as one of your own would be."""
_LUCK = "a draw that happens to be lucky is no setting"
FIXED = {
    "seed": _LUCK,
    "net.seed": _LUCK,
    "scenario": "the scenes that judge every trial are drawn from it",
    "plan.epochs": "the two stages set it: --epochs and --long-epochs",
    "plan.n_val": "every trial is validated alike",
    "plan.max_val_batches": "every trial is validated alike",
    "plan.same_scenes": "every trial is validated on unseen scenes",
    "plan.hold_mb": "memory changes no number",
    "plan.draw": "on a CPU it changes no number, and on a GPU it draws other scenes alike, which is luck",
    "optimisation.most_skips": "it says when a training that fails is given up, and changes no network",
    "device": "all trials run alike",
}
"""Fields that no search varies, and why."""


@dataclass(frozen=True)
class Space:
    """What a search varies.

    Args:
        knobs: (dotted name of a field, the values it may take).

    Raises:
        ConfigurationError: no knob.

    >>> named_space("small").knobs[0][0]
    'optimisation.rate'
    >>> print(space_from_plain({"optimisation": {"clip": {"low": 0.5, "high": 2.0}}}).to_toml().rstrip())
    [optimisation.clip]
    low = 0.5
    high = 2.0
    """

    knobs: tuple[tuple[str, Knob], ...]

    def __post_init__(self) -> None:
        if not self.knobs:
            raise ConfigurationError(
                "a space with at least one field to vary", "none", "an empty file",
                "write one such as [optimisation] rate = {low = 1e-3, high = 1e-2, log = true}",
            )  # fmt: skip

    def to_plain(self) -> dict[str, Any]:
        """As nested tables, which `space_from_plain` reads back to an equal value."""
        result: dict[str, Any] = {}
        for name, knob in self.knobs:
            *tables, last = name.split(".")
            inside = result
            for table in tables:
                inside = inside.setdefault(table, {})
            inside[last] = knob.to_plain()
        return result

    def to_toml(self) -> str:
        """As a file of your own may begin."""
        return tomli_w.dumps(self.to_plain())


def named_space(name: str) -> Space:
    """One of `SPACES`.

    >>> len(named_space("small").knobs) < len(named_space("wide").knobs)
    True

    Raises:
        ConfigurationError: an unknown name; the nearest known one is suggested.
    """
    if name not in SPACES:
        raise ConfigurationError(
            f"a space out of {', '.join(SPACES)}, or a file that ends in .toml", repr(name), "a misspelt name",
            nearest(name, list(SPACES)),
        )  # fmt: skip
    with resources.as_file(resources.files(__name__.rpartition(".")[0]).joinpath(f"{name}.toml")) as path:
        return space_from_plain(read_toml(path))


def space_of(text: str, network: str = HYBRID) -> Space:
    """The space that a command line names: `small`, `wide`, or a TOML file.

    >>> from pathlib import Path
    >>> _ = Path("mine.toml").write_text("net.width = {choices = [16, 32]}")
    >>> space_of("mine.toml").knobs, space_of("small") == named_space("small")
    ((('net.width', Choices(texts=('16', '32'))),), True)

    Args:
        text: a name, or the path of a file.
        network: kind of the base's network, whose fields `net` has.

    Returns:
        The space.

    Raises:
        ConfigurationError: an unknown name, no such file, no TOML, an unknown field or key, or a value that a field
            does not take.
    """
    return space_from_plain(read_toml(Path(text)), network) if text.endswith(".toml") else named_space(text)


def space_from_plain(values: Mapping[str, Any], network: str = HYBRID) -> Space:
    """The space of nested tables.

    >>> space = space_from_plain({"optimisation": {"rate": {"low": 1e-3, "high": 1e-2, "log": True}}})
    >>> space.knobs[0][0], space.to_plain()["optimisation"]["rate"]["high"]
    ('optimisation.rate', 0.01)

    Args:
        values: fields of `TrainingExperiment` and the table `locating`; each leaf is a table with `low` and `high`, or
            with `choices`.
        network: kind of the base's network, whose fields `net` has.

    Returns:
        The space.

    Raises:
        ConfigurationError: an unknown field or key, a value that a field does not take, or a kind that nobody added.
    """
    recipe = Recipe().changed({"network": network})
    own = {"locating": values["locating"]} if "locating" in values else {}
    of_training = {key: value for key, value in values.items() if key not in own}
    return Space((*_knobs(of_training, recipe.training, "", ("locating",)), *_knobs(own, recipe, "", ())))


def _knobs(values: Mapping[str, Any], config: Any, prefix: str, more: tuple[str, ...]) -> Iterator[tuple[str, Knob]]:  # noqa: ANN401
    """The knobs of the fields of a dataclass, nested ones included.

    Raises:
        ConfigurationError: an unknown field, or one that no search varies.
    """
    fields = typed_fields(type(config))
    for key, value in values.items():
        name = f"{prefix}{key}"
        if key not in fields:
            known = [*fields, *more]
            raise ConfigurationError(
                f"a field out of {', '.join(known)}", repr(name), "a misspelt field", nearest(key, known)
            )
        if name in FIXED:
            raise ConfigurationError(f"a space without {name}", name, FIXED[name], "leave it out")
        inner, table = vars(config)[key], _table(value, name)
        if isinstance(inner, Phases):
            yield name, _phases(table, name)
        elif is_dataclass(inner) and not is_knob(table):
            yield from _knobs(table, inner, f"{name}.", ())
        elif is_dataclass(inner):
            raise ConfigurationError(
                f"fields of {name}", ", ".join(table), "values for a whole table", f"name a field: [{name}]"
            )
        else:
            yield name, knob_of(table, fields[key].hint, name)


def _table(value: Any, name: str) -> Mapping[str, Any]:  # noqa: ANN401
    if isinstance(value, Mapping) and value:
        return value
    raise ConfigurationError(
        f"{name} as a table with low and high, or choices", repr(value), "a fixed value, which --config is for",
        f"write {name} = {{choices = [...]}}",
    )  # fmt: skip


def _phases(table: Mapping[str, Any], name: str) -> Knob:
    """Choices out of names and tables of stages, each tried on the default experiment."""
    knob = knob_of(table, None, name)
    for value in knob.probes:
        phases_of(name, value)
        Recipe().changed({name: value})
    return knob
