"""What a Cramér-Rao bound says: named standard deviations per source and coordinate."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor

from ..errors import InputError
from ..physics import COORDINATES, Array, Chart, chart_of, check_visible, told, untold
from ..shapes import Positions

Known = Collection[Literal["elevation", "distance"]]
"""Coordinates that are known and not estimated; their deviation is 0."""
SlopeAt = Callable[[Tensor, Tensor], Tensor]
"""(coordinates, their covariance blocks) -> where the Jacobian to (φ, θ, r) is taken."""

_INSIDE = 0.5
"""Least ρ² to which a source at endfire is drawn in for its ±."""


@dataclass(frozen=True, kw_only=True)
class Bound:
    """Least standard deviations of any unbiased estimator, per source.

    NaN in slots that hold no source, and in coordinates that the array cannot tell, such as the elevation of a line's.

    >>> import ris_pytorch_pipeline as ris
    >>> scenes = ris.simulate(ris.preset("random", sources=1, snr_db=10.0), scenes=1, seed=0)
    >>> bound = ris.scene_bound(scenes)
    >>> bound.azimuth.rad2deg().round(decimals=2), bound.distance.round(decimals=2)  # ± in degrees and in metres
    (tensor([[0.1900]], dtype=torch.float64), tensor([[0.0200]], dtype=torch.float64))

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

    @property
    def deviations(self) -> Float[Tensor, "*batch source 3"]:
        """(azimuth, elevation, distance) stacked in the order of a position."""
        return torch.stack([self.azimuth, self.elevation, self.distance], dim=-1)


def charted(positions: Positions, array: Array, known: Known) -> tuple[Chart, Float[Tensor, "*batch source 3"]]:
    """The chart in which positions are bounded, and their coordinates (a, b, q) in it.

    Raises:
        InputError: a position that the array cannot see.
    """
    check_visible(positions, array)
    return chart_of(positions, array, on_plane="elevation" not in known)


def invert_information(information: Float[Tensor, "*batch p p"]) -> Float[Tensor, "*batch p p"]:
    """Inverse of a Fisher information matrix after Jacobi scaling: D (D F D)⁻¹ D with D = diag(F)^(-1/2).

    Returns:
        The inverse, NaN where the information is singular.
    """
    scale = information.diagonal(dim1=-2, dim2=-1).clamp_min(torch.finfo(information.dtype).tiny).rsqrt()
    factor, failed = torch.linalg.cholesky_ex(information * scale[..., :, None] * scale[..., None, :])
    regular = failed == 0
    eye = torch.eye(information.shape[-1], dtype=information.dtype, device=information.device)
    factor = torch.where(regular[..., None, None], factor, eye)
    inverse = torch.cholesky_inverse(factor) * scale[..., :, None] * scale[..., None, :]
    return inverse.masked_fill(~regular[..., None, None], torch.nan)


def deviations_from_information(
    coordinates: Float[Tensor, "*batch source 3"],
    information: Float[Tensor, "*batch p p"],
    chart: Chart,
    known: Known = (),
    slope_at: SlopeAt = lambda coordinates, blocks: coordinates,
) -> Bound:
    """The bound on (φ, θ, r) from the Fisher information of (a, b, q) of every source and nuisance parameters.

    >>> import torch
    >>> from ris_pytorch_pipeline.physics import Chart, Line
    >>> chart = Chart(Line(count=8, spacing=0.15).array(0.3))
    >>> J = torch.diag(torch.tensor([1e4, 1.0, 100.0]))  # of u, w and q: deviations of 0.01, none, 0.1 1/m
    >>> bound = deviations_from_information(torch.tensor([[0.0, 0.0, 0.5]]), J, chart)
    >>> bound.azimuth, bound.elevation, bound.distance  # radians, what a line cannot tell, metres
    (tensor([0.0100]), tensor([nan]), tensor([0.4000]))

    Args:
        coordinates: (..., source, 3), where the information was taken.
        information: (..., p, p); the first 3 K parameters are a, b, q of source 1, of source 2, ...
        chart: of the coordinates.
        known: coordinates that are not estimated.
        slope_at: where the Jacobian is taken, if not at the coordinates.

    Returns:
        Standard deviations and 3 x 3 covariance blocks; NaN where the information is singular, and in what the array
        cannot tell.

    Raises:
        InputError: a known elevation of an array that does not stand upright.
    """
    _check_known(chart, known)
    sources, seen = coordinates.shape[-2], told(chart.array)
    free = [c for c, name in enumerate(COORDINATES) if name not in known and c in seen]
    kept = [3 * k + c for k in range(sources) for c in free] + list(range(3 * sources, information.shape[-1]))
    whole = len(kept) == information.shape[-1]
    inverse = invert_information(information if whole else information[..., kept, :][..., kept])
    moved = len(free) * sources
    own = inverse[..., :moved, :moved].unflatten(-1, (sources, -1)).unflatten(-3, (sources, -1))
    blocks = own.diagonal(dim1=-4, dim2=-2).movedim(-1, -3)
    if len(free) < len(COORDINATES):
        some = torch.tensor(free, dtype=torch.long, device=blocks.device)
        every = inverse.new_zeros((*inverse.shape[:-2], sources, 3, 3))
        every[..., some[:, None], some] = blocks
        blocks = every
    jacobian = chart.jacobian(slope_at(coordinates.to(blocks), blocks))
    if "distance" in known:
        jacobian[..., 2] = 0  # it may be infinite at q = 0
    if "elevation" in known:
        jacobian[..., 1] = 0
    covariance = jacobian @ blocks @ jacobian.mT
    lost = untold(chart.array, jacobian)
    covariance = covariance.masked_fill(lost[..., :, None] | lost[..., None, :], torch.nan)
    azimuth, elevation, distance = covariance.diagonal(dim1=-2, dim2=-1).sqrt().unbind(-1)
    return Bound(azimuth=azimuth, elevation=elevation, distance=distance, covariance=covariance)


