"""What is stated of sources of several kinds: ± of both kinds, powers, other answers, and whether the model fits."""

from dataclasses import replace

import torch
from jaxtyping import Complex, Float
from torch import Tensor

from ....bounds import estimated_deviations
from ....physics import chart_of, steering_at
from ...estimate import Estimate, Fit, Status
from ...fit.certainty.freedom import widening
from ...fit.certainty.panel_error import with_panel_errors
from ...fit.certainty.sandwich import sandwich_information
from ...fit.counting.expected import explained_share, stated_share
from ...fit.counting.scatter import scatter_of
from ...fit.counting.spare import ASKED
from ...fit.elsewhere.edges import held_back, pull_of
from ...fit.elsewhere.modes import THOROUGH, Contest, modes_of
from ...fit.groups import Groups, responses_by_kind, symbols_by_kind
from ...fit.meaning.preflight import channel_rank
from ...fit.residual.structure import SENTENCES, structure
from ...fit.residual.tangents import tangents_of
from ...fit.verdict import ALARM, findings_of, little_heard
from ...normalise import Scaled
from ...outcome import Modes, ending_of
from ..hypothesis import Hypothesis, joined
from ..pilots.pilot_ml import PilotMl
from ..sml import Sml
from .evidence import evidence_of
from .finding import elsewhere
from .likelihood import MixedLikelihood

_ITERATIONS, _TOLERANCE = 8, 1e-2
"""Of the refinement of an answer that is compared with the one given."""


def stated(scaled: Scaled, likelihood: MixedLikelihood, end: Hypothesis, threshold: float) -> Estimate:
    """Positions, powers, ± and fit in the units of the observation.

    Args:
        scaled: the scenes.
        likelihood: of them.
        end: the optimum.
        threshold: gain 2 ΔNLL below which a pilot or a known source hardly stands out.
    """
    seen, region = likelihood.observation, likelihood.region
    rows = torch.arange(len(seen), device=end.value.device)
    positions = region.reported(end.cosines, seen.array)
    chart, coordinates = chart_of(positions, seen.array)
    model = likelihood.model(rows, end)
    information, scores = model.information(), model.block_scores()
    factor = widening(seen, positions.shape[1], region.fixed)
    bound, wide = (
        estimated_deviations(coordinates, each, chart, region.fixed).deviations * factor
        for each in (information, sandwich_information(information, scores))
    )
    estimate = Estimate(
        positions=positions,
        order=torch.full_like(rows, positions.shape[1]),
        powers=end.log_powers.exp() * (scaled.measured / scaled.channel)[:, None],
        deviations=bound,
        noise_variance=end.log_noise.exp() * scaled.measured,
        status=ending_of(end.converged, bound, seen.array),
        sandwich=torch.maximum(wide, bound),
        kinds=likelihood.kinds,
    )
    return _judged(likelihood, estimate, end, threshold, pull_of(information, scores))


def _judged(
    likelihood: MixedLikelihood, estimate: Estimate, end: Hypothesis, threshold: float, pull: Tensor
) -> Estimate:  # fmt: skip
    """With what is to be said about each scene."""
    seen, region = likelihood.observation, likelihood.region
    groups, signals = _groups_of(likelihood, end)
    tangents = tangents_of(seen, groups, estimate.positions, signals)
    tested = structure(seen, groups, tangents)
    estimate = with_panel_errors(estimate, seen.array, groups, tangents, tested.p_value, region.fixed)
    scatter = scatter_of(replace(seen, symbols="pilot", sequences=None), groups)
    gains, modes = evidence_of(likelihood, end, scatter), _modes(likelihood, end)
    faint = gains < _needed(likelihood, threshold).to(gains)
    random = sum(likelihood.random)
    free = (channel_rank(seen) <= random) & (random > 0)
    flags = {
        Status.MISFIT: tested.p_value < ALARM,
        Status.AMBIGUOUS: torch.tensor([len(m) > 0 for m in modes], device=pull.device),
        Status.EDGE: held_back(seen, estimate, region, pull),
        Status.UNTESTED: ~tested.possible | free | little_heard(seen, estimate.order, region),
        Status.WEAK: faint.any(-1),
    }
    findings = findings_of(flags, estimate.status, modes, faint)
    fit = Fit(
        explained=explained_share(groups),
        expected=stated_share(scatter, seen.noise_variance),
        p_value=tested.p_value,
        evidence=gains,
        striking=tuple(SENTENCES[i] for i in tested.cause.tolist()),
        findings=findings,
        modes=modes,
    )
    return replace(estimate, fit=fit, status=tuple((*said, Status.CONVERGED)[0] for said in findings))


def _groups_of(likelihood: MixedLikelihood, at: Hypothesis) -> tuple[Groups, Complex[Tensor, "scene block source"]]:
    """One group a frequency, see `responses_by_kind`, and what each source sends in each block by least squares."""
    seen, frequencies = likelihood.observation, likelihood.observation.array.frequencies
    waves = steering_at(at.cosines, seen.array).to(seen.codes.dtype)
    heard = (seen.response(waves) * likelihood.sent[..., None]).unflatten(1, (frequencies, -1))
    responses = responses_by_kind(heard, likelihood.random)
    present = torch.ones((len(seen), responses.shape[2]), dtype=torch.bool, device=heard.device)
    measured = seen.blocks.unflatten(1, (frequencies, -1)).flatten(2)
    groups = Groups(measured, responses, present, seen.blocks.shape[-1])
    sent = likelihood.sent.unflatten(1, (frequencies, -1))
    return groups, symbols_by_kind(groups.amplitudes, sent, likelihood.random).flatten(1, 2)


def _needed(likelihood: MixedLikelihood, threshold: float) -> Float[Tensor, "source"]:  # noqa: F821
    """The gain that a source of each kind needs beside the others and scatter."""
    seen, region, given = likelihood.observation, likelihood.region, len(likelihood.kinds) - 1
    noisy = ASKED * Sml(region=region).needed(seen, given)
    steady = PilotMl(region=region, threshold=threshold).needed(seen, given)
    return torch.tensor([noisy if each else steady for each in likelihood.random])


def _modes(likelihood: MixedLikelihood, end: Hypothesis) -> Modes:
    """Other answers to each scene: each source elsewhere in what the others leave over, all refined."""
    rows, scenes, rivals = torch.arange(len(end.value), device=end.value.device), [], []
    for source in range(len(likelihood.kinds)):
        row, start = elsewhere(likelihood, rows, end, source, THOROUGH)
        if row.numel():
            scenes.append(row)
            rivals.append(likelihood.refine(row, start, iterations=_ITERATIONS, tolerance=_TOLERANCE))
    none = rows[:0]
    met = Contest(end, torch.cat([none, *scenes]), joined([end[none], *rivals]))
    return modes_of(likelihood, rows, met, likelihood.region)
