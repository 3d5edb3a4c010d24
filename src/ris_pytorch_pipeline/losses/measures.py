"""How good a prediction is, in units a reader knows: NMSE of the covariance, angle errors, counts."""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from ..data import Labels
from ..matching import gather_found, great_circle, match
from ..nets import Prediction
from ..physics import to_positions
from .terms import covariance_nmse


@dataclass(frozen=True, kw_only=True)
class Measures:
    """What a validation reports, per scene.

    >>> import torch
    >>> found = Measures(
    ...     nmse=torch.tensor([0.1]), angle=torch.tensor([[0.01, torch.nan]]), order=torch.tensor([True])
    ... )
    >>> round(float(found.angle.rad2deg().nanmedian()), 2)  # degrees; the second slot is empty
    0.57

    Args:
        nmse: (scene,), ‖R_pred - R‖²/‖R‖².
        angle: (scene, source), great-circle error in radians of the K likeliest candidates, matched to the truth; NaN
            in empty slots, and π where no candidate is left.
        order: (scene,), True where the count is right.
    """

    nmse: Float[Tensor, "scene"]  # noqa: F821
    angle: Float[Tensor, "scene source"]
    order: Tensor


def measure_prediction(prediction: Prediction, labels: Labels) -> Measures:
    """Measure a prediction with the true number of sources given, as the classical estimators are measured.

    >>> from dataclasses import replace
    >>> from torch.nn.functional import pad
    >>> from ris_pytorch_pipeline.data import batch_from, simulate
    >>> from ris_pytorch_pipeline.nets import HybridNet, NetConfig
    >>> from ris_pytorch_pipeline.physics import preset
    >>> scenario = preset("random", horizontal=4, vertical=4, sources=1)
    >>> net = HybridNet(NetConfig(width=8, blocks=1).fitted_to(scenario))
    >>> inputs, labels = batch_from(simulate(scenario, 3, seed=0), net.config.array)
    >>> exact = replace(net(inputs), candidates=pad(labels.cosines.float(), (0, 0, 0, 7)))
    >>> measure_prediction(exact, labels).angle.rad2deg().round(decimals=1).flatten()  # degrees
    tensor([0., 0., 0.], dtype=torch.float64)
    """
    with torch.no_grad():
        slots = torch.arange(prediction.candidates.shape[1], device=labels.sources.device)
        detected = (slots < labels.sources[:, None]) & ~prediction.scores.isneginf()
        found = to_positions(prediction.candidates.double(), labels.array)
        true = to_positions(labels.cosines.double(), labels.array)
        angles = great_circle(true[:, :, None], found[:, None, :])
        partner = match(angles, labels.present, detected, cutoff=4.0)
        pairs = torch.arange(found.shape[1], device=found.device).expand(found.shape[0], -1)[..., None].double()
        chosen = gather_found(pairs, partner)[..., 0]
        angle = angles.gather(2, chosen.nan_to_num(0).long()[..., None])[..., 0]
        angle = angle.masked_fill(chosen.isnan(), torch.pi).masked_fill(~labels.present, torch.nan)
        return Measures(
            nmse=covariance_nmse(prediction, labels),
            angle=angle,
            order=prediction.order_logits.argmax(-1) == labels.sources,
        )
