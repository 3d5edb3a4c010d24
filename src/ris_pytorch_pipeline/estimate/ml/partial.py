"""Are pilots near each other one source that only a part of the array passes on as stated?

A board of a panel that is off, shaded or driven by other codes leaves a smaller aperture with a broader beam. Two waves
half a beamwidth apart that add up on one side of the array and cancel on the other look like it, and pilots are free to
do so. The rival has silent elements beyond a cut, and one source in place of those near each other.
"""

from dataclasses import replace
from itertools import product
from typing import TypeVar

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from ...physics import Array, Observation, steering_at, to_cosines
from ...shapes import Mask, Positions
from ..fit.moving import clusters
from ..grid import SearchGrid
from .hypothesis import Likelihood
from .readings import Reader

PARTIAL = "a part of the array does not do what its codes say: one source shows at places near each other"
"""What is said of a scene with a source that only a part of the array passes on."""
_CUTS = 12
"""Parts of equal width along each axis, between which the array is cut: halves, thirds, quarters and sixths of it."""
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


def parts_of(array: Array, along: Float[Tensor, "axis 3"] | None = None) -> Bool[Tensor, "part element"]:
    """What is left of an array without the elements beyond a cut across an axis, or without a quarter.

    Args:
        array: the array.
        along: further axes than those of the array's frame, in the frame.
    """
    every = torch.eye(3, dtype=torch.float64) if along is None else torch.cat([torch.eye(3).to(along), along])
    placed = array.local.double() @ every.mT
    low, high = placed.amin(0), placed.amax(0)
    far = [axis for axis in range(len(every)) if float(high[axis] - low[axis]) > _THIN * array.wavelength]
    across = {axis: (placed[:, axis] - low[axis]) / (high[axis] - low[axis]) for axis in far}
    below = [across[axis] < cut / _CUTS for axis, cut in product(far, range(1, _CUTS))]
    axes = [axis for axis in far if axis < 3]
    halves = {axis: across[axis] < 1 / 2 for axis in axes}
    quarters = [
        (halves[one] ^ first) & (halves[two] ^ second)
        for one, two in product(axes, axes)
        if one < two
        for first, second in product((False, True), repeat=2)
    ]
    parts = torch.stack([*below, *quarters])
    parts = torch.cat([parts, ~parts]).unique(dim=0)
    share = parts.double().mean(-1)
    return parts[(share >= _LEAST) & (share < 1)]


def _explains_more(reader: Reader[L], seen: Observation, cosines: Tensor, near: list[list[int]]) -> bool:
    """Whether one source for each cluster, behind a part of the array, is likelier than all behind the whole."""
    alone = [[k] for k in range(len(cosines)) if all(k not in members for members in near)]
    middle = torch.stack([cosines[members].mean(0) for members in [*near, *alone]])[None]
    stated = _refined(reader, seen, cosines[None])
    parts = parts_of(seen.array, _apart(cosines, near))
    numbers = seen.measurements.numel()
    start = torch.cat([_left(seen, middle, some) for some in parts.split(_TRIED)]).log() * numbers
    hopeful = torch.nonzero(start < stated + _HOPELESS * numbers).flatten()
    best = hopeful[start[hopeful].argsort()[:_TRIED]]
    return best.numel() > 0 and stated - _refined(reader, _behind(seen, parts[best]), middle) > _CLEAR


def _apart(cosines: Tensor, near: list[list[int]]) -> Float[Tensor, "axis 3"]:
    """The lines in the array's frame along which images lie apart: those of a cut lie apart across it."""
    lines = torch.stack([cosines[members[0], :-1] - cosines[members[1], :-1] for members in near])
    lines = torch.nn.functional.pad(lines, (3 - lines.shape[-1], 0))
    return lines / torch.linalg.vector_norm(lines, dim=-1, keepdim=True).clamp_min(1e-12)


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
