"""How far may gains go? Chosen by what they explain of scenes that they have not seen."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import torch
from jaxtyping import Float
from torch import Tensor

from ..errors import InputError
from .fitting import Gains, explained, fit_gains, identified, no_gains
from .known import KnownScenes

RIDGES = (3.0, 1.0, 0.3, 0.1, 0.03, 0.01)
"""Pulls towards the nominal that are tried; measured tiles chose 0.3 for elements and 0.01 for codes."""
_WORTH = 0.002
"""Explained share that a further kind of gain has to add on held-out scenes before it is taken: about the standard error
of that share over 50 scenes."""


@dataclass(frozen=True, kw_only=True)
class Choice:
    """Which gains were taken, and what they are worth on held-out scenes.

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

    Args:
        gains: one set per frequency.
        choice: how they were chosen.
        identified: dimensions of the element gains that the scenes decide, per frequency.
    """

    gains: tuple[Gains, ...]
    choice: Choice
    identified: tuple[float, ...]


def calibrate(
    scenes: Sequence[KnownScenes], folds: int = 5, models: Sequence[str] = ("elements", "codes")
) -> Learnt:  # fmt: skip
    """Gains from scenes with known positions; how strongly they are pulled towards 1 is chosen by cross-validation.

    Args:
        scenes: at each frequency, see `known_scenes`.
        folds: in how many parts the scenes are held out in turn; scene i is in part i modulo `folds`.
        models: what may be taken; `codes` needs the same codes in all scenes and is left out otherwise.

    Returns:
        Gains of all scenes under the chosen model; nominal ones where none explains held-out scenes better.

    Raises:
        InputError: fewer than two scenes.
    """
    choice = choose(scenes, folds, models)
    gains = tuple(fitted(each, choice) for each in scenes)
    ridge = choice.ridge if choice.ridge is not None else RIDGES[0]
    told = tuple(identified(each, held, ridge) for each, held in zip(scenes, gains, strict=True))
    return Learnt(gains=gains, choice=choice, identified=told)


def choose(scenes: Sequence[KnownScenes], folds: int, models: Sequence[str]) -> Choice:
    """The model and its ridges that explain held-out scenes best; a further kind of gain has to be worth it.

    Raises:
        InputError: fewer than two scenes, or an unknown model.
    """
    if len(scenes[0]) < 2:
        raise InputError("at least two scenes to calibrate", "one", "a short capture", "record sources at more places")
    best = Choice()
    shares = {"nominal": float(held_out_shares(scenes, best, folds).mean())}
    trials = {"elements": lambda ridge: Choice(model="elements", ridge=ridge),
              "codes": lambda ridge: Choice(model="codes", ridge=best.ridge or 1.0, codes_ridge=ridge)}  # fmt: skip
    for model in models:
        if model not in trials:
            raise InputError(f"models out of {', '.join(trials)}", repr(model), "a misspelt name", "pick one of them")
        if model == "codes" and not all(each.shared_codes for each in scenes):
            continue
        tried = {ridge: float(held_out_shares(scenes, trials[model](ridge), folds).mean()) for ridge in RIDGES}
        ridge = max(tried, key=lambda value: tried[value])
        shares[model] = tried[ridge]
        if shares[model] > shares[best.model] + _WORTH:
            best = trials[model](ridge)
    return replace(best, shares=shares)


def held_out_shares(
    scenes: Sequence[KnownScenes], choice: Choice, folds: int = 5
) -> Float[Tensor, "frequency scene"]:  # fmt: skip
    """Explained share of each scene under gains that have not seen it."""
    count = len(scenes[0])
    part = torch.arange(count) % min(folds, count)
    result = torch.empty(len(scenes), count, dtype=torch.float64)
    for number, each in enumerate(scenes):
        for fold in range(min(folds, count)):
            gains = fitted(each[torch.nonzero(part != fold).squeeze(-1)], choice)
            rows = torch.nonzero(part == fold).squeeze(-1)
            result[number, rows] = explained(each[rows], gains).to(result)
    return result


def fitted(scenes: KnownScenes, choice: Choice) -> Gains:
    """Gains under a choice."""
    if choice.ridge is None:
        return no_gains(scenes)
    return fit_gains(scenes, choice.ridge, choice.codes_ridge)
