"""What is stated of sources of known symbols: ± of both kinds, powers, other answers, and whether the model fits."""

from dataclasses import replace

import torch
from torch import Tensor

from ....bounds import estimated_deviations
from ....likelihood import sequence_information, sequence_scores
from ....physics import Observation, chart_of
from ....shapes import Positions
from ...estimate import Estimate, Fit, Mode, Status
from ...fit.certainty.freedom import widening
from ...fit.certainty.panel_error import with_panel_errors
from ...fit.certainty.sandwich import sandwich_information
from ...fit.counting.expected import explained_share, stated_share
from ...fit.counting.scatter import scatter_of
from ...fit.elsewhere.edges import held_back, pull_of
from ...fit.elsewhere.modes import contest, modes_of
from ...fit.groups import Groups
from ...fit.residual.structure import SENTENCES, Structure, structure
from ...fit.residual.tangents import tangents_of
from ...fit.verdict import ALARM, findings_of
from ...normalise import Scaled, scale
from ...outcome import Modes
from ...region import SearchRegion
from ..pilots.pilot_ml import PilotMl
from .sequenced import alone, as_pilot, energy_of, evidence_of, levelled, responses_of

_ITERATIONS, _TOLERANCE = 8, 1e-2
"""Of the refinement of an answer that other ones are compared with."""


def stated(scaled: Scaled, positions: Positions, region: SearchRegion, threshold: float) -> Estimate:
    """Positions, powers, ± and fit in the units of the observation.

    Args:
        scaled: scenes with as many sources.
        positions: (scene, source, 3), the optimum, in the order of the sequences.
        region: the field that was searched.
        threshold: gain 2 ΔNLL below which a source hardly stands out.
    """
    seen = scaled.observation
    groups = responses_of(seen, positions)
    left = energy_of(groups.residual(groups.measurements))
    noise = left / (groups.equations - positions.shape[1] * groups.measurements.shape[1])
    chart, coordinates = chart_of(positions, seen.array)
    sent = _sent(seen, groups)
    information = sequence_information(coordinates, chart, seen, sent) / noise[:, None, None]
    scores = sequence_scores(coordinates, chart, seen, sent, seen.blocks) / noise[:, None, None]
    factor = widening(seen, positions.shape[1], region.fixed)
    bound, wide = (
        estimated_deviations(coordinates, each, chart, region.fixed).deviations * factor
        for each in (information, sandwich_information(information, scores))
    )
    estimate = Estimate(
        positions=positions,
        order=torch.full_like(groups.order, positions.shape[1]),
        powers=torch.view_as_real(groups.amplitudes).square().sum(-1).mean(1)
        * (scaled.measured / scaled.channel)[:, None],
        deviations=bound,
        noise_variance=noise * scaled.measured,
        status=(Status.CONVERGED,) * len(seen),
        sandwich=torch.maximum(wide, bound),
    )
    return _judged(seen, estimate, groups, (region, threshold), pull_of(information, scores))


def _judged(
    seen: Observation, estimate: Estimate, groups: Groups, how: tuple[SearchRegion, float], pull: Tensor
) -> Estimate:  # fmt: skip
    """With what is to be said about each scene."""
    region, threshold = how
    tangents = tangents_of(seen, groups, estimate.positions, _sent(seen, groups).flatten(1, -2))
    tested = structure(seen.untold(), groups, tangents)
    estimate = with_panel_errors(estimate, seen.array, groups, tangents, tested.p_value, region.fixed)
    gains, modes = evidence_of(groups), _modes(seen, estimate.positions, groups, region)
    needed = PilotMl(region=region, threshold=threshold).needed(as_pilot(seen, 0), gains.shape[1] - 1)
    flags = {
        Status.MISFIT: tested.p_value < ALARM,
        Status.AMBIGUOUS: torch.tensor([len(m) > 0 for m in modes], device=pull.device),
        Status.EDGE: held_back(seen, estimate, region, pull),
        Status.NOT_OBSERVABLE: estimate.deviations.isnan().flatten(1).any(-1),
        Status.WEAK: (gains < needed).any(-1),
    }
    findings = findings_of(flags, estimate.status, modes, gains < needed)
    fit = _fit(seen, groups, tested, gains, findings, modes)
    return replace(estimate, fit=fit, status=tuple((*said, Status.CONVERGED)[0] for said in findings))


def _fit(
    seen: Observation,
    groups: Groups,
    tested: Structure,
    gains: Tensor,
    findings: tuple[tuple[Status, ...], ...],
    modes: Modes,
) -> Fit:
    return Fit(
        explained=explained_share(groups),
        expected=stated_share(scatter_of(as_pilot(seen, 0), groups), seen.noise_variance),
        p_value=tested.p_value,
        evidence=gains,
        striking=tuple(SENTENCES[i] for i in tested.cause.tolist()),
        findings=findings,
        modes=modes,
    )


def _sent(seen: Observation, groups: Groups) -> Tensor:
    """(scene, [frequency,] snapshot, source): what the sources send, factors and all."""
    factors = groups.amplitudes if seen.wide else groups.amplitudes[:, 0]
    return levelled(seen) * factors.unsqueeze(-2)


def _modes(seen: Observation, positions: Positions, groups: Groups, region: SearchRegion) -> Modes:
    """Other answers to each scene: each source elsewhere in what the others leave over."""
    found: list[list[Mode]] = [[] for _ in range(len(seen))]
    pilot, rows = PilotMl(region=region, fit=False), torch.arange(len(seen), device=positions.device)
    for source in range(positions.shape[1]):
        likelihood = pilot.likelihood(scale(alone(seen, groups, source)).observation)
        start = pilot.start(likelihood, positions[:, source : source + 1]).hypothesis
        end = likelihood.refine(rows, start, iterations=_ITERATIONS, tolerance=_TOLERANCE)
        met = contest(likelihood, rows, end, region, thorough=True)
        for row, modes in enumerate(modes_of(likelihood, rows, met, region)):
            found[row] += [replace(mode, source=source) for mode in modes]
    return tuple(tuple(sorted(modes, key=lambda mode: mode.loss)) for modes in found)
