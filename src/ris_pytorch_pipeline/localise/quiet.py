"""What is done with scenes quieter than any of the training, in which a network counts sources all the same?"""

from dataclasses import replace

import torch

from ..estimate import Estimate, MaximumLikelihood, told
from ..estimate.joining import replaced_estimates
from ..physics import Observation
from .domain import Domain


def counted_quiet(
    likelihood: MaximumLikelihood,  # pyright: ignore[reportMissingTypeArgument]
    observation: Observation,
    found: Estimate,
    domain: Domain,
    *,
    search: bool,
) -> Estimate:
    """The estimate without the claim that so many sources are in a scene of next to nothing but noise.

    A network that never saw a scene without a source finds some in noise: the likelihood can find none.

    Args:
        likelihood: of the symbols.
        observation: the scenes.
        found: with the number of sources estimated.
        domain: the scenes of the training.
        search: whether the likelihood locates and counts such scenes anew. Otherwise they keep their sources, and no
            probability of their number is stated.
    """
    rows = torch.nonzero(domain.quieter(observation, found.noise_variance)).squeeze(-1)
    if rows.numel() == 0:
        return found
    if search:
        return replaced_estimates(found, rows, likelihood(told(likelihood, observation)[rows]))
    sure = found.order_probability
    return replace(found, order_probability=None if sure is None else sure.index_fill(0, rows, torch.nan))