def estimated_deviations(
    coordinates: Float[Tensor, "*batch source 3"],
    information: Float[Tensor, "*batch p p"],
    chart: Chart,
    known: Known = (),
) -> Bound:
    """The ± of an estimate: `deviations_from_information`, and at endfire what its coordinates allow.

    >>> import torch
    >>> from ris_pytorch_pipeline.physics import Chart, Line
    >>> chart, J = Chart(Line(count=8, spacing=0.15).array(0.3)), torch.diag(torch.tensor([1e4, 1.0, 100.0]))
    >>> endfire = torch.tensor([[1.0, 0.0, 0.5]])  # dφ/du is infinite there
    >>> estimated_deviations(endfire, J, chart).azimuth  # by which one deviation of u moves it
    tensor([0.1414])
    """
    return deviations_from_information(coordinates, information, chart, known, off_the_rim)


def off_the_rim(
    coordinates: Float[Tensor, "*batch source 3"], blocks: Float[Tensor, "*batch source 3 3"]
) -> Float[Tensor, "*batch source 3"]:
    """Where the Jacobian of an estimate is taken: at endfire of a line or a flat array, inside of the unit disc.

    There d_x² = 1 - ρ², ρ² = a² + b², and the slope 1/d_x says nothing about changes as large as the deviation s of ρ².
    With d_x² ≥ s/4 a source on the rim has the ± by which one s moves it, d_x = sqrt(s).
    """
    across = coordinates[..., :2]
    reach = across.square().sum(-1, keepdim=True)
    spread = 2 * (across.unsqueeze(-2) @ blocks[..., :2, :2] @ across.unsqueeze(-1)).squeeze(-1).clamp_min(0).sqrt()
    most = (1 - spread / 4).clamp_min(_INSIDE)
    inside = torch.where(reach > most, across * (most / reach.clamp_min(_INSIDE)).sqrt(), across)
    return torch.cat([inside, coordinates[..., 2:]], dim=-1)


def _check_known(chart: Chart, known: Known) -> None:
    """Refuse a known elevation where it is no coordinate of the frame.

    Raises:
        InputError: the array does not stand upright.
    """
    if "elevation" in known and not chart.array.frame.upright:
        raise InputError(
            "an array that stands upright about the origin, where the elevation is to be known",
            str(chart.array),
            "a tilted or moved array, whose own axes mix azimuth and elevation",
            "leave the elevation to be estimated",
        )


class NotIdentifiableError(InputError):
    """Measurements that cannot identify the parameters of some scene: it has no bound."""


def identifiable(bound: Bound) -> Bound:
    """The bound itself, once it is known to exist.

    Raises:
        NotIdentifiableError: some Fisher information was singular in everything, or the array tells nothing.
    """
    singular = bound.covariance.isnan().flatten(-2).all(-1).any(-1)
    if bool(singular.any()):
        raise NotIdentifiableError(
            "a Fisher information matrix of full rank",
            f"a singular one in {int(singular.sum())} of {singular.numel()} scenes",
            "two sources at one position, an unobservable coordinate, or more sources than the measurements identify",
            "separate the sources, lower their number, declare known coordinates, or add snapshots",
        )
    return bound
