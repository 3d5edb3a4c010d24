"""How sure a reported figure is: percentile bootstrap intervals over scenes."""

import math
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Generator, Tensor

RESAMPLES = 1000
LEVEL = 0.95


@dataclass(frozen=True)
class Measure:
    """A figure and its 95 % bootstrap interval; NaN where nothing was there to average.

    Args:
        value: the figure.
        low: lower end.
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


def bootstrap(
    numerator: Float[Tensor, "scene"],  # noqa: F821
    denominator: Float[Tensor, "scene"],  # noqa: F821
    generator: Generator,
) -> Measure:
    """Σ numerator / Σ denominator over scenes, with the percentile interval of 1000 resamples of the scenes.

    Scenes are resampled, not sources: the errors of one scene's sources are not independent. Resamples without any
    denominator are left out. When all scenes agree (a success rate of exactly 0 or 1) the interval has no width and
    says nothing about rarer events: by the rule of three, with n scenes a rate of up to 3/n stays possible.

    Args:
        numerator: (scene,), such as the sum of squared errors of a scene.
        denominator: (scene,), such as the number of sources judged in it.
        generator: source of randomness, on the CPU.

    Returns:
        The ratio and its interval; NaN when the denominators sum to zero.

    Source: Efron and Tibshirani, An Introduction to the Bootstrap, 1993, section 13.3.
    """
    top, bottom = numerator.detach().double().cpu(), denominator.detach().double().cpu()
    if float(bottom.sum()) == 0:
        return Measure(torch.nan, torch.nan, torch.nan)
    scenes = top.numel()
    drawn = torch.randint(scenes, (RESAMPLES, scenes), generator=generator)
    below = bottom[drawn].sum(-1)
    ratios = (top[drawn].sum(-1) / below)[below > 0]
    tail = (1 - LEVEL) / 2
    low, high = (float(ratios.quantile(p)) for p in (tail, 1 - tail))
    return Measure(float(top.sum() / bottom.sum()), low, high)


def bootstrap_mean(values: Float[Tensor, "scene"], generator: Generator) -> Measure:  # noqa: F821
    """Mean over scenes with its interval."""
    return bootstrap(values.double(), torch.ones_like(values, dtype=torch.float64), generator)
