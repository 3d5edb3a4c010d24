"""How many sources a scene has, by the network's count and by the likelihood together."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from ..estimate import Estimate
from ..shapes import Counts
from .effort import Evidence
from .merging import replaced

Located = Callable[[Counts], tuple[Estimate, Evidence]]
"""From the number of sources of each scene, 0 for those to leave out, to the estimates of the others in their order."""
_LEAST = -12.0
"""Least log-probability of a count: no network is surer than that."""
_SURE = 20.0
"""Gain over 10 from which on more says nothing more."""
HINT = (-0.969, -0.137, 0.977, 0.991, 0.239)
EXCESS = (1.79, -0.956, 0.388, 0.511, 0.219)
MORE = (-1.459, -0.29, 1.332, 0.829, -0.028, -0.723)
STATED = (-0.135, 0.989)
"""Weights for the network of the package."""


@dataclass(frozen=True, eq=False)
class Counted:
    """Scenes with the likeliest number of sources.

    Args:
        estimate: of so many sources.
        evidence: what speaks for them.
        order: (scene,), K.
        probability: (scene,), that K is right.
    """

    estimate: Estimate
    evidence: Evidence
    order: Counts
    probability: Float[Tensor, "scene"]  # noqa: F821


@dataclass(frozen=True, kw_only=True)
class Counting:
    """Four logistic regressions: where another number is worth trying, which of two is right, and how sure that is.

    `hint` and `excess` are asked what an estimate of K sources shows, see `features`: where they see a chance of a
    source more or fewer, as many are located too. `more` is asked whether the larger of two numbers is right, see
    `compared`: sources that split one place between them each seem needed while the others are held, and yet explain no
    more than one does. The defaults are those of the network of the package, fitted by `benchmarks/order.py`.

    >>> from ris_pytorch_pipeline.localise import Localiser
    >>> cautious = Counting(promising=0.2)  # tries another number of sources less often, and is faster
    >>> Localiser.reference(counting=cautious).counting.promising
    0.2

    Args:
        hint: of a source more, before one is tried.
        excess: of a source fewer, before that is tried.
        more: of the larger number, once both were tried.
        promising: probability by `hint` and `excess` from which another number is tried.
        stated: of the number that is settled on being right, from 1 and the log of its odds, see `probability`.
    """

    hint: tuple[float, ...] = HINT
    excess: tuple[float, ...] = EXCESS
    more: tuple[float, ...] = MORE
    promising: float = 0.02
    stated: tuple[float, float] = STATED

    def settled(self, located: Located, logits: Float[Tensor, "scene count"], *, coherent: bool) -> Counted:
        """The estimates with the likeliest number of sources, and how likely it is.

        >>> import ris_pytorch_pipeline as ris
        >>> from ris_pytorch_pipeline.data import inputs_from
        >>> from ris_pytorch_pipeline.localise import Explaining
        >>> seen = ris.simulate(ris.preset("random", sources=2, snr_db=20.0), scenes=2, seed=0).observation
        >>> localiser = ris.Localiser.reference()
        >>> inputs, answer = inputs_from(seen, localiser.net.config.array), localiser.predict(seen)
        >>> def located(counts):  # makes estimates of so many sources
        ...     return Explaining().located(localiser.net.beams, answer, inputs, localiser.region, counts, polish=10)
        >>> found = Counting().settled(located, answer.order_logits, coherent=False)
        >>> found.order, found.probability > 0.9
        (tensor([2, 2]), tensor([True, True]))
        >>> found.evidence.weakest > 100  # without the weakest source each scene loses many nats
        tensor([True, True])

        Args:
            located: makes estimates of a number of sources.
            logits: of the network, for 0, 1, ... sources.
            coherent: whether symbols are constant.
        """
        first, raised = logits[:, 1:].argmax(-1) + 1, torch.zeros(len(logits), device=logits.device).bool()
        (found, seen), counts = located(first), first
        weights = {1: self.hint, -1: self.excess}
        chances = {step: _probability(each, features(seen, logits, first, step)) for step, each in weights.items()}
        for step, chance in chances.items():
            rows = (chance > self.promising) & _possible(first + step, logits) & ~raised
            if not bool(rows.any()):
                continue
            other, shown = located(torch.where(rows, counts + step, 0))
            few, many = (seen[rows], shown) if step > 0 else (shown, seen[rows])
            fewest = counts[rows] + min(step, 0)
            larger = _probability(self.more, compared(few, many, logits[rows], fewest, coherent=coherent))
            chance[rows] = larger if step > 0 else 1 - larger
            taken = rows & (chance > 0.5 if step > 0 else chance >= 0.5)
            counts = torch.where(taken, counts + step, counts)
            found, seen = _put(found, seen, taken, (other, shown), taken[rows], counts)
            raised = taken
        return Counted(found, seen, counts, self.probability(logits, first, counts, chances))

    def probability(
        self, logits: Float[Tensor, "scene count"], first: Counts, counts: Counts, chances: dict[int, Tensor]
    ) -> Float[Tensor, "scene"]:  # noqa: F821
        """σ(w · (1, log p/(1 - p))) of the share p that a number has of all odds against the network's number.

        >>> import torch
        >>> logits, two = torch.tensor([[-9.0, -5.0, 3.0, -5.0]]), torch.tensor([2])
        >>> none, half = (torch.tensor([chance], dtype=torch.float64) for chance in (0.0, 0.5))
        >>> [Counting().probability(logits, two, two, {1: one_more, -1: none}) > 0.6 for one_more in (none, half)]
        [tensor([True]), tensor([False])]

        Args:
            logits: of the network, for 0, 1, ... sources.
            first: its number, the likeliest one but 0.
            counts: whose probability it is.
            chances: (scene,), of one source more (1) and one fewer (-1) than `first`: those of the comparison, or of
                the hint where no other number was tried. Odds of further numbers are the network's.
        """
        odds = _shares(logits, first, counts, chances).logit(eps=1e-9)
        return (self.stated[0] + self.stated[1] * odds).sigmoid()


def _shares(
    logits: Float[Tensor, "scene count"], first: Counts, counts: Counts, chances: dict[int, Tensor]
) -> Float[Tensor, "scene"]:  # noqa: F821
    """The part that a number has of the odds of all."""
    odds = (logits.double() - logits.double().gather(1, first[:, None])).exp()
    for step, chance in chances.items():
        rows = torch.nonzero(_possible(first + step, logits)).squeeze(-1)
        odds[rows, first[rows] + step] = (chance / (1 - chance).clamp_min(1e-9))[rows]
    return odds.gather(1, counts[:, None])[:, 0] / odds.sum(1)


def _possible(counts: Counts, logits: Float[Tensor, "scene count"]) -> Bool[Tensor, "scene"]:  # noqa: F821
    """Whether there can be so many sources, and at least one."""
    return (counts >= 1) & (counts < logits.shape[-1])


def _probability(weights: tuple[float, ...], shown: Float[Tensor, "scene feature"]) -> Float[Tensor, "scene"]:  # noqa: F821
    return (shown @ shown.new_tensor(weights)).sigmoid()


def features(
    seen: Evidence, logits: Float[Tensor, "scene count"], counts: Counts, step: int
) -> Float[Tensor, "scene feature"]:
    """What an estimate of `counts` sources shows of there being `step` more.

    1, log(1 + weakest), log(1 + spare), the difference of the network's log-probabilities of the two numbers, and the
    rise of the noise, see `Evidence`.
    """
    one, weakest, spare, _, rise = seen.features.double().unbind(-1)
    return torch.stack([one, weakest, spare, _odds(logits, counts, step), rise], dim=-1)


def compared(
    few: Evidence, many: Evidence, logits: Float[Tensor, "scene count"], counts: Counts, *, coherent: bool
) -> Float[Tensor, "scene feature"]:
    """What estimates of `counts` and of one more source show of the larger number being right.

    With the gain T = 2 (NLL of few - NLL of many): 1, log(1 + T), T/10 up to 20, the difference of the network's
    log-probabilities, the rise of the noise of few, and 1 or -1 for constant or random symbols.
    """
    gain = 2 * (few.value - many.value).double()
    rise, kind = few.features[:, -1].double(), torch.full_like(gain, 1.0 if coherent else -1.0)
    odds = _odds(logits, counts, 1)
    logs = gain.clamp_min(0).log1p()
    return torch.stack([kind.square(), logs, (gain / 10).clamp(0, _SURE), odds, rise, kind], dim=-1)


def _odds(logits: Float[Tensor, "scene count"], counts: Counts, step: int) -> Float[Tensor, "scene"]:  # noqa: F821
    """The difference of the network's log-probabilities of `counts` + `step` and of `counts` sources."""
    logs = logits.double().log_softmax(-1).clamp_min(_LEAST)
    other = (counts + step).clamp(1, logits.shape[-1] - 1)
    return logs.gather(1, other[:, None])[:, 0] - logs.gather(1, counts[:, None])[:, 0]


def _put(
    found: Estimate,
    seen: Evidence,
    rows: Bool[Tensor, "scene"],  # noqa: F821
    other: tuple[Estimate, Evidence],
    which: Bool[Tensor, "some"],  # noqa: F821
    counts: Counts,
) -> tuple[Estimate, Evidence]:
    """Some estimates put in the place of others."""
    if not bool(rows.any()):
        return found, seen
    index, some = torch.nonzero(rows).squeeze(-1), torch.nonzero(which).squeeze(-1)
    return replaced(found, index, other[0][some], counts), seen.replaced(index, other[1], some)
