"""Is what the sources leave over white noise? Statistics of the residual, against the same of drawn noise."""

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Complex, Float
from torch import Tensor

from ....physics import Observation, complex_normal
from ....rng import stream
from ..counting.rare_gain import POSITION
from ..groups import Groups
from .tangents import Tangents

COLOURED = "the residual has the channel's colour"
STATISTICS = (
    "energy differs from snapshot to snapshot",
    "energy differs from antenna to antenna",
    COLOURED,
    "the residual is correlated over the antennas",
    "the residual grows and fades with the sources",
    "the residual follows single elements, as errors of theirs would",
    "sources drift from snapshot to snapshot, or from wavelength to wavelength",
    "a source is more than a point, or its place changes",
    "the panel does not do what its codes say: neighbours couple, or states are not as stated",
    "the wavelength, or how far apart the elements are, is not as stated",
    "a source has more than one wavelength, alike in all snapshots",
)
"""What each statistic says when it is too large; the last is not asked of random symbols."""
KNOWN_NOISE = (
    "there is more of it than the known noise variance allows",
    "there is less of it than the known noise variance says",
)
SENTENCES = (*STATISTICS, *KNOWN_NOISE)
"""All that may be most striking."""
_DRAWS, _MANY = 40, 1000
"""Draws of noise with which every scene is looked at, and those for a scene that looks unlike noise."""
_UNLIKE, _SURE = 0.05, 1e-9
"""p-values of the first look between which a second one, with many draws, decides."""
_TAIL = 0.05
"""Share of the draws that shape the tail: beyond them p-values are extrapolated."""
_ALONE = 4
"""What p of pilots of several wavelengths is multiplied by: a quarter of the level is its own. Of 64 scenes of pilots
with 10 % of bandwidth within a snapshot 32 are off; 28 of them say so, and 23 did with a level of a statistic of
eleven."""
_FEWEST = 2.5
"""Complex numbers that sources have to leave over, their places counted. With fewer, wrong places fit as well: of one
source at 20 dB before four antennas in one snapshot every one that stood out was more than five ± off."""
_BYTES = 1 << 24
"""Memory for the panel images that are handled at a time."""


@dataclass(frozen=True, eq=False)
class Structure:
    """How the residual differs from white noise.

    >>> import torch
    >>> import ris_pytorch_pipeline as ris
    >>> from ris_pytorch_pipeline.estimate.fit import groups_of, tangents_of
    >>> scenes = ris.simulate(ris.preset("pilot", horizontal=4, vertical=4, sources=1), scenes=1, seed=0)
    >>> seen, beside = scenes.observation, scenes.truth.positions + torch.tensor([0.5, 0.0, 0.0])  # the wrong place
    >>> groups = groups_of(seen, beside)
    >>> tested = structure(seen, groups, tangents_of(seen, groups, beside))
    >>> tested.p_value, SENTENCES[int(tested.cause[0])]
    (tensor([0.], dtype=torch.float64), "the residual has the channel's colour")

    Args:
        p_value: (scene,), of the most striking statistic, times their number.
        cause: (scene,), number of what it says in `SENTENCES`.
        each: (scene, statistic), the p-values one by one.
        possible: (scene,), False where the sources leave too little over to be tested; p is 1 there.
    """

    p_value: Float[Tensor, "scene"]  # noqa: F821
    cause: Tensor
    each: Float[Tensor, "scene statistic"]
    possible: Bool[Tensor, "scene"]  # noqa: F821


