"""Does the field hold the mirror image of a source behind a flat array, too? No measurement tells the two apart."""

import torch

from ....physics import Array, mirrored
from ....shapes import Cosines, Mask, Positions
from ...region import SearchRegion


def images_behind(
    cosines: Cosines, array: Array, region: SearchRegion, apart: float
) -> tuple[Mask, Positions]:  # fmt: skip
    """Which sources have a mirror image in the field, and where it is.

    A panel on a floor, on a ceiling or turned far aside has both sides in a field that is stated in world axes. Of a
    source at d = (d_x, u, w) in the frame of the array the image is (-d_x, u, w), 2 d_x away.

    Args:
        cosines: (scene, source, 3), u, w and q of what was found.
        array: the array. Lines see cones and deep arrays no mirror image: none is returned of them.
        region: the field.
        apart: difference of direction cosines from which on it is another place.

    Returns:
        (scene, source), True where an image lies in the field, and (scene, source, 3), the images.
    """
    positions = region.reported(cosines, array)
    if array.dimension != 2:
        return torch.zeros_like(positions[..., 0], dtype=torch.bool), positions
    images = mirrored(positions, array)
    ahead = (1 - cosines[..., :2].square().sum(-1)).clamp_min(0).sqrt()
    return region.holds(images) & (2 * ahead > apart), images
