"""How is a suite read from TOML? Strictly: every key is known, every value fits, every combination can be drawn."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ...errors import ConfigurationError
from ...estimate import GENIE
from ...experiment import Experiment, fit, resolve
from ...experiment.strict import check_keys, nearest
from ...experiment.toml import configuration_from_toml
from .suite import Axis, Behind, Entrant, Order, Suite, Sweep

_EXPERIMENT = ("preset", "presets", "seed", "scenes", "scenario")
"""Keys that a configuration file of `ris bench` has as well."""
_SHARED = ("quick", "order")
_SUITE = (*_EXPERIMENT, *_SHARED, "contenders", "sweeps")
_SWEEP = ("methods", "preset", "scenes", "scenario", *_SHARED, "calibration", "untold", "over", "variants")
_ENTRANT = ("estimator", "model", "settings")
_QUICK = 20
_SETTINGS = "settings."
"""How the name of an axis begins that is laid over the contenders."""


def suite_from_toml(path: Path, *, quick: bool = False, overrides: Mapping[str, Any] | None = None) -> Suite:
    """Read a suite.

    >>> from pathlib import Path
    >>> _ = Path("mine.toml").write_text('sweeps.snr = {methods = ["sml"], over = {snr_db = [0, 10]}}')
    >>> suite = suite_from_toml(Path("mine.toml"), overrides={"scenes": 20})
    >>> [(cell.label, cell.scenes) for cell in suite.cells()]
    [('snr, snr_db 0, sml', 20), ('snr, snr_db 10, sml', 20)]

    Args:
        path: of the file.
        quick: take the numbers of scenes called `quick` in place of `scenes`.
        overrides: `seed` or `scenes` of a command line, which win over every sweep.

    Returns:
        The suite; checkpoints are not read yet.

    Raises:
        ConfigurationError: no such file, no TOML, an unknown key (the nearest known one is suggested), a value that
            does not fit, or a contender that is not named.
    """
    return suite_of(configuration_from_toml(path), quick=quick, overrides=overrides)


def suite_of(values: Mapping[str, Any], *, quick: bool = False, overrides: Mapping[str, Any] | None = None) -> Suite:
    """The suite of plain values; arguments as for `suite_from_toml`.

    >>> found = suite_of({"sweeps": {"snr": {"methods": ["sml"], "over": {"snr_db": [0, 10]}}}})
    >>> [cell.label for cell in found.cells()]
    ['snr, snr_db 0, sml', 'snr, snr_db 10, sml']

    Raises:
        ConfigurationError: as there.
    """
    check_keys(values, _SUITE)
    over = {} if overrides is None else overrides
    base = {key: value for key, value in values.items() if key in _EXPERIMENT}
    entrants = dict(_entrants(_table(values.get("contenders", {}), "contenders")))
    tables = _table(values.get("sweeps", {}), "sweeps")
    if not tables:
        raise ConfigurationError(
            "at least one sweep", "none", "an empty file", "write [sweeps.snr] with methods and [sweeps.snr.over]"
        )
    shared = {key: values[key] for key in _SHARED if key in values}
    sweeps = tuple(_sweep(name, shared | _table(table, f"sweeps.{name}"), base, over, quick)
                   for name, table in tables.items())  # fmt: skip
    used = dict.fromkeys(method for sweep in sweeps for method in sweep.methods)
    unused = [name for name in entrants if name not in used]
    if unused:
        raise ConfigurationError(
            "contenders that some sweep names", repr(unused[0]), "a sweep left out, or a misspelt name there",
            nearest(unused[0], list(used)),
        )  # fmt: skip
    contenders = {name: entrants[name] if name in entrants else Entrant(estimator=name) for name in used}
    return Suite(seed=resolve(base, over).seed, contenders=contenders, sweeps=sweeps)


def _sweep(name: str, values: dict[str, Any], base: dict[str, Any], over: Mapping[str, Any], quick: bool) -> Sweep:
    where = f"sweeps.{name}"
    check_keys(values, _SWEEP, where)
    own = {key: value for key, value in values.items() if key in _EXPERIMENT}
    experiment: Experiment = resolve(base, own, over)
    few = fit(int, values.get("quick", min(_QUICK, experiment.scenes)), f"{where}.quick")
    if few < 1:
        raise ConfigurationError(f"{where}.quick >= 1", str(few), "a sign, or a count left at zero", "raise it")
    methods = fit(tuple[str, ...], values.get("methods", ()), f"{where}.methods")
    _check_listed(methods, f"{where}.methods")
    return Sweep(
        name=name,
        methods=methods,
        scenes=few if quick and "scenes" not in over else experiment.scenes,
        order=fit(Order, values.get("order", "known"), f"{where}.order"),
        scenario=experiment.scenario,
        axes=(
            *_variants(_table(values.get("variants", {}), f"{where}.variants"), f"{where}.variants"),
            *_over(_table(values.get("over", {}), f"{where}.over"), f"{where}.over", ""),
        ),
        behind=_behind(values, where),
    )


def _behind(values: Mapping[str, Any], where: str) -> Behind | None:
    """The hardware that a sweep names.

    Raises:
        ConfigurationError: `untold` without a calibration.
    """
    untold = fit(bool, values.get("untold", False), f"{where}.untold")
    if "calibration" in values:
        return Behind(calibration=fit(str, values["calibration"], f"{where}.calibration"), told=not untold)
    if untold:
        raise ConfigurationError(
            f"calibration beside {where}.untold", "untold alone", "nominal hardware, which contenders know",
            'write calibration = "FILE" of `ris calibrate`, or leave untold out',
        )  # fmt: skip
    return None


def _over(values: Mapping[str, Any], where: str, prefix: str) -> Iterator[Axis]:
    """The axis of each list; a nested table reaches into a field.

    Raises:
        ConfigurationError: neither a list nor a table.
    """
    for key, value in values.items():
        name = f"{prefix}{key}"
        if isinstance(value, Mapping):
            yield from _over(value, where, f"{name}.")
            continue
        if not isinstance(value, list):
            raise ConfigurationError(
                f"{where}.{name} as a list of values", repr(value), "one value, which nothing is swept over",
                f"write [{value!r}], or set it under [scenario]",
            )  # fmt: skip
        _check_listed(value, f"{where}.{name}")
        inner = name.removeprefix(_SETTINGS)
        changes = tuple(_nested(inner, each) for each in value)
        yield Axis(name=name, labels=tuple(value), changes=changes, of_contenders=name.startswith(_SETTINGS))


def _variants(values: Mapping[str, Any], where: str) -> Iterator[Axis]:
    """The axis of each table of named changes."""
    for name, table in values.items():
        named = _table(table, f"{where}.{name}")
        _check_listed(list(named), f"{where}.{name}")
        changes = tuple(_table(change, f"{where}.{name}.{label}") for label, change in named.items())
        yield Axis(name=name, labels=tuple(named), changes=changes)


def _entrants(values: Mapping[str, Any]) -> Iterator[tuple[str, Entrant]]:
    """The contenders that a file sets up.

    Raises:
        ConfigurationError: an unknown key, both a model and an estimator, or the genie with settings.
    """
    for name, table in values.items():
        where = f"contenders.{name}"
        own = _table(table, where)
        check_keys(own, _ENTRANT, where)
        if "model" in own and "estimator" in own:
            raise ConfigurationError(
                f"a model or an estimator in {where}", "both", "two contenders in one table", "make two of them"
            )
        settings = _table(own.get("settings", {}), f"{where}.settings")
        if "model" in own:
            yield name, Entrant(model=fit(str, own["model"], f"{where}.model"), settings=settings)
            continue
        estimator = fit(str, own.get("estimator", name), f"{where}.estimator")
        if estimator == GENIE and settings:
            raise ConfigurationError(
                "a genie without settings", ", ".join(settings), "it is the likelihood of the symbols, from the truth",
                "leave them out",
            )  # fmt: skip
        yield name, Entrant(estimator=estimator, settings=settings)


def _check_listed(values: list[Any] | tuple[Any, ...], where: str) -> None:
    """Refuse an empty list, and a value twice.

    Raises:
        ConfigurationError: either.
    """
    if not len(values):
        raise ConfigurationError(f"at least one of {where}", "none", "an empty list", f"name one of {where}")
    again = [value for number, value in enumerate(values) if value in values[:number]]
    if again:
        raise ConfigurationError(f"each of {where} once", f"{again[0]} again", "a list typed twice", "leave one out")


def _nested(name: str, value: Any) -> dict[str, Any]:  # noqa: ANN401
    """{"a": {"b": value}} of the name a.b."""
    head, _, rest = name.partition(".")
    return {head: _nested(rest, value)} if rest else {head: value}


def _table(value: Any, where: str) -> dict[str, Any]:  # noqa: ANN401
    """A table of keys.

    Raises:
        ConfigurationError: another kind of value.
    """
    if isinstance(value, Mapping):
        return dict(value)
    raise ConfigurationError(f"{where} as a table of keys", repr(value)[:80], "a missing section", f"write [{where}]")
