"""`ris locate`: the sources of a scene file, simulated or measured, with their standard deviations."""

import argparse
import math
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from ...bench import Finding, findings_of, located, summary_of
from ...calibrate import applied_to, load_calibration
from ...data import SceneFile, count_scenes, load_scenes
from ...errors import ConfigurationError, InputError
from ...estimate import Estimate, Estimator, SearchRegion, Status, contender, joined_estimates, likelihood_for, told
from ...experiment import fit, parse_toml_value
from ...physics import Observation
from ...train import Trained
from ..forms.locate_folder import locate_folder
from ..memory import affordable, read_bytes, require, searched_bytes
from ..options.model import localiser, network_at, refuse_beside_model
from ..options.scenes.counts import count_of
from ..options.scenes.field_of_view import region_for
from ..showing.figures import check_figure, save_figure, scene_figure
from ..showing.output import Bar, print_json
from ..showing.tables import print_table, table_of

_BATCH = 32
"""Scenes handed to the estimator at a time."""


def run(arguments: argparse.Namespace) -> int:
    """Read, locate, print, and draw; or locate all scenes of a folder.

    Returns:
        The exit code: 0, or 1 where some scenes of a folder failed.

    Raises:
        ConfigurationError: an option of a folder beside a file.
        InputError: a folder without a place for its results.
    """
    if arguments.out is not None:
        return locate_folder(arguments)
    given = {"--cluster": arguments.cluster, "--task-limit": arguments.task_limit, "--force": arguments.force or None}
    if word := next((name for name, value in given.items() if value is not None), ""):
        raise ConfigurationError(
            f"--out OUT.parquet beside {word}", "no --out", "an option of folders of scenes",
            f"name a folder and where its results go, or leave {word} out",
        )  # fmt: skip
    if os.path.isdir(arguments.file):  # noqa: PTH112  (which never raises)
        raise InputError(
            "a scene file, or a folder beside --out", f"{arguments.file}, a folder", "a folder of shards",
            "name one of its .safetensors, or say where the results of all go: --out OUT.parquet",
        )  # fmt: skip
    _locate_file(arguments)
    return 0


def _locate_file(arguments: argparse.Namespace) -> None:
    """Read, locate, print, and draw."""
    if arguments.plot is not None:
        check_figure(arguments.plot)
    held = count_scenes(arguments.file)
    chosen = chosen_scenes(arguments.scene, held)
    require(
        read_bytes(arguments.file, held, len(chosen)),
        f"{len(chosen)} of the {held} scenes in {arguments.file}",
        ("locate them one by one with --scene I", "cut the file into several"),
    )
    file = _read(arguments.file, chosen, held)
    calibration = None if arguments.calibration is None else load_calibration(arguments.calibration)
    file = file if calibration is None else applied_to(file, calibration)
    estimator, region = estimator_for(arguments, file, network_of(arguments))
    name = estimator.name
    part = replace(file, observation=file.observation.to(dtype=torch.complex128))
    sources = count_of(arguments.sources)
    require(
        searched_bytes(estimator, part.observation),
        f"a search on {len(part.observation.array)} elements",
        ("narrow the field of view", "take another estimator"),
    )
    estimate = locate(estimator, part.observation, sources)
    estimate = estimate if calibration is None else calibration.widened(estimate)
    findings = findings_of(part, estimate, chosen)
    if arguments.json:
        print_json(document(arguments, file, name, region, findings))
    else:
        for finding in findings:
            print_finding(finding, name)
        if len(findings) > 1:
            print_summary(summary_of(findings))
    if arguments.plot is not None:
        save_figure(scene_figure(part, estimate), arguments.plot, quiet=arguments.json)


def _read(path: Path, chosen: list[int], held: int) -> SceneFile:
    """The chosen scenes; the others are read too, and checked, where there is room for them."""
    if not affordable(read_bytes(path, held, held)):
        return load_scenes(path, chosen[0], chosen[-1] + 1)
    file = load_scenes(path)
    truth = None if file.truth is None else file.truth[chosen]
    return replace(file, observation=file.observation[chosen], truth=truth)


