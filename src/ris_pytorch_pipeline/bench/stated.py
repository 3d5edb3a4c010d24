"""Does a stated ± hold what it says, and how much does it say: coverage, sharpness, CRPS and log-likelihood."""

import math
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from ..estimate import Estimate, reach_of
from ..matching import gather_found
from ..physics import Scenes, Truth
from ..shapes import Positions
from .gospa import position_error
from .interval import Measure, share
from .pairing import as_compared
from .score import match_directions

STATED = ("azimuth", "elevation", "inverse distance")
"""Coordinates that a ± is judged in: radians, radians and 1/m, in which errors are normal."""


@dataclass(frozen=True, eq=False)
class Stated:
    """Errors of found sources and the ± stated for them, in the coordinates of `STATED`.

    >>> import torch
    >>> error = torch.tensor([[0.01, 0.02, 0.001], [-0.02, 0.01, -0.002]])
    >>> stated = Stated(error, torch.full((2, 3), 0.02))
    >>> [each.value for each in stated.coverage(0.9)], [round(width, 3) for width in stated.sharpness(0.9)]
    ([1.0, 1.0, 1.0], [0.066, 0.066, 0.066])
    >>> exact = Stated(torch.zeros(1, 3), torch.ones(1, 3))  # no error and ± 1: log(2π)/2 and (√2 - 1)/√π
    >>> round(exact.nll()[0], 4), round(exact.crps()[0], 4)
    (0.9189, 0.2337)

    Args:
        error: (pair, 3), found less true.
        deviation: (pair, 3), standard deviations; NaN where none is stated.
    """

    error: Float[Tensor, "pair 3"]
    deviation: Float[Tensor, "pair 3"]

    def coverage(self, promised: float) -> list[Measure]:
        """For each coordinate, how many errors lie within the central interval that promises to hold a share of them.

        >>> import torch
        >>> z = torch.randn(1000, 1, generator=torch.Generator().manual_seed(0)).expand(-1, 3)
        >>> round(Stated(z, torch.ones_like(z)).coverage(0.5)[0].value, 1)
        0.5

        Args:
            promised: the share.
        """
        z = reach_of(promised)
        return [share(e[s > 0].abs() <= z * s[s > 0]) for e, s in self._columns()]

    def sharpness(self, promised: float = 0.9) -> list[float]:
        """For each coordinate, the mean width of that interval: of two that cover, the narrower says more."""
        z = reach_of(promised)
        return [2 * z * float(s[s > 0].mean()) for _, s in self._columns()]

    def crps(self) -> list[float]:
        """For each coordinate, the mean continuous ranked probability score, ∫ (F(x) - 1[x >= 0])² dx.

        Of a normal error, σ (w (2 Φ(w) - 1) + 2 φ(w) - 1/√π) with w = e/σ; the smaller the better, in the coordinate's
        unit.

        Source: Gneiting and Raftery, "Strictly proper scoring rules, prediction, and estimation", 2007.
        """
        return [float(crps(e[s > 0], s[s > 0]).mean()) for e, s in self._columns()]

    def nll(self) -> list[float]:
        """For each coordinate, the mean negative log-likelihood of a normal error, nats."""
        return [
            float((0.5 * (e[s > 0] / s[s > 0]).square() + s[s > 0].log() + 0.5 * math.log(2 * math.pi)).mean())
            for e, s in self._columns()
        ]

    def _columns(self) -> list[tuple[Tensor, Tensor]]:
        return list(zip(self.error.unbind(-1), self.deviation.unbind(-1), strict=True))


def crps(error: Tensor, deviation: Tensor) -> Tensor:
    """The continuous ranked probability score of a normal distribution about 0 with these standard deviations.

    >>> import torch
    >>> crps(torch.tensor([0.0, 0.0]), torch.tensor([1.0, 2.0]))  # of no error, and ± 1 and ± 2
    tensor([0.2337, 0.4674])
    """
    w = error / deviation
    density = (-0.5 * w.square()).exp() / math.sqrt(2 * math.pi)
    return deviation * (w * (2 * torch.special.ndtr(w) - 1) + 2 * density - 1 / math.sqrt(math.pi))


def stated_of(truth: Scenes | Truth, estimate: Estimate, deviations: Positions | None = None) -> Stated:
    """Errors and ± of the found sources that lie within 3° of a true one.

    >>> from ris_pytorch_pipeline.bench import trial_of
    >>> from ris_pytorch_pipeline.estimate import PilotMl
    >>> from ris_pytorch_pipeline.physics import preset
    >>> trial = trial_of(preset("pilot", horizontal=4, vertical=4, sources=1, snr_db=30.0), 4, seed=0)
    >>> found = PilotMl()(trial.scenes.observation, 1)
    >>> stated = stated_of(trial.scenes, found)
    >>> stated.error.shape, [measure.value for measure in stated.coverage(0.9)]  # of azimuth, elevation, 1/distance
    (torch.Size([4, 3]), [0.5, 1.0, 0.75])

    Args:
        truth: the scenes, or their truth alone where the array is no line, as for `matched`.
        estimate: of the same scenes.
        deviations: (scene, source, 3), the ± to judge, such as the sandwich; None is that of the Fisher information.
    """
    wide = estimate.deviations if deviations is None else deviations
    true, found, hidden = as_compared(truth, estimate)
    partner = match_directions(true, found)
    here = gather_found(found, partner)
    deviation = gather_found(wide.double(), partner)
    paired = ~here[..., 0].isnan()
    q = here[paired][:, 2].reciprocal()
    error = position_error(true[paired], here[paired]).masked_fill(hidden[paired], torch.nan)
    spread = deviation[paired]
    return Stated(
        torch.cat([error[:, :2], (q - true[paired][:, 2].reciprocal())[:, None]], dim=-1),
        torch.cat([spread[:, :2], (spread[:, 2] * q.square())[:, None]], dim=-1),
    )
