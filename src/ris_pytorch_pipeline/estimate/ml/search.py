"""How sources are found: greedy addition, cyclic re-detection with several candidates, and the order test."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from ...shapes import Counts
from .hypothesis import Hypothesis, Likelihood, Rows, joined
from .levenberg import Ceiling

Needed = Callable[[int], float]
"""The gain 2 ΔNLL that one more source needs beside a number of sources."""
_NEEDED = 2.0
"""Thresholds that dropping a source must cost before no smaller order is tried."""
_ON_THE_WAY = 0.5
"""Nats that sources may lack while others are still to come."""


def needed_by(order: Counts, needed: Needed) -> Tensor:
    """(scene,): what the last source of each scene needs beside the others; each number of them is asked for once."""
    counts, number = order.unique(return_inverse=True)
    each = [needed(max(0, count - 1)) for count in counts.tolist()]
    return torch.tensor(each, dtype=torch.float64, device=order.device)[number]


@dataclass(frozen=True, kw_only=True)
class SearchEffort:
    """How hard a search tries.

    >>> import ris_pytorch_pipeline as ris
    >>> seen = ris.simulate(ris.preset("pilot", horizontal=4, vertical=4, sources=1), scenes=1, seed=0).observation
    >>> once = SearchEffort(candidates=1, rounds=1)  # a source is sought again once, at its best place
    >>> ris.PilotMl(effort=once, fit=False)(seen, 1).status[0].value
    'converged'

    Args:
        candidates: re-detections tried for each source that is taken out.
        rounds: most passes over all sources; each may move one of them.
        add_iterations: refinement after adding a source.
        swap_iterations: refinement of each re-detection before it is compared.
        promising: a re-detection is refined when its gain on the grid is at least this part of the gain of the source
            that was taken out. Half a grid step off the peak costs up to 45 % of the gain.
        close: nats above the best within which another answer is remembered as a rival; it is not converged yet.
            Without the fit, which is what rivals are for, it has to win.
        hope: predicted decreases that a re-detection, refined once, may lie above what it has to come below; without
            the fit that of the likelihood.
        improvement: nats by which a swap must lower the objective; less is the same optimum, better converged.
        settle_iterations: refinement of all sources before a cycle, so that an incumbent is judged at its optimum.
    """

    candidates: int = 3
    rounds: int = 16
    add_iterations: int = 5
    swap_iterations: int = 4
    promising: float = 0.5
    improvement: float = 0.25
    settle_iterations: int = 12
    close: float = 3.0
    hope: float = 2.0


def add_source(
    likelihood: Likelihood, rows: Rows, given: Hypothesis, effort: SearchEffort, tolerance: float = 1e-2
) -> Hypothesis:  # fmt: skip
    """Add the source with the largest gain on the grid and refine all sources jointly, to so many nats."""
    gain, log_power = likelihood.scan(rows, given)
    best = gain.argmax(dim=-1)
    points = likelihood.grid.points().to(given.cosines.dtype)
    start = given.plus(points[best], log_power.gather(1, best[:, None]).squeeze(1).to(given.log_noise.dtype))
    return likelihood.refine(rows, start, iterations=effort.add_iterations, tolerance=tolerance)


def cycle(likelihood: Likelihood, rows: Rows, given: Hypothesis, effort: SearchEffort) -> Hypothesis:
    """Take out each source in turn, re-detect it, and keep the re-detection that lowers the objective most.

    Passes repeat in the rows that a pass improves, until it improves none. Each improvement is settled: the few
    iterations of a swap can leave several nats, which would count for the next source in an order test.
    """
    if given.cosines.shape[1] == 0:
        return given
    best = likelihood.refine(rows, given, iterations=effort.settle_iterations, tolerance=1e-2)
    active = torch.arange(rows.numel(), device=rows.device)
    for _ in range(effort.rounds):
        improved, better = _redetected(likelihood, rows[active], best[active], effort)
        active = active[improved]
        if active.numel() == 0:
            break
        settled = likelihood.refine(rows[active], better, iterations=effort.settle_iterations, tolerance=1e-2)
        best = best.replaced(active, settled)
    return best


def _redetected(
    likelihood: Likelihood, rows: Rows, given: Hypothesis, effort: SearchEffort
) -> tuple[Tensor, Hypothesis]:  # fmt: skip
    """The rows in which the re-detection of one source lowers the objective, and what lowers it most."""
    row, start = _redetections(likelihood, rows, given, effort)
    if row.numel() == 0:
        return row, given[row]
    ceiling = Ceiling(given.value[row] + effort.close, effort.hope)
    refined = likelihood.refine(
        rows[row], start, iterations=effort.swap_iterations, tolerance=1e-2, ceiling=ceiling
    )  # fmt: skip
    _remember(likelihood, rows, given, (row, refined), effort)
    best = refined.value.argsort()
    best = best[row[best].argsort(stable=True)]
    best = best[_nth_of_its_row(row[best]) == 0]
    best = best[refined.value[best] < given.value[row[best]] - effort.improvement]
    return row[best], refined[best]


def _redetections(
    likelihood: Likelihood, rows: Rows, given: Hypothesis, effort: SearchEffort
) -> tuple[Tensor, Hypothesis]:  # fmt: skip
    """Every source of every row at the best other places for it, the others held: row numbers and starts."""
    sources = given.cosines.shape[1]
    every = torch.arange(rows.numel(), device=rows.device).repeat(sources)
    rest = joined([given.without(k) for k in range(sources)])
    gain, log_power = likelihood.scan(rows[every], rest)
    trial, point = candidates(likelihood, gain, given.cosines.transpose(0, 1).flatten(0, 1), effort)
    by_row = every[trial].argsort(stable=True)  # neighbours share what belongs to their scene
    trial, point = trial[by_row], point[by_row]
    places = likelihood.grid.points().to(rest.cosines.dtype)[point]
    return every[trial], rest[trial].plus(places, log_power[trial, point].to(rest.log_noise.dtype))


def _remember(
    likelihood: Likelihood, rows: Rows, incumbent: Hypothesis, tried: tuple[Tensor, Hypothesis], effort: SearchEffort
) -> None:
    """Keep the re-detections that come close to the incumbent, and an incumbent that one of them only just beats."""
    row, refined = tried
    close = refined.value < incumbent.value[row] + effort.close
    beaten = refined.value < incumbent.value[row]
    if bool(close.any()):
        likelihood.rivals.append((rows[row[close]], refined[close]))
    if bool(beaten.any()):
        likelihood.rivals.append((rows[row[beaten]], incumbent[row[beaten]]))


def _nth_of_its_row(row: Tensor) -> Tensor:
    """For sorted row numbers, how many earlier entries have the same number."""
    position = torch.arange(row.numel(), device=row.device)
    first = torch.searchsorted(row, row)
    return position - first


def candidates(
    likelihood: Likelihood, gain: Tensor, current: Tensor, effort: SearchEffort
) -> tuple[Tensor, Tensor]:  # fmt: skip
    """The best separated grid points of each row away from the current source: (row numbers, point numbers)."""
    points = likelihood.grid.points().to(current.dtype)
    steps = current.new_tensor(likelihood.grid.steps)
    near = _near(points, current, 1.01 * steps)
    own = gain.masked_fill(~near, -torch.inf).amax(-1)
    open_gain = gain.masked_fill(near, -torch.inf)
    rows, picks = [], []
    for _ in range(effort.candidates):
        value, best = open_gain.max(dim=-1)
        promising = torch.nonzero((value > effort.promising * own) & (value > 0)).squeeze(-1)
        rows.append(promising)
        picks.append(best[promising])
        open_gain = open_gain.masked_fill(_near(points, points[best], 1.51 * steps), -torch.inf)
    row = torch.cat(rows)
    order = torch.argsort(row, stable=True)
    return row[order], torch.cat(picks)[order]


def _near(points: Tensor, centre: Tensor, radius: Tensor) -> Tensor:
    """(row, point): within the radius of the row's centre on every axis."""
    near = torch.ones((centre.shape[0], points.shape[0]), dtype=torch.bool, device=points.device)
    for axis, middle, reach in zip(points.unbind(-1), centre.split(1, dim=-1), radius.tolist(), strict=True):
        near &= (axis >= middle - reach) & (axis <= middle + reach)
    return near


