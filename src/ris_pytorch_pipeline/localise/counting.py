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


@dataclass(frozen=True, kw_only=True)
class Counting:
    """Three logistic regressions on what an estimate of K sources shows.

    Features are 1, log(1 + weakest), log(1 + spare), the difference of the network's log-probabilities of the other
    count and of K, the rise of the noise (see `Evidence`), and for `more` also log(1 + weakest) of K + 1 sources.
    The defaults are those of the network of the package, fitted by `benchmarks/order.py`.

    Args:
        hint: of a source more, before one is tried.
        more: of a source more, once K + 1 were tried.
        fewer: of a source fewer.
        promising: probability by `hint` from which K + 1 are tried.
    """

    hint: tuple[float, ...] = (-1.258, -0.069, 1.089, 1.25, 0.099)
    more: tuple[float, ...] = (-1.273, -0.422, 0.473, 1.11, -0.081, 0.886)
    fewer: tuple[float, ...] = (1.535, -0.804, 0.214, 0.448, -0.108)
    promising: float = 0.05

    def settled(self, located: Located, logits: Float[Tensor, "scene count"]) -> tuple[Estimate, Evidence, Counts]:
        """The estimates with the likeliest number of sources, what speaks for them, and that number.

        Args:
            located: makes estimates of a number of sources.
            logits: of the network, for 0, 1, ... sources.
        """
        counts = logits[:, 1:].argmax(-1) + 1
        found, seen = located(counts)
        fewer = self._probability(self.fewer, features(seen, logits, counts, -1)).masked_fill(counts < 2, 0)
        hint = self._probability(self.hint, features(seen, logits, counts, 1))
        tried = (hint > self.promising) & (counts < logits.shape[-1] - 1)
        more = torch.zeros_like(hint)
        if bool(tried.any()):
            larger, seen_there = located(torch.where(tried, counts + 1, 0))
            shown = torch.cat([features(seen, logits, counts, 1)[tried], seen_there.features[:, 1:2]], dim=-1)
            more[tried] = self._probability(self.more, shown)
            taken = (more > 0.5) & (more > fewer)
            counts = torch.where(taken, counts + 1, counts)
            found, seen = _put(found, seen, taken, (larger, seen_there), taken[tried], counts)
        dropped = (fewer > 0.5) & (more <= fewer)
        if bool(dropped.any()):
            counts = torch.where(dropped, counts - 1, counts)
            smaller = located(torch.where(dropped, counts, 0))
            found, seen = _put(found, seen, dropped, smaller, torch.ones_like(dropped[dropped]), counts)
        return found, seen, counts

    @staticmethod
    def _probability(weights: tuple[float, ...], shown: Tensor) -> Tensor:
        return (shown @ shown.new_tensor(weights)).sigmoid()


def features(
    seen: Evidence, logits: Float[Tensor, "scene count"], counts: Counts, step: int
) -> Float[Tensor, "scene feature"]:
    """What an estimate of `counts` sources shows of there being `step` more, see `Counting`."""
    logs = logits.double().log_softmax(-1).clamp_min(_LEAST)
    other = (counts + step).clamp(1, logits.shape[-1] - 1)
    odds = logs.gather(1, other[:, None])[:, 0] - logs.gather(1, counts[:, None])[:, 0]
    one, weakest, spare, _, rise = seen.features.double().unbind(-1)
    return torch.stack([one, weakest, spare, odds.to(one), rise], dim=-1)


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
