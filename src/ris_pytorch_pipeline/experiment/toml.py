"""How configuration is read from TOML, laid over a preset, and written back."""

import re
import tomllib
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import tomli_w

from ..errors import ConfigurationError
from ..files import cause, is_changed, move, parse_toml, read_regular, reason
from ..physics.scenes.scenario import Scenario
from ..physics.scenes.scenario_presets import beside_array, preset
from .experiment import Experiment
from .stored_arrays import with_stored
from .strict import NONE, fit, overlay

_LOOSE_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
"""Numbers that TOML does not write this way, such as `.5` and `10.`."""
_MOST_BYTES = 2**20
"""Of a configuration file."""


def experiment_from_toml(path: Path) -> Experiment:
    """Read a configuration file.

    Its keys are `preset` (the scenario to start from, `random` unless named), `seed`, `scenes` and the table
    `[scenario]` with any fields of `Scenario`; "none" stands for None. A table `[presets.NAME]` makes a preset of one's
    own: any fields of `Scenario`, over the preset that its own key `preset` names. `[codebooks.NAME]`,
    `[channels.NAME]` and `[arrays.NAME]` name a file each, see `with_stored`.

    >>> from pathlib import Path
    >>> _ = Path("lab.toml").write_text("scenario = {sources = 2, snr_db = [0, 10]}")
    >>> experiment_from_toml(Path("lab.toml")).scenario.snr_db
    (0.0, 10.0)

    Args:
        path: of the file.

    Returns:
        The experiment.

    Raises:
        ConfigurationError: no such file, no TOML, a duplicate or unknown key, or a value that does not fit.
    """
    return resolve(configuration_from_toml(path))


def resolve(values: Mapping[str, Any], *overrides: Mapping[str, Any]) -> Experiment:
    """The preset named in any of the mappings, with each mapping laid over it in turn; the last one wins.

    >>> found = resolve({"preset": "pilot", "scenes": 20}, {"scenes": 50, "scenario": {"snr_db": 10}})
    >>> found.scenes, found.scenario.symbols, found.scenario.snr_db
    (50, 'pilot', 10.0)

    Args:
        values: keys of `Experiment`, `preset`, and `presets`.
        overrides: more of the same.

    Returns:
        The experiment.

    Raises:
        ConfigurationError: an unknown preset or key, or a value that does not fit.
    """
    layers = (values, *overrides)
    names = [fit(str, layer["preset"], "preset") for layer in layers if "preset" in layer]
    merged = _merged(layers)
    own = own_presets(merged.pop("presets", {}))
    scenario = scenario_named((names or ["random"])[-1], own)
    merged.pop("preset", None)
    return overlay(Experiment(scenario=without_panel(scenario, merged.get("scenario"))), merged)


def own_presets(own: Any) -> Mapping[str, Mapping[str, Any]]:  # noqa: ANN401
    """The tables `[presets.NAME]` of a configuration file, by name.

    Raises:
        ConfigurationError: `presets` that are no tables.
    """
    if not isinstance(own, Mapping) or not all(isinstance(table, Mapping) for table in own.values()):
        raise ConfigurationError(
            "tables [presets.NAME]",
            repr(own)[:80],
            "a value in place of a table",
            "write [presets.mine] above its keys",
        )
    return own


def scenario_named(name: str, own: Mapping[str, Mapping[str, Any]]) -> Scenario:
    """The preset of a name: one of the file's own tables, or one that the package knows.

    Raises:
        ConfigurationError: an unknown name or key, or a value that does not fit.
    """
    if name not in own:
        return preset(name)
    table = dict(own[name])
    base = fit(str, table.pop("preset", "random"), f"presets.{name}.preset")
    return overlay(without_panel(preset(base), table), table, f"presets.{name}")


def without_panel(scenario: Scenario, values: Any) -> Scenario:  # noqa: ANN401
    """A preset as values are laid over it: where they name an array, without its panel, see `beside_array`."""
    array = values.get("array") if isinstance(values, Mapping) else None
    return beside_array(scenario, array) if isinstance(array, str) else scenario


def configuration_from_toml(path: Path) -> dict[str, Any]:
    """The plain values of a configuration file, whose own codebooks, channels and arrays are known by name from now on.

    Raises:
        ConfigurationError: as `read_toml` and `with_stored`.
    """
    return with_stored(read_toml(path), path.parent)


def read_toml(path: Path) -> dict[str, Any]:
    """The plain values of a TOML file.

    Raises:
        ConfigurationError: no such file, or no TOML; a duplicate key is no TOML.

    Warns:
        UserWarning: a command wrote it, and it was changed since.
    """
    try:
        content = read_regular(path, _MOST_BYTES)
        if is_changed(content):
            warnings.warn(f"{path} was changed since a command wrote it: by hand, or by a damaged disk", stacklevel=2)
        return parse_toml(content)
    except OSError as error:
        raise ConfigurationError(
            "a readable configuration file",
            f"{path}: {reason(error)}",
            cause(error, "a mistyped path"),
            move(error, "check the path"),
        ) from error
    except UnicodeDecodeError as error:
        raise ConfigurationError(
            f"TOML in {path}", f"bytes that are no UTF-8, from number {error.start} on",
            "a binary file, such as the data, in its place, or a text in another encoding",
            "pass the .toml, saved as UTF-8",
        ) from error  # fmt: skip
    except ValueError as error:  # no TOML, digits without end, brackets without end
        raise ConfigurationError(
            f"TOML in {path}", str(error)[:200], "a duplicate key, or a text without quotes", "mend that line"
        ) from error


@runtime_checkable
class Resolved(Protocol):
    """A configuration that tells all its values."""

    def to_plain(self) -> dict[str, Any]:
        """Mappings, lists, numbers, texts and None."""
        ...


def to_toml(experiment: Resolved) -> str:
    """A resolved configuration as TOML that reads back to an equal value.

    >>> from pathlib import Path
    >>> text = to_toml(Experiment(scenes=50))
    >>> text.splitlines()[:2]
    ['seed = 0', 'scenes = 50']
    >>> _ = Path("kept.toml").write_text(text)
    >>> experiment_from_toml(Path("kept.toml")) == Experiment(scenes=50)
    True

    Args:
        experiment: an `Experiment` for `experiment_from_toml`, or a `TrainingExperiment` for `training_from_toml`.
    """
    return tomli_w.dumps(_without_null(experiment.to_plain()))


def parse_toml_value(text: str) -> Any:  # noqa: ANN401
    """A value as TOML writes it: `10`, `[-30, 30]`, `true`; anything else is a text.

    >>> [parse_toml_value(text) for text in ("10", "[-30, 30]", ".5", "true", "pilot")]
    [10, [-30, 30], 0.5, True, 'pilot']
    """
    try:
        parsed = tomllib.loads(f"value = {text}")
    except (ValueError, RecursionError):
        return float(text) if _LOOSE_NUMBER.fullmatch(text) else text
    return parsed["value"] if len(parsed) == 1 else text


def _merged(layers: tuple[Mapping[str, Any], ...]) -> dict[str, Any]:
    """One mapping, tables merged key by key; the last value wins."""
    result: dict[str, Any] = {}
    for layer in layers:
        for key, value in layer.items():
            both = isinstance(value, Mapping) and isinstance(result.get(key), Mapping)
            result[key] = _merged((result[key], value)) if both else value
    return result


def _without_null(values: Mapping[str, Any]) -> dict[str, Any]:
    return {
        key: _without_null(value) if isinstance(value, Mapping) else (NONE if value is None else value)
        for key, value in values.items()
    }