def drop_source(likelihood: Likelihood, rows: Rows, given: Hypothesis, effort: SearchEffort) -> Hypothesis:
    """Leave out the source that is missed least after the others have been refined."""
    sources = given.cosines.shape[1]
    trials = [
        likelihood.refine(rows, given.without(k), iterations=effort.swap_iterations, tolerance=1e-2)
        for k in range(sources)
    ]
    least_missed = torch.stack([trial.value for trial in trials], dim=1).argmin(1)
    kept = trials[0]
    for k in range(1, sources):
        mine = torch.nonzero(least_missed == k).squeeze(-1)
        kept = kept.replaced(mine, trials[k][mine])
    return kept


def escape(likelihood: Likelihood, rows: Rows, given: Hypothesis, extra: int, effort: SearchEffort) -> Hypothesis:
    """Leave a local optimum that no single swap leaves: add `extra` sources, drop as many, cycle; keep the better."""
    other = given
    for _ in range(extra):
        other = add_source(likelihood, rows, other, effort)
    for _ in range(extra):
        other = drop_source(likelihood, rows, other, effort)
    return better_of(given, cycle(likelihood, rows, other, effort))


def better_of(first: Hypothesis, second: Hypothesis) -> Hypothesis:
    """Row by row the hypothesis with the lower objective."""
    wins = torch.nonzero(second.value < first.value).squeeze(-1)
    return first.replaced(wins, second[wins])


