"""What a localiser refuses: what proposes no positions, and an answer of a network that is not finite."""

import torch

from ..errors import ConfigurationError, InputError
from ..estimate import Spectral
from ..nets import Prediction
from .explaining import Explaining
from .proposal import Proposer


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
