"""Where are sources of several kinds? Kind by kind in what the others leave over, and from where any symbols show."""

import torch
from scipy.optimize import linear_sum_assignment
from torch import Tensor

from ....physics import steering_at
from ..hypothesis import Hypothesis, Rows
from ..levenberg import Ceiling
from ..search import SearchEffort, better_of, candidates, search_known
from ..stochastic import StochasticLikelihood
from .likelihood import MixedLikelihood

_FIRST = ("known", "pilot", "random")
"""The order in which sources are added: a known sequence fits no other source, and a random source fits all of them."""


def found(likelihood: MixedLikelihood, rows: Rows, effort: SearchEffort) -> Hypothesis:
    """The likeliest places that a search finds, source k of the k-th kind.

    Of 64 scenes with one source of each kind at 0 dB the true places are likelier than what is found in 2, and in 7
    where only the likelier of the two starts is searched on.
    """
    best = _cycled(likelihood, rows, _grown(likelihood, rows, effort), effort)
    if len(likelihood.kinds) >= likelihood.observation.blocks.shape[-1]:
        return best
    return better_of(best, _cycled(likelihood, rows, _unnamed(likelihood, rows, effort), effort))


def elsewhere(
    likelihood: MixedLikelihood, rows: Rows, at: Hypothesis, source: int, effort: SearchEffort
) -> tuple[Tensor, Hypothesis]:
    """One source at its next best places, the others held: numbers of the rows, and starts for a refinement."""
    others = [k for k in range(len(likelihood.kinds)) if k != source]
    rest = at.without(source)
    one, view = likelihood.only(others).beside(rows, rest, likelihood.kinds[source], likelihood.sent[rows, :, source])
    gain, log_power = one.scan(torch.arange(len(rows), device=rows.device), view)
    row, point = candidates(one, gain, at.cosines[:, source], effort)
    places = one.grid.points().to(at.cosines.dtype)[point]
    moved = rest[row].plus(places, log_power[row, point].to(at.log_noise.dtype))
    return row, _in_order(moved, [*others, source])


def _grown(likelihood: MixedLikelihood, rows: Rows, effort: SearchEffort) -> Hypothesis:
    """Sources added one by one, each at its best grid point, all refined."""
    order = sorted(range(len(likelihood.kinds)), key=lambda k: _FIRST.index(likelihood.kinds[k]))
    given = StochasticLikelihood(likelihood.observation, likelihood.region).nothing(rows)
    for count, source in enumerate(order):
        kind, sent = likelihood.kinds[source], likelihood.sent[rows, :, source]
        one, view = likelihood.only(order[:count]).beside(rows, given, kind, sent)
        gain, log_power = one.scan(torch.arange(len(rows), device=rows.device), view)
        best = gain.argmax(dim=-1)
        powers = log_power.gather(1, best[:, None]).squeeze(1).to(given.log_noise.dtype)
        start = given.plus(one.grid.points().to(given.cosines.dtype)[best], powers)
        given = likelihood.only(order[: count + 1]).refine(
            rows, start, iterations=effort.add_iterations, tolerance=1e-2
        )  # fmt: skip
    return _in_order(given, order)


def _unnamed(likelihood: MixedLikelihood, rows: Rows, effort: SearchEffort) -> Hypothesis:
    """Sources of any symbols that the noncoherent likelihood finds, each given to what its symbols are most like."""
    seen, sources = likelihood.observation.untold(), len(likelihood.kinds)
    cosines = search_known(StochasticLikelihood(seen, likelihood.region), rows, sources, effort).cosines
    here = seen[rows]
    responses = here.response(steering_at(cosines, seen.array).to(seen.codes.dtype))
    heard = torch.linalg.lstsq(responses.mT, here.blocks.unsqueeze(-1)).solution.squeeze(-1)  # (row, block, source)
    heard, sent = (x.unflatten(1, (seen.array.frequencies, -1)) for x in (heard, likelihood.sent[rows]))
    alike = torch.einsum("pflk,pflj->pfkj", sent.conj(), heard).abs().sum(1)
    alike = alike / heard.flatten(1, 2).norm(dim=1)[:, None].clamp_min(torch.finfo(alike.dtype).tiny)
    alike = alike.masked_fill(torch.tensor(likelihood.random, device=alike.device)[:, None], 0)
    order = torch.tensor([linear_sum_assignment(-each.cpu().numpy())[1].tolist() for each in alike])
    assigned = cosines.gather(1, order.to(cosines.device)[..., None].expand_as(cosines))
    start = likelihood.start_at(rows, assigned)
    return likelihood.refine(rows, start, iterations=effort.settle_iterations, tolerance=1e-2)


def _cycled(likelihood: MixedLikelihood, rows: Rows, given: Hypothesis, effort: SearchEffort) -> Hypothesis:
    """Each source re-detected in turn in what the others leave over, until no other place is likelier."""
    best = likelihood.refine(rows, given, iterations=effort.settle_iterations, tolerance=1e-2)
    active = torch.arange(rows.numel(), device=rows.device)
    for _ in range(effort.rounds):
        before = best.value.clone()
        for source in range(len(likelihood.kinds)):
            better = _redetected(likelihood, rows[active], best[active], source, effort)
            best = best.replaced(active, better)
        active = active[best.value[active] < before[active] - effort.improvement]
        if active.numel() == 0:
            break
    return best


def _redetected(
    likelihood: MixedLikelihood, rows: Rows, given: Hypothesis, source: int, effort: SearchEffort
) -> Hypothesis:  # fmt: skip
    """The same with one source at a place that is clearly likelier, where there is one; settled."""
    row, start = elsewhere(likelihood, rows, given, source, effort)
    if row.numel() == 0:
        return given
    ceiling = Ceiling(given.value[row] + effort.close, effort.hope)
    tried = likelihood.refine(rows[row], start, iterations=effort.swap_iterations, tolerance=1e-2, ceiling=ceiling)
    order = tried.value.argsort(descending=True)  # of several of a row the last one, the likeliest, stays
    order = order[tried.value[order] < given.value[row[order]] - effort.improvement]
    if order.numel() == 0:
        return given
    winner = torch.full_like(rows, -1)
    for each in order.tolist():
        winner[row[each]] = each
    won = torch.nonzero(winner >= 0).squeeze(-1)
    settled = likelihood.refine(
        rows[won], tried[winner[won]], iterations=effort.settle_iterations, tolerance=1e-2
    )  # fmt: skip
    return given.replaced(won, settled)


def _in_order(given: Hypothesis, order: list[int]) -> Hypothesis:
    """Sources that stand in some order put back in that of the kinds."""
    back = [order.index(k) for k in range(len(order))]
    return Hypothesis(
        given.cosines[:, back], given.log_powers[:, back], given.log_noise, given.value, given.converged
    )  # fmt: skip
