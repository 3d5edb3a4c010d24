"""How far may gains go? Chosen by what they explain of scenes that they have not seen."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

import torch
from jaxtyping import Float
from torch import Tensor

from ..errors import InputError
from ..physics import Observation
from .fitting import Gains, explained, fit_gains, identified, no_gains
from .known import KnownScenes

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
    scenes: Sequence[KnownScenes], folds: int = 5, models: Sequence[str] = MODELS
) -> Learnt:  # fmt: skip
    """Gains from scenes with known positions; how strongly they are pulled towards 1 is chosen by cross-validation.

    >>> scenes = draw(replace(preset("pilot"), sources=1, snr_db=20.0), 8, torch.Generator().manual_seed(0))
    >>> detuned = replace(scenes.observation, channel=scenes.observation.channel * torch.linspace(0.2, 1.8, 144))
    >>> calibrate(known_scenes(detuned, scenes.truth.positions), folds=2, models=["elements"]).choice.model
    'elements'

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


LINEAR_PHASE = "a phase linear over the array, which turns all directions alike: fixed to none (no position is known)"
SCALE = "the common scale and phase of all gains, which belong to the symbols: fixed to 1"
_WHOLE = 0.95
"""Part of the dimensions of the gains that counts as all of them."""


def unidentified(learnt: Learnt, observation: Observation) -> tuple[str, ...]:
    """What the scenes did not tell, in sentences."""
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


def choose(scenes: Sequence[KnownScenes], folds: int, models: Sequence[str]) -> Choice:
    """The model and its ridges that explain held-out scenes best; a further kind of gain has to be worth it.

    Raises:
        InputError: fewer than two scenes, or an unknown model.
    """
    if len(scenes[0]) < 2:
        raise InputError("at least two scenes to calibrate", "one", "a short capture", "record sources at more places")
    judged = scenes[:: max(1, -(-len(scenes) // _JUDGED))]
    best = Choice()
    shares = {"nominal": float(held_out_shares(judged, best, folds).mean())}
    for model in models:
        if model not in MODELS:
            raise InputError(f"models out of {', '.join(MODELS)}", repr(model), "a misspelt name", "pick one of them")
        if model == "codes" and not all(each.shared_codes for each in scenes):
            continue
        tried = [_candidate(model, best, ridge) for ridge in RIDGES]
        means = torch.stack([_path_shares(each, tried, folds) for each in judged]).mean(dim=(0, 2))
        shares[model] = float(means.max())
        if shares[model] > shares[best.model] + _WORTH:
            best = tried[int(means.argmax())]
    return replace(best, shares=shares)


def _candidate(model: str, best: Choice, ridge: float) -> Choice:
    """A model at a ridge, on top of the best choice of the models before it."""
    if model == "elements":
        return Choice(model=model, ridge=ridge)
    return Choice(model=model, ridge=best.ridge or RIDGES[0], codes_ridge=ridge)


def _path_shares(scenes: KnownScenes, tried: list[Choice], folds: int) -> Float[Tensor, "choice scene"]:
    """Held-out explained shares along a path of ever weaker pulls, each begun where the last one ended."""
    result = torch.empty(len(tried), len(scenes), dtype=torch.float64)
    for taught, rows in parted(len(scenes), folds):
        gains: Gains | None = None
        for number, choice in enumerate(tried):
            gains = fit_gains(scenes[taught], choice.ridge or RIDGES[0], choice.codes_ridge, gains)
            result[number, rows] = explained(scenes[rows], gains).to(result)
    return result


def parted(count: int, folds: int) -> Iterator[tuple[Tensor, Tensor]]:
    """(scenes to learn from, scenes held out) in turn; scene i is held out in part i modulo `folds`."""
    part = torch.arange(count) % min(folds, count)
    for fold in range(min(folds, count)):
        yield torch.nonzero(part != fold).squeeze(-1), torch.nonzero(part == fold).squeeze(-1)


def held_out_shares(
    scenes: Sequence[KnownScenes], choice: Choice, folds: int = 5
) -> Float[Tensor, "frequency scene"]:  # fmt: skip
    """Explained share of each scene under gains that have not seen it."""
    result = torch.empty(len(scenes), len(scenes[0]), dtype=torch.float64)
    for number, each in enumerate(scenes):
        for taught, rows in parted(len(each), folds):
            result[number, rows] = explained(each[rows], fitted(each[taught], choice)).to(result)
    return result


def fitted(scenes: KnownScenes, choice: Choice) -> Gains:
    """Gains under a choice."""
    if choice.ridge is None:
        return no_gains(scenes)
    return fit_gains(scenes, choice.ridge, choice.codes_ridge)
