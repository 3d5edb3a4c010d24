"""`ris calibrate`: what gains the hardware really has, from a scene file with known positions or, blindly, without."""

import argparse
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, TypeVar

from ...calibrate import (
    Calibration,
    Pieces,
    Recording,
    calibrate,
    calibrate_blind,
    deviation_scale,
    different_places,
    doubts_of,
    known_scenes,
    load_calibration,
    save_calibration,
    scenes_to_learn_from,
    unidentified,
)
from ...data import SceneFile, count_scenes
from ...data.writable import check_writable
from ...errors import ConfigurationError, InputError
from ...estimate import Estimator, PilotMl, Sml, contender, likelihood_for
from ...physics import Observation
from ...tasks import Executor
from ..memory import read_bytes, require
from ..options.executing import check_cluster, executor_of
from ..options.scenes.counts import count_of
from ..options.scenes.field_of_view import region_for
from ..showing.output import Bar, print_json
from ..showing.tables import print_table, table_of

Held = TypeVar("Held")
ONE_SOURCE = "a scale of ±, which is measured on scenes with one known source each"


def run(arguments: argparse.Namespace) -> None:
    """Read, calibrate, write, and say what was learned and what could not be."""
    _check_options(arguments)
    check_writable(arguments.out, overwrite=arguments.force, read=(arguments.file,))
    check_cluster(arguments.cluster)
    held = count_scenes(arguments.file)
    require(
        read_bytes(arguments.file, held, held), f"the scenes in {arguments.file}",
        ("cut the file into several",),
    )  # fmt: skip
    file = scenes_to_learn_from(arguments.file, arguments.calibration)
    earlier = None if arguments.calibration is None else load_calibration(arguments.calibration)
    estimator = contender(likelihood_for(file.observation.symbols), region_for(arguments, file))
    with _workers(arguments) as workers:
        if arguments.blind:
            learnt = _blind(file.observation, estimator, arguments, workers)
        else:
            learnt = _known(file, estimator, arguments, workers)
    kept = learnt if earlier is None else learnt.after(earlier)
    save_calibration(arguments.out, kept, overwrite=arguments.force)
    if arguments.json:
        print_json(document(arguments, learnt, len(file.observation)))
        return
    _print(arguments, learnt, len(file.observation))


def _check_options(arguments: argparse.Namespace) -> None:
    """Refuse what would be left out without a word.

    Raises:
        ConfigurationError: codes of their own without positions, or a number of sources beside them.
    """
    if arguments.blind and arguments.model == "codes":
        raise ConfigurationError(
            "--model elements with --blind", "--model codes", "gains of each code, which only known positions tell",
            "leave --model out, or calibrate with known positions",
        )  # fmt: skip
    if not arguments.blind and arguments.sources != "auto":
        raise ConfigurationError(
            "--sources beside --blind", f"--sources {arguments.sources} alone", "the positions in the file tell them",
            "pass --blind, or leave --sources out",
        )  # fmt: skip


@dataclass(frozen=True)
class _Workers:
    """Who does the pieces, how they come by the scenes, and who hears of what is done."""

    executor: Executor
    recording: Recording | None
    bar: Bar

    def pieces(self, read_from: Callable[[Recording], Held]) -> Pieces[Held]:
        """Pieces of work on scenes as this method of a recording gives them."""
        read = None if self.recording is None else partial(read_from, self.recording)
        return Pieces(executor=self.executor, read=read, progress=self.bar)


@contextmanager
def _workers(arguments: argparse.Namespace) -> Iterator[_Workers]:
    recording = None if arguments.cluster is None else Recording.of(arguments.file, arguments.calibration)
    with executor_of(arguments) as executor, Bar("calibrating") as bar:
        yield _Workers(executor, recording, bar)


def document(arguments: argparse.Namespace, calibration: Calibration, scenes: int) -> dict[str, Any]:
    """The JSON document of `ris calibrate`."""
    return {
        "file": str(arguments.file),
        "calibration": str(arguments.out),
        "scenes": scenes,
        "blind": arguments.blind,
        "model": calibration.model,
        "explained_share": calibration.shares,
        "deviation_scale": dict(
            zip(("azimuth", "elevation", "distance"), calibration.deviation_scale.tolist(), strict=True)
        ),
        "unidentified": list(calibration.unidentified),
        "doubts": list(doubts_of(calibration)),
    }


def _known(file: SceneFile, estimator: Estimator, arguments: argparse.Namespace, workers: _Workers) -> Calibration:
    """From the positions in the file.

    Raises:
        InputError: it has none.
    """
    if file.truth is None:
        raise InputError(
            "positions of the sources in the file", f"none in {arguments.file}", "a capture without a log of positions",
            "add [truth] to the mapping of `ris import`, or pass --blind",
        )  # fmt: skip
    observation, positions = file.observation, file.truth.positions.double()
    every = ("elements", "codes") if arguments.calibration is None else ("elements",)
    models = every if arguments.model == "auto" else (arguments.model,)
    learnt = calibrate(known_scenes(observation, positions), arguments.folds, models, workers.pieces(Recording.known))
    calibration = Calibration.of(learnt, observation, unidentified(learnt, observation))
    if positions.shape[1] > 1:
        return replace(calibration, unidentified=(*calibration.unidentified, ONE_SOURCE))
    pieces = workers.pieces(Recording.with_positions)
    scale, _ = deviation_scale(observation, positions, learnt.choice, estimator, arguments.folds, pieces)
    return replace(calibration, deviation_scale=scale, scale_places=different_places(positions))


def _blind(
    observation: Observation, estimator: Estimator, arguments: argparse.Namespace, workers: _Workers
) -> Calibration:  # fmt: skip
    """From nothing but the measurements.

    Raises:
        InputError: an estimator that cannot polish.
    """
    if not isinstance(estimator, Sml | PilotMl):
        raise InputError("sml or pilot", estimator.name, "an estimator without a likelihood", "pick one of them")
    sources, pieces = count_of(arguments.sources), workers.pieces(Recording.observation)
    return calibrate_blind(observation, estimator, sources, pieces=pieces, folds=arguments.folds)


def _print(arguments: argparse.Namespace, calibration: Calibration, scenes: int) -> None:
    table = table_of(f"{scenes} scenes of {arguments.file}", ("model", "explained share, held-out"))
    for model, share in calibration.shares.items():
        table.add_row(f"{model}{' (taken)' if model == calibration.model else ''}", f"{share:.3f}")
    print_table(table)
    if not arguments.blind:
        scales = ", ".join(f"{value:.2f}" for value in calibration.deviation_scale.tolist())
        print(f"scale of ± in azimuth, elevation, distance: {scales}")
    for sentence in calibration.unidentified:
        print(f"not identified: {sentence}")
    for sentence in doubts_of(calibration):
        print(f"doubt: {sentence}")
    print(f"written to {arguments.out}")