def search_known(likelihood: Likelihood, rows: Rows, sources: int, effort: SearchEffort) -> Hypothesis:
    """Find exactly `sources` sources: add greedily, then cycle until nothing changes."""
    found = likelihood.nothing(rows)
    for _ in range(sources):
        found = add_source(likelihood, rows, found, effort, _ON_THE_WAY)
    return cycle(likelihood, rows, found, effort)


@dataclass(frozen=True, eq=False)
class Found:
    """Rows that ended with the same number of sources."""

    rows: Rows
    hypothesis: Hypothesis

    def __getitem__(self, rows: Tensor) -> "Found":
        """Some of the rows, by mask or by index."""
        return Found(self.rows[rows], self.hypothesis[rows])


def search_unknown(
    likelihood: Likelihood, rows: Rows, most: int, needed: Needed, effort: SearchEffort
) -> list[Found]:  # fmt: skip
    """Find as many sources as the data support: one more is accepted when 2 (NLL_k - NLL_{k+1}) > needed(k).

    A source that is rejected is tried once more with both hypotheses cycled. At last sources are dropped where the
    rest, cycled, lose less than each of them needs: growth from a wrong place can end with many too many.
    """
    grown = _grow(likelihood, rows, likelihood.nothing(rows), most, needed, effort)
    return [part for found in grown for part in _shrink(likelihood, found, needed, effort)]


def _grow(
    likelihood: Likelihood, rows: Rows, given: Hypothesis, most: int, needed: Needed, effort: SearchEffort
) -> list[Found]:
    """Grow rows that have the same number of sources until each of them rejects one more."""
    if rows.numel() == 0:
        return []
    if given.cosines.shape[1] == most:
        return [Found(rows, cycle(likelihood, rows, given, effort))]
    more = add_source(likelihood, rows, given, effort)
    accept = 2 * (given.value - more.value) > needed(given.cosines.shape[1])
    found = _grow(likelihood, rows[accept], more[accept], most, needed, effort)
    rows = rows[~accept]
    if rows.numel() == 0:
        return found
    given = cycle(likelihood, rows, given[~accept], effort)
    more = cycle(likelihood, rows, add_source(likelihood, rows, given, effort), effort)
    accept = 2 * (given.value - more.value) > needed(given.cosines.shape[1])
    if bool((~accept).any()):
        found.append(Found(rows[~accept], given[~accept]))
    return found + _grow(likelihood, rows[accept], more[accept], most, needed, effort)


def _shrink(likelihood: Likelihood, found: Found, needed: Needed, effort: SearchEffort) -> list[Found]:
    """The order of least 2 NLL_k + Σ_{j<k} needed(j) among those reached by dropping the source that is missed least.

    One drop alone does not tell: where several are too many, a local optimum can make one of them look needed. The
    descent ends where a drop costs more than `_NEEDED` times what the source needs.
    """
    sources = found.hypothesis.cosines.shape[1]
    if sources < 2:
        return [found]
    fewer = cycle(likelihood, found.rows, drop_source(likelihood, found.rows, found.hypothesis, effort), effort)
    doubtful = 2 * (fewer.value - found.hypothesis.value) < _NEEDED * needed(sources - 1)
    ends = [found[~doubtful]] if bool((~doubtful).any()) else []
    if not bool(doubtful.any()):
        return ends
    for below in _shrink(likelihood, Found(found.rows, fewer)[doubtful], needed, effort):
        here = found[(below.rows[:, None] == found.rows).int().argmax(1)]
        spared = sum(needed(order) for order in range(below.hypothesis.cosines.shape[1], sources))
        spare = 2 * (below.hypothesis.value - here.hypothesis.value) < spared
        ends += [part for part in (below[spare], here[~spare]) if part.rows.numel()]
    return ends
