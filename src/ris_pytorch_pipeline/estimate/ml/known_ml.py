"""How sources are located whose symbols are known up to one complex factor each."""

from dataclasses import dataclass, field, replace

import torch
from jaxtyping import Complex
from scipy.optimize import linear_sum_assignment
from torch import Tensor

from ...bounds import deviations_from_information
from ...errors import InputError
from ...physics import Observation, chart_of, steering_at, to_cosines
from ...shapes import Positions
from ..estimate import Estimate, Fit, Status
from ..fit.edges import at_edge
from ..fit.expected import expected_share, explained_share
from ..fit.groups import Groups, groups_of
from ..fit.scatter import scatter_of
from ..fit.structure import STATISTICS, structure
from ..fit.verdict import ALARM
from ..normalise import Scaled, scale
from ..region import SearchRegion
from .maximum_likelihood import Sml
from .pilot_ml import PilotMl

_PASSES = 2
"""Passes over the sources that search the whole field; later ones only refine."""


@dataclass(frozen=True, kw_only=True)
class KnownMl:
    """Maximum likelihood for known symbols: f = ‖P⊥(B) y‖², b_k = [s_kl G_l a(p_k)]_l, a complex factor a source free.

    Source k of the estimate belongs to sequence k. The sources are located in turns, each as a pilot through the codes
    s_kl c_l in what the others leave over; what each turn minimises is f itself. They start from the field, source by
    source, and again from where `Sml` finds sources of any symbols; the better end counts.

    >>> from ris_pytorch_pipeline.physics import draw, preset
    >>> scenes = draw(preset("random", sources=2, snr_db=20.0), 1, torch.Generator().manual_seed(0))
    >>> seen = replace(scenes.observation, symbols="known", sequences=scenes.truth.symbols)
    >>> found = KnownMl()(seen)
    >>> bool(((found.positions - scenes.truth.positions).abs() < 5 * found.deviations).all())
    True

    Args:
        region: the field of view.
        threshold: gain 2 ΔNLL below which a source hardly stands out.
        passes: most passes over the sources.
        tolerance: nats by which a pass must lower L M log f to be followed by another.
    """

    region: SearchRegion = field(default_factory=SearchRegion)
    threshold: float = 28.0
    passes: int = 30
    tolerance: float = 1e-3

    @property
    def name(self) -> str:
        """Short name for tables."""
        return "known"

    def __call__(self, observation: Observation, sources: int | None = None) -> Estimate:
        """Locate the source of every sequence.

        Args:
            observation: the scenes, with `symbols="known"` and their sequences.
            sources: K; there are as many as sequences.

        Returns:
            The estimate in the order of the sequences, ± from the Fisher information, without a sandwich.

        Raises:
            InputError: symbols that are not known, another K than sequences, or no more measurements than unknowns.
        """
        count = _sequences(observation, sources)
        _check_enough(observation, count)
        scaled = scale(observation)
        nowhere = torch.full((len(observation), count, 3), torch.nan, dtype=torch.float64)
        nowhere = nowhere.to(observation.measurements.device)
        positions = self._settled(scaled.observation, nowhere, searched=_PASSES)
        if 1 < count < observation.measurements.shape[-1]:
            other = self._settled(scaled.observation, self._unnamed(scaled.observation, count), searched=0)
            values = [_value(responses_of(scaled.observation, p)) for p in (positions, other)]
            positions = torch.where((values[1] < values[0])[:, None, None], other, positions)
        return self._stated(scaled, positions)

    def _settled(self, seen: Observation, start: Positions, *, searched: int) -> Positions:
        """The sources in turns until the likelihood rises no more; some passes search the whole field."""
        positions = start.clone()
        value = torch.full_like(positions[:, 0, 0], torch.inf)
        for number in range(self.passes):
            for source in range(positions.shape[1]):
                positions[:, source] = self._turn(seen, positions, source, search=number < searched)
            before, value = value, _value(responses_of(seen, positions))
            if number >= searched and bool((before - value < self.tolerance).all()):
                break
        return positions

    def _unnamed(self, seen: Observation, count: int) -> Positions:
        """Where sources of any symbols are, in the order of the sequences that their symbols are most like."""
        blind = replace(seen, symbols="random", sequences=None)
        found = Sml(region=self.region, fit=False)(blind, count)
        heard = groups_of(blind, found.positions).amplitudes  # (scene, snapshot, source)
        like = torch.einsum("plk,plj->pkj", _directions(_named(seen)).conj(), _directions(heard)).abs()
        order = [linear_sum_assignment(-each.cpu().numpy())[1].tolist() for each in like]
        index = torch.tensor(order, device=like.device)
        return found.positions.gather(1, index[..., None].expand(-1, -1, 3))

    def _turn(self, seen: Observation, positions: Positions, source: int, *, search: bool) -> Tensor:
        """Where one source is in what the others that have a place leave over."""
        groups = responses_of(seen, positions)
        amplitudes = groups.amplitudes.clone()
        amplitudes[..., source] = 0
        left = groups.measurements - (amplitudes.unsqueeze(-2) @ groups.responses).squeeze(-2)
        measured = left.reshape(seen.measurements.shape)
        alone = replace(as_pilot(seen, source), measurements=measured, noise_variance=None)
        pilot = PilotMl(region=self.region, fit=False)
        found = pilot(alone, 1) if search else pilot.refine(alone, positions[:, source : source + 1])
        return found.positions[:, 0]

    def _stated(self, scaled: Scaled, positions: Positions) -> Estimate:
        """Positions, powers, ± and fit in the units of the observation."""
        seen = scaled.observation
        groups = responses_of(seen, positions)
        left = _energy(groups.residual(groups.measurements))
        free = groups.equations - positions.shape[1]
        noise = left / free
        chart, coordinates = chart_of(positions, seen.array)
        information = self._information(seen, positions, groups) / noise[:, None, None]
        bound = deviations_from_information(coordinates, information, chart, self.region.fixed)
        power = torch.view_as_real(groups.amplitudes[:, 0]).square().sum(-1)
        estimate = Estimate(
            positions=positions,
            order=torch.full_like(groups.order, positions.shape[1]),
            powers=power * (scaled.measured / scaled.channel)[:, None],
            deviations=bound.deviations,
            noise_variance=noise * scaled.measured,
            status=(Status.CONVERGED,) * len(seen),
        )
        return self._judged(seen, estimate, groups)

    def _information(self, seen: Observation, positions: Positions, groups: Groups) -> Tensor:
        """2 Re{(D S)^H P⊥(B) (D S)} over (a, b, q) of source 1, 2, ..."""
        chart, coordinates = chart_of(positions, seen.array)
        _, slopes = chart.steering_with_derivatives(coordinates)
        parts = []
        for source in range(positions.shape[1]):
            moved = as_pilot(seen, source).response(slopes[:, :, source].to(seen.codes.dtype))
            parts.append(moved.transpose(1, 2).flatten(2) * groups.amplitudes[:, 0, source, None, None])
        moved = torch.cat(parts, dim=1)  # (scene, parameter, equation)
        across = groups.residual(moved.transpose(0, 1).unsqueeze(2)).squeeze(2).transpose(0, 1)
        return 2 * (across.conj() @ across.mT).real

    def _judged(self, seen: Observation, estimate: Estimate, groups: Groups) -> Estimate:
        """With what is to be said about each scene."""
        tested = structure(replace(seen, symbols="random", sequences=None), groups)
        gains = evidence_of(groups)
        pull = torch.full_like(gains[:, 0], torch.inf)
        flags = {
            Status.MISFIT: tested.p_value < ALARM,
            Status.EDGE: at_edge(estimate.positions, self.region, seen.array, pull),
            Status.NOT_OBSERVABLE: estimate.deviations.isnan().flatten(1).any(-1),
            Status.WEAK: (gains < self.threshold).any(-1),
        }
        findings = tuple(tuple(s for s, flag in flags.items() if bool(flag[row])) for row in range(len(seen)))
        fit = Fit(
            explained=explained_share(groups),
            expected=expected_share(scatter_of(as_pilot(seen, 0), groups)),
            p_value=tested.p_value,
            evidence=gains,
            striking=tuple((*STATISTICS, "")[i] for i in tested.cause.tolist()),
            findings=findings,
            modes=((),) * len(seen),
        )
        return replace(estimate, fit=fit, status=tuple((*said, Status.CONVERGED)[0] for said in findings))