def network_of(arguments: argparse.Namespace) -> Trained | None:
    """The trained network that the options ask for; None where an estimator of the measurements locates.

    Raises:
        ConfigurationError: options of an estimator beside a network, or the other way round.
        InputError: no network at that path.
    """
    if arguments.model is not None:
        refuse_beside_model(arguments)
        return network_at(arguments.model)
    if any(vars(arguments)[name] is not None for name in ("proposals", "beta", "polish", "doubt")):
        raise ConfigurationError(
            "--model beside --proposals, --beta, --polish or --doubt", "no --model",
            "an option of the trained network alone", "name a checkpoint with --model, or leave them out",
        )  # fmt: skip
    return None


def estimator_for(
    arguments: argparse.Namespace, file: SceneFile, trained: Trained | None
) -> tuple[Estimator, SearchRegion]:  # fmt: skip
    """The estimator that the options ask for, and the field of view it searches.

    Raises:
        ConfigurationError: an unknown estimator.
        InputError: a field of view that the network was not made for.
    """
    region = region_for(arguments, file)
    if trained is not None:
        return localiser(trained, arguments, file, region), region
    name = arguments.estimator or likelihood_for(file.observation.symbols)
    return contender(name, region), region


def locate(estimator: Estimator, observation: Observation, sources: int | None) -> Estimate:
    """The estimate of all scenes, found batch by batch behind a progress bar."""
    parts: list[Estimate] = []
    observation = told(estimator, observation)
    with Bar(f"locating with {estimator.name}") as bar:
        for index in torch.arange(len(observation)).split(_BATCH):
            parts.append(estimator(observation[index], sources))
            bar(int(index[-1]) + 1, len(observation))
    return joined_estimates(parts)


def chosen_scenes(text: str, count: int) -> list[int]:
    """Numbers of the scenes that `--scene` asks for.

    Raises:
        InputError: a number that the file does not have.
    """
    if text == "all":
        return list(range(count))
    number = fit(int, parse_toml_value(text), "scene")
    if not 0 <= number < count:
        raise InputError(
            f"a scene in 0..{count - 1}, or all", text, "scenes are counted from 0", "pick a scene of this file"
        )
    return [number]


def document(
    arguments: argparse.Namespace, file: SceneFile, name: str, region: SearchRegion, findings: list[Finding]
) -> dict[str, Any]:  # fmt: skip
    """The JSON document of `ris locate`."""
    return {
        "file": str(arguments.file),
        **located(name, region, findings),
        "config": file.header.config,
        "digest": file.header.digest,
    }


def print_finding(finding: Finding, name: str) -> None:
    """One scene as a table: what was found and, where the truth is known, what it was and what is possible."""
    columns = ("source", "azimuth °", "elevation °", "distance m", "power dB", "there")
    if finding.judged:
        columns += ("truth", "error (bound) az °", "el °", "dist m")
    table = table_of(f"scene {finding.scene}, {name}: {finding.status}", columns)
    for number, source in enumerate(finding.sources):
        position, deviation = source["position"], source["std"]
        row = [_named(str(number), source), *(_plus_minus(position[key], deviation[key]) for key in position)]
        row[-1] += _beyond(source)
        row.append("" if source["power_db"] is None else f"{source['power_db']:+.1f}")
        row.append("" if source["existence"] is None else f"{source['existence']:.2f}")
        if finding.judged:
            row += _judgement(source)
        table.add_row(*row)
    for missed in finding.missed:
        bounds = [_bounded(None, value) for value in missed["bound"].values()]
        table.add_row(_named("missed", missed), "", "", "", "", "", _place(missed["position"]), *bounds)
    print_table(table)
    if finding.judged and any(None in (source["error"] or {}).values() for source in finding.sources):
        print("  errors of a line are those of the cone that it sees")
    for line in (*_counted(finding), *fit_lines(finding)):
        print(line)


