"""How measurements of sources of several kinds are searched: jointly, and for one more source beside some."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from jaxtyping import Complex
from torch import Tensor

from ....likelihood import Mixed, StackedStatistics, mixed_likelihood, sequenced_gram
from ....physics import Chart, Observation, SourceKind, chart_at, coded_operator, steering_at
from ....shapes import Cosines
from ...grid import SearchGrid, search_grid
from ...region import SearchRegion
from ..hypothesis import Hypothesis, Likelihood, Rows
from ..levenberg import Box, Ceiling, Local, minimise
from ..pilots.likelihood import PilotLikelihood
from ..stochastic import StochasticLikelihood, likelihood_box, position_box


@dataclass(frozen=True, eq=False)
class MixedLikelihood:
    """The joint likelihood of sources of several kinds, source k of a hypothesis being of the k-th kind.

    The amplitudes of pilots and known sources are concentrated out; `log_powers` are theirs at the optimum.

    Args:
        observation: scaled scenes in complex128, see `normalise.scale`.
        region: the field of view.
        kinds: of each source.
        sent: (scene, block, source), the symbols that are known, at unit mean power; 1 of other sources.
    """

    observation: Observation
    region: SearchRegion
    kinds: tuple[SourceKind, ...]
    sent: Complex[Tensor, "scene block source"]

    @property
    def grid(self) -> SearchGrid:
        """On which a random source is sought; that of pilots may be finer."""
        return search_grid(self.region, self.observation.array)

    @property
    def random(self) -> tuple[bool, ...]:
        """Of each source whether its symbols are random."""
        return tuple(kind == "random" for kind in self.kinds)

    def of(self, rows: Rows) -> "MixedLikelihood":
        """The same of some of the scenes."""
        return replace(self, observation=self.observation[rows], sent=self.sent[rows])

    def only(self, slots: Sequence[int]) -> "MixedLikelihood":
        """The likelihood of some of the sources, in this order."""
        return replace(self, kinds=tuple(self.kinds[k] for k in slots), sent=self.sent[..., list(slots)])

    def start_at(self, rows: Rows, cosines: Cosines) -> Hypothesis:
        """A hypothesis at given cosines with powers and noise fitted by Fisher scoring, the positions held."""
        sources, random = cosines.shape[1], sum(self.random)
        like = self.observation.elements
        start = like.new_tensor([math.log(0.9 / (sources * len(like)))] * random + [math.log(0.1)])
        chart = chart_at(cosines, self.observation.array)
        held = chart.coordinates(cosines)

        def evaluate(x: Tensor, subset: Tensor) -> Local:
            local = _local(self._model(rows[subset], held[subset], chart[subset], x))
            free = slice(3 * sources, None)
            return Local(local.value, local.gradient[:, free], local.curvature[:, free, free])

        box = likelihood_box(None, random, like)
        end = minimise(evaluate, start.expand(len(rows), -1), box, iterations=10, tolerance=1e-2)
        model = self._model(rows, held, chart, end.point)
        return Hypothesis(cosines, self._log_powers(model), end.point[:, -1], end.value, end.converged)

    def refine(
        self, rows: Rows, start: Hypothesis, *, iterations: int, tolerance: float, ceiling: Ceiling | None = None
    ) -> Hypothesis:  # fmt: skip
        """Fisher scoring over (a, b, q) of every source, log p of the random ones and log σ²."""
        chart, count = chart_at(start.cosines, self.observation.array), 3 * len(self.kinds)

        def evaluate(x: Tensor, subset: Tensor) -> Local:
            coordinates = x[:, :count].unflatten(1, (-1, 3))
            return _local(self._model(rows[subset], coordinates, chart[subset], x[:, count:]))

        point = torch.cat([chart.coordinates(start.cosines).flatten(1), self._levels(start)], dim=1)
        end = minimise(evaluate, point, self._box(), iterations=iterations, tolerance=tolerance, ceiling=ceiling)
        coordinates = end.point[:, :count].unflatten(1, (-1, 3))
        model = self._model(rows, coordinates, chart, end.point[:, count:])
        powers = self._log_powers(model)
        return Hypothesis(chart.cosines(coordinates), powers, end.point[:, -1], end.value, end.converged)

    def model(self, rows: Rows, at: Hypothesis) -> Mixed:
        """Value, score and information at a hypothesis."""
        chart = chart_at(at.cosines, self.observation.array)
        return self._model(rows, chart.coordinates(at.cosines), chart, self._levels(at))

    def beside(
        self, rows: Rows, given: Hypothesis, kind: SourceKind, sent: Complex[Tensor, "row block"]
    ) -> tuple[Likelihood, Hypothesis]:
        """The likelihood of one more source beside these, held, and which of them it still has to hold.

        Of random symbols what the mean leaves over, beside the random ones; of others the measurements whitened by
        Γ_l⁻¹ᐟ² and off the span of the other responses, as of a pilot through the codes s_l c_l.

        Args:
            rows: scene of each row.
            given: the sources of this likelihood.
            kind: of the other one.
            sent: (row, block), its symbols.
        """
        seen, y = self.observation[rows], self.observation.blocks[rows]
        waves = steering_at(given.cosines, seen.array).to(seen.codes.dtype)
        responses = seen.response(waves) * self.sent[rows][..., None]  # (row, block, source, antenna)
        if kind == "random":
            left = (y - self._mean(rows, given, responses)).reshape(seen.measurements.shape)
            seen = replace(seen, symbols="random", sequences=None, measurements=left)
            return StochasticLikelihood(seen, self.region), _chosen(given, self.random)
        statistics = self._whitened(seen, given, responses, sent)
        seen = replace(seen, symbols="pilot", sequences=None)
        one = PilotLikelihood(seen, self.region, statistics)
        return one, one.nothing(torch.arange(len(rows), device=rows.device))

    def _whitened(
        self, seen: Observation, given: Hypothesis, responses: Tensor, sent: Tensor
    ) -> StackedStatistics:  # fmt: skip
        """Γ_l⁻¹ᐟ² s_l G_l and Γ_l⁻¹ᐟ² y_l of all snapshots, off the span of given sources that are not random."""
        varying = torch.tensor(self.random, dtype=torch.bool, device=sent.device)
        b, powers = responses[:, :, varying], given.log_powers[:, varying].exp()[:, None, None]
        eye = torch.eye(b.shape[-1], dtype=b.dtype, device=b.device)
        covariance = (b.mT * powers) @ b.conj() + given.log_noise.exp()[:, None, None, None] * eye
        operator = coded_operator(*seen.by_frequency()).flatten(1, 2) * sent[..., None, None]
        every = torch.cat([operator, responses[:, :, ~varying].mT, seen.blocks.unsqueeze(-1)], dim=-1)
        white = torch.linalg.solve_triangular(torch.linalg.cholesky(covariance), every, upper=False)
        white = white.unflatten(1, (seen.array.frequencies, -1)).flatten(2, 3)  # (row, frequency, equation, column)
        operator, beside, measured = white.split([len(seen.array), int((~varying).sum()), 1], dim=-1)
        basis = torch.linalg.qr(beside).Q
        operator, measured = (x - basis @ (basis.mH @ x) for x in (operator, measured))
        energy = torch.view_as_real(measured).square().sum((-1, -2, -3))
        return StackedStatistics(operator, measured.squeeze(-1), energy, operator.shape[-2])

    def _mean(self, rows: Rows, given: Hypothesis, responses: Tensor) -> Tensor:
        """μ, (row, block, antenna)."""
        if all(self.random):
            return torch.zeros_like(self.observation.blocks[rows])
        steady = [not kind for kind in self.random]
        x = self.model(rows, given).projection.symbols  # (row, frequency, source)
        x = x.repeat_interleave(responses.shape[1] // x.shape[1], dim=1)
        return (x.unsqueeze(-2) @ responses[:, :, steady]).squeeze(-2)

    def _model(self, rows: Rows, coordinates: Tensor, chart: Chart, levels: Tensor) -> Mixed:
        """At coordinates, log p of the random sources and log σ²."""
        seen = self.observation
        gram = sequenced_gram(coordinates, chart, seen.of(rows), self.sent[rows], seen.blocks[rows])
        powers, noise = levels[:, :-1].exp(), levels[:, -1].exp()
        return mixed_likelihood(gram, self.random, powers, noise, seen.array.frequencies)

    def _levels(self, at: Hypothesis) -> Tensor:
        """Log p of the random sources, and log σ²."""
        return torch.cat([_chosen(at, self.random).log_powers, at.log_noise[:, None]], dim=1)

    def _log_powers(self, model: Mixed) -> Tensor:
        """Log power of each source: p, or the mean of |x|² over the frequencies."""
        steady = torch.view_as_real(model.projection.symbols).square().sum(-1).mean(-2)
        logs = steady.new_empty((len(steady), len(self.random)))
        logs[:, list(self.random)] = model.powers.log()
        logs[:, [not kind for kind in self.random]] = steady.clamp_min(1e-30).log()
        return logs

    def _box(self) -> Box:
        like, sources = self.observation.elements, len(self.kinds)
        levels, places = likelihood_box(None, sum(self.random), like), position_box(self.grid, sources)
        lower, upper, stride = (
            torch.cat([like.new_tensor(end), rest])
            for end, rest in zip(places, (levels.lower, levels.upper, levels.stride), strict=True)
        )
        return Box(lower, upper, stride, sources)


def _chosen(at: Hypothesis, which: Sequence[bool]) -> Hypothesis:
    """The same with some of the sources; the value is not updated."""
    kept = [k for k, each in enumerate(which) if each]
    return replace(at, cosines=at.cosines[:, kept], log_powers=at.log_powers[:, kept])


def _local(model: Mixed) -> Local:
    return Local(model.value, model.score, model.information())