def _named(observation: Observation) -> Tensor:
    """The sequences.

    Raises:
        InputError: there are none.
    """
    if observation.sequences is None:
        raise InputError(
            "an observation with symbols='known' and sequences", f"symbols {observation.symbols!r}",
            "the estimator for known symbols called on others", "use Sml or PilotMl, or pass the sequences",
        )  # fmt: skip
    return observation.sequences


def _directions(symbols: Tensor) -> Tensor:
    """Symbols (scene, snapshot, source) at unit energy."""
    energy = torch.view_as_real(symbols).square().sum(-1).sum(1, keepdim=True)
    return symbols / energy.clamp_min(1e-300).sqrt()


def as_pilot(observation: Observation, source: int) -> Observation:
    """The scenes as one source sees them: a pilot through the codes s_kl c_l, s_k at unit mean power."""
    sequence = _named(observation)[..., source]
    level = torch.view_as_real(sequence).square().sum(-1).mean(-1, keepdim=True).sqrt()
    codes = observation.codes * (sequence / level).to(observation.codes).unsqueeze(-1)
    return replace(observation, codes=codes, symbols="pilot", sequences=None)


def responses_of(observation: Observation, positions: Positions) -> Groups:
    """All measurements of a scene as one group, with the response of every source; NaN marks one without a place."""
    present = ~positions[..., 0].isnan()
    safe = torch.where(present[..., None], positions, torch.ones_like(positions))
    waves = steering_at(to_cosines(safe, observation.array), observation.array).to(observation.codes.dtype)
    each: list[Complex[Tensor, "scene equation"]] = [
        as_pilot(observation, k).response(waves[:, k : k + 1])[:, :, 0].flatten(1) for k in range(positions.shape[1])
    ]
    responses = torch.stack(each, dim=1) * present[..., None]
    measured = observation.measurements.flatten(1)
    return Groups(measured[:, None], responses[:, None], present, observation.measurements.shape[-1])


