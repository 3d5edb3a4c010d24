"""How do bodies become answers? Read, put together where they are of one sounding, located, and taken apart again."""

import json
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import torch

from ..bench import findings_of, located
from ..calibrate import Calibration, applied_to
from ..data import SceneFile, count_scenes, joined_observations, load_scenes, scenes_from_json
from ..errors import InfeasibleError
from ..estimate import Estimate, Estimator, SearchRegion, Status, joined_estimates, told
from ..files import Content
from ..foreign import foreign_errors
from ..physics import Observation
from .limits import Limits

TOGETHER = 32
"""Scenes that an estimator is handed at a time, as by `ris locate`."""
BODY = "the body"
"""Name of what came, in messages."""
Chooser = Callable[[SceneFile], tuple[Estimator, SearchRegion]]
Needed = Callable[[Estimator, Observation], int]


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A request as it came.

    Args:
        content: its body.
        kind: what the body is.
        sources: in each scene; None where they are to be counted.
    """

    content: bytes = field(repr=False)
    kind: Literal["json", "scenes"]
    sources: int | None = None


@dataclass(frozen=True, kw_only=True, eq=False)
class Sounded:
    """A request that was read.

    Args:
        file: its scenes, in double precision.
        estimator: that locates them.
        region: that it searches.
        sources: as asked.
        said: warnings of the reader.
    """

    file: SceneFile
    estimator: Estimator
    region: SearchRegion
    sources: int | None
    said: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.file.observation)

    @property
    def sounding(self) -> tuple[Any, ...]:
        """Equal where scenes can be located together: array, field, symbols, sizes, and what is known."""
        seen = self.file.observation
        array = seen.array
        return (
            self.region, seen.symbols, tuple(seen.measurements.shape[1:]), array.wavelengths, array.pose,
            None if seen.sequences is None else tuple(seen.sequences.shape[1:]),
            array.wavefront.name, array.elements.numpy().tobytes(), seen.noise_variance is None, self.sources is None,
        )  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a request gets.

    Args:
        text: a JSON document.
        beside: scenes that were located in the same batch, its own included.
        status: how each of its scenes ended.
    """

    text: bytes
    beside: int
    status: tuple[Status, ...]


@dataclass(frozen=True, kw_only=True)
class Locator:
    """Locates the scenes of requests.

    >>> import json
    >>> from ris_pytorch_pipeline.data import save_scenes, simulate
    >>> from ris_pytorch_pipeline.estimate import SearchRegion, Sml
    >>> from ris_pytorch_pipeline.physics import preset
    >>> from ris_pytorch_pipeline.serve.locator import Asked
    >>> seen = simulate(preset("random", horizontal=4, vertical=4, sources=1, snr_db=20.0), 1, seed=0).observation
    >>> _ = save_scenes("asked.safetensors", seen)
    >>> locator = Locator(choose=lambda file: (Sml(), SearchRegion()), needed=lambda estimator, seen: 0)
    >>> with open("asked.safetensors", "rb") as body:
    ...     asked = Asked(content=body.read(), kind="scenes", sources=1)
    >>> answer = locator.answers([locator.read(asked, Limits())])[0]
    >>> json.loads(answer.text)["summary"]["orders"]  # one scene with one source
    {'1': 1}

    Args:
        choose: the estimator and the field of view for the scenes of a request.
        needed: bytes that the search of some scenes keeps.
        calibration: that the scenes are put behind; None leaves them as they are.
    """

    choose: Chooser
    needed: Needed
    calibration: Calibration | None = None

    def read(self, asked: Asked, limits: Limits) -> Sounded:
        """Read a body, and refuse what would cost too much before it is searched.

        Raises:
            SceneFileError: no scenes.
            InputError: scenes that the estimator cannot take.
            InfeasibleError: too many of them, or too large ones.
        """
        with heard() as said, foreign_errors():
            file = _scenes(asked, limits)
            file = file if self.calibration is None else applied_to(file, self.calibration)
            estimator, region = self.choose(file)
            seen = file.observation.to(dtype=torch.complex128)
            _check_affordable(self.needed(estimator, seen[:1]), limits)
        file = replace(file, observation=seen)
        return Sounded(file=file, estimator=estimator, region=region, sources=asked.sources, said=tuple(said))

    def answers(self, group: Sequence[Sounded]) -> list[Answer]:
        """The answers to requests of one sounding, located together.

        Raises:
            InputError: scenes that the estimator cannot take.
            InfeasibleError: memory ran out.
        """
        with foreign_errors():
            with heard() as said:
                observation = joined_observations([sounded.file.observation for sounded in group])
                estimate = _located(group[0].estimator, observation, _counts(group))
            estimate = estimate if self.calibration is None else self.calibration.widened(estimate)
            parts = torch.arange(len(observation)).split([len(sounded) for sounded in group])
            pairs = zip(group, parts, strict=True)
            return [_answer(one, estimate[rows], len(observation), said) for one, rows in pairs]


