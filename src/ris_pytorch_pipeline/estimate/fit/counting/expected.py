"""What sources would explain if the model held, at the SNR that the channel's own colour shows."""

import torch
from jaxtyping import Float
from torch import Tensor

from ..groups import Groups
from .scatter import Scatter

_TOLD = 0.05
"""Standard deviation of the share up to which the channel's colour tells it."""


def explained_share(groups: Groups) -> Float[Tensor, "scene"]:  # noqa: F821
    """Σ ‖P(B_g) y_g‖² / Σ ‖y_g‖²."""
    along = groups.basis @ groups.measurements.unsqueeze(-1)
    return _energy(along) / _energy(groups.measurements)


def expected_share(scatter: Scatter) -> Float[Tensor, "scene"]:  # noqa: F821
    """1 - σ² (equations - amplitudes)/Σ ‖y‖² with the σ² that leaves everything of the channel's colour to sources."""
    groups = scatter.groups
    _, noise = scatter.without_sources()
    free = groups.equations - groups.order * groups.measurements.shape[1]
    return (1 - noise * free / _energy(groups.measurements)).clamp(0, 1)


def stated_share(scatter: Scatter, noise: Float[Tensor, "scene"] | None) -> Float[Tensor, "scene"]:  # noqa: F821
    """`expected_share` by the noise that is known, or by that of the channel's colour where it tells it; NaN elsewhere.

    The colour tells σ² by antennas that hear more than others. With g = Λ/(1 + t Λ) the variance of log σ² is
    Σ g²/(n Σ (g - mean g)²) at least, over n numbers: of one antenna, or of equal eigenvalues, it has no bound.

    Args:
        scatter: the scenes beside scatter.
        noise: σ² in their units, where the observation states it.
    """
    groups = scatter.groups
    share = (groups.equations - groups.order * groups.measurements.shape[1]) / _energy(groups.measurements)
    if noise is not None:
        return (1 - noise * share).clamp(0, 1)
    shape, fitted = scatter.without_sources()
    slope = scatter.colour / shape
    squares, spread = slope.square().sum((-1, -2)), (slope - slope.mean((-1, -2), keepdim=True)).square().sum((-1, -2))
    deviation = (squares / (groups.equations * spread.clamp_min(1e-300))).sqrt()
    return torch.where(fitted * share * deviation <= _TOLD, expected_share(scatter), torch.nan)


def expected_growth(scatter: Scatter, powers: Float[Tensor, "scene source"]) -> Float[Tensor, "scene"]:  # noqa: F821
    """The evidence 2 (NLL_0 - NLL_K) to expect of all sources together if they are what the scatter stands for.

    Random symbols: 2 Σ_g log|Σ_g| - log|Γ_g| + tr(Σ_g⁻¹ Γ_g) - M with Σ_g the scatter without sources and Γ_g the
    sources at its power. Pilots: the residual falls to the noise.
    """
    shape, noise = scatter.without_sources()
    groups = scatter.groups
    count = groups.measurements.shape[1]
    if scatter.coherent:
        white = groups.measurements * shape.rsqrt()
        spread = shape.expand(-1, count, -1).log().sum((-1, -2))
        return 2 * (groups.equations * (_energy(white) / (noise * groups.equations)).log() + spread)
    background = (shape * noise[:, None, None]).expand(-1, count, -1)
    signal = (background - noise[:, None, None]).sum((-1, -2))
    heard = (torch.view_as_real(groups.responses).square().sum((-1, -2)) * powers[:, None]).sum((-1, -2))
    loud = (powers * (signal / heard.clamp_min(1e-300))[:, None]).sqrt()[:, None, :, None]
    b = groups.responses * loud * background.rsqrt()[:, :, None]
    floor = noise[:, None, None] / background
    model = b.mT @ b.conj() + torch.diag_embed(floor.to(b.dtype))
    log_det = torch.linalg.slogdet(model).logabsdet
    trace = model.diagonal(dim1=-2, dim2=-1).real.sum(-1)
    return 2 * (trace - log_det - background.shape[-1]).sum(-1)


def _energy(values: Tensor) -> Tensor:
    """Sum of squares over everything but the scene."""
    return torch.view_as_real(values).square().flatten(1).sum(-1)
