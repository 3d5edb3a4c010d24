"""Where does the predicted covariance put sources? MUSIC over azimuth, elevation and distance, a byte a point."""

import base64
import gzip
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from ...covariance import LowRank, music
from ...estimate import SearchRegion
from ...physics import Array, steering

MOST = 20.0
"""dB that the scale reaches to."""
_AZIMUTHS, _ELEVATIONS, _DISTANCES = 41, 21, 8
"""Points of the axes: one every 3° over the usual field, below half a beam."""


@dataclass(frozen=True, eq=False)
class Volume:
    """The points of a spectrum, evenly spaced in azimuth, elevation and inverse distance.

    Args:
        azimuths: radians.
        elevations: radians.
        distances: metres.
    """

    azimuths: Tensor
    elevations: Tensor
    distances: Tensor

    @property
    def positions(self) -> Tensor:
        """(point, 3), the distance slowest and the azimuth fastest."""
        r, e, a = torch.meshgrid(self.distances, self.elevations, self.azimuths, indexing="ij")
        return torch.stack([a, e, r], dim=-1).flatten(0, -2)

    def to_plain(self) -> dict[str, Any]:
        """Axes in degrees and metres, for the page's script."""
        return {
            "azimuths": _rounded(self.azimuths.rad2deg()), "elevations": _rounded(self.elevations.rad2deg()),
            "distances": _rounded(self.distances), "most": MOST, "quantity": "MUSIC on R_pred (dB)",
        }  # fmt: skip

    def nearest(self, distance: float) -> int:
        """Number of the plane nearest to a distance, by its inverse."""
        return int((1 / self.distances - 1 / distance).abs().argmin())


def volume_of(region: SearchRegion) -> Volume:
    """The points that a field of view is looked at.

    >>> from ris_pytorch_pipeline.estimate import SearchRegion
    >>> volume = volume_of(SearchRegion(distance=(1.0, 8.0)))
    >>> len(volume.azimuths), len(volume.elevations), volume.distances[[0, -1]]  # metres
    (41, 21, tensor([1., 8.], dtype=torch.float64))

    Args:
        region: of a network.
    """
    far = min(region.distance[1], 1e3)
    inverse = _between((1 / far, 1 / region.distance[0]), _DISTANCES)
    return Volume(
        azimuths=_between(region.azimuth, _AZIMUTHS), elevations=_between(region.elevation, _ELEVATIONS),
        distances=(1 / inverse).flip(0),
    )  # fmt: skip


def spectra(covariance: LowRank, orders: Sequence[int], array: Array, volume: Volume) -> list[bytes]:
    """-10 log10 of MUSIC's distance from the signal subspace at every point, 255 steps from 0 to 20 dB.

    >>> import torch
    >>> from ris_pytorch_pipeline.covariance import true_covariance
    >>> from ris_pytorch_pipeline.estimate import SearchRegion
    >>> from ris_pytorch_pipeline.physics import Panel, to_cosines
    >>> array, volume = Panel(horizontal=4, vertical=4, spacing=0.15).array(0.3), volume_of(SearchRegion())
    >>> source = volume.positions[None, None, 1000]  # at one of the points
    >>> covariance = true_covariance(to_cosines(source, array), torch.ones(1, 1, dtype=torch.float64), array)
    >>> spectrum = spectra(covariance, [1], array, volume)[0]
    >>> spectrum[1000] == max(spectrum) == 255
    True

    Args:
        covariance: of each scene.
        orders: number of sources of each scene.
        array: of the scenes.
        volume: the points.

    Returns:
        The bytes of each scene.
    """
    vectors = covariance.eigenpairs().vectors
    waves = steering(volume.positions, array).to(vectors.dtype)
    found: list[bytes] = []
    for scene, order in enumerate(orders):
        apart = music(vectors[scene, :, : max(order, 1)], waves)
        level = (-10 * apart.clamp_min(10 ** (-MOST / 10)).log10()).clamp(0, MOST)
        found.append(bytes((level * (255 / MOST)).round().to(torch.uint8).flatten().tolist()))
    return found


def letters(content: bytes) -> str:
    """Bytes as a page holds them, which its script unpacks: a smooth spectrum takes a third of what its bytes would."""
    return base64.b64encode(gzip.compress(content, mtime=0)).decode("ascii")


def _between(ends: tuple[float, float], count: int) -> Tensor:
    low, high = ends
    return torch.linspace(low, high, 1 if math.isclose(low, high) else count, dtype=torch.float64)


def _rounded(values: Tensor) -> list[float]:
    return [round(x, 4) for x in values.tolist()]
