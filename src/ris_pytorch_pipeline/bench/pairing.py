"""Which found source is which true one? An estimate in the order of the truth, with its errors."""

from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor

from ..errors import InputError
from ..estimate import Estimate
from ..matching import UNMATCHED, gather_found
from ..physics import Truth
from ..shapes import Mask, Positions
from .gospa import position_error
from .score import match_directions


@dataclass(frozen=True, kw_only=True, eq=False)
class Matched:
    """An estimate in the order of the true sources; NaN where a source was missed or a slot is empty.

    Args:
        positions: (scene, source, 3), found azimuth, elevation (radians) and distance (metres) of each true source.
        error: (scene, source, 3), found less true.
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


def matched(estimate: Estimate, truth: Truth) -> Matched:
    """An estimate beside its truth: the assignment with the most pairs within 3°, then the least squared angles.

    >>> from ris_pytorch_pipeline.estimate import Sml
    >>> from ris_pytorch_pipeline.physics import draw, preset
    >>> from ris_pytorch_pipeline.rng import stream
    >>> scenes = draw(preset("random", horizontal=6, vertical=6, sources=2, snr_db=20.0), 1, stream(1, "matched"))
    >>> found = matched(Sml()(scenes.observation, sources=2), scenes.truth)
    >>> found.found.tolist(), bool(found.error[0, :, 0].abs().max() < 0.02)
    ([[True, True]], True)

    Args:
        estimate: of some scenes.
        truth: of the same scenes.

    Returns:
        The estimate, source by source of the truth.

    Raises:
        InputError: another number of scenes.
    """
    true, found = truth.positions.double(), estimate.positions.double().to(truth.positions.device)
    if len(true) != len(found):
        raise InputError(
            "an estimate and a truth of the same scenes", f"{len(found)} and {len(true)} scenes",
            "a subset taken of one of them", "index both alike",
        )  # fmt: skip
    partner = match_directions(true, found)
    positions = gather_found(found, partner)
    paired = partner != UNMATCHED
    return Matched(
        positions=positions,
        error=position_error(true, positions),
        deviations=gather_found(estimate.deviations.double().to(true.device), partner),
        powers=gather_found(estimate.powers.double().to(true.device).unsqueeze(-1), partner).squeeze(-1),
        found=paired,
        partner=partner,
        false=estimate.order.to(true.device) - torch.sum(paired, dim=-1),
    )
