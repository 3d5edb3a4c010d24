"""What does a network make of the scenes that were kept? Findings, spectra of the worst, and whether ± holds."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from scipy import stats

from ...bench import KNOWABLE_DISTANCE, findings_of, hybrids, in_parts, share
from ...bench.sweep import BLOCK
from ...data import SceneFile
from ...localise import Localiser
from ...report import Held, SeenScene, badness, explored, spectra, volume_of
from ...report.pages.explorer import Most
from ...report.pages.volume import Volume
from ...train import Trained
from .kept_evaluation import KeptEvaluation, kept_scenes

LEVELS = (0.1, 0.25, 0.5, 0.683, 0.8, 0.9, 0.954, 0.99)
"""Shares that a stated ± is asked to hold."""
_COORDINATES = {"azimuth": "azimuth_deg", "elevation": "elevation_deg", "distance": "distance_m"}


@dataclass(frozen=True, kw_only=True)
class Looked:
    """A scene that was located again.

    Args:
        file: the cell that it belongs to.
        row: of it in there.
        label: of it, for people.
        finding: as `ris locate --json` has it.
    """

    file: SceneFile
    row: int
    label: str
    finding: dict[str, Any]


def located_again(folder: Path, kept: KeptEvaluation, trained: Trained) -> list[Looked]:
    """Every kept scene, located as `hybrid` of `ris evaluate` does.

    Args:
        folder: of the evaluation.
        kept: in it.
        trained: the network.

    Raises:
        SceneFileError: a file of scenes that is missing or altered.
        InputError: scenes of another evaluation.
    """
    localiser = hybrids(trained.net, kept.polish)["hybrid"]
    found: list[Looked] = []
    for file, label in zip(kept_scenes(folder, kept), kept.labels, strict=True):
        found += _looked(file, localiser, label, known=kept.known_order)
    return found


def _looked(file: SceneFile, localiser: Localiser, label: str, *, known: bool) -> Iterator[Looked]:
    wide = replace(file, observation=file.observation.to(dtype=torch.complex128))
    count = len(wide.observation)
    sources = file.truth.sources if known and file.truth is not None else None
    estimate = in_parts(localiser, wide.observation, sources)
    for finding in findings_of(wide, estimate, list(range(count))):
        if finding.judged:
            yield Looked(file=wide, row=finding.scene, label=f"scene {finding.scene} of {label}",
                         finding=finding.to_json())  # fmt: skip


def explorer_of(looked: Sequence[Looked], trained: Trained, most: Most) -> dict[str, Any] | None:
    """The scenes, worst first, the worst with their spectra; None where there is no scene.

    Args:
        looked: located again.
        trained: the network.
        most: scenes and spectra.
    """
    if not looked:
        return None
    worst = sorted(looked, key=lambda one: badness(one.finding), reverse=True)[: most.scenes]
    volume = volume_of(trained.net.config.region)
    seen = [
        SeenScene(label=one.label, finding=one.finding, spectrum=spectrum)
        for one, spectrum in zip(worst, _spectra(worst, Localiser(trained.net), volume), strict=True)
    ]
    return explored(seen, worst[0].file.observation.array.placed, volume, len(looked), most.spectra)


def _spectra(looked: Sequence[Looked], localiser: Localiser, volume: Volume) -> list[bytes]:
    """The spectrum of each scene; scenes of one file are looked at together, which takes a tenth of the time."""
    by_file: dict[int, list[int]] = {}
    for place, one in enumerate(looked):
        by_file.setdefault(id(one.file), []).append(place)
    found: dict[int, bytes] = {}
    for places in (own[first : first + BLOCK] for own in by_file.values() for first in range(0, len(own), BLOCK)):
        some = looked[places[0]].file.observation[[looked[place].row for place in places]]
        orders = [len(looked[place].finding["sources"]) for place in places]
        found |= zip(places, spectra(localiser.predict(some).covariance, orders, some.array, volume), strict=True)
    return [found[place] for place in range(len(looked))]


def held_by(looked: Sequence[Looked]) -> dict[str, list[Held]]:
    """How many errors lie within the stated ±, by coordinate.

    Args:
        looked: located again.
    """
    return {name: _held(_ratios(looked, key)) for name, key in _COORDINATES.items()}


def _held(ratios: torch.Tensor) -> list[Held]:
    if not len(ratios):
        return []
    measures = {level: share(ratios <= float(stats.norm.ppf((1 + level) / 2))) for level in LEVELS}
    return [Held(promised=p, share=m.value, low=m.low, high=m.high, n=len(ratios)) for p, m in measures.items()]


def _ratios(looked: Sequence[Looked], key: str) -> torch.Tensor:
    """|error| over the stated ± of every source that was found; distances where the bound is below 1 m."""
    sources = [source for one in looked for source in one.finding["sources"] if source["truth"] is not None]
    told = [(s["error"][key], s["std"][key], s["bound"][key]) for s in sources]
    most = KNOWABLE_DISTANCE if key == "distance_m" else float("inf")
    return torch.tensor([abs(error) / std for error, std, bound in told
                         if error is not None and std and bound is not None and bound < most])  # fmt: skip
