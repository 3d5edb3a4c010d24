"""What a Cramér-Rao bound says: named standard deviations per source and coordinate."""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from ..errors import InputError
from ..physics import position_jacobian
from ..shapes import Cosines


@dataclass(frozen=True, kw_only=True)
class Bound:
    """Least standard deviations of any unbiased estimator, per source; NaN in slots that hold no source.

    Args:
        azimuth: (..., source), radians.
        elevation: (..., source), radians.
        distance: (..., source), metres.
        covariance: (..., source, 3, 3), the bound's covariance block of each source in (azimuth, elevation, distance),
            for whitening an error by the bound.
    """

    azimuth: Float[Tensor, "*batch source"]
    elevation: Float[Tensor, "*batch source"]
    distance: Float[Tensor, "*batch source"]
    covariance: Float[Tensor, "*batch source 3 3"]


def invert_information(information: Float[Tensor, "*batch p p"]) -> Float[Tensor, "*batch p p"]:
    """Inverse of a Fisher information matrix after Jacobi scaling: D (D F D)⁻¹ D with D = diag(F)^(-1/2).

    Raises:
        InputError: the information is singular: the parameters are not identifiable from these measurements.
    """
    scale = information.diagonal(dim1=-2, dim2=-1).clamp_min(torch.finfo(information.dtype).tiny).rsqrt()
    scaled = information * scale[..., :, None] * scale[..., None, :]
    factor, failed = torch.linalg.cholesky_ex(scaled)
    if bool((failed != 0).any()):
        raise InputError(
            "a Fisher information matrix of full rank",
            f"a singular one in {int((failed != 0).sum())} of {failed.numel()} scenes",
            "two sources at one position, an unobservable coordinate, or more sources than the measurements identify",
            "separate the sources, lower their number, or add snapshots",
        )
    return torch.cholesky_inverse(factor) * scale[..., :, None] * scale[..., None, :]


def deviations_from_information(cosines: Cosines, information: Float[Tensor, "*batch p p"]) -> Bound:
    """The bound on (φ, θ, r) from the Fisher information of (u, w, q) of every source and nuisance parameters.

    Args:
        cosines: (..., source, 3), where the information was taken.
        information: (..., p, p); the first 3 K parameters are u, w, q of source 1, of source 2, ...

    Returns:
        Standard deviations and 3 x 3 covariance blocks in (azimuth, elevation, distance).

    Raises:
        InputError: singular information.
    """
    sources = cosines.shape[-2]
    inverse = invert_information(information)
    blocks = torch.stack([inverse[..., 3 * k : 3 * k + 3, 3 * k : 3 * k + 3] for k in range(sources)], dim=-3)
    jacobian = position_jacobian(cosines)
    covariance = jacobian @ blocks @ jacobian.mT
    azimuth, elevation, distance = covariance.diagonal(dim1=-2, dim2=-1).sqrt().unbind(-1)
    return Bound(azimuth=azimuth, elevation=elevation, distance=distance, covariance=covariance)