def structure(observation: Observation, groups: Groups, tangents: Tangents) -> Structure:
    """Test the residual P⊥(B) y. Noise drawn from a fixed stream goes through the same projection.

    What small moves of the sources take up is taken out of both: the fit has placed them, and left nothing there.

    Each statistic is compared with the same of R = 40 draws, by Student's t with R - 1 degrees of freedom. A scene that
    looks unlike noise there is looked at again with 1000 draws: p is the share of draws that reach the statistic, and
    beyond the last 5 % of them the tail of an exponential law through these. The least p-value is multiplied by the
    number of statistics, see `factors`. A known noise variance adds the χ² test of the energy, which may be too large
    or too small.

    >>> import ris_pytorch_pipeline as ris
    >>> from ris_pytorch_pipeline.estimate.fit import groups_of, tangents_of
    >>> scenes = ris.simulate(ris.preset("pilot", horizontal=4, vertical=4, sources=1), scenes=1, seed=0)
    >>> seen, places = scenes.observation, scenes.truth.positions
    >>> groups = groups_of(seen, places)
    >>> structure(seen, groups, tangents_of(seen, groups, places)).p_value > 0.005
    tensor([True])

    Args:
        observation: scaled scenes.
        groups: of the sources.
        tangents: at the sources.
    """
    rows = torch.arange(len(observation), device=observation.measurements.device)
    p_values = _looked_at(observation, groups, tangents, rows, _DRAWS)
    first = (p_values * factors(p_values)).amin(-1)
    again = torch.nonzero((first < _UNLIKE) & (first > _SURE)).squeeze(-1)
    if again.numel():
        p_values[again] = _looked_at(observation, groups, tangents, again, _MANY)
    asked = p_values.shape[-1]
    if observation.noise_variance is not None:
        p_values = torch.cat([p_values, _chi_squared(groups, tangents, observation.noise_variance)], dim=-1)
    possible = (_freedom(groups) - POSITION * groups.order > _FEWEST) & ~p_values.isnan().any(-1)
    p_values = torch.where(possible[:, None], p_values, torch.ones_like(p_values))
    least, cause = (p_values * factors(p_values, asked)).min(-1)
    cause = torch.where(cause < asked, cause, cause + len(STATISTICS) - asked)
    return Structure(least.clamp_max(1), cause, p_values, possible)


def factors(
    p_values: Float[Tensor, "scene statistic"], asked: int | None = None
) -> Float[Tensor, "statistic"]:  # noqa: F821 # fmt: skip
    """What each p-value is multiplied by: the number of statistics, or for pilots 4 that of several wavelengths.

    Pilots of several wavelengths leave little and in one statistic alone, other errors much in several: this one has a
    quarter of the level, and the others have the rest. The reciprocals add up to one, so that sound scenes are called a
    misfit no more often than the level says.

    Args:
        p_values: of all statistics.
        asked: how many of them are those of the residual; None is all.
    """
    count = p_values.shape[-1]
    asked = count if asked is None else asked
    result = p_values.new_full((count,), count)
    if asked == len(STATISTICS):
        result[:] = (count - 1) * _ALONE / (_ALONE - 1)
        result[asked - 1] = _ALONE
    return result


