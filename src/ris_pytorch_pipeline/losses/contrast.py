"""Does the predicted covariance peak at the true sources? The MVDR spectrum there against its neighbourhood."""

import math

import torch
from jaxtyping import Float
from torch import Tensor

from ..data import Labels
from ..nets import Prediction
from ..physics import steering_at

_LOADING = 0.05
"""ε of the loaded covariance, relative to its mean eigenvalue: how sharp the spectrum is."""
_RING = 8
"""Directions around a source, one step of the grid away."""


def peak_contrast(prediction: Prediction, labels: Labels) -> Float[Tensor, "scene"]:  # noqa: F821
    """Mean over sources of -log [P(p_0) / Σ_i P(p_i)], P(p) = 1/(a^H R⁻¹ a), p_0 the source and p_1..p_8 a ring.

    R = F F^H + 0.05 I, so that a^H R⁻¹ a = (N - x^H (0.05 I + F^H F)⁻¹ x)/0.05 with x = F^H a: a rank x rank Cholesky
    solve. Equal heights give log 9; the gradient never vanishes, unlike that of a hinge.

    >>> import torch
    >>> from dataclasses import replace
    >>> from torch.nn.functional import pad
    >>> from ris_pytorch_pipeline.data import batch_from, simulate
    >>> from ris_pytorch_pipeline.nets import HybridNet, NetConfig
    >>> from ris_pytorch_pipeline.physics import preset
    >>> scenario = preset("random", horizontal=4, vertical=4, sources=2)
    >>> net = HybridNet(NetConfig(width=8, blocks=1).fitted_to(scenario))
    >>> inputs, labels = batch_from(simulate(scenario, 3, seed=0), net.config.array)
    >>> exact = replace(net(inputs), factors=pad(labels.factors.to(torch.complex64), (0, 6)))
    >>> bool((peak_contrast(exact, labels) < 2.0).all())  # log 9 = 2.2 where the spectrum is flat
    True
    """
    factors, present = prediction.factors, labels.present
    turn = torch.arange(_RING, device=factors.device) * (2 * math.pi / _RING)
    ring = torch.stack([turn.cos(), turn.sin(), torch.zeros_like(turn)], dim=-1)
    grid = prediction.grid
    around = torch.cat([ring.new_zeros((1, 3)), ring]) * ring.new_tensor((*grid.step[:2], 0.0))
    places = torch.where(present[..., None], grid.places_of(labels.cosines), 0).to(ring)[:, :, None] + around
    vectors = steering_at(grid.cosines_at(places.flatten(1, 2)), labels.array.central)
    size, rank = factors.shape[1:]
    gram = factors.mH @ factors + _LOADING * torch.eye(rank, dtype=factors.dtype, device=factors.device)
    seen = factors.mH @ vectors.to(factors.dtype).mT
    explained = torch.linalg.solve_triangular(torch.linalg.cholesky(gram), seen, upper=False)
    left = size - torch.view_as_real(explained).square().sum(dim=(-1, -3))
    height = -left.clamp_min(1e-6 * size).log().unflatten(1, (-1, _RING + 1))
    lost = -height.log_softmax(-1)[..., 0]
    return lost.masked_fill(~present, 0).sum(-1) / present.sum(-1).clamp_min(1)
