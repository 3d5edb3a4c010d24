"""Are pilots near each other one source that only a part of the array passes on as stated?

A board of a panel that is off, shaded or driven by other codes leaves a smaller aperture with a broader beam. Two waves
half a beamwidth apart that add up on one side of the array and cancel on the other look like it, and pilots are free to
do so. The rival has silent elements beyond a cut, and one source in place of those near each other.
"""

import math
from dataclasses import replace
from itertools import combinations, product
from typing import TypeVar

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from ...physics import Array, Observation, steering_at, to_cosines
from ...shapes import Mask, Positions
from ..fit.images.moving import clusters
from ..grid import SearchGrid
from .hypothesis import Likelihood
from .readings import Reader

PARTIAL = "a part of the array does not do what its codes say: one source shows at places near each other"
"""What is said of a scene with a source that only a part of the array passes on."""
_CUTS = 12
"""Parts of equal width along each axis, between which the array is cut: halves, thirds, quarters and sixths of it."""
_ANGLES = tuple(math.radians(angle) for angle in (0, 22.5, 45, 67.5))
"""By which the axes of the frame are turned in its plane."""
_THIN = 1e-6
"""Wavelengths below which an array has no extent along an axis."""
_LEAST = 1 / 6
"""Share of the elements below which a part is not tried."""
_TRIED = 4
"""Parts with which the sources are refined: those that explain most with the sources in the middle."""
_HOPELESS = 0.25
"""Nats a number measured by which a part may explain less before the sources are refined."""
_CLEAR = 5.0
"""Nats that the rival has to gain. Anything else is by as much likelier than the truth in e^-5 = 0.7 % of scenes."""
L = TypeVar("L", bound=Likelihood)


def partial_mates(reader: Reader[L], observation: Observation, positions: Positions, grid: SearchGrid) -> Mask:
    """(scene, source): True of pilots that are, with a stronger one, one source behind a part of the array.

    Args:
        reader: the estimator.
        observation: scaled scenes.
        positions: (scene, source, 3), strongest first; NaN in empty slots.
        grid: of the field.
    """
    present = ~positions[..., 0].isnan()
    mates = torch.zeros_like(present)
    if observation.symbols != "pilot" or observation.wide:
        return mates
    for scene in torch.nonzero(present.sum(-1) > 1).flatten().tolist():
        places = torch.nonzero(present[scene]).flatten()
        cosines = to_cosines(positions[scene, places], observation.array)
        near = clusters(cosines[..., :-1], grid)
        if near and _explains_more(reader, observation[[scene]], cosines, near):
            for members in near:
                mates[scene, places[members[1:]]] = True
    return mates


def parts_of(array: Array) -> Bool[Tensor, "part element"]:
    """What is left of an array without the elements beyond a cut across an axis, or without a quarter.

    The sides of a panel may lie at any angle in its plane: the axes of its frame are turned there by up to a quarter.

    Args:
        array: the array.
    """
    placed, angles = array.local.double(), _ANGLES if array.dimension == 2 else _ANGLES[:1]
    parts = torch.cat([_cut(placed @ _turn(angle), array.wavelength) for angle in angles]).unique(dim=0)
    share = parts.double().mean(-1)
    return parts[(share >= _LEAST) & (share < 1)]


def _cut(placed: Float[Tensor, "element 3"], wavelength: float) -> Bool[Tensor, "part element"]:
    """Both sides of cuts across each axis, and all but a quarter."""
    low, high = placed.amin(0), placed.amax(0)
    axes = [axis for axis in range(3) if float(high[axis] - low[axis]) > _THIN * wavelength]
    across = [(placed[:, axis] - low[axis]) / (high[axis] - low[axis]) for axis in axes]
    below = [along < cut / _CUTS for along, cut in product(across, range(1, _CUTS))]
    beyond = [(along < 1 / 2) ^ side for along, side in product(across, (False, True))]
    corners = [one & other for one, other in combinations(beyond, 2)]
    parts = torch.stack([*below, *corners])
    return torch.cat([parts, ~parts])


def _turn(angle: float) -> Float[Tensor, "3 3"]:
    """A turn in the plane of a flat array, about the x axis of its frame."""
    c, s = math.cos(angle), math.sin(angle)
    return torch.tensor([[1, 0, 0], [0, c, -s], [0, s, c]], dtype=torch.float64)


def _explains_more(reader: Reader[L], seen: Observation, cosines: Tensor, near: list[list[int]]) -> bool:
    """Whether one source for each cluster, behind a part of the array, is likelier than all behind the whole."""
    alone = [[k] for k in range(len(cosines)) if all(k not in members for members in near)]
    middle = torch.stack([cosines[members].mean(0) for members in [*near, *alone]])[None]
    stated = _refined(reader, seen, cosines[None])
    parts = parts_of(seen.array)
    numbers = seen.measurements.numel()
    start = torch.cat([_left(seen, middle, some) for some in parts.split(_TRIED)]).log() * numbers
    hopeful = torch.nonzero(start < stated + _HOPELESS * numbers).flatten()
    best = hopeful[start[hopeful].argsort()[:_TRIED]]
    return best.numel() > 0 and stated - _refined(reader, _behind(seen, parts[best]), middle) > _CLEAR


def _left(seen: Observation, cosines: Tensor, parts: Tensor) -> Tensor:
    """(part,): energy that sources at given places leave behind each part."""
    vectors = steering_at(cosines, seen.array) * parts[:, None].to(seen.codes)
    response = seen.response(vectors.flatten(0, 1)[None])[0]  # (block, part x source, antenna)
    columns = response.unflatten(1, vectors.shape[:2]).permute(1, 0, 3, 2).flatten(1, 2)
    basis = torch.linalg.qr(columns).Q
    measured = seen.blocks[0].flatten()
    along = (basis.mH @ measured[:, None]).squeeze(-1)
    return torch.view_as_real(measured).square().sum() - torch.view_as_real(along).square().sum((-1, -2))


def _behind(seen: Observation, parts: Tensor) -> Observation:
    """One scene, once for each part, with codes of zeros beyond it."""
    copies = seen[[0] * len(parts)]
    return replace(copies, codes=copies.codes * parts[:, None].to(copies.codes))


def _refined(reader: Reader[L], scenes: Observation, cosines: Tensor) -> float:
    """The least negative log-likelihood that scenes end with from given places."""
    likelihood, rows = reader.likelihood(scenes), torch.arange(len(scenes))
    start = likelihood.start_at(rows, cosines.expand(len(scenes), -1, -1))
    end = likelihood.refine(rows, start, iterations=reader.effort.settle_iterations, tolerance=1e-2)
    return float(end.value.amin())
