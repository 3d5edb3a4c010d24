"""How sure a reported figure is: Wilson's interval for shares, BCa bootstrap over scenes for means and ratios."""

import math
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from jaxtyping import Bool, Float
from numpy.typing import NDArray
from scipy import stats
from torch import Generator, Tensor

RESAMPLES = 1000
LEVEL = 0.95
_MOST_CORRECTED = 5000
"""Scenes up to which bias and skewness are corrected: the jackknife behind it takes n² additions, and its corrections
are of order 1/sqrt(n)."""
_BATCH = 256
"""Resamples held at a time."""


@dataclass(frozen=True)
class Measure:
    """A figure and its 95 % interval; NaN where nothing was there to average.

    >>> squared = Measure(4.0, 2.25, 6.25)
    >>> squared.sqrt(), squared.sqrt().times(100)  # m and cm
    (Measure(value=2.0, low=1.5, high=2.5), Measure(value=200.0, low=150.0, high=250.0))

    Args:
        value: the figure.
        low: lower end; NaN where a single scene says nothing of the spread.
        high: upper end.
    """

    value: float
    low: float
    high: float

    def sqrt(self) -> "Measure":
        """The square root of the figure; percentiles follow any increasing function."""
        return Measure(*(math.sqrt(max(x, 0.0)) if x == x else x for x in (self.value, self.low, self.high)))

    def times(self, factor: float) -> "Measure":
        """The figure in another unit."""
        return Measure(self.value * factor, self.low * factor, self.high * factor)


def share(hits: Bool[Tensor, "scene"]) -> Measure:  # noqa: F821
    """The share of scenes in which something holds, with Wilson's interval.

    Its interval is right at 0 and 1 too: 20 hits in 20 scenes leave a share of 0.84 possible.

    >>> import torch
    >>> found = share(torch.tensor([True] * 20))
    >>> found.value, round(found.low, 2), found.high
    (1.0, 0.84, 1.0)

    Args:
        hits: (scene,).

    Returns:
        The share and its interval; NaN without a scene.

    Source: Wilson, "Probable inference", 1927; `scipy.stats.binomtest`.
    """
    n = hits.numel()
    if n == 0:
        return Measure(torch.nan, torch.nan, torch.nan)
    hit = int(hits.sum())
    found = stats.binomtest(hit, n).proportion_ci(LEVEL, method="wilson")
    return Measure(hit / n, max(0.0, float(found.low)), min(1.0, float(found.high)))


def bootstrap(
    numerator: Float[Tensor, "scene"],  # noqa: F821
    denominator: Float[Tensor, "scene"],  # noqa: F821
    generator: Generator,
) -> Measure:
    """Σ numerator / Σ denominator over scenes, with the BCa interval of 1000 resamples of the scenes that count.

    Scenes are resampled, not sources: the errors of one scene's sources are not independent. A scene without a
    denominator holds nothing and is left out first. Above 5000 scenes the interval is that of percentiles.

    >>> import torch
    >>> errors = torch.tensor([0.2, 0.1, 0.4, 0.3])  # Σ squared errors of four scenes
    >>> judged = torch.tensor([1.0, 1.0, 2.0, 2.0])  # of so many sources
    >>> found = bootstrap(errors, judged, torch.Generator().manual_seed(0))
    >>> round(found.value, 3), found.low < found.value < found.high
    (0.167, True)

    Args:
        numerator: (scene,), such as the sum of squared errors of a scene; 0 where the denominator is.
        denominator: (scene,), such as the number of sources judged in it.
        generator: source of randomness, on the CPU.

    Returns:
        The ratio and its interval; NaN when the denominators sum to zero, and no interval from a single scene.

    Source: Efron, "Better bootstrap confidence intervals", 1987; `scipy.stats.bootstrap`.
    """
    top, bottom = (x.detach().double().cpu().numpy() for x in (numerator, denominator))
    counts = bottom != 0
    top, bottom = top[counts], bottom[counts]
    if not len(top):
        return Measure(torch.nan, torch.nan, torch.nan)
    value = float(top.sum() / bottom.sum())
    if len(top) == 1:
        return Measure(value, torch.nan, torch.nan)
    seed = int(torch.randint(2**62, (1,), generator=generator))
    found = _resampled(top, bottom, seed, "BCa" if len(top) <= _MOST_CORRECTED else "percentile")
    if not all(map(math.isfinite, found.confidence_interval)):  # all resamples on one side: nothing to correct
        found = _resampled(top, bottom, seed, "percentile", found)
    return Measure(value, *map(float, found.confidence_interval))


def bootstrap_mean(values: Float[Tensor, "scene"], generator: Generator) -> Measure:  # noqa: F821
    """Mean over scenes with its interval.

    >>> import torch
    >>> found = bootstrap_mean(torch.tensor([1.0, 2.0, 3.0, 6.0]), torch.Generator().manual_seed(0))
    >>> found.value, found.low < 3.0 < found.high
    (3.0, True)
    """
    return bootstrap(values.double(), torch.ones_like(values, dtype=torch.float64), generator)


def _resampled(
    top: NDArray[np.float64],
    bottom: NDArray[np.float64],
    seed: int,
    method: str,
    before: Any = None,  # noqa: ANN401
) -> Any:  # noqa: ANN401
    """What SciPy makes of resamples; those made before are taken again."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")  # equal scenes have no skewness; that is answered above
        return stats.bootstrap(
            (top, bottom), _ratio, n_resamples=RESAMPLES if before is None else 0, batch=_BATCH, vectorized=True,
            paired=True, confidence_level=LEVEL, method=method, bootstrap_result=before,
            rng=np.random.default_rng(seed),
        )  # fmt: skip


def _ratio(top: NDArray[np.float64], bottom: NDArray[np.float64], axis: int) -> NDArray[np.float64] | np.float64:
    return top.sum(axis) / bottom.sum(axis)
