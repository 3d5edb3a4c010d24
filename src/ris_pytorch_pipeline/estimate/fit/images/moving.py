"""Which sources of random symbols are one that moved while it was recorded: it shows as several that rest.

In snapshot l a moving source is at c + v t_l, with t from -1/2 to 1/2, and the covariance Γ_l = p b_l b_l^H + σ² I has
one source where resting ones have two or more: they are images of it where it explains more than they do.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from ....likelihood import block_scores, fisher_information, negative_log_likelihood, snapshot_gram, whiten
from ....physics import Chart, Observation, Sounding, chart_at, to_cosines
from ....shapes import Mask, Positions
from ...grid import SearchGrid
from ...ml.levenberg import Box, Local, minimise
from ...ml.stochastic import likelihood_box, position_box
from ..groups import groups_of

MOVING = "a source that moves from snapshot to snapshot shows at several places"
"""What is said of a scene with a source that moved."""
_NEAR = 3.0
"""Grid steps in direction, 1.5 beamwidths, within which two sources may be images of one that moves."""
_SPEEDS = (0.5, 1.5, 3.0)
"""Of the centre of the images' energies, from which the fit of a moving source starts: images wander less than it."""
_RIM = 0.999
"""sqrt(a² + b²) just short of endfire, where a way may lead in a trial of its fit."""
_ITERATIONS, _TOLERANCE = 30, 1e-2
_HOPELESS = 3.0
"""Nats a number measured by which a moving source may explain less before it is fitted, with what is left at the noise
of the resting ones: images at 20 dB lie up to 2.2 above."""


@dataclass(frozen=True, eq=False)
class Resting:
    """One scene with sources that rest, scaled.

    Args:
        seen: of this scene alone.
        cosines: (source, coordinate), where they are.
        powers: (source,).
        noise: σ².
        energies: (snapshot, source), of the fitted symbols.
    """

    seen: Observation
    cosines: Tensor
    powers: Float[Tensor, "source"]  # noqa: F821
    noise: Tensor
    energies: Float[Tensor, "snapshot source"]

    @property
    def value(self) -> float:
        """NLL of the scene."""
        chart = chart_at(self.cosines[None], self.seen.array)
        gram = snapshot_gram(chart.coordinates(self.cosines[None]), chart, self.seen, self.seen.blocks)
        return float(negative_log_likelihood(whiten(gram, self.powers[None], self.noise[None])))


def moving_mates(
    observation: Observation, positions: Positions, levels: tuple[Tensor, Tensor], grid: SearchGrid, threshold: float
) -> Mask:  # fmt: skip
    """(scene, source): True of sources that are, with a stronger one, images of one that moves.

    Args:
        observation: scaled scenes of random symbols at one wavelength.
        positions: (scene, source, 3), strongest first; NaN in empty slots.
        levels: powers (scene, source) and noise variances (scene,) of the scaled scenes.
        grid: of the field.
        threshold: τ, the gain 2 ΔNLL over the resting sources that a moving one has to bring.
    """
    mates = torch.zeros_like(positions[..., 0], dtype=torch.bool)
    if observation.symbols != "random" or observation.wide or observation.measurements.shape[-2] < 3:
        return mates
    groups = groups_of(observation, positions)
    for scene in torch.nonzero(groups.order > 1).flatten().tolist():
        there = groups.present[scene]
        cosines = to_cosines(positions[scene][there], observation.array)
        energies = torch.view_as_real(groups.amplitudes[scene][:, there]).square().sum(-1)
        seen = observation[[scene]]
        resting = Resting(seen, cosines, levels[0][scene][there].double(), levels[1][scene].double(), energies.double())
        for members in clusters(cosines[..., :-1], grid):
            if 2 * (resting.value - _moved(resting, members, grid)) > threshold:
                mates[scene, torch.nonzero(there).flatten()[members[1:]]] = True
    return mates


def clusters(directions: Tensor, grid: SearchGrid) -> list[list[int]]:
    """Numbers of sources that hang together, each within a few grid steps of another; those alone are left out."""
    steps = directions.new_tensor(grid.steps[:-1])
    near = ((directions[:, None] - directions).abs() < _NEAR * steps).all(-1)
    reach = torch.linalg.matrix_power(near.double(), len(near)) > 0
    clusters = {tuple(torch.nonzero(row).flatten().tolist()) for row in reach}
    return [list(members) for members in sorted(clusters) if len(members) > 1]


def _moved(resting: Resting, members: list[int], grid: SearchGrid) -> float:
    """NLL with one moving source in place of some resting ones; infinite where its fit is hopeless at the start."""
    others = [k for k in range(len(resting.powers)) if k not in members]
    cosines = resting.cosines[[members[0], *others]]
    moving = _Moving(resting, chart_at(cosines, resting.seen.array), cosines)
    start = moving.start(members)
    box = _box(grid, len(others) + 1, start)
    start = box.clamp(start)
    here = moving.local(start, torch.arange(len(start)))
    if not bool((here.value < _HOPELESS * resting.seen.measurements.numel() + resting.value).any()):
        return torch.inf
    end = minimise(moving.local, start, box, iterations=_ITERATIONS, tolerance=_TOLERANCE, known=here)
    return float(end.value.amin())


