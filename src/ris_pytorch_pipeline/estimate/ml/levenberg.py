"""How a smooth objective is minimised for many scenes at once: Levenberg-Marquardt with a box."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

Scenes = Int[Tensor, "scene"]
ROUGH = 1e-3
"""Nats of tolerance from which on responses of single precision will do: their rounding moves an objective by less."""
_HOPE = 2.0
"""Predicted decreases that a start may lie above its ceiling. Of starts that come below it in four iterations, at most
1 % lie higher; of the others half do (random symbols, K = 3 at 10 dB) or a quarter (pilots, K = 5 at 5 dB)."""
_LOADING = 1e-9
"""Added to the scaled diagonal for the undamped decrease."""
_RIM = 1 - 1e-9
"""a² + b² just short of endfire, where d_x would have no slope."""
_NEAR_RIM, _HELD = 0.99, 0.01
"""a² + b² from which on a direction may lie on the rim; it does where no more than this part of a deviation is left."""


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

    def __getitem__(self, rows: Tensor) -> "Local":
        """Of some of the scenes."""
        return Local(self.value[rows], self.gradient[rows], self.curvature[rows])

    def put(self, rows: Tensor, other: "Local") -> None:
        """Take some scenes from another one."""
        self.value[rows], self.gradient[rows], self.curvature[rows] = other.value, other.gradient, other.curvature

    def clone(self) -> "Local":
        """A copy that may be written to."""
        return Local(self.value.clone(), self.gradient.clone(), self.curvature.clone())


@dataclass(frozen=True, eq=False)
class Ceiling:
    """What the objective of each scene has to come below; a scene that will not is given up.

    Args:
        value: (scene,), in nats.
        hope: predicted decreases that a scene may lie above it after the first iteration; before, `_HOPE`.
    """

    value: Float[Tensor, "scene"]  # noqa: F821
    hope: float

    def out_of_reach(self, scenes: Scenes, value: Tensor, decrease: Tensor, iteration: int) -> Tensor:
        """Whether some of the scenes will not come below it by what their models promise, (scene,)."""
        return value - (self.hope if iteration else _HOPE) * decrease > self.value[scenes]


@dataclass(frozen=True, eq=False)
class Minimum:
    """Where the minimisation ended.

    Args:
        point: (scene, parameter).
        local: objective and model at the point.
        converged: (scene,), False where the iteration limit came first.
    """

    point: Float[Tensor, "scene parameter"]
    local: Local
    converged: Bool[Tensor, "scene"]  # noqa: F821

    @property
    def value(self) -> Float[Tensor, "scene"]:  # noqa: F821
        """Objective at the point."""
        return self.local.value

    @property
    def curvature(self) -> Float[Tensor, "scene parameter parameter"]:
        """Of the model at the point."""
        return self.local.curvature

    def put(self, scenes: Scenes, point: Tensor, model: Local, converged: Tensor) -> None:
        """Note where some of the scenes ended."""
        self.point[scenes], self.converged[scenes] = point, converged
        self.local.put(scenes, model)


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

    @cached_property
    def fixed(self) -> Bool[Tensor, "parameter"]:  # noqa: F821
        """Parameters without a range."""
        return self.lower == self.upper

    def clamp(self, point: Float[Tensor, "scene parameter"]) -> Float[Tensor, "scene parameter"]:
        """The nearest allowed point, roughly: into the ranges, then directions into the disc a² + b² < 1."""
        inside = point.clamp(self.lower, self.upper)
        if self.sources == 0:
            return inside
        directions = _directions(inside, self.sources)
        reach = directions.square().sum(-1, keepdim=True)
        if bool((reach > _RIM).any()):
            directions *= (_RIM / reach.clamp_min(_RIM)).sqrt()
        return inside


def minimise(
    evaluate: Callable[[Tensor, Scenes], Local],
    start: Float[Tensor, "scene parameter"],
    box: Box,
    *,
    iterations: int,
    tolerance: float,
    ceiling: Ceiling | None = None,
    known: Local | None = None,
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
        ceiling: what a scene has to come below, or is given up.
        known: the model at the start, where it has been evaluated before.

    Returns:
        The best point of each scene.
    """
    live = torch.arange(len(start), device=start.device)
    point = box.clamp(start)
    here = evaluate(point, live) if known is None else known
    end = Minimum(point.clone(), here.clone(), torch.zeros_like(live).bool())
    damping, length = torch.full_like(here.value, 1e-2), torch.ones_like(here.value)
    for iteration in range(iterations):
        step, decrease = _step(here, point, damping, box)
        converged = decrease < tolerance
        done = converged
        if ceiling is not None:
            done = done | ceiling.out_of_reach(live, here.value, decrease, iteration)
        if bool(done.any()):
            end.put(live[done], point[done], here[done], converged[done])
            kept = torch.nonzero(~done).squeeze(-1)
            if kept.numel() == 0:
                return end
            live, point, here, step = live[kept], point[kept], here[kept], step[kept]
            damping, length = damping[kept], length[kept]
        trial = box.clamp(torch.addcmul(point, length[:, None], step))
        there = evaluate(trial, live)
        better = there.value < here.value
        if bool(better.all()):
            length, damping = _length(trial - point, here, there), (0.2 * damping).clamp_min(1e-6)
            point, here = trial, there
            continue
        length = torch.where(better, _length(trial - point, here, there), 1.0)
        damping = (damping * torch.where(better, 0.2, 8.0)).clamp(1e-6, 1e6)
        point, here = torch.where(better[:, None], trial, point), _choose(better, there, here)
    end.put(live, point, here, torch.zeros_like(live).bool())
    return end