def _counted(finding: Finding) -> list[str]:
    """How sure the number of sources is, where it was estimated with a probability."""
    sure, sources = finding.order_probability, len(finding.sources)
    return [] if sure is None else [f"  {sources} source{'s' * (sources != 1)} with a probability of {sure:.2f}"]


def _named(word: str, source: dict[str, Any]) -> str:
    """A source with the kind of its symbols, where scenes of several kinds tell it."""
    return word if source["symbols"] is None else f"{word}, {source['symbols']}"


def fit_lines(finding: Finding) -> list[str]:
    """How well the model explains a scene, what is to be said about that, and the ± that do not presume it."""
    if finding.fit is None:
        return []
    fit = finding.fit
    lines = [
        f"  explained {fit['explained']:.2f} of the energy{_expected(fit['expected'])}; "
        f"white residual: p = {fit['p_value']:.2g}"
    ]
    if any(said["status"] == Status.MISFIT for said in finding.advice):
        lines.append(f"  {fit['striking']}")
    wide = [(i, s["std_sandwich"]) for i, s in enumerate(finding.sources) if s["std_sandwich"] is not None]
    for number, std in wide:
        shown = ", ".join("?" if value is None else f"{value:.2g}" for value in std.values())
        lines.append(f"  source {number} ± {shown} whether the model holds or not (sandwich)")
    for mode in fit["modes"]:
        lines.append(f"  as likely for source {mode['source']}: {_place(_position(mode))} ({mode['loss']:+.1f} nats)")
    for said in finding.advice:
        lines += [f"  {said['status']}", f"    likely cause: {said['cause']}", f"    next: {said['next']}"]
    return lines


def _expected(share: float | None) -> str:
    """The share that was to be expected, where the scene tells it."""
    return "" if share is None else f", {share:.2f} expected"


def _position(mode: dict[str, Any]) -> dict[str, float]:
    return {key: mode[key] for key in ("azimuth_deg", "elevation_deg", "distance_m")}


def print_summary(summary: dict[str, Any]) -> None:
    """What many scenes come to, in two lines."""
    orders = ", ".join(f"{count} with {order}" for order, count in summary["orders"].items())
    print(f"{summary['scenes']} scenes; sources found: {orders}")
    if summary["success"] is not None:
        print(f"every source within 3 degrees and none beside: {summary['success']:.2f} of the scenes")


def _judgement(source: dict[str, Any]) -> list[str]:
    if source["truth"] is None:
        return ["none", "", "", ""]
    pairs = zip(source["error"].values(), source["bound"].values(), strict=True)
    return [_place(source["truth"]), *(_bounded(error, bound) for error, bound in pairs)]


def _bounded(error: float | None, bound: float | None) -> str:
    """An error and its bound in brackets; a coordinate that the measurements do not tell has none."""
    told = "(?)" if bound is None else f"({bound:.2g})"
    return told if error is None else f"{error:+.2g} {told}"


def _place(position: dict[str, float]) -> str:
    azimuth, elevation, distance = position.values()
    return f"{azimuth:.2f}, {elevation:.2f}, {distance:.2f}"


def _beyond(source: dict[str, Any]) -> str:
    """Of a distance that the measurements bound from below alone, that bound."""
    least, most = (source["interval_90"][end]["distance_m"] for end in ("low", "high"))
    return "" if most is not None or least is None else f", > {least:.3g} at 90 %"


def _plus_minus(value: float | None, deviation: float | None) -> str:
    """A value to as many places as its standard deviation has with two digits."""
    if value is None:
        return "unbounded"
    if deviation is None or deviation == 0:
        return f"{value:.3f}"
    places = max(0, 1 - math.floor(math.log10(deviation)))
    return f"{value:.{places}f} ± {deviation:.{places}f}"
