"""How sources are found: greedy addition, cyclic re-detection with several candidates, and the order test."""

from dataclasses import dataclass

import torch
from torch import Tensor

from .hypothesis import Hypothesis, Likelihood, Rows


@dataclass(frozen=True, kw_only=True)
class SearchEffort:
    """How hard a search tries.

    Args:
        candidates: re-detections tried for each source that is taken out.
        rounds: most passes over all sources.
        add_iterations: refinement after adding a source.
        swap_iterations: refinement of each re-detection before it is compared.
        promising: a re-detection is refined when its gain on the grid is at least this part of the gain of the source
            that was taken out. Half a grid step off the peak costs up to 45 % of the gain.
        close: nats above the best within which another answer is remembered as a rival; it is not converged yet.
        improvement: nats by which a swap must lower the objective; less is the same optimum, better converged.
        settle_iterations: refinement of all sources before a cycle, so that an incumbent is judged at its optimum.
    """

    candidates: int = 3
    rounds: int = 8
    add_iterations: int = 5
    swap_iterations: int = 4
    promising: float = 0.5
    improvement: float = 0.25
    settle_iterations: int = 12
    close: float = 3.0


def add_source(likelihood: Likelihood, rows: Rows, given: Hypothesis, effort: SearchEffort) -> Hypothesis:
    """Add the source with the largest gain on the grid and refine all sources jointly."""
    gain, log_power = likelihood.scan(rows, given)
    best = gain.argmax(dim=-1)
    points = likelihood.grid.points().to(given.cosines.dtype)
    start = given.plus(points[best], log_power.gather(1, best[:, None]).squeeze(1).to(given.log_noise.dtype))
    return likelihood.refine(rows, start, iterations=effort.add_iterations, tolerance=1e-2)


def cycle(likelihood: Likelihood, rows: Rows, given: Hypothesis, effort: SearchEffort) -> Hypothesis:
    """Take out each source in turn, re-detect it, and keep a re-detection that lowers the objective.

    Passes repeat until one changes nothing. A row leaves when it was unchanged for as many sources as it has.
    """
    sources = given.cosines.shape[1]
    if sources == 0:
        return given
    idle = torch.zeros_like(rows)
    best = likelihood.refine(rows, given, iterations=effort.settle_iterations, tolerance=1e-2)
    for _ in range(effort.rounds):
        for _ in range(sources):
            active = torch.nonzero(idle < sources).squeeze(-1)
            if active.numel() == 0:
                return best
            better, improved = _redetect_first(likelihood, rows[active], best[active], effort)
            best = best.replaced(active, better)
            idle[active] = torch.where(improved, 0, idle[active] + 1)
    return best


def _redetect_first(
    likelihood: Likelihood, rows: Rows, given: Hypothesis, effort: SearchEffort
) -> tuple[Hypothesis, Tensor]:
    """Re-detect the first source of each row; it, or its better, comes out last, so that sources take turns."""
    rest = given.without(0)
    gain, log_power = likelihood.scan(rows, rest)
    turned = rest.plus(given.cosines[:, 0], given.log_powers[:, 0])
    row, point = candidates(likelihood, gain, given.cosines[:, 0], effort)
    improved = torch.zeros_like(rows, dtype=torch.bool)
    if row.numel() == 0:
        return turned, improved
    start = rest[row].plus(
        likelihood.grid.points().to(rest.cosines.dtype)[point], log_power[row, point].to(rest.log_noise.dtype)
    )
    refined = likelihood.refine(rows[row], start, iterations=effort.swap_iterations, tolerance=1e-2)
    _remember(likelihood, rows, turned, (row, refined), effort)
    for trial in range(effort.candidates):
        mine = torch.nonzero(_nth_of_its_row(row) == trial).squeeze(-1)
        wins = refined.value[mine] < turned.value[row[mine]] - effort.improvement
        mine = mine[wins]
        turned = turned.replaced(row[mine], refined[mine])
        improved[row[mine]] = True
    return turned, improved


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
    return ((points - centre[:, None]).abs() <= radius).all(-1)


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
        found = add_source(likelihood, rows, found, effort)
    return cycle(likelihood, rows, found, effort)


@dataclass(frozen=True, eq=False)
class Found:
    """Rows that ended with the same number of sources."""

    rows: Rows
    hypothesis: Hypothesis


def search_unknown(
    likelihood: Likelihood, rows: Rows, most: int, threshold: float, effort: SearchEffort
) -> list[Found]:  # fmt: skip
    """Find as many sources as the data support: one more is accepted when 2 (NLL_k - NLL_{k+1}) > threshold.

    A source that is rejected is tried once more with both hypotheses cycled. At last a source is dropped where the
    rest, cycled, lose less than the threshold: a local optimum can hold one too many.
    """
    grown = _grow(likelihood, rows, likelihood.nothing(rows), most, threshold, effort)
    return [part for found in grown for part in _shrink(likelihood, found, threshold, effort)]


def _grow(
    likelihood: Likelihood, rows: Rows, given: Hypothesis, most: int, threshold: float, effort: SearchEffort
) -> list[Found]:
    """Grow rows that have the same number of sources until each of them rejects one more."""
    if rows.numel() == 0:
        return []
    if given.cosines.shape[1] == most:
        return [Found(rows, cycle(likelihood, rows, given, effort))]
    more = add_source(likelihood, rows, given, effort)
    accept = 2 * (given.value - more.value) > threshold
    found = _grow(likelihood, rows[accept], more[accept], most, threshold, effort)
    rows = rows[~accept]
    if rows.numel() == 0:
        return found
    given = cycle(likelihood, rows, given[~accept], effort)
    more = cycle(likelihood, rows, add_source(likelihood, rows, given, effort), effort)
    accept = 2 * (given.value - more.value) > threshold
    if bool((~accept).any()):
        found.append(Found(rows[~accept], given[~accept]))
    return found + _grow(likelihood, rows[accept], more[accept], most, threshold, effort)


def _shrink(likelihood: Likelihood, found: Found, threshold: float, effort: SearchEffort) -> list[Found]:
    """Drop sources while that costs less than the threshold."""
    if found.hypothesis.cosines.shape[1] < 2:
        return [found]
    fewer = cycle(likelihood, found.rows, drop_source(likelihood, found.rows, found.hypothesis, effort), effort)
    spare = 2 * (fewer.value - found.hypothesis.value) < threshold
    kept = [Found(found.rows[~spare], found.hypothesis[~spare])] if bool((~spare).any()) else []
    if not bool(spare.any()):
        return kept
    return kept + _shrink(likelihood, Found(found.rows[spare], fewer[spare]), threshold, effort)