def _looked_at(
    observation: Observation, groups: Groups, tangents: Tangents, rows: Tensor, draws: int
) -> Float[Tensor, "row statistic"]:
    """p-values of some scenes, as many at a time as memory allows."""
    law = by_student if draws == _DRAWS else _by_draws
    noise = complex_normal((draws, 1, *groups.measurements.shape[1:]), stream(0, "residual of the fit"))
    noise = noise.to(groups.measurements.device, torch.complex64)
    parts = rows.split(max(1, _BYTES // (16 * draws * groups.equations)))
    return torch.cat([law(*_seen_and_drawn(observation[i], groups[i], tangents[i], noise)) for i in parts])


def _freedom(groups: Groups) -> Tensor:
    """Complex numbers that the amplitudes leave free."""
    return groups.equations - groups.order * groups.measurements.shape[1]


def _seen_and_drawn(
    observation: Observation,
    groups: Groups,
    tangents: Tangents,
    noise: Complex[Tensor, "draw one group equation"],
) -> tuple[Float[Tensor, "scene statistic"], Float[Tensor, "draw scene statistic"]]:
    """The statistics of the residual, and those of draws of noise."""
    single = Groups(
        groups.measurements.to(torch.complex64), groups.responses.to(torch.complex64), groups.present, groups.antennas
    )
    single.__dict__["basis"] = groups.basis.to(torch.complex64)
    both = torch.cat([single.measurements[None], noise.expand(-1, len(observation), -1, -1)])
    blocks = single.blocks(tangents.without_fitted(single.residual(both)))
    heard = torch.view_as_real(single.blocks(single.measurements - single.residual(single.measurements))).square()
    channel = observation.by_frequency()[1].to(torch.complex64)
    values = _statistics(blocks, heard.sum((-1, -2)), channel, tangents).double()
    return values[0], values[1:]


def by_student(seen: Tensor, drawn: Tensor) -> Tensor:
    """Upper tail of Student's t at the deviate of what was seen."""
    return _upper_tail((seen - drawn.mean(0)) / drawn.std(0).clamp_min(1e-12), len(drawn) - 1)


def _by_draws(seen: Tensor, drawn: Tensor) -> Tensor:
    """(1 + draws that reach it)/(1 + R); beyond the k highest, 5 %, k/R exp(-(x - u)/β) with β their excess over u."""
    count = len(drawn)
    most = max(1, round(_TAIL * count))
    top = drawn.topk(most, dim=0).values
    start = top[-1]
    excess = (top - start).mean(0).clamp_min(1e-12)
    reached = (1 + (drawn >= seen).sum(0)) / (1 + count)
    return torch.where(seen > start, most / count * (-(seen - start) / excess).exp(), reached)


def _statistics(
    blocks: Complex[Tensor, "draw scene block antenna"],
    loud: Float[Tensor, "scene block"],
    channel: Complex[Tensor, "scene frequency antenna element"],
    tangents: Tangents,
) -> Float[Tensor, "draw scene statistic"]:
    """The statistics of residuals at unit mean power; energies as logarithms, which are nearly normal.

    The fifth is Σ_l ‖r_l‖² e_l with e_l the energy of the fitted sources: independent of the residual where the model
    holds. So are those along the tangents, which score tests of small random errors of the elements, of a steady drift
    of the sources, of a spread of them, of codes that do something else and of other wavelengths are made of. A drift
    has few directions: its energy has an exponential tail as it is. The cube root of an energy along one, or along some
    more, is nearly normal.
    """
    energy = torch.view_as_real(blocks).square().sum(-1)
    tiny = torch.finfo(energy.dtype).tiny
    mean = energy.mean((-1, -2), keepdim=True).clamp_min(tiny)
    unit = torch.view_as_real(blocks) * mean.rsqrt().unsqueeze(-1)  # real by real is faster than complex by real
    blocks, energy = torch.view_as_complex(unit), energy / mean
    split = blocks.unflatten(-2, (channel.shape[1], -1))
    covariance = split.mT @ split.conj() / split.shape[-2]
    colour = channel @ channel.mH
    colour = colour / colour.diagonal(dim1=-2, dim2=-1).real.mean(-1)[..., None, None]
    expected = colour.mT.conj().resolve_conj()  # Re(x y) is the inner product of x and conj(y) as pairs
    elements, drift, spread, *few = tangents.statistics(blocks)
    found = [
        _spread(energy.mean(-1)).clamp_min(tiny).log(),
        _spread(energy.mean(-2)).clamp_min(tiny).log(),
        (torch.view_as_real(covariance) * torch.view_as_real(expected)).sum((-1, -2, -3, -4)) / len(expected[0]),
        torch.view_as_real(covariance).square().sum((-1, -2, -3)).mean(-1).clamp_min(tiny).log(),
        (energy.mean(-1) * loud).sum(-1) / loud.mean(-1).clamp_min(tiny),
        elements.clamp_min(tiny).log(),
        drift,
        spread.clamp_min(tiny).log(),
        *(energy.pow(1 / 3) for energy in few),
    ]
    return torch.stack(found, dim=-1)


def _spread(values: Tensor) -> Tensor:
    """Variance over the last axis; 0 of a single value."""
    return values.var(-1, unbiased=False)


def _upper_tail(scores: Tensor, freedom: int) -> Tensor:
    """P(T > t) of Student's t, by the normal deviate of the same tail: z = t (1 - 1/(4ν))/sqrt(1 + t²/(2ν))."""
    z = scores * (1 - 1 / (4 * freedom)) / (1 + scores.square() / (2 * freedom)).sqrt()
    return torch.special.ndtr(-z)


def _chi_squared(groups: Groups, tangents: Tangents, variance: Tensor) -> Float[Tensor, "scene side"]:
    """P(χ² > 2 ‖r‖²/σ²) and P(χ² < it), with a degree of freedom for each real number that is left over."""
    residual = groups.residual(groups.measurements).to(torch.complex64)
    left = torch.view_as_real(tangents.without_fitted(residual[None])[0]).square().sum((-1, -2, -3)).to(variance)
    half = (_freedom(groups) - tangents.fitted.square().sum((-1, -2)) / 2).to(variance).clamp_min(0.5)
    return torch.stack([law(half, left / variance) for law in (torch.special.gammaincc, torch.special.gammainc)], -1)
