"""Is a misfit only for want of one or two sources that were found and not counted? Then it is said so."""

from collections.abc import Callable

import torch
from jaxtyping import Bool
from torch import Tensor

from ...shapes import Mask
from ..estimate import Estimate, Status
from ..fit.counting.scatter import scatter_of
from ..fit.counting.spare import own_share
from ..fit.groups import groups_of
from ..fit.verdict import Judged, incomplete
from ..normalise import Scaled

MORE = 2
"""Sources found beside those that are kept. Of 64 scenes of pilots with phase errors of 0.5 rad at 10 dB all found ones
explain 28, with three more in two of them and four to six in the others: an error of the model shows at so many places
before the rest is white."""
Misread = Callable[..., list[str]]
Images = Callable[[Scaled, Estimate], Mask]


def said_incomplete(
    scaled: Scaled, judged: Judged, found: Estimate, misread: Misread, images: Images
) -> tuple[Estimate, Bool[Tensor, "scene"]]:  # noqa: F821
    """`INCOMPLETE` in place of `MISFIT` where one or two sources that were found and not kept leave white noise.

    A source that gains little beside a loud one may be an error of the model, so it has no place to be relied on. To
    take it away is then all that the residual speaks of. Nothing changes where a reading explains more than all of them
    do, or one source that moves or is behind a part of the array, or where random symbols of one are those of others.

    Args:
        scaled: the scenes.
        judged: all that was found in them.
        found: with the credible sources alone.
        misread: (scenes, positions, sources of each scene) -> the name of a reading that explains each scene better.
        images: (scenes, an estimate of them) -> (scene, source) True of what one source elsewhere shows as.

    Returns:
        The estimate, and (scene,) True where no reading explains more than all sources do, those on a ray included.
    """
    whole, decided = judged.estimate, torch.zeros_like(found.order, dtype=torch.bool)
    rows = _spoilt(whole, found)
    if rows.numel():
        rows = rows[~(images(scaled[rows], whole[rows]).any(-1) | _echoing(scaled[rows], whole[rows]))]
    if rows.numel() == 0:
        return found, decided
    names = misread(scaled[rows], whole.positions[rows], whole.order[rows])
    rows = rows[torch.tensor([not name for name in names], device=rows.device)]
    decided[rows] = True
    return incomplete(found, rows[~judged.split[rows]]), decided


def _spoilt(whole: Estimate, found: Estimate) -> Tensor:
    """Numbers of the scenes that are a misfit for want of one or two that were taken away."""
    fewer = whole.order - found.order
    chosen = (found.order > 0) & (fewer > 0) & (fewer <= MORE) & _misfit(found) & ~_misfit(whole)
    return torch.nonzero(chosen).squeeze(-1)


def _echoing(scaled: Scaled, whole: Estimate) -> Bool[Tensor, "scene"]:  # noqa: F821
    """Where random symbols of a source are by no chance as like those of stronger ones: it is an image of them.

    With all sources the residual is white, and so the least chance that speaks of an image is that of right scenes.
    """
    seen = scaled.observation
    if seen.symbols != "random":
        return torch.zeros_like(whole.order, dtype=torch.bool)
    groups = groups_of(seen, whole.positions)
    quiet = torch.zeros_like(whole.order, dtype=torch.bool)
    return (own_share(scatter_of(seen, groups), groups.present, quiet) < 1).any(-1)


def _misfit(found: Estimate) -> Bool[Tensor, "scene"]:  # noqa: F821
    """Which scenes are a misfit."""
    said = [()] * len(found) if found.fit is None else found.fit.findings
    return torch.tensor([Status.MISFIT in findings for findings in said], dtype=torch.bool, device=found.order.device)