def evidence_of(groups: Groups) -> Tensor:
    """2 (NLL without a source - NLL with it), (scene, source): 2 L M log of the ratio of what is left over."""
    slots = torch.arange(groups.present.shape[1], device=groups.present.device)
    kept = [groups.keeping((slots != k).expand_as(groups.present)) for k in slots.tolist()]
    return 2 * torch.stack([_value(some) for some in kept], dim=1) - 2 * _value(groups)[:, None]


def _value(groups: Groups) -> Tensor:
    """L M log ‖P⊥(B) y‖²."""
    return groups.equations * _energy(groups.residual(groups.measurements)).clamp_min(1e-300).log()


def _energy(values: Tensor) -> Tensor:
    return torch.view_as_real(values).square().flatten(1).sum(-1)


def _check_enough(observation: Observation, count: int) -> None:
    """Refuse scenes whose measurements as many factors explain without a rest: σ² would be 0/0.

    Raises:
        InputError: no more equations than sources.
    """
    equations = observation.measurements[0].numel()
    if equations <= count:
        raise InputError(
            f"more than {count} measurements a scene for {count} sources", str(equations),
            "one antenna and few snapshots",
            "record more snapshots, or pass fewer",
        )  # fmt: skip


def _sequences(observation: Observation, sources: int | None) -> int:
    """How many sequences there are.

    Raises:
        InputError: another number than was asked for.
    """
    count = _named(observation).shape[-1]
    if sources not in (None, count):
        raise InputError(f"{count} sources, one a sequence", str(sources), "another K", "leave `sources` out")
    return count
