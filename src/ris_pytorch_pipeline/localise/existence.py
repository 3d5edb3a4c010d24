"""How likely is each found source one that is there?"""

import math
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from ..errors import InputError
from ..estimate import Estimate, Status
from ..likelihood import response_gram
from ..matching import great_circle
from ..physics import Observation, cosines_from_positions, steering_at
from ..shapes import Mask
from .choice import missed

_NEAR = math.radians(3.0)
"""Angle within which a source counts as found."""
_WIDE = (-4.0, 3.0)
"""Ends of the log of an angle over 3°."""
_BATCH = 128
"""Scenes at a time."""


@dataclass(frozen=True, kw_only=True)
class Existence:
    """A logistic regression each for random and constant symbols: σ(w · features) is the probability of a source.

    A source is there if a true one lies within 3° of it and is not another estimate's. The defaults were fitted by
    `benchmarks/existence.py` to estimates of the network of the package with K estimated, known, and one too many. What
    speaks for a source has no unit of the panel in it; calibrated it is on that network's scenes.

    >>> from ris_pytorch_pipeline.data import simulate
    >>> from ris_pytorch_pipeline.physics import preset
    >>> from ris_pytorch_pipeline.localise import Localiser
    >>> scenes = simulate(preset("random", sources=2, snr_db=15.0), 4, seed=1)
    >>> found = Localiser.reference()(scenes.observation, 3)  # one too many
    >>> (Existence()(scenes.observation, found) > 0.5).sum(1)
    tensor([2, 2, 2, 2])

    Args:
        random: weights of `features` for random symbols.
        pilot: for constant symbols.
    """

    random: tuple[float, ...] = (-3.374, 0.982, -1.063, -0.382, 0.34, -1.469, 0.538)
    pilot: tuple[float, ...] = (-2.409, 0.996, -0.887, 0.076, 0.526, -1.909, 0.163)

    def __call__(self, observation: Observation, estimate: Estimate) -> Float[Tensor, "scene source"]:
        """The probability that each source of an estimate is there.

        Args:
            observation: the scenes, with random or constant symbols and one wavelength.
            estimate: what any estimator with powers and noise found in them.

        Returns:
            (scene, source), NaN in empty slots, where the estimate states no noise, and in scenes that are `BEYOND` a
            network: to none of these was it fitted.

        Raises:
            InputError: another number of scenes, symbols that are known, or several wavelengths.
        """
        check(observation, estimate)
        weights = self.pilot if observation.symbols == "pilot" else self.random
        shown = features(observation, estimate)
        beyond = torch.tensor([ended is Status.BEYOND for ended in estimate.status], device=shown.device)
        return (shown @ shown.new_tensor(weights)).sigmoid().masked_fill(beyond[:, None], torch.nan)


def features(observation: Observation, estimate: Estimate) -> Float[Tensor, "scene source feature"]:
    """What speaks for each source.

    1; log(1 + T) with T = 2 ΔNLL that leaving it out would cost; the log over 3° of the standard deviation of its
    direction and of the angle to the nearest other source; the log of T over that of the best source of the scene; and
    the log of the number of sources, alone and times log(1 + T).

    Args:
        observation: the scenes.
        estimate: of them, with powers and noise.

    Returns:
        (scene, source, 7), NaN in empty slots.
    """
    slots = torch.arange(estimate.positions.shape[1], device=estimate.order.device)
    present = slots < estimate.order[:, None]
    if not bool(present.any()):
        return torch.full((*present.shape, 7), torch.nan, dtype=torch.float64, device=present.device)
    worth = _worths(observation, estimate, present).clamp_min(0).log1p()
    columns = (torch.ones_like(worth), worth, _width(estimate), _apart(estimate, present))
    best = worth.masked_fill(~present, 0).amax(1, keepdim=True)
    count = estimate.order[:, None].clamp_min(1).double().log().expand_as(worth)
    shown = torch.stack([*columns, worth - best, count, count * worth], dim=-1)
    return shown.masked_fill(~present[..., None], torch.nan)


def _worths(observation: Observation, estimate: Estimate, present: Mask) -> Float[Tensor, "scene source"]:
    """2 ΔNLL of leaving each out, the others held, by scenes of as many sources; NaN where no noise is stated."""
    worths = torch.full_like(estimate.powers, torch.nan, dtype=torch.float64)
    stated = estimate.noise_variance.isfinite() & (estimate.powers.isfinite() | ~present).all(-1)
    slots = torch.arange(present.shape[1], device=present.device)
    for count in estimate.order.unique().tolist():
        rows = torch.nonzero((estimate.order == count) & stated).squeeze(-1)
        for some in rows.split(_BATCH) if count and len(rows) else ():
            worths[some[:, None], slots[:count]] = _worth(observation[some], estimate[some], count)
    return worths


def _worth(observation: Observation, estimate: Estimate, count: int) -> Float[Tensor, "scene source"]:
    exact = observation.to(dtype=torch.complex128)
    waves = steering_at(cosines_from_positions(estimate.positions[:, :count].double()), exact.array)
    seen = response_gram(exact.response(waves), exact.measurements, kinds=1)
    vectors, measured, energy = seen.vectors, seen.measured, seen.energy
    if observation.symbols == "pilot":  # one block, in which the snapshots are stacked
        vectors, measured, energy = (x.sum(1, keepdim=True) for x in (vectors, measured, energy))
    return missed((vectors, measured, energy), estimate.powers[:, :count].double(), estimate.noise_variance.double())


def _width(estimate: Estimate) -> Float[Tensor, "scene source"]:
    """Log over 3° of the standard deviation of what is told of the direction; as wide as can be where nothing is."""
    azimuth, elevation, _ = estimate.deviations.double().unbind(-1)
    across = azimuth * estimate.positions[..., 1].double().cos()
    wide = torch.stack([across, elevation]).square().nansum(0).sqrt()  # a line tells one of both
    return torch.where(wide > 0, (wide / _NEAR).clamp_min(1e-9).log().clamp(*_WIDE), _WIDE[1])


def _apart(estimate: Estimate, present: Mask) -> Float[Tensor, "scene source"]:
    """Log over 3° of the angle to the nearest other source."""
    places = estimate.positions.double()
    angle = great_circle(places[:, :, None], places[:, None])
    itself = torch.eye(places.shape[1], dtype=torch.bool, device=places.device)
    alone = ~(present[:, :, None] & present[:, None]) | itself
    nearest = angle.masked_fill(alone, math.pi).amin(-1)
    return (nearest / _NEAR).clamp_min(1e-9).log().clamp(*_WIDE)


def check(observation: Observation, estimate: Estimate) -> None:
    """Refuse what the probabilities were not fitted to.

    Raises:
        InputError: another number of scenes, symbols that are known, or several wavelengths.
    """
    wanted = "random or constant symbols, one wavelength, and an estimate of the same scenes"
    if len(observation) != len(estimate):
        raise InputError(
            wanted, f"{len(observation)} and {len(estimate)} scenes", "a subset taken of one of them",
            "index both alike",
        )  # fmt: skip
    if not fits(observation):
        got = f"symbols {observation.symbols!r} and {len(observation.array.wavelengths)} wavelengths"
        raise InputError(wanted, got, "measurements of another kind", "judge by the evidence of the fit")


def fits(observation: Observation) -> bool:
    """Whether measurements are of a kind that probabilities of sources are stated for."""
    return observation.symbols in ("random", "pilot") and len(observation.array.wavelengths) == 1
