"""What gains can be learned from scenes whose positions nobody knows, and which part of them no scene can tell."""

import math
from dataclasses import dataclass, replace

import torch
from jaxtyping import Complex
from torch import Tensor

from ..errors import InputError
from ..estimate import Estimate, MaximumLikelihood, joined_estimates
from ..physics import Array, Observation
from ..shapes import Positions
from .calibration import Calibration
from .choice import (
    LINEAR_PHASE,
    RIDGES,
    Choice,
    Fold,
    Learnt,
    check_parts,
    fold_shares,
    folds_of,
    held_out_shares,
    joined_shares,
    unidentified,
    worth_taking,
)
from .coverage import BLOCK
from .fitting import Gains, explained, fit_gains, identified, no_gains
from .known import known_scenes
from .pieces import HERE, Pieces

ROUNDS = 6
_NEWTON = 20
_TRUSTED = 0.75
"""Share of the scenes that a round learns from: those that are explained best. A scene located wrongly teaches wrong
gains, and it is explained worse than most."""


def calibrate_blind(
    observation: Observation, estimator: MaximumLikelihood, sources: int | None = None, ridge: float = 0.1,
    rounds: int = ROUNDS, pieces: Pieces[Observation] = HERE, folds: int = 5,
) -> Calibration:  # fmt: skip
    """Locate under the present gains, fit the gains to where the sources seem to be, and so on.

    The gains are taken where they explain more of held-out scenes than nominal ones, both at the places found last.
    Errors that are drawn anew for each scene have no common gains: then the calibration is nominal.

    A phase that is linear over the array turns every direction alike, so that no scene can tell it: it is taken out of
    the gains in each round, by the plane that makes |Σ_n g_n exp(-j k·q_n)| largest. Common scale and phase belong to
    the symbols.

    >>> from ris_pytorch_pipeline.estimate import PilotMl
    >>> from ris_pytorch_pipeline.physics import draw, preset
    >>> from ris_pytorch_pipeline.rng import stream
    >>> scenes = draw(preset("pilot", horizontal=6, vertical=6, sources=1, snr_db=20.0), 4, stream(0, "blind"))
    >>> calibration = calibrate_blind(scenes.observation, PilotMl(), sources=1, rounds=1)
    >>> calibration.elements.shape, sorted(calibration.shares)  # what nominal and fitted gains explain
    (torch.Size([1, 36]), ['elements', 'nominal'])

    Args:
        observation: scenes, sources anywhere.
        estimator: `Sml` or `PilotMl`; it searches in the first round, and afterwards polishes what it found.
        sources: in each scene; None estimates them.
        ridge: pull of the gains towards 1, see `fit_gains`.
        rounds: how often.
        pieces: who locates 32 scenes; the calibration is the same whoever does.
        folds: in how many parts the scenes are held out in turn, once the gains are known.

    Returns:
        The calibration; `unidentified` names the gauge, `shares` what nominal and fitted gains explain.

    Raises:
        InputError: fewer than two scenes or parts, or fewer than two scenes in which a source is found.
    """
    check_parts(len(observation), folds)
    calibration = Calibration.nominal(observation.array, observation.channel.shape[-2])
    ask = _Asking(observation=observation, estimator=estimator, sources=sources, pieces=pieces)
    found = ask.located("search", calibration)
    gains: tuple[Gains, ...] = ()
    for number in range(rounds):
        trusted = _trusted(calibration.applied(observation), found)
        scenes = known_scenes(observation[trusted], found.positions[trusted])
        gains = tuple(_in_gauge(fit_gains(each, ridge), observation.array) for each in scenes)
        calibration = Calibration.of(_learnt(gains, ridge), observation)
        if number + 1 < rounds:
            found = _again(ask, calibration, found, number)
    return _judged(ask, gains, found, ridge, folds)


def _judged(ask: "_Asking", gains: tuple[Gains, ...], found: Estimate, ridge: float, folds: int) -> Calibration:
    """The calibration of the gains, or of nominal ones where they explain no more of scenes not seen."""
    located = _with_sources(found)
    positions, tried = found.positions[located], Choice(model="elements", ridge=ridge)
    scenes = known_scenes(ask.observation[located], positions)
    parts = folds_of(len(scenes[0]), range(len(scenes)), [tried], folds)
    tasks = [(located, positions, part) for part in parts]
    elements = joined_shares(ask.pieces.values(_fold_shares, ask.observation, tasks, "elements, held out"), parts)
    told = {"nominal": float(held_out_shares(scenes, Choice()).mean()), "elements": float(elements.mean())}
    choice = replace(tried if worth_taking(told, "elements", "nominal") else Choice(), shares=told)
    taken = tuple(no_gains(each) for each in scenes) if choice.model == "nominal" else gains
    pull = RIDGES[0] if choice.ridge is None else choice.ridge
    learnt = Learnt(
        gains=taken, choice=choice,
        identified=tuple(identified(each, held, pull) for each, held in zip(scenes, taken, strict=True)),
    )  # fmt: skip
    return Calibration.of(learnt, ask.observation, (LINEAR_PHASE, *unidentified(learnt, ask.observation)))