@dataclass(frozen=True, eq=False)
class _Moving:
    """One scene with a source that moves beside others that rest, as a function of (c, v, log powers, log σ²).

    Args:
        resting: the scene.
        chart: about the source that moves, first, and the others.
        cosines: of them.
    """

    resting: Resting
    chart: Chart
    cosines: Tensor

    @property
    def times(self) -> Tensor:
        """(snapshot,), from -1/2 to 1/2."""
        return torch.linspace(-0.5, 0.5, len(self.resting.energies), dtype=torch.float64)

    def start(self, members: list[int]) -> Float[Tensor, "speed parameter"]:
        """From the straight line along which the centre of the images' energies moves, at several speeds."""
        energies = self.resting.energies[:, members]
        first = Chart(self.chart.array, None if self.chart.turn is None else self.chart.turn[:1])
        places = first.coordinates(self.resting.cosines[members])
        weight = energies.sum(-1, keepdim=True).sqrt()
        centre = energies @ places / weight.square().clamp_min(1e-300)
        line = torch.stack([torch.ones_like(self.times), self.times], dim=-1)
        place, speed = torch.linalg.lstsq(line * weight, centre * weight).solution
        others = [k for k in range(len(self.resting.powers)) if k not in members]
        powers = torch.cat([self.resting.powers[members].sum()[None], self.resting.powers[others]]).log()
        rest = torch.cat([powers, self.resting.noise.log()[None]])
        return torch.stack([torch.cat([place, factor * speed, rest]) for factor in _SPEEDS])

    def local(self, x: Tensor, subset: Tensor) -> Local:
        """NLL, score and Fisher information, from those of every snapshot as a scene of its own."""
        del subset
        seen, rows, snapshots = self.resting.seen, len(x), len(self.times)
        sources = len(self.cosines)
        held = self.chart.coordinates(self.cosines).expand(rows, snapshots, -1, -1)
        moved = _visible(x[:, None, :3] + self.times[:, None] * x[:, None, 3:6])
        coordinates = torch.cat([moved[:, :, None], held[:, :, 1:]], dim=2).flatten(0, 1)
        sounding = Sounding(
            array=seen.array, codes=seen.codes[0, :, None].repeat(rows, 1, 1),
            channel=seen.channel.expand(rows * snapshots, -1, -1),
        )  # fmt: skip
        gram = snapshot_gram(coordinates, self.chart, sounding, seen.blocks[0, :, None].repeat(rows, 1, 1))
        powers = x[:, 6:-1].exp().repeat_interleave(snapshots, 0)
        whitened = whiten(gram, powers, x[:, -1].exp().repeat_interleave(snapshots, 0))
        kept = [0, 1, 2, *range(3 * sources, 4 * sources + 1)]
        slope = block_scores(whitened, powers)[:, 0, kept].unflatten(0, (rows, snapshots))
        curvature = fisher_information(whitened, powers)[:, kept][..., kept].unflatten(0, (rows, snapshots))
        change = self._change(len(kept))
        return Local(
            negative_log_likelihood(whitened).unflatten(0, (rows, snapshots)).sum(1),
            torch.einsum("lki,rlk->ri", change, slope),
            torch.einsum("lki,rlkm,lmj->rij", change, curvature, change),
        )

    def _change(self, parameters: int) -> Float[Tensor, "snapshot parameter moved"]:
        """How place and levels of each snapshot move with (c, v, log powers, log σ²)."""
        change = torch.zeros(len(self.times), parameters, parameters + 3, dtype=torch.float64)
        change[:, :3, :3] = torch.eye(3).double()
        change[:, :3, 3:6] = self.times[:, None, None] * torch.eye(3).double()
        change[:, 3:, 6:] = torch.eye(parameters - 3).double()
        return change


def _visible(coordinates: Tensor) -> Tensor:
    """Places on a way that leaves what can be seen: held at the rim, or far away."""
    directions, q = coordinates[..., :2], coordinates[..., 2:]
    reach = directions.square().sum(-1, keepdim=True).sqrt()
    return torch.cat([directions * (_RIM / reach.clamp_min(_RIM)), q.clamp_min(0)], dim=-1)


def _box(grid: SearchGrid, sources: int, like: Tensor) -> Box:
    """A place of the field, a way no longer than the field, and levels."""
    levels = likelihood_box(None, sources, like)
    lower, upper, stride = (like.new_tensor(ends) for ends in position_box(grid, 1))
    width = upper - lower
    return Box(
        torch.cat([lower, -width, levels.lower]),
        torch.cat([upper, width, levels.upper]),
        torch.cat([stride, 2 * stride, levels.stride]),
        1,
    )