def groups_of(ready: Sequence[Sounded], most: int) -> list[list[int]]:
    """Numbers of the requests that are located together, in the order in which they came.

    Args:
        ready: the requests.
        most: scenes of a group; a request that has more is one of its own.

    Returns:
        Groups of one sounding each.
    """
    groups: list[list[int]] = []
    open_groups: dict[tuple[Any, ...], list[int]] = {}
    for number, one in enumerate(ready):
        key = one.sounding
        group = open_groups.get(key)
        if group is None or sum(len(ready[i]) for i in group) + len(one) > most:
            group = open_groups[key] = []
            groups.append(group)
        group.append(number)
    return groups


@contextmanager
def heard() -> Iterator[list[str]]:
    """A block whose warnings are kept; only one thread of a process may be in one.

    Yields:
        The warnings' texts, filled at the end of the block.
    """
    texts: list[str] = []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            yield texts
        finally:
            texts += dict.fromkeys(str(each.message) for each in caught)


def _scenes(asked: Asked, limits: Limits) -> SceneFile:
    """The scenes of a body."""
    if asked.kind == "json":
        file = scenes_from_json(asked.content, BODY)
        _check_count(len(file.observation), limits)
        return file
    content = Content(BODY, asked.content)
    _check_count(count_scenes(content), limits)
    return load_scenes(content)


def _check_count(scenes: int, limits: Limits) -> None:
    """Refuse too many scenes.

    Raises:
        InfeasibleError: they are.
    """
    if scenes > limits.scenes:
        raise InfeasibleError(
            f"at most {limits.scenes} scenes in a request", str(scenes), "a whole file of scenes",
            "send several requests, or run `ris locate` on the file",
        )  # fmt: skip


def _check_affordable(needed: int, limits: Limits) -> None:
    """Refuse a search that is too large.

    Raises:
        InfeasibleError: it is.
    """
    if needed > limits.memory:
        raise InfeasibleError(
            f"a search that keeps at most {limits.memory / 1e6:.3g} MB of a scene", f"{needed / 1e6:.3g} MB",
            "a large array over a wide field of view, or elements in millimetres",
            "run `ris locate` with a narrower field of view",
        )  # fmt: skip


def _counts(group: Sequence[Sounded]) -> torch.Tensor | None:
    """Sources of each scene; None where they are to be counted."""
    asked = [one.sources for one in group for _ in range(len(one))]
    return None if asked[0] is None else torch.tensor(asked)


def _located(estimator: Estimator, observation: Observation, counts: torch.Tensor | None) -> Estimate:
    """The estimate of all scenes, some at a time."""
    parts = torch.arange(len(observation)).split(TOGETHER)
    observation = told(estimator, observation)
    return joined_estimates([estimator(observation[i], None if counts is None else counts[i]) for i in parts])


def _answer(one: Sounded, estimate: Estimate, beside: int, said: Sequence[str]) -> Answer:
    findings = findings_of(one.file, estimate, list(range(len(one))))
    document = located(one.estimator.name, one.region, findings)
    document["warnings"] = list(dict.fromkeys([*one.said, *said]))
    text = json.dumps(document, allow_nan=False).encode()
    return Answer(text=text, beside=beside, status=estimate.status)
