"""Where a command looks for sources: options, presets and the file of the scenes."""

import argparse
import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ....bench import region_of
from ....data import SceneFile
from ....errors import InputError
from ....estimate import SearchRegion
from ....experiment import fit, overlay, resolve
from ....physics import Scenario, ends
from ...arguments import experiment_of, overrides_of


def region_for(arguments: argparse.Namespace, file: SceneFile) -> SearchRegion:
    """The field of view for the scenes of a file, see `region_in`; an array with depth sees all around."""
    return region_in(arguments, file.header.config or {}, around=file.observation.array.deep)


def region_in(arguments: argparse.Namespace, config: Mapping[str, Any], *, around: bool = False) -> SearchRegion:
    """The field of view: of the options, else of a preset or configuration named, else of `config`, else the default.

    A single number given as an option fixes elevation or distance. `around` lets azimuths lie behind the array.

    Raises:
        InputError: a single azimuth, which is what is sought, or one out of range.
    """
    given = vars(arguments)
    if "preset" in given or given["config"] is not None:
        base = experiment_of(arguments).scenario
    else:
        base = _resolved(config)
    options = dict(overrides_of(arguments).get("scenario", {}))
    turned = {"azimuth": _all_round(options.pop("azimuth_deg"))} if around and "azimuth_deg" in options else {}
    asked = overlay(base, options, "scenario")
    if "azimuth_deg" in options and len(set(ends(asked.azimuth_deg))) == 1:
        raise InputError("an azimuth span", f"{asked.azimuth_deg} degrees", "a fixed direction", "pass [low, high]")
    spans = {key.removesuffix("_deg"): _ends_of(asked, key) for key in options}
    return replace(region_of(base), **spans, **turned)


def _all_round(value: object) -> tuple[float, float]:
    """A span of azimuths of an array that sees all around, in radians.

    Raises:
        InputError: a single one, or ends that are swapped or beyond ±180 degrees.
    """
    low, high = ends(fit(float | tuple[float, float], value, "azimuth_deg"))
    if not -180 <= low < high <= 180:
        raise InputError(
            "azimuth_deg as [low, high] within [-180, 180]", f"azimuth_deg = {value}",
            "ends swapped, a wrong unit, or a fixed direction", "pass [low, high] in degrees",
        )  # fmt: skip
    return math.radians(low), math.radians(high)


def _resolved(config: Mapping[str, Any]) -> Scenario:
    """The scenario of a scene file's configuration; its codes and channel, known by name elsewhere, are in the file."""
    held = {key: config[key] for key in ("preset", "scenario") if key in config}
    if isinstance(held.get("scenario"), Mapping):
        held["scenario"] = {key: value for key, value in held["scenario"].items() if key not in ("codes", "channel")}
    return resolve(held).scenario


def _ends_of(scenario: Scenario, key: str) -> tuple[float, float]:
    """Both ends of a field of the scenario in radians or metres."""
    low, high = ends(vars(scenario)[key])
    return (math.radians(low), math.radians(high)) if key.endswith("_deg") else (low, high)
