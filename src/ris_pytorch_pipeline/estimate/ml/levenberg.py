"""How a smooth objective is minimised for many scenes at once: Levenberg-Marquardt with a box."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

Scenes = Int[Tensor, "scene"]
ROUGH = 1e-3
"""Nats of tolerance from which on responses of single precision will do: their rounding moves an objective by less."""
_HOPE = 2.0
"""Predicted decreases that a start may lie above its ceiling. Of starts that come below it in four iterations, at most
1 % lie higher; of the others half do (random symbols, K = 3 at 10 dB) or a quarter (pilots, K = 5 at 5 dB)."""
_RIM = 1 - 1e-9
"""a² + b² just short of endfire, where d_x would have no slope."""


@dataclass(frozen=True, eq=False)
class Local:
    """An objective and its quadratic model at a point.

    Args:
        value: (scene,), in nats.
        gradient: (scene, parameter).
        curvature: (scene, parameter, parameter), positive semidefinite.
    """

    value: Float[Tensor, "scene"]  # noqa: F821
    gradient: Float[Tensor, "scene parameter"]
    curvature: Float[Tensor, "scene parameter parameter"]


@dataclass(frozen=True, eq=False)
class Minimum:
    """Where the minimisation ended.

    Args:
        point: (scene, parameter).
        value: (scene,), objective at the point.
        converged: (scene,), False where the iteration limit came first.
        curvature: (scene, parameter, parameter), of the model at the point.
    """

    point: Float[Tensor, "scene parameter"]
    value: Float[Tensor, "scene"]  # noqa: F821
    converged: Bool[Tensor, "scene"]  # noqa: F821
    curvature: Float[Tensor, "scene parameter parameter"]


@dataclass(frozen=True, eq=False)
class Box:
    """Limits of each parameter: its range and its largest change in one iteration.

    Args:
        lower: (parameter,).
        upper: (parameter,); equal to `lower` fixes a parameter.
        stride: (parameter,).
        sources: how many (a, b, q) triples lead the vector; their directions stay inside the unit disc.
    """

    lower: Float[Tensor, "parameter"]  # noqa: F821
    upper: Float[Tensor, "parameter"]  # noqa: F821
    stride: Float[Tensor, "parameter"]  # noqa: F821
    sources: int

    def clamp(self, point: Float[Tensor, "scene parameter"]) -> Float[Tensor, "scene parameter"]:
        """The nearest allowed point, roughly: into the ranges, then directions into the disc a² + b² < 1."""
        inside = point.clamp(self.lower, self.upper)
        positions = inside[:, : 3 * self.sources].unflatten(1, (self.sources, 3))
        shrink = (_RIM / positions[..., :2].square().sum(-1).clamp_min(_RIM)).sqrt()
        positions[..., :2] *= shrink.unsqueeze(-1)
        return inside


def minimise(
    evaluate: Callable[[Tensor, Scenes], Local],
    start: Float[Tensor, "scene parameter"],
    box: Box,
    *,
    iterations: int,
    tolerance: float,
    ceiling: Float[Tensor, "scene"] | None = None,  # noqa: F821
) -> Minimum:
    """Minimise by (C + μ diag C) dx = -g, accepting a scene's step only when its objective falls.

    Where C is an expectation, as in Fisher scoring, the objective's own curvature may differ and the steps fall short
    or zigzag: each step is scaled by the ratio of the two along the last one, which costs nothing.

    A scene has converged when its predicted decrease g^T C⁻¹ g / 2 over the parameters that are free to move is below
    `tolerance`. Scenes that are done leave the batch.

    Args:
        evaluate: objective and quadratic model at a (subset, parameter) point; it is told which scenes the rows are.
        start: (scene, parameter), inside the box.
        box: limits.
        iterations: most evaluations after the first.
        tolerance: nats.
        ceiling: value that a scene has to come below; one that would not even by `_HOPE` times its predicted decrease
            is given up.

    Returns:
        The best point of each scene.
    """
    point = box.clamp(start)
    active = torch.arange(start.shape[0], device=start.device)
    here = evaluate(point, active)
    value, curvature = here.value.clone(), here.curvature.clone()
    converged = torch.zeros_like(active, dtype=torch.bool)
    damping, length = torch.full_like(value, 1e-2), torch.ones_like(value)
    for _ in range(iterations):
        step, decrease = _step(here, point[active], damping[active], box)
        done = decrease < tolerance
        converged[active[done]] = True
        if ceiling is not None:
            done = done | (here.value - _HOPE * decrease > ceiling[active])
        active, step = active[~done], step[~done]
        if active.numel() == 0:
            break
        here = _pick(here, ~done)
        trial = box.clamp(point[active] + length[active, None] * step)
        there = evaluate(trial, active)
        better = there.value < here.value
        length[active] = torch.where(better, _length(trial - point[active], here, there), 1.0)
        point[active] = torch.where(better[:, None], trial, point[active])
        value[active] = torch.where(better, there.value, here.value)
        damping[active] = (damping[active] * torch.where(better, 0.2, 8.0)).clamp(1e-6, 1e6)
        here = _choose(better, there, here)
        curvature[active] = here.curvature
    return Minimum(point, value, converged, curvature)


def _step(here: Local, point: Tensor, damping: Tensor, box: Box) -> tuple[Tensor, Tensor]:
    """The damped step and the decrease that the undamped model predicts, over parameters that are free to move."""
    blocked = (point <= box.lower) & (here.gradient > 0) | (point >= box.upper) & (here.gradient < 0)
    blocked = blocked | (box.lower == box.upper)
    gradient = here.gradient.masked_fill(blocked, 0)
    curvature = here.curvature.masked_fill(blocked[:, :, None] | blocked[:, None, :], 0)
    diagonal = curvature.diagonal(dim1=-2, dim2=-1).clamp_min(torch.finfo(gradient.dtype).tiny)
    diagonal = torch.where(blocked, torch.ones_like(diagonal), diagonal)
    scale = diagonal.rsqrt()
    scaled = curvature * scale[:, :, None] * scale[:, None, :]
    eye = torch.eye(point.shape[1], dtype=point.dtype, device=point.device)
    unit = gradient * scale
    loads = torch.stack([damping, torch.full_like(damping, 1e-9)])[..., None, None]  # damped step, undamped decrease
    fill = torch.diag_embed(blocked.to(point.dtype))
    factor, failed = torch.linalg.cholesky_ex(scaled + fill + loads * eye)
    factor = torch.where(failed[..., None, None] > 0, eye, factor)  # a singular model: scaled steepest descent
    solved = torch.cholesky_solve(unit.expand(2, -1, -1).unsqueeze(-1), factor).squeeze(-1)
    step = (-solved[0] * scale).clamp(-box.stride, box.stride)
    return step, (unit * solved[1]).sum(-1) / 2


def _length(step: Tensor, here: Local, there: Local) -> Tensor:
    """Curvature of the model along the step just taken over that of the objective, within 0.4 and 2.5."""
    modelled = (step.unsqueeze(-2) @ here.curvature @ step.unsqueeze(-1)).squeeze((-1, -2))
    seen = (step * (there.gradient - here.gradient)).sum(-1)
    return modelled / seen.clamp(0.4 * modelled, 2.5 * modelled).clamp_min(torch.finfo(step.dtype).tiny)


def _pick(here: Local, rows: Tensor) -> Local:
    return Local(here.value[rows], here.gradient[rows], here.curvature[rows])


def _choose(better: Tensor, there: Local, here: Local) -> Local:
    return Local(
        torch.where(better, there.value, here.value),
        torch.where(better[:, None], there.gradient, here.gradient),
        torch.where(better[:, None, None], there.curvature, here.curvature),
    )