def _step(here: Local, point: Tensor, damping: Tensor, box: Box) -> tuple[Tensor, Tensor]:
    """The damped step and the decrease that the undamped model predicts, over parameters that are free to move."""
    gradient, curvature = _along_rim(here, point, box.sources)
    diagonal = curvature.diagonal(dim1=-2, dim2=-1).clamp_min(torch.finfo(gradient.dtype).tiny)
    low, high = point <= box.lower, point >= box.upper
    if bool((low | high).any()):
        blocked = torch.where(gradient > 0, low, high & (gradient < 0)) | box.fixed
        gradient, diagonal = gradient.masked_fill(blocked, 0), diagonal.masked_fill(blocked, 1)
        curvature = curvature.masked_fill(blocked[:, :, None] | blocked[:, None, :], 0)
        curvature = curvature + torch.diag_embed(blocked.to(point.dtype))
    scale = diagonal.rsqrt()
    unit = gradient * scale
    loaded = torch.stack([curvature, curvature]) * scale[:, :, None] * scale[:, None, :]
    own = loaded.diagonal(dim1=-2, dim2=-1)
    own[0].add_(damping[:, None])  # the damped step
    own[1].add_(_LOADING)  # the undamped decrease
    factor, failed = torch.linalg.cholesky_ex(loaded)
    if bool(failed.any()):  # a singular model: scaled steepest descent
        factor = torch.where(failed[..., None, None] > 0, torch.eye(point.shape[1]).to(factor), factor)
    solved = torch.cholesky_solve(unit.expand(2, -1, -1).unsqueeze(-1), factor).squeeze(-1)
    step = (solved[0] * -scale).clamp(-box.stride, box.stride)
    return step, (unit * solved[1]).sum(-1) / 2


def _along_rim(here: Local, point: Tensor, sources: int) -> tuple[Tensor, Tensor]:
    """Slope and curvature along the rim of the disc, for directions on it that the objective pulls outwards.

    With n the unit vectors of these in (a, b), t across them and P = I - Σ n n^T they are P g and
    P C P + Σ |n^T g| t t^T + c Σ n n^T: along the circle the pull itself bends the objective. c is of C's own size.
    """
    places = _directions(point, sources)
    reach = places.square().sum(-1)
    if not bool((reach > _NEAR_RIM).any()):
        return here.gradient, here.curvature
    slopes, stiff = (_directions(x, sources) for x in (here.gradient, here.curvature.diagonal(dim1=-2, dim2=-1)))
    normals = torch.nn.functional.normalize(places, dim=-1)
    deviation = (normals.square() * stiff).sum(-1).clamp_min(torch.finfo(point.dtype).tiny).rsqrt()
    left = (2 * _HELD * deviation).clamp(2 * (1 - _RIM), 1 - _NEAR_RIM)
    normals = normals * ((1 - reach < left) & ((places * slopes).sum(-1) < 0))[..., None]
    across = torch.stack([-normals[..., 1], normals[..., 0]], dim=-1)
    pull = (normals * slopes).sum(-1).abs()
    out, bend = _spread_out(normals, point), _spread_out(across * pull.sqrt()[..., None], point)
    inside = torch.eye(point.shape[1], dtype=point.dtype, device=point.device) - out
    size = (here.curvature * out).sum((-1, -2), keepdim=True)
    slope = (inside @ here.gradient.unsqueeze(-1)).squeeze(-1)
    return slope, inside @ here.curvature @ inside + bend + size * out


def _directions(values: Float[Tensor, "scene parameter"], sources: int) -> Float[Tensor, "scene source 2"]:
    """What belongs to (a, b) of each source."""
    return values[:, : 3 * sources].unflatten(1, (sources, 3))[..., :2]


def _spread_out(vectors: Float[Tensor, "scene source 2"], point: Tensor) -> Tensor:
    """Σ v v^T over all parameters of vectors in (a, b) of each source."""
    rows = point.new_zeros((*vectors.shape[:2], point.shape[1]))
    for source in range(vectors.shape[1]):
        rows[:, source, 3 * source : 3 * source + 2] = vectors[:, source]
    return rows.mT @ rows


def _length(step: Tensor, here: Local, there: Local) -> Tensor:
    """Curvature of the model along the step just taken over that of the objective, within 0.4 and 2.5.

    It is 1 where rounding makes the model bend down: of two sources at nearly one place the symbols are without bounds.
    """
    modelled = (step.unsqueeze(-2) @ here.curvature @ step.unsqueeze(-1)).squeeze((-1, -2))
    seen = (step * (there.gradient - here.gradient)).sum(-1)
    ratio = modelled / seen.clamp(0.4 * modelled, 2.5 * modelled).clamp_min(torch.finfo(step.dtype).tiny)
    return torch.where(modelled > 0, ratio, 1.0)


def _choose(better: Tensor, there: Local, here: Local) -> Local:
    return Local(
        torch.where(better, there.value, here.value),
        torch.where(better[:, None], there.gradient, here.gradient),
        torch.where(better[:, None, None], there.curvature, here.curvature),
    )
