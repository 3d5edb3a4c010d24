"""Which found source is which true one? An estimate in the order of the truth, with its errors."""

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from ..errors import InputError
from ..estimate import Estimate
from ..matching import UNMATCHED, gather_found
from ..physics import Kinds, Scenes, Truth, as_told, is_mixed
from ..shapes import Mask, Positions
from .gospa import position_error
from .score import TOLERANCE, match_directions

Hidden = Bool[Tensor, "scene source 3"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Matched:
    """An estimate in the order of the true sources; NaN where a source was missed or a slot is empty.

    >>> from ris_pytorch_pipeline.bench import trial_of
    >>> from ris_pytorch_pipeline.estimate import PilotMl
    >>> from ris_pytorch_pipeline.physics import preset
    >>> trial = trial_of(preset("pilot", horizontal=4, vertical=4, sources=2, snr_db=30.0), 4, seed=0)
    >>> found = PilotMl()(trial.scenes.observation, 2)
    >>> pairs = matched(found, trial.scenes)
    >>> pairs.positions.shape, pairs.found.all().item(), pairs.false.tolist()
    (torch.Size([4, 2, 3]), True, [0, 0, 0, 0])

    Args:
        positions: (scene, source, 3), found azimuth, elevation (radians) and distance (metres) of each true source.
        error: (scene, source, 3), found less true; of a line also NaN in what it does not tell.
        deviations: (scene, source, 3), the ± that the estimate states.
        powers: (scene, source).
        found: (scene, source), whether the true source has an estimate within 3°.
        partner: (scene, source), the slot of the estimate, or `matching.UNMATCHED`.
        false: (scene,), estimates that belong to no true source.
    """

    positions: Positions
    error: Positions
    deviations: Positions
    powers: Float[Tensor, "scene source"]
    found: Mask
    partner: Int[Tensor, "scene source"]
    false: Int[Tensor, "scene"]  # noqa: F821


def matched(estimate: Estimate, truth: Scenes | Truth, kinds: Kinds = "random") -> Matched:
    """An estimate beside its truth: the assignment with the most pairs within 3°, then the least squared angles.

    A line sees a cone about itself. Its sources are compared on their cones, see `as_told`, for which the array must be
    known: pass the scenes. Of sources of several kinds both may be in the order of the kinds, as the truth and the
    estimate of `MixedMl` are: with `kinds` a random source is no pair of a pilot, wherever it is.

    >>> from ris_pytorch_pipeline.estimate import Sml
    >>> from ris_pytorch_pipeline.physics import draw, preset
    >>> from ris_pytorch_pipeline.rng import stream
    >>> scenes = draw(preset("random", horizontal=6, vertical=6, sources=2, snr_db=20.0), 1, stream(1, "matched"))
    >>> found = matched(Sml()(scenes.observation, sources=2), scenes)
    >>> found.found.tolist(), bool(found.error[0, :, 0].abs().max() < 0.02)
    ([[True, True]], True)

    Args:
        estimate: of some scenes.
        truth: the same scenes, or their truth alone where the array is no line.
        kinds: one a slot, such as `scenes.observation.symbols`; one for all compares places alone.

    Returns:
        The estimate, source by source of the truth.

    Raises:
        InputError: another number of scenes, the truth alone of scenes whose elevation is not told, or another number
            of kinds than slots.
    """
    true, there, hidden = as_compared(truth, estimate)
    found = estimate.positions.double().to(true.device)
    partner = match_directions(true, there, alike(kinds, true.shape[1], there.shape[1]))
    paired = partner != UNMATCHED
    return Matched(
        positions=gather_found(found, partner),
        error=position_error(true, gather_found(there, partner)).masked_fill(hidden, torch.nan),
        deviations=gather_found(estimate.deviations.double().to(true.device), partner),
        powers=gather_found(estimate.powers.double().to(true.device).unsqueeze(-1), partner).squeeze(-1),
        found=paired,
        partner=partner,
        false=estimate.order.to(true.device) - torch.sum(paired, dim=-1),
    )


def alike(kinds: Kinds, true: int, found: int) -> Bool[Tensor, "true found"]:
    """(true, found): which slots are of one kind.

    Args:
        kinds: one a slot, or one for all.
        true: slots of the truth.
        found: slots of the estimate.

    Raises:
        InputError: another number of kinds than slots.
    """
    if not is_mixed(kinds):
        return torch.ones((true, found), dtype=torch.bool)
    if (true, found) != (len(kinds), len(kinds)):
        raise InputError(
            f"a slot for each of {len(kinds)} kinds, in truth and estimate", f"{true} and {found}",
            "an estimate that is not in the order of the kinds", "leave kinds out to compare places alone",
        )  # fmt: skip
    return torch.tensor([[one == other for other in kinds] for one in kinds])


def as_compared(truth: Scenes | Truth, estimate: Estimate) -> tuple[Positions, Positions, Hidden]:
    """True and found positions as far as the array tells them, and where a coordinate of a true source is not told.

    Raises:
        InputError: another number of scenes, or the truth alone of scenes whose elevation is not told.
    """
    own = truth.truth if isinstance(truth, Scenes) else truth
    true, found = own.positions.double(), estimate.positions.double().to(own.positions.device)
    if len(true) != len(found):
        raise InputError(
            "an estimate and a truth of the same scenes", f"{len(found)} and {len(true)} scenes",
            "a subset taken of one of them", "index both alike",
        )  # fmt: skip
    if isinstance(truth, Scenes):
        array = truth.observation.array.to(true.device, torch.float64)
        true, hidden = as_told(true, array)
        return true, as_told(found, array)[0], hidden
    _check_told(estimate, true)
    return true, found, torch.zeros_like(true, dtype=torch.bool)


def _check_told(estimate: Estimate, true: Positions) -> None:
    """Refuse a truth alone of elevations that are not those reported, and have no ± where the azimuth has one.

    Raises:
        InputError: there are such.
    """
    azimuth, elevation, _ = estimate.deviations.isnan().to(true.device).unbind(-1)
    apart = (true[:, :, None, 1] - estimate.positions[:, None, :, 1].to(true)).abs() > TOLERANCE
    if bool((apart & (elevation & ~azimuth)[:, None]).any()):
        raise InputError(
            "the scenes, whose array says what it tells", "their truth alone, and elevations that are not told",
            "a line, which sees a cone about itself", "pass `scenes` in place of `scenes.truth`",
        )  # fmt: skip
