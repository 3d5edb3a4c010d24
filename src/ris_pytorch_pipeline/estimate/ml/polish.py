"""How given sources are polished: joint updates of the likelihood from given powers, for all scenes at once."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from copy import copy
from dataclasses import dataclass
from typing import TypeVar

import torch
from jaxtyping import Complex, Float, Int
from torch import Tensor

from ...likelihood import Gram, panel_block, position_information, project, residual_gradient, response_gram
from ...physics import Array, Chart, Observation, chart_at, coded_operator, panel_images, stacked_gram, steering_at
from ...shapes import Cosines
from ..grid import search_grid
from ..region import SearchRegion
from .hypothesis import Hypothesis
from .levenberg import Box, Local, Minimum, minimise
from .stochastic import factors_in_single, likelihood_box, position_box, quadratic

_MANY = 0.5
"""Part of the scenes from which on all are evaluated: to copy the matrices of some takes as long."""


@dataclass(frozen=True, eq=False)
class Polished:
    """Where a polish ended.

    Args:
        hypothesis: the best one that was reached.
        information: (scene, parameter, parameter), Fisher information there; (a, b, q) of each source lead.
        local: the likelihood about it.
    """

    hypothesis: Hypothesis
    information: Float[Tensor, "scene parameter parameter"]
    local: Local


@dataclass(frozen=True, eq=False)
class Known:
    """A start, and what is known of the likelihood about it, in the coordinates of a flat array.

    Args:
        hypothesis: the start.
        local: the likelihood about it; None where nothing is known.
        changed: numbers of the scenes in which it is not this one.
    """

    hypothesis: Hypothesis
    local: Local | None = None
    changed: Int[Tensor, "row"] | None = None  # noqa: F821

    def at(self, evaluate: Callable[[Tensor, Tensor], Local], point: Tensor) -> Local | None:
        """The likelihood about the start in all scenes, evaluated where it is not known."""
        if self.local is None or self.changed is None or self.changed.numel() == 0:
            return self.local
        local = self.local.clone()
        local.put(self.changed, evaluate(point[self.changed], self.changed))
        return local

    def __getitem__(self, rows: Tensor) -> "Known":
        """Of some of the scenes."""
        if self.local is None or self.changed is None:
            return Known(self.hypothesis[rows], None if self.local is None else self.local[rows])
        changed = torch.nonzero(torch.isin(rows, self.changed)).squeeze(-1)
        return Known(self.hypothesis[rows], self.local[rows], changed)


class Compact(ABC):
    """What a polish needs of some scenes of unit mean power of measurements and channel, each reduced once.

    Args:
        observation: the scenes, scaled, in the precision to work in.
        region: the field of view.
    """

    def __init__(self, observation: Observation, region: SearchRegion) -> None:
        self.array: Array = observation.array
        self.grid = search_grid(region, observation.array)
        self.size = len(observation)
        self.equations = observation.measurements[0].numel()

    @abstractmethod
    def of(self, rows: Int[Tensor, "row"]) -> "Compact":  # noqa: F821
        """Of some of the scenes."""

    @abstractmethod
    def candidates(self, cosines: Cosines) -> tuple[Tensor, Tensor, Tensor]:
        """Grams B^H B (scene, block, source, source), B^H y and y^H y of sources at given places."""

    def _spread(self, x: Tensor, subset: Tensor, held: Tensor) -> tuple[Tensor, Tensor | None, Tensor | None]:
        """Points to evaluate, the scenes whose matrices they need (None: all), and which values were asked for."""
        if subset.numel() == self.size:
            return x, None, None
        if subset.numel() < _MANY * self.size:
            return x, subset, None
        return held.index_put((subset,), x), None, subset

    def polish(self, start: Hypothesis | Known, iterations: int) -> Polished:
        """At most so many joint updates."""
        return self._polish(start if isinstance(start, Known) else Known(start), iterations)

    @abstractmethod
    def _polish(self, known: Known, iterations: int) -> Polished: ...


class CompactRandom(Compact):
    """Random symbols: the coded operators G_l of all snapshots as one matrix per scene and frequency."""

    def __init__(self, observation: Observation, region: SearchRegion) -> None:
        super().__init__(observation, region)
        self.measurements = observation.blocks
        self.energy = observation.channel.shape[-2:].numel()
        self.operator = coded_operator(*observation.by_frequency()).flatten(2, 3)

    def of(self, rows: Int[Tensor, "row"]) -> "CompactRandom":  # noqa: F821
        """Of some of the scenes."""
        return _some(self, rows, "measurements", "operator")

    def candidates(self, cosines: Cosines) -> tuple[Tensor, Tensor, Tensor]:
        """One block per snapshot and frequency."""
        response = self._response(steering_at(cosines.float(), self.array), None)
        gram = response_gram(response, self.measurements, kinds=1)
        return gram.vectors, gram.measured, gram.energy

    def _polish(self, known: Known, iterations: int) -> Polished:
        """Fisher scoring over (a, b, q, log p) of every source and log σ²."""
        start = known.hypothesis
        sources, chart = start.cosines.shape[1], chart_at(start.cosines, self.array)
        first = torch.cat([chart.coordinates(start.cosines).flatten(1), start.log_powers, start.log_noise[:, None]], 1)

        def evaluate(x: Tensor, subset: Int[Tensor, "scene"]) -> Local:  # noqa: F821
            points, rows, asked = self._spread(x, subset, first)
            places = points[:, : 3 * sources].unflatten(1, (sources, 3))
            single = factors_in_single(x[:, 3 * sources : -1], x[:, -1:], self.energy)
            gram = self._gram(places, chart if rows is None else chart[rows], rows, single=single)
            return quadratic(gram if asked is None else gram[asked], x[:, 3 * sources : -1], x[:, -1:])

        box = likelihood_box(self.grid, sources, first)
        end = minimise(
            evaluate, first, box, iterations=iterations, tolerance=1e-2, known=known.at(evaluate, first)
        )  # fmt: skip
        coordinates, log_powers, log_noise = end.point.split([3 * sources, sources, 1], dim=1)
        cosines = chart.cosines(coordinates.unflatten(1, (sources, 3)))
        found = Hypothesis(cosines, log_powers, log_noise[:, 0], end.value, end.converged)
        return Polished(found, end.curvature, end.local)

    def _gram(self, coordinates: Tensor, chart: Chart, rows: Tensor | None, *, single: bool) -> Gram:
        vectors = panel_block(chart, coordinates.to(self.operator.dtype.to_real()))
        y = self.measurements if rows is None else self.measurements[rows]
        response = self._response(vectors, rows)
        return response_gram(response if single else response.to(torch.complex128), y, kinds=4)

    def _response(self, vectors: Complex[Tensor, "scene *frequency vector element"], rows: Tensor | None) -> Tensor:
        """(scene, block, vector, antenna)."""
        operator = self.operator if rows is None else self.operator[rows]
        seen = _by_frequency(vectors, self.array).to(operator.dtype) @ operator.mT
        seen = seen.unflatten(3, (-1, self.measurements.shape[-1])).transpose(2, 3)
        return seen.flatten(1, 2).contiguous()


class CompactPilot(Compact):
    """Constant symbols: Q = Σ G_l^H G_l and z = Σ G_l^H y_l of each frequency are all that is needed."""

    def __init__(self, observation: Observation, region: SearchRegion) -> None:
        super().__init__(observation, region)
        codes, channel = observation.by_frequency()
        y = observation.blocks.unflatten(1, codes.shape[1:3])
        self.gram = stacked_gram(codes, channel)
        self.image = panel_images(y, codes, channel).sum(2)
        self.energy = torch.view_as_real(y).square().sum(dim=(-1, -2, -3))

    def of(self, rows: Int[Tensor, "row"]) -> "CompactPilot":  # noqa: F821
        """Of some of the scenes."""
        return _some(self, rows, "gram", "image", "energy")

    def candidates(self, cosines: Cosines) -> tuple[Tensor, Tensor, Tensor]:
        """One block of all snapshots for each frequency, in double precision."""
        gram = self._stacked(steering_at(cosines.float(), self.array), None, kinds=1)
        return gram.vectors, gram.measured, gram.energy

    def _polish(self, known: Known, iterations: int) -> Polished:
        """Variable projection: Gauss-Newton over (a, b, q)."""
        start = known.hypothesis
        sources, chart = start.cosines.shape[1], chart_at(start.cosines, self.array)

        def evaluate(x: Tensor, subset: Int[Tensor, "scene"]) -> Local:  # noqa: F821
            points, rows, asked = self._spread(x, subset, first)
            gram = self._gram(points.unflatten(1, (sources, 3)), chart if rows is None else chart[rows], rows)
            return self._local(gram if asked is None else gram[asked])

        first = chart.coordinates(start.cosines).flatten(1)
        lower, upper, stride = (first.new_tensor(ends) for ends in position_box(self.grid, sources))
        box = Box(lower, upper, stride, sources)
        end = minimise(
            evaluate, first, box, iterations=iterations, tolerance=1e-2, known=known.at(evaluate, first)
        )  # fmt: skip
        coordinates = end.point.unflatten(1, (sources, 3))
        return self._stated(end, chart.cosines(coordinates))

    def _stated(self, end: Minimum, cosines: Tensor) -> Polished:
        """With the symbols' powers and the noise of the last point; the curvature is the information there."""
        gram = self._stacked(steering_at(cosines.to(self.gram.dtype.to_real()), self.array), None, kinds=1)
        inner, measured = gram.vectors.flatten(0, 1), gram.measured.flatten(0, 1)  # a row for each scene and frequency
        load = 1e-12 * inner.diagonal(dim1=-2, dim2=-1).real.mean(-1, keepdim=True)
        symbols = torch.linalg.solve(inner + torch.diag_embed(load.to(inner.dtype).expand(inner.shape[:2])), measured)
        powers = torch.view_as_real(symbols).square().sum(-1)
        left = gram.energy - (measured.conj() * symbols).sum(-1).real.view_as(gram.energy)
        powers = powers.unflatten(0, gram.energy.shape).mean(1).clamp_min(1e-30)
        amplitudes = cosines.shape[1] * self.array.frequencies
        noise = left.sum(1).clamp_min(1e-30) / (self.equations - amplitudes)
        found = Hypothesis(cosines, powers.log(), noise.log(), end.value, end.converged)
        scale = 1 - amplitudes / self.equations  # L M / residual against 1 / σ²
        return Polished(found, end.curvature * scale, end.local)

    def _gram(self, coordinates: Tensor, chart: Chart, rows: Tensor | None) -> Gram:
        return self._stacked(panel_block(chart, coordinates.to(self.gram.dtype.to_real())), rows, kinds=4)

    def _local(self, gram: Gram) -> Local:
        """L M log f, its gradient and the Gauss-Newton curvature, all in nats; f is the residual of all frequencies."""
        projection = project(gram)
        residual = projection.residual.sum(1).clamp_min(1e-30)
        scale = self.equations / residual
        return Local(
            self.equations * residual.log(),
            scale[:, None] * residual_gradient(projection).sum(1),
            scale[:, None, None] * position_information(projection, projection.symbols).sum(1),
        )

    def _stacked(
        self, vectors: Complex[Tensor, "scene *frequency vector element"], rows: Tensor | None, kinds: int
    ) -> Gram:
        """One block for each frequency; products in the working precision, what follows in double."""
        matrix, image, energy = (x if rows is None else x[rows] for x in (self.gram, self.image, self.energy))
        vectors = _by_frequency(vectors, self.array).to(matrix.dtype)
        conjugate = vectors.conj()
        inner = conjugate @ (vectors @ matrix.mT).mT
        inner = 0.5 * (inner + inner.mH)
        measured = (conjugate @ image[..., None]).squeeze(-1)
        equations = self.equations // self.array.frequencies
        return Gram(inner.to(torch.complex128), measured.to(torch.complex128), energy.double(), equations, kinds)


def _by_frequency(vectors: Tensor, array: Array) -> Complex[Tensor, "scene frequency vector element"]:
    """Panel vectors with an axis of frequencies, where there is one frequency too."""
    return vectors if array.frequencies > 1 else vectors.unsqueeze(1)


_Kind = TypeVar("_Kind", bound=Compact)


def _some(scenes: _Kind, rows: Tensor, *names: str) -> _Kind:
    """A copy with some rows of the named tensors."""
    made = copy(scenes)
    made.size = rows.numel()
    vars(made).update({name: vars(scenes)[name][rows] for name in names})
    return made


def compact(observation: Observation, region: SearchRegion) -> Compact:
    """What a polish needs of scaled scenes, in their precision.

    Args:
        observation: of unit mean power of measurements and channel.
        region: the field of view.
    """
    return (CompactRandom if observation.symbols == "random" else CompactPilot)(observation, region)
