"""How likely a fast estimate is right, and so which scenes are worth a search."""

import torch
from jaxtyping import Float
from torch import Tensor

from .explaining import Evidence


def probability_right(evidence: Evidence) -> Float[Tensor, "scene"]:  # noqa: F821
    """σ of a weighted sum of what speaks for an estimate."""
    return torch.sigmoid(0.1 * (evidence.weakest - evidence.spare))
