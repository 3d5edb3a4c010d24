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
from ....physics import Scenario, check_told, ends
from ...arguments import experiment_of, overrides_of

_LIMITS = {"azimuth_deg": 180, "elevation_deg": 90}
"""Largest angles of directions, in degrees."""


def region_for(arguments: argparse.Namespace, file: SceneFile) -> SearchRegion:
    """The field of view for the scenes of a file, see `region_in`.

    Raises:
        ConfigurationError: directions asked for that the array of the file takes for others.
    """
    region = region_in(arguments, file.header.config or {})
    if any(f"scenario.{key}" in vars(arguments) for key in _LIMITS):
        check_told(_in_degrees(region.azimuth), _in_degrees(region.elevation), file.observation.array)
    return region


def region_in(arguments: argparse.Namespace, config: Mapping[str, Any]) -> SearchRegion:
    """The field of view: of the options, else of a preset or configuration named, else of `config`, else the default.

    A single number given as an option fixes elevation or distance. Directions are any: what the array of a preset takes
    for others is nothing to that of a file.

    Raises:
        InputError: a single azimuth, which is what is sought, or one out of range.
    """
    given = {key: value for key, value in vars(arguments).items() if key.removeprefix("scenario.") not in _LIMITS}
    if "preset" in given or given["config"] is not None:
        base = experiment_of(argparse.Namespace(**given)).scenario
    else:
        base = _resolved(config)
    options = dict(overrides_of(arguments).get("scenario", {}))
    spans = {key.removesuffix("_deg"): _directions(key, options.pop(key)) for key in _LIMITS if key in options}
    asked = overlay(base, options, "scenario")
    return replace(region_of(base), **spans, **{key: ends(vars(asked)[key]) for key in options})


def _directions(key: str, value: object) -> tuple[float, float]:
    """Both ends of a span of angles in radians.

    Raises:
        InputError: a single azimuth, or ends that are swapped or out of range.
    """
    low, high = ends(fit(float | tuple[float, float], value, key))
    limit, single = _LIMITS[key], key == "elevation_deg"
    if not -limit <= low <= high <= limit or (low == high and not single):
        kind = "an elevation or a span" if single else "an azimuth span"
        raise InputError(
            f"{kind}, {key} as [low, high] within [{-limit}, {limit}]", f"{key} = {value}",
            "ends swapped, or a wrong unit" if single else "ends swapped, a wrong unit, or a fixed direction",
            "pass [low, high] in degrees",
        )  # fmt: skip
    return math.radians(low), math.radians(high)


def _in_degrees(span: tuple[float, float]) -> tuple[float, float]:
    return math.degrees(span[0]), math.degrees(span[1])


def _resolved(config: Mapping[str, Any]) -> Scenario:
    """The scenario of a scene file's configuration; its codes and channel, known by name elsewhere, are in the file."""
    held = {key: config[key] for key in ("preset", "scenario") if key in config}
    if isinstance(held.get("scenario"), Mapping):
        held["scenario"] = {key: value for key, value in held["scenario"].items() if key not in ("codes", "channel")}
    return resolve(held).scenario
