"""What a localiser refuses: options and fields of view that do not go with its network, and answers with NaN."""

import math

import torch

from ..errors import ConfigurationError, InputError
from ..estimate import SearchRegion, Spectral
from ..nets import Prediction
from .explaining import Explaining
from .proposal import Proposer

WAY_OUT = "locate without the network: `ris locate` without --model, or Sml() and PilotMl()"
"""What to do with scenes that a network was not made for."""


def check_estimator(estimator: object) -> None:
    """Refuse what proposes no positions from a prediction, such as an estimator that works on the measurements.

    Raises:
        ConfigurationError: naming what is allowed.
    """
    if isinstance(estimator, type) or not isinstance(estimator, Explaining | Proposer | Spectral):
        what = f"the class {estimator.__name__}" if isinstance(estimator, type) else f"a {type(estimator).__name__}"
        raise ConfigurationError(
            "Explaining(), Candidates(), OnCovariance(), another object with `name` and `propose`, or a spectral "
            "estimator such as Music()", what, "an estimator of the measurements, or a class in place of an object",
            "pass estimator=Explaining(), or Music() for the peaks of R_pred",
        )  # fmt: skip


def check_effort(polish: int, batch: int, doubt: float) -> None:
    """Refuse numbers that no localiser works with.

    Raises:
        ConfigurationError: a negative number, an empty batch, no probability, or a search without a polish.
    """
    if polish < 0 or batch < 1:
        raise ConfigurationError(
            "polish >= 0 and batch >= 1", f"{polish} and {batch}", "a sign", "pass 0 to leave polishing out"
        )
    if not 0 <= doubt <= 1:
        raise ConfigurationError("doubt in [0, 1]", str(doubt), "log odds, or a percentage", "pass 0.3")
    if doubt and not polish:
        raise ConfigurationError(
            "a polish where doubtful scenes are searched", "polish = 0",
            "the likelihood is to search and not to polish", "pass doubt=0, or polish=10",
        )  # fmt: skip


def check_field(field: SearchRegion, covered: SearchRegion) -> None:
    """Refuse a field of view that a network's beams do not cover: of a source outside they see nothing but its images.

    Args:
        field: of the scenes.
        covered: by the beams.

    Raises:
        InputError: naming both.
    """
    if not covered.covers(field):
        raise InputError(
            f"a field of view within {_ends(covered)}, which the network was trained for", _ends(field),
            "scenes that the network was not made for", f"{WAY_OUT}, or train a network for this field",
        )  # fmt: skip


def _ends(field: SearchRegion) -> str:
    """A field of view in words."""
    (left, right), (low, high), (near, far) = field.azimuth, field.elevation, field.distance
    azimuth, elevation = (f"{math.degrees(a):.4g} to {math.degrees(b):.4g}°" for a, b in ((left, right), (low, high)))
    return f"azimuth {azimuth}, elevation {elevation} and distance {near:.4g} to {far:.4g} m"


def check_finite(answer: Prediction) -> None:
    """Refuse NaN and infinities, from which the count and the candidates would still be taken.

    Raises:
        InputError: counting the scenes.
    """
    finite = answer.order_logits.isfinite().all(-1) & torch.view_as_real(answer.factors).isfinite().flatten(1).all(-1)
    if not bool(finite.all()):
        raise InputError(
            "a finite answer of the network",
            f"NaN or infinite values in {int((~finite).sum())} of {len(finite)} scenes",
            "weights that are not finite", "`ris diagnose` the run it comes from, and take another checkpoint",
        )  # fmt: skip
