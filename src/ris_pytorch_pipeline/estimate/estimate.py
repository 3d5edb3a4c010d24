"""What an estimator returns: positions, order, powers, standard deviations and an honest status per scene."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol, runtime_checkable

import torch
from jaxtyping import Float
from torch import Tensor

from ..errors import InputError
from ..physics import Observation
from ..shapes import Counts, Positions


class Status(StrEnum):
    """How the estimate of one scene ended; the values are the sentences a user reads."""

    CONVERGED = "converged"
    ITERATION_LIMIT = "stopped at the iteration limit; the positions may still move"
    NOT_OBSERVABLE = "converged in what the array can tell; a coordinate without ± is not observable with this array"
    FEWER = "fewer sources found than asked for"
    NONE = "no source detected"


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """Located sources of a batch of scenes; slots beyond a scene's order hold NaN.

    Args:
        positions: (scene, source, 3), radians, radians, metres; an unbounded distance is infinite.
        order: (scene,), K̂: sources found.
        powers: (scene, source), mean symbol power at the panel.
        deviations: (scene, source, 3), standard deviations of azimuth, elevation (radians) and distance (metres) from
            the Fisher information at the estimate; NaN where the estimator states none, and in a coordinate that the
            array cannot tell: of a line the direction on its cone that is reported is one of many.
        noise_variance: (scene,), σ² per antenna; NaN where the estimator states none.
        status: one per scene.
    """

    positions: Positions
    order: Counts
    powers: Float[Tensor, "scene source"]
    deviations: Positions
    noise_variance: Float[Tensor, "scene"]  # noqa: F821
    status: tuple[Status, ...]

    def __len__(self) -> int:
        return self.order.shape[0]


@runtime_checkable
class Estimator(Protocol):
    """Anything that locates sources: called with an observation, it returns one estimate per scene."""

    @property
    def name(self) -> str:
        """Short name for tables."""
        ...

    def __call__(self, observation: Observation, sources: int | Counts | None = None) -> Estimate:
        """Locate the sources.

        Args:
            observation: the scenes.
            sources: K for all scenes, K per scene, or None to estimate it.
        """
        ...


def asked_sources(observation: Observation, sources: int | Counts, most: int) -> Counts:
    """K per scene as a tensor, after checking that it can be found.

    Args:
        observation: the scenes.
        sources: K for all, or per scene.
        most: the largest K that the estimator can find in these measurements.

    Raises:
        InputError: K below 1, above `most`, or not one per scene.
    """
    device = observation.measurements.device
    counts = torch.full((len(observation),), sources, device=device) if isinstance(sources, int) else sources.to(device)
    if counts.shape != (len(observation),):
        raise InputError(
            f"one number of sources per scene: shape ({len(observation)},)",
            f"{tuple(counts.shape)}",
            "the counts of another batch",
            "pass an int, or a tensor with one count per scene",
        )
    if len(observation) and not (1 <= int(counts.min()) and int(counts.max()) <= most):
        wrong = int(counts.min()) if int(counts.min()) < 1 else int(counts.max())
        raise InputError(
            f"between 1 and {most} sources: more are not identifiable from these measurements by this estimator",
            str(wrong),
            "K above what the estimator can tell apart, or a count left at zero",
            "lower sources, or take another estimator or more snapshots",
        )
    return counts


def pad_sources(values: Tensor, slots: int) -> Tensor:
    """Append NaN slots along the source axis (axis 1) up to `slots`."""
    missing = slots - values.shape[1]
    pad = values.new_full((values.shape[0], missing, *values.shape[2:]), torch.nan)
    return torch.cat([values, pad], dim=1)


def joined_estimates(estimates: Sequence[Estimate]) -> Estimate:
    """The estimates of consecutive batches as one, padded to the largest order.

    Args:
        estimates: at least one, on one device.
    """
    slots = max(estimate.positions.shape[1] for estimate in estimates)

    def padded(name: str) -> Tensor:
        return torch.cat([pad_sources(vars(estimate)[name], slots) for estimate in estimates])

    return Estimate(
        positions=padded("positions"),
        order=torch.cat([estimate.order for estimate in estimates]),
        powers=padded("powers"),
        deviations=padded("deviations"),
        noise_variance=torch.cat([estimate.noise_variance for estimate in estimates]),
        status=tuple(status for estimate in estimates for status in estimate.status),
    )
