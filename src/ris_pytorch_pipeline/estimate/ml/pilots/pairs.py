"""Which two places explain constant symbols best together: a start that no search for one source at a time finds.

Two coherent sources within a beamwidth or two interfere, and the largest gain of one alone lies at neither of them.
"""

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from ....physics import steering_at
from ...grid import SearchGrid
from ..hypothesis import Hypothesis, Rows
from ..search import SearchEffort, better_of
from .likelihood import PilotLikelihood

MOST_POINTS = 1000
"""Grid points up to which all pairs are tried: a million pairs."""
_PAIRS = 4
"""Best pairs that are refined: half a grid step costs the right one more energy than parts it from wrong ones."""
_ALIKE = 0.9
"""Squared coherence above which two places are one: their difference explains anything, with powers without bound."""


def redetect_pairs(
    likelihood: PilotLikelihood, rows: Rows, given: Hypothesis, grid: SearchGrid, effort: SearchEffort
) -> Hypothesis:
    """Take out every two sources in turn, put them where both together explain most, refine, and keep what is better.

    Args:
        likelihood: of pilots.
        rows: scene of each row.
        given: at least two sources in each row.
        grid: of at most `MOST_POINTS` points.
        effort: how long to refine.
    """
    best, sources, number = given, given.cosines.shape[1], torch.arange(rows.numel(), device=rows.device)
    points = grid.points().to(given.cosines.dtype)
    for first in range(sources):
        for second in range(first + 1, sources):
            rest = given.without(second).without(first)
            pairs = torch.stack(
                [
                    _best_pairs(likelihood, row, rest[row_number], grid)
                    for row_number, row in zip(number.split(1), rows.split(1), strict=True)
                ]
            )
            for pair in pairs.unbind(1):
                start = rest.plus(points[pair[:, 0]], rest.log_noise).plus(points[pair[:, 1]], rest.log_noise)
                tried = likelihood.refine(rows, start, iterations=effort.settle_iterations, tolerance=1e-2)
                best = better_of(best, tried)
    return best


def _best_pairs(likelihood: PilotLikelihood, row: Tensor, rest: Hypothesis, grid: SearchGrid) -> Tensor:
    """Numbers of the two grid points with the largest energy in their span, off the span of the rest: (pair, 2).

    For each frequency (|c_1|² g_22 + |c_2|² g_11 - 2 Re c_1^* g_12 c_2)/(g_11 g_22 - |g_12|²) with g = r^H r and
    c = r^H t of the responses r = T a and the measurements t off the rest.
    """
    points = grid.points().to(rest.cosines.dtype)
    energy: Float[Tensor, "point point"] = torch.zeros(len(points), len(points), dtype=points.dtype)
    alike = torch.zeros_like(energy)
    measured = likelihood.statistics.measured[row][0]
    panel, kept = (_responses(likelihood, row, each) for each in (points, rest.cosines[0]))
    for response, others, image in zip(panel, kept, measured, strict=True):
        seen, heard = _without(response, image, others)
        g = seen.conj() @ seen.mT
        c = seen.conj() @ heard
        own = g.diagonal().real.clamp_min(1e-30)
        cross = (c.conj()[:, None] * g * c).real
        loud = torch.view_as_real(c).square().sum(-1)
        both, across = own[:, None] * own, torch.view_as_real(g).square().sum(-1)
        alike = torch.maximum(alike, across / both)
        energy = energy + (loud[:, None] * own + loud * own[:, None] - 2 * cross) / (both - across).clamp_min(
            1e-2 * both
        )
    return _apart(energy.masked_fill(alike > _ALIKE, -torch.inf), grid, points)


def _apart(energy: Float[Tensor, "point point"], grid: SearchGrid, points: Tensor) -> Tensor:
    """The pairs of largest energy, no two of them within a grid step in both places, (pair, 2); few may repeat."""
    near = ((points[:, None] - points).abs() < 1.51 * points.new_tensor(grid.steps)).all(-1)
    found = [divmod(int(energy.argmax()), len(points))]
    while len(found) < _PAIRS:
        around = near[found[-1][0]][:, None] & near[found[-1][1]]
        energy = energy.masked_fill(around | around.mT, -torch.inf)
        found.append(divmod(int(energy.argmax()), len(points)) if bool(energy.isfinite().any()) else found[0])
    return torch.tensor(found, device=points.device)


def merged_pairs(likelihood: PilotLikelihood, given: Hypothesis) -> Bool[Tensor, "row"]:  # noqa: F821
    """True where two sources ended within half a grid step of each other: their difference fits like a derivative."""
    steps = given.cosines.new_tensor(likelihood.grid.steps) / 2
    close = ((given.cosines[:, :, None] - given.cosines[:, None]).abs() < steps).all(-1)
    return close.sum((-1, -2)) > given.cosines.shape[1]


def _responses(likelihood: PilotLikelihood, row: Tensor, cosines: Tensor) -> Tensor:
    """T a of places in one scene, (frequency, place, equation)."""
    vectors = steering_at(cosines, likelihood.observation.array)
    by_frequency = vectors if vectors.ndim == 3 else vectors[None]
    return likelihood.statistics.response(by_frequency[None], row)[0]


def _without(responses: Tensor, image: Tensor, others: Tensor) -> tuple[Tensor, Tensor]:
    """Responses (place, equation) and measurements off the span of other responses."""
    basis = torch.linalg.qr(others.mT).Q
    return responses - (responses @ basis.conj()) @ basis.mT, image - basis @ (basis.mH @ image)
