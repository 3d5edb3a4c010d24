"""What path a wave takes to an element: the exact spherical wave, and named approximations of it."""

from collections.abc import Callable
from dataclasses import dataclass
from difflib import get_close_matches

import torch
from torch import Tensor

from ...errors import ConfigurationError


@dataclass(frozen=True, kw_only=True)
class Wavefront:
    """A model of delta, the path from the source to an element less the path to the array's centre, in metres.

    It depends on the inverse distance q, on rho² = ‖q_n‖² and on t = q_n · d alone.

    >>> aside = dict(q=torch.tensor(0.5), rho2=torch.tensor(1.0), t=torch.tensor(0.0))  # 1 m aside, source 2 m ahead
    >>> {wave.name: round(float(wave.excess(**aside)), 4) for wave in (spherical, fresnel, planar)}
    {'spherical': 0.2361, 'fresnel': 0.25, 'planar': 0.0}

    Args:
        name: by which files and configurations call it.
        excess: (q, rho², t) -> delta.
        slopes: (q, rho², t, delta) -> (∂delta/∂t, ∂delta/∂q).
    """

    name: str
    excess: Callable[[Tensor, Tensor, Tensor], Tensor]
    slopes: Callable[[Tensor, Tensor, Tensor, Tensor], tuple[Tensor, Tensor]]


def relative_distance(q: Tensor, rho2: Tensor, t: Tensor) -> Tensor:
    """S = sqrt(1 - 2 q t + q² rho²), the distance to the element over the distance to the centre."""
    return (1 - 2 * q * t + q.square() * rho2).sqrt()


def _spherical(q: Tensor, rho2: Tensor, t: Tensor) -> Tensor:
    bend = torch.sub(q * rho2, t, alpha=2)
    return bend / ((q * bend + 1).sqrt() + 1)  # S² = 1 + q (q rho² - 2 t)


def _spherical_slopes(q: Tensor, rho2: Tensor, t: Tensor, delta: Tensor) -> tuple[Tensor, Tensor]:
    s = q * delta + 1  # the distance to the element over that to the centre
    by_t = -s.reciprocal()
    return by_t, torch.addcmul(rho2, t, delta) * by_t / (-1 - s)


def _fresnel(q: Tensor, rho2: Tensor, t: Tensor) -> Tensor:
    return -t + (rho2 - t.square()) * q / 2


def _fresnel_slopes(q: Tensor, rho2: Tensor, t: Tensor, delta: Tensor) -> tuple[Tensor, Tensor]:
    return -1 - t * q, (rho2 - t.square()) / 2


def _planar(q: Tensor, rho2: Tensor, t: Tensor) -> Tensor:
    return -t + 0 * q


def _planar_slopes(q: Tensor, rho2: Tensor, t: Tensor, delta: Tensor) -> tuple[Tensor, Tensor]:
    return -1 + 0 * delta, 0 * delta


def _legacy(q: Tensor, rho2: Tensor, t: Tensor) -> Tensor:
    return -t + rho2 * q / 2


def _legacy_slopes(q: Tensor, rho2: Tensor, t: Tensor, delta: Tensor) -> tuple[Tensor, Tensor]:
    return -1 + 0 * delta, rho2 / 2 + 0 * delta


spherical = Wavefront(name="spherical", excess=_spherical, slopes=_spherical_slopes)
"""The exact spherical wave without cancellation, from the aperture to the far field q = 0: (q rho² - 2 t) / (1 + S)."""
fresnel = Wavefront(name="fresnel", excess=_fresnel, slopes=_fresnel_slopes)
"""Second order in q: -t + (rho² - t²) q / 2. Data that were made with this wave are located with this wave."""
planar = Wavefront(name="planar", excess=_planar, slopes=_planar_slopes)
"""The far field: -t. It tells no distance."""
legacy_fresnel = Wavefront(name="legacy_fresnel", excess=_legacy, slopes=_legacy_slopes)
"""The common Fresnel form without the t² term: -t + rho² q / 2.

Biased: fitted to an exact wave it puts a source at (30°, 10°) 16 % too far. Kept to reproduce that mistake.
"""

WAVEFRONTS = {wave.name: wave for wave in (spherical, fresnel, planar, legacy_fresnel)}
"""By name."""


def wavefront_named(name: str) -> Wavefront:
    """The wavefront of this name.

    >>> wavefront_named("planar") is planar
    True

    Raises:
        ConfigurationError: no wavefront has this name.
    """
    if name not in WAVEFRONTS:
        close = get_close_matches(name, list(WAVEFRONTS), n=1)
        raise ConfigurationError(
            f"a wavefront out of {', '.join(WAVEFRONTS)}", repr(name), "a misspelt name",
            f"did you mean {close[0]!r}?" if close else "pick one of the known names",
        )  # fmt: skip
    return WAVEFRONTS[name]
