"""How far may gains go? Chosen by what they explain of scenes that they have not seen."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import torch
from jaxtyping import Float
from torch import Tensor

from ..errors import InputError
from ..physics import Observation
from .fitting import Gains, explained, fit_gains, identified, no_gains
from .known import KnownScenes
from .pieces import HERE, Pieces

RIDGES = (3.0, 1.0, 0.3, 0.1, 0.03, 0.01)
"""Pulls towards the nominal that are tried; measured tiles chose 0.3 for elements and 0.01 for codes."""
MODELS = ("elements", "codes")
_JUDGED = 3
"""Frequencies on which models are compared: the choice is about the hardware, which they share."""
_WORTH = 0.002
"""Explained share that a further kind of gain has to add on held-out scenes before it is taken: about the standard
error of that share over 50 scenes."""


@dataclass(frozen=True, kw_only=True)
class Choice:
    """Which gains were taken, and what they are worth on held-out scenes.

    >>> choice = Choice(model="elements", ridge=0.3, shares={"nominal": 0.71, "elements": 0.93})
    >>> choice.shares[choice.model] - choice.shares["nominal"] > 0.2  # what the gains explain beyond the nominal ones
    True

    Args:
        model: `nominal` none, `elements` one gain per element and antenna, `codes` one per code and element besides.
        ridge: of the elements; None in `nominal`.
        codes_ridge: of the codes; None unless the model is `codes`.
        shares: mean explained share of held-out scenes of each model, at its best ridge.
    """

    model: str = "nominal"
    ridge: float | None = None
    codes_ridge: float | None = None
    shares: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Learnt:
    """What a calibration learned.

    >>> import torch
    >>> gains = Gains(element=torch.ones(16) + 0j, antenna=torch.ones(4) + 0j)
    >>> learnt = Learnt(gains=(gains,), choice=Choice(model="elements", ridge=0.3), identified=(14.2,))
    >>> f"{learnt.identified[0]:.0f} of {len(learnt.gains[0].element)} dimensions are known"
    '14 of 16 dimensions are known'

    Args:
        gains: one set per frequency.
        choice: how they were chosen.
        identified: dimensions of the element gains that the scenes decide, per frequency.
    """

    gains: tuple[Gains, ...]
    choice: Choice
    identified: tuple[float, ...]


@dataclass(frozen=True, kw_only=True)
class Fold:
    """A piece of a comparison: a part of the scenes at one frequency that is held out.

    Args:
        frequency: its number.
        fold: number of the part.
        folds: how many parts there are.
        tried: choices in the order in which they are tried, each fit begun where the last one ended.
    """

    frequency: int
    fold: int
    folds: int
    tried: tuple[Choice, ...]


def calibrate(
    scenes: Sequence[KnownScenes], folds: int = 5, models: Sequence[str] = MODELS,
    pieces: Pieces[Sequence[KnownScenes]] = HERE,
) -> Learnt:  # fmt: skip
    """Gains from scenes with known positions; how strongly they are pulled towards 1 is chosen by cross-validation.

    >>> import torch
    >>> from dataclasses import replace
    >>> small = preset("pilot", horizontal=4, vertical=4, antennas=4, sources=1, snr_db=20.0)
    >>> scenes = draw(small, 8, torch.Generator().manual_seed(0))
    >>> detuned = replace(scenes.observation, channel=scenes.observation.channel * torch.linspace(0.2, 1.8, 16))
    >>> calibrate(known_scenes(detuned, scenes.truth.positions), folds=2, models=["elements"]).choice.model
    'elements'

    Args:
        scenes: at each frequency, see `known_scenes`.
        folds: in how many parts the scenes are held out in turn; scene i is in part i modulo `folds`.
        models: what may be taken; `codes` needs the same codes in all scenes and is left out otherwise.
        pieces: who fits what is held out and each frequency; the gains are the same whoever does.

    Returns:
        Gains of all scenes under the chosen model; nominal ones where none explains held-out scenes better.

    Raises:
        InputError: fewer than two scenes or parts.
    """
    choice = choose(scenes, folds, models, pieces)
    every = [(frequency, choice) for frequency in range(len(scenes))]
    gains, told = zip(*pieces.values(_learnt_at, scenes, every, "gains"), strict=True)
    return Learnt(gains=gains, choice=choice, identified=told)


def _learnt_at(scenes: Sequence[KnownScenes], task: tuple[int, Choice]) -> tuple[Gains, float]:
    """Gains at one frequency, and how many of their dimensions the scenes decide."""
    frequency, choice = task
    gains = fitted(scenes[frequency], choice)
    return gains, identified(scenes[frequency], gains, choice.ridge if choice.ridge is not None else RIDGES[0])


LINEAR_PHASE = "a phase linear over the array, which turns all directions alike: fixed to none (no position is known)"
SCALE = "the common scale and phase of all gains, which belong to the symbols: fixed to 1"
_WHOLE = 0.95
"""Part of the dimensions of the gains that counts as all of them."""


def unidentified(learnt: Learnt, observation: Observation) -> tuple[str, ...]:
    """What the scenes did not tell, in sentences.

    >>> import torch
    >>> seen = draw(preset("pilot", horizontal=4, vertical=4), 1, torch.Generator().manual_seed(0)).observation
    >>> gains = Gains(element=torch.ones(16) + 0j, antenna=torch.ones(16) + 0j)
    >>> learnt = Learnt(gains=(gains,), choice=Choice(model="elements", ridge=0.3), identified=(9.0,))
    >>> print(unidentified(learnt, seen)[-1])
    7 of 16 dimensions of the gains of the elements, which these positions and codes do not tell apart:
    they stay nominal
    """
    elements, told = len(observation.array), min(learnt.identified)
    found = [SCALE]
    if observation.channel.shape[-2] == 1:
        found.append("the gain of the only antenna, which belongs to the symbols too")
    if learnt.choice.model == "nominal":
        found.append("gains of the elements: none explained held-out scenes better than the nominal ones")
    elif told < _WHOLE * elements:
        found.append(
            f"{elements - told:.0f} of {elements} dimensions of the gains of the elements, which these positions and "
            "codes do not tell apart: they stay nominal"
        )
    return tuple(found)


def choose(
    scenes: Sequence[KnownScenes], folds: int, models: Sequence[str], pieces: Pieces[Sequence[KnownScenes]] = HERE
) -> Choice:  # fmt: skip
    """The model and its ridges that explain held-out scenes best; a further kind of gain has to be worth it.

    Raises:
        InputError: fewer than two scenes or parts, or an unknown model.
    """
    check_parts(len(scenes[0]), folds)
    judged = range(0, len(scenes), max(1, -(-len(scenes) // _JUDGED)))
    best = Choice()
    shares = {"nominal": float(tried_shares(scenes, judged, [best], folds).mean())}
    for model in models:
        if model not in MODELS:
            raise InputError(f"models out of {', '.join(MODELS)}", repr(model), "a misspelt name", "pick one of them")
        if model == "codes" and not all(each.shared_codes for each in scenes):
            continue
        tried = [_candidate(model, best, ridge) for ridge in RIDGES]
        means = tried_shares(scenes, judged, tried, folds, pieces).mean(dim=(0, 2))
        shares[model] = float(means.max())
        if worth_taking(shares, model, best.model):
            best = tried[int(means.argmax())]
    return replace(best, shares=shares)


def check_parts(scenes: int, folds: int) -> None:
    """Refuse a calibration that no held-out scene would judge.

    Raises:
        InputError: fewer than two scenes, or fewer than two parts.
    """
    if scenes < 2:
        raise InputError(
            "at least two scenes to calibrate", str(scenes), "a short capture", "record sources at more places"
        )
    if folds < 2:
        raise InputError(
            "at least two parts of the scenes", f"folds = {folds}", "no scene to hold out, or none to learn from",
            "pass 2 or more; 5 is usual",
        )  # fmt: skip


def worth_taking(shares: Mapping[str, float], model: str, best: str) -> bool:
    """Whether a model explains so much more of held-out scenes than the best before it that it is taken.

    >>> worth_taking({"nominal": 0.829, "elements": 0.808}, "elements", "nominal")
    False
    """
    return shares[model] > shares[best] + _WORTH


def _candidate(model: str, best: Choice, ridge: float) -> Choice:
    """A model at a ridge, on top of the best choice of the models before it."""
    if model == "elements":
        return Choice(model=model, ridge=ridge)
    return Choice(model=model, ridge=best.ridge or RIDGES[0], codes_ridge=ridge)


def tried_shares(
    scenes: Sequence[KnownScenes], judged: Sequence[int], tried: Sequence[Choice], folds: int,
    pieces: Pieces[Sequence[KnownScenes]] = HERE,
) -> Float[Tensor, "frequency choice scene"]:  # fmt: skip
    """Explained share of each scene under gains that have not seen it, for some choices.

    Args:
        scenes: at each frequency.
        judged: numbers of the frequencies that are looked at.
        tried: choices in the order in which they are tried, each fit begun where the last one ended.
        folds: in how many parts the scenes are held out in turn.
        pieces: who does a part at a frequency.
    """
    tasks = folds_of(len(scenes[0]), judged, tried, folds)
    return joined_shares(pieces.values(fold_shares, scenes, tasks, f"{tried[0].model}, held out"), tasks)


def folds_of(count: int, judged: Sequence[int], tried: Sequence[Choice], folds: int) -> list[Fold]:
    """The pieces of a comparison on some scenes."""
    parts = range(min(folds, count))
    return [
        Fold(frequency=frequency, fold=fold, folds=folds, tried=tuple(tried)) for frequency in judged for fold in parts
    ]


def fold_shares(scenes: Sequence[KnownScenes], task: Fold) -> tuple[Tensor, Float[Tensor, "choice held"]]:
    """Numbers of the scenes that are held out, and the share of each that the gains of the others explain."""
    each = scenes[task.frequency]
    taught, rows = parted(len(each), task.folds)[task.fold]
    shares, gains = list[Tensor](), None
    for choice in task.tried:
        gains = fitted(each[taught], choice, gains)
        shares.append(explained(each[rows], gains))
    return rows, torch.stack(shares).to(torch.float64)


def joined_shares(
    shares: Sequence[tuple[Tensor, Tensor]], tasks: Sequence[Fold]
) -> Float[Tensor, "frequency choice scene"]:  # fmt: skip
    """The shares of all parts, scene by scene."""
    judged = list(dict.fromkeys(task.frequency for task in tasks))
    count = sum(len(rows) for (rows, _), task in zip(shares, tasks, strict=True) if task.frequency == judged[0])
    result = torch.empty(len(judged), len(tasks[0].tried), count, dtype=torch.float64)
    for (rows, share), task in zip(shares, tasks, strict=True):
        result[judged.index(task.frequency)][:, rows] = share
    return result


def parted(count: int, folds: int) -> list[tuple[Tensor, Tensor]]:
    """(scenes to learn from, scenes held out) in turn; scene i is held out in part i modulo `folds`."""
    part = torch.arange(count) % min(folds, count)
    return [
        (torch.nonzero(part != fold).squeeze(-1), torch.nonzero(part == fold).squeeze(-1))
        for fold in range(min(folds, count))
    ]


def held_out_shares(
    scenes: Sequence[KnownScenes], choice: Choice, folds: int = 5
) -> Float[Tensor, "frequency scene"]:  # fmt: skip
    """Explained share of each scene under gains that have not seen it.

    >>> import torch
    >>> small = preset("pilot", horizontal=4, vertical=4, antennas=4, sources=1, snr_db=20.0)
    >>> scenes = draw(small, 8, torch.Generator().manual_seed(0))
    >>> known = known_scenes(scenes.observation, scenes.truth.positions)
    >>> held_out_shares(known, Choice(model="elements", ridge=0.3), folds=2).shape  # frequency, scene
    torch.Size([1, 8])
    """
    return tried_shares(scenes, range(len(scenes)), [choice], folds)[:, 0]


def fitted(scenes: KnownScenes, choice: Choice, start: Gains | None = None) -> Gains:
    """Gains under a choice, from others on if there are some."""
    if choice.ridge is None:
        return no_gains(scenes)
    return fit_gains(scenes, choice.ridge, choice.codes_ridge, start)
