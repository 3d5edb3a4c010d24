"""What a localiser makes of some scenes: an estimate, how likely it is right, and the covariance of both."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from ..covariance import LowRank
from ..estimate import Estimate
from ..nets import Prediction
from ..physics import Array


@dataclass(frozen=True, eq=False)
class Answer:
    """An estimate beside the prediction that it came from.

    Args:
        prediction: of the network.
        estimate: of the sources.
        right: (scene,), ρ, the probability that all of them are right.
    """

    prediction: Prediction
    estimate: Estimate
    right: Float[Tensor, "scene"]  # noqa: F821

    def covariance(self, array: Array) -> LowRank:
        """ρ R_located + (1 - ρ) R_pred: the mean over both cases, which has the least squared error if ρ is right.

        Args:
            array: the array.

        Raises:
            InputError: an estimate that states no powers.
        """
        return mixed(self.estimate.covariance(array), self.prediction.covariance, self.right.double())


def mixed(first: LowRank, second: LowRank, share: Float[Tensor, "scene"]) -> LowRank:  # noqa: F821
    """R = share R_1 + (1 - share) R_2 in the factored form, in the precision and on the device of the first.

    Args:
        first: R_1.
        second: R_2.
        share: (scene,), within [0, 1].
    """
    rest = 1 - share
    parts = [first.factor * share.sqrt()[:, None, None], second.factor.to(first.factor) * rest.sqrt()[:, None, None]]
    return LowRank(torch.cat(parts, dim=-1), share * first.floor + rest * second.floor.to(first.floor))


def joined_covariances(parts: Sequence[LowRank]) -> LowRank:
    """Covariances of consecutive scenes as one, with columns of zeros where a part has fewer.

    Args:
        parts: at least one.
    """
    rank = max(part.factor.shape[-1] for part in parts)
    factors = [torch.nn.functional.pad(part.factor, (0, rank - part.factor.shape[-1])) for part in parts]
    return LowRank(torch.cat(factors), torch.cat([part.floor for part in parts]))
