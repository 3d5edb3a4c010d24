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
"""Weights for the network of the package."""


@dataclass(frozen=True, kw_only=True)
class Counting:
    """Three logistic regressions: two say where another number is worth trying, the third compares two numbers.

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
    """

    hint: tuple[float, ...] = HINT
    excess: tuple[float, ...] = EXCESS
    more: tuple[float, ...] = MORE
    promising: float = 0.02

    def settled(
        self, located: Located, logits: Float[Tensor, "scene count"], *, coherent: bool
    ) -> tuple[Estimate, Evidence, Counts]:
        """The estimates with the likeliest number of sources, what speaks for them, and that number.

        >>> import ris_pytorch_pipeline as ris
        >>> from ris_pytorch_pipeline.data import inputs_from
        >>> from ris_pytorch_pipeline.localise import Explaining
        >>> seen = ris.simulate(ris.preset("random", sources=2, snr_db=20.0), scenes=2, seed=0).observation
        >>> localiser = ris.Localiser.reference()
        >>> inputs, answer = inputs_from(seen, localiser.net.config.array), localiser.predict(seen)
        >>> def located(counts):  # makes estimates of so many sources
        ...     return Explaining().located(localiser.net.beams, answer, inputs, localiser.region, counts, polish=10)
        >>> found, evidence, counts = Counting().settled(located, answer.order_logits, coherent=False)
        >>> counts, found.order, evidence.weakest > 100  # without the weakest source each scene loses many nats
        (tensor([2, 2]), tensor([2, 2]), tensor([True, True]))

        Args:
            located: makes estimates of a number of sources.
            logits: of the network, for 0, 1, ... sources.
            coherent: whether symbols are constant.
        """
        counts, raised = logits[:, 1:].argmax(-1) + 1, torch.zeros(len(logits), device=logits.device).bool()
        found, seen = located(counts)
        chances = {1: self.hint, -1: self.excess}
        tried = {step: self._tried(weights, seen, logits, counts, step) for step, weights in chances.items()}
        for step, rows in tried.items():
            rows = rows & ~raised
            if not bool(rows.any()):
                continue
            other, shown = located(torch.where(rows, counts + step, 0))
            few, many = (seen[rows], shown) if step > 0 else (shown, seen[rows])
            fewest = counts[rows] + min(step, 0)
            larger = _probability(self.more, compared(few, many, logits[rows], fewest, coherent=coherent)) > 0.5
            taken = rows.masked_scatter(rows, larger if step > 0 else ~larger)
            counts = torch.where(taken, counts + step, counts)
            found, seen = _put(found, seen, taken, (other, shown), taken[rows], counts)
            raised = taken
        return found, seen, counts

    def _tried(
        self, weights: tuple[float, ...], seen: Evidence, logits: Tensor, counts: Counts, step: int
    ) -> Bool[Tensor, "scene"]:  # noqa: F821
        """Where another number is worth trying, and possible."""
        other = counts + step
        possible = (other >= 1) & (other < logits.shape[-1])
        return possible & (_probability(weights, features(seen, logits, counts, step)) > self.promising)


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