def _fold_shares(observation: Observation, task: tuple[Tensor, Positions, Fold]) -> tuple[Tensor, Tensor]:
    rows, positions, fold = task
    return fold_shares(known_scenes(observation[rows], positions), fold)


@dataclass(frozen=True, kw_only=True)
class _Block:
    """Some scenes to locate under a calibration; those whose places are known nearly are polished."""

    rows: Tensor
    calibration: Calibration
    estimator: MaximumLikelihood
    sources: int | None
    near: Positions | None


def _located(observation: Observation, block: _Block) -> Estimate:
    seen = block.calibration.applied(observation[block.rows])
    if block.near is None:
        return block.estimator(seen, block.sources)
    return block.estimator.refine(seen, block.near)


@dataclass(frozen=True, kw_only=True)
class _Asking:
    """Who locates the scenes, and how."""

    observation: Observation
    estimator: MaximumLikelihood
    sources: int | None
    pieces: Pieces[Observation]

    def located(self, label: str, calibration: Calibration, near: Positions | None = None) -> Estimate:
        """Where the sources are under a calibration, searched for or, near some places, polished."""
        blocks = [
            _Block(
                rows=rows, calibration=calibration, estimator=self.estimator, sources=self.sources,
                near=None if near is None else near[rows],
            )
            for rows in torch.arange(len(self.observation)).split(BLOCK)
        ]  # fmt: skip
        return joined_estimates(self.pieces.values(_located, self.observation, blocks, label))


def without_plane(gains: Complex[Tensor, "element"], array: Array) -> Complex[Tensor, "element"]:  # noqa: F821
    """The gains without the phase that is linear over the array: g_n exp(-j k·q_n), |Σ g_n exp(-j k·q_n)| at its top.

    The best slope of a grid of half beams, up to two beams to each side, then Newton steps.
    """
    q = array.local.to(torch.float64)
    q = (q - q.mean(0)) / array.wavelength
    slope = _best_slope(gains, q)
    for _ in range(_NEWTON):
        turned = gains * torch.exp(-1j * (q @ slope))
        turned = turned * turned.sum().conj()
        curvature = (q * turned.real.clamp_min(0)[:, None]).T @ q
        slope = slope + torch.linalg.pinv(curvature) @ (q.T @ turned.imag)
    turned = gains * torch.exp(-1j * (q @ slope))
    total = turned.sum()
    return turned * total.conj() / total.abs().clamp_min(1e-300)


def _best_slope(gains: Tensor, q: Tensor) -> Tensor:
    """The slope k, in radians per wavelength, of the largest |Σ g_n exp(-j k·q_n)| on a grid."""
    extents = (q.amax(0) - q.amin(0)).tolist()
    beams = torch.linspace(-2, 2, 9, dtype=torch.float64) * 2 * math.pi
    axes = [beams / x if x > 1e-6 else beams[:1] * 0 for x in extents]
    slopes = torch.cartesian_prod(*axes)
    heights = (torch.exp(-1j * (slopes @ q.T)) @ gains).abs()
    return slopes[heights.argmax()]


def _in_gauge(gains: Gains, array: Array) -> Gains:
    return Gains(element=without_plane(gains.element, array), antenna=gains.antenna)


def _learnt(gains: tuple[Gains, ...], ridge: float) -> Learnt:
    return Learnt(gains=gains, choice=Choice(model="elements", ridge=ridge), identified=())


def _trusted(observation: Observation, found: Estimate) -> Tensor:
    """Numbers of the scenes that have a source and are explained best."""
    located = _with_sources(found)
    scenes = known_scenes(observation[located], found.positions[located])
    share = torch.stack([explained(each, no_gains(each)) for each in scenes]).mean(0)
    keep = max(1, round(len(located) * _TRUSTED))
    return located[share.argsort(descending=True)[:keep].sort().values]


def _with_sources(found: Estimate) -> Tensor:
    """Numbers of the scenes in which a source was found.

    Raises:
        InputError: fewer than two, so that none could be held out.
    """
    located = torch.nonzero(found.order > 0).squeeze(-1)
    if len(located) < 2:
        raise InputError(
            "at least two scenes in which a source is found", f"{len(located)} of {len(found.order)}",
            "noise alone, or other conventions than stated", "run `ris check`, or record stronger sources",
        )  # fmt: skip
    return located


def _again(ask: _Asking, calibration: Calibration, found: Estimate, number: int) -> Estimate:
    """A new search once the worst errors are out of the gains, then polishes of what was found."""
    search = number == 0 or not bool((found.order > 0).all())
    return ask.located(f"round {number + 1}", calibration, None if search else found.positions)
