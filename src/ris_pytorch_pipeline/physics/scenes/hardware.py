"""What is real hardware to drawn scenes? What it makes of codes and channel, and whether estimators are told of it."""

from collections.abc import Callable
from dataclasses import dataclass

from ..sounding import Sounding


@dataclass(frozen=True, kw_only=True)
class Hardware:
    """What a real panel makes of the codes and channel of drawn scenes.

    >>> import torch
    >>> from dataclasses import replace
    >>> half = Hardware(real=lambda sounding: replace(sounding, channel=sounding.channel / 2), told=True)
    >>> nominal = direct(Line(count=3, spacing=0.15).array(0.3), scenes=1, snapshots=4)
    >>> told, _ = half.behind(nominal, nominal)
    >>> untold, acting = replace(half, told=False).behind(nominal, nominal)
    >>> untold is nominal, torch.equal(acting.channel, nominal.channel / 2), torch.equal(told.channel, acting.channel)
    (True, True, True)

    Args:
        real: from codes and channel as intended to those of the panel, such as `Calibration.applied`.
        told: whether estimators are given them; otherwise the intended ones.
    """

    real: Callable[[Sounding], Sounding]
    told: bool = False

    def behind(self, given: Sounding, acting: Sounding) -> tuple[Sounding, Sounding]:
        """What estimators are given, and what acts, of a nominal panel's pair of them."""
        return self.real(given) if self.told else given, self.real(acting)
