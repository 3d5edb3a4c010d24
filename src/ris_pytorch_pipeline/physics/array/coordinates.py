"""Where positions in the world are in the array's frame and back, with the Jacobian: conversion at the edge."""

import torch
from jaxtyping import Float
from torch import Tensor

from ...errors import InputError
from ...shapes import Cosines, Positions
from ..geometry import check_positions, cosines_from_positions, forward_cosine, positions_from_cosines
from .value import Array


def toward(positions: Float[Tensor, "*batch coordinate"]) -> Float[Tensor, "*batch 3"]:
    """Unit vectors (cosθ cosφ, cosθ sinφ, sinθ) of positions, or of (φ, θ) alone.

    >>> toward(torch.tensor([[0.0, 0.0, 5.0], [0.5, 0.0, 5.0]]))
    tensor([[1.0000, 0.0000, 0.0000],
            [0.8776, 0.4794, 0.0000]])
    """
    azimuth, elevation = positions[..., 0], positions[..., 1]
    across = elevation.cos()
    return torch.stack([across * azimuth.cos(), across * azimuth.sin(), elevation.sin()], dim=-1)


def plain(array: Array) -> bool:
    """Whether the frame is the world's and half of space is enough, as for a panel in x = 0."""
    return array.frame.identity and array.frame.centred and not array.deep


def to_cosines(positions: Positions, array: Array) -> Cosines:
    """(φ, θ, r) about the origin to cosines in the array's frame about its centre c; an infinite distance is q = 0.

    With e the unit vector of the position and Q = 1/r: d = (e - Q c)/|e - Q c| and q = Q/|e - Q c|.

    >>> array = Panel(horizontal=4, vertical=4, spacing=0.15).array(0.3, pose=Pose(yaw=0.5))
    >>> to_cosines(torch.tensor([[0.8, 0.1, 2.0]]), array)  # 0.3 rad aside of where the panel looks
    tensor([[0.2940, 0.0998, 0.5000]])

    Returns:
        (..., source, 3), (u, w, q); (..., source, 4), (d_x, u, w, q), for a deep array.
    """
    if plain(array):
        return cosines_from_positions(positions)
    cosines = whole_cosines(positions, array)
    return cosines if array.deep else cosines[..., 1:]


def whole_cosines(positions: Positions, array: Array) -> Float[Tensor, "*batch source 4"]:
    """(d_x, u, w, q) of `to_cosines`, whatever the array: with the part of a direction that it does not tell."""
    inverse = 1 / positions[..., 2:]
    seen = toward(positions) - inverse * array.frame.centre.to(positions)
    length = seen.norm(dim=-1, keepdim=True)
    return torch.cat([(seen / length) @ array.frame.rotation.to(positions), inverse / length], dim=-1)


def directions_of(cosines: Cosines, array: Array) -> Float[Tensor, "*batch source 3"]:
    """Unit vectors in world axes, as the array's centre sees them.

    >>> aside = Panel(horizontal=4, vertical=4, spacing=0.15).array(0.3, pose=Pose(yaw=0.5))
    >>> directions_of(torch.tensor([[0.0, 0.1, 0.5]]), aside)
    tensor([[0.8732, 0.4770, 0.1000]])
    """
    own = cosines[..., :3]
    if cosines.shape[-1] == 3:
        u, w = cosines[..., :1], cosines[..., 1:2]
        own = torch.cat([forward_cosine(u, w), u, w], dim=-1)
    return own @ array.frame.rotation.to(own).mT


def to_positions(cosines: Cosines, array: Array) -> Positions:
    """Cosines in the array's frame to (φ, θ, r) about the origin in world axes, the inverse of `to_cosines`.

    A flat array sees no difference between front and back: the position is in front of it, see `mirrored`.

    >>> array = Panel(horizontal=4, vertical=4, spacing=0.15).array(0.3, pose=Pose(yaw=0.5))
    >>> to_positions(torch.tensor([[0.2940, 0.0998, 0.5]]), array)
    tensor([[0.8000, 0.1000, 2.0000]])
    """
    if plain(array):
        return positions_from_cosines(cosines)
    q = cosines[..., -1:]
    return _polar(directions_of(cosines, array) + q * array.frame.centre.to(cosines), q)


def about_origin(seen: Positions, array: Array) -> Positions:
    """(φ, θ, r) as the array's centre sees it, in world axes, as (φ, θ, r) about the origin.

    >>> aside = Points([[0.0, 0.1, 1.0], [0.0, -0.1, 1.0], [0.1, 0.0, 1.2], [0.0, 0.0, 0.8]], 0.4)
    >>> about_origin(torch.tensor([[0.0, 0.0, 2.0]]), aside)
    tensor([[0.0000, 0.4587, 2.2585]])
    """
    if array.frame.centred:
        return seen
    q = 1 / seen[..., 2:]
    return _polar(toward(seen) + q * array.frame.centre.to(seen), q)


def _polar(scaled: Tensor, q: Tensor) -> Positions:
    """(φ, θ, r) of q times a place in metres."""
    x, y, z = scaled.unbind(-1)
    length = scaled.norm(dim=-1)
    elevation = torch.asin((z / length).clamp(-1, 1))
    return torch.stack([torch.atan2(y, x), elevation, length / q.squeeze(-1)], dim=-1)


def mirrored(positions: Positions, array: Array) -> Positions:
    """The mirror image behind a flat array, which no measurement of it tells from the position itself.

    >>> floor = Points([[0.0, 0.0, 0.0], [0.1, 0.0, 0.0], [0.0, 0.1, 0.0]], 0.3)
    >>> mirrored(torch.tensor([[0.3, 0.2, 5.0]]), floor)
    tensor([[ 0.3000, -0.2000,  5.0000]])

    Raises:
        InputError: the array is not flat.
    """
    if array.dimension != 2:
        raise InputError(
            "a flat array", str(array), "a line, which sees a cone, or a deep array, which sees no mirror image",
            "ask observability() what the array tells",
        )  # fmt: skip
    normal, centre = array.frame.rotation[:, 0].to(positions), array.frame.centre.to(positions)
    q = 1 / positions[..., 2:]
    seen = toward(positions) - q * centre
    return _polar(seen - 2 * (seen @ normal)[..., None] * normal + q * centre, q)


def check_visible(positions: Positions, array: Array) -> None:
    """Refuse positions that are none, and for a panel in the plane x = 0 those behind it.

    >>> cylinder = Points(bent(Panel(horizontal=8, vertical=2, spacing=0.15), math.pi), 0.3)
    >>> check_visible(torch.tensor([[2.0, 0.2, 3.0]]), cylinder)  # refused before a panel, which sees no such azimuth

    Raises:
        InputError: naming the first offending source.
    """
    check_positions(positions, in_front=array.dimension == 2 and array.frame.identity)


def jacobian(
    cosines: Cosines,
    own: Float[Tensor, "*batch source 3"],
    slopes: Float[Tensor, "*batch source 2 3"],
    array: Array,
) -> Float[Tensor, "*batch source 3 3"]:
    """∂(φ, θ, r)/∂(a, b, q) for coordinates (a, b) of the direction.

    With p = d + q c, a place times q: φ = atan2(p_y, p_x), θ = asin(p_z/|p|), r = |p|/q.

    Args:
        cosines: (..., source, 3 or 4), where it is taken.
        own: unit vectors d in the array's frame.
        slopes: ∂d/∂a and ∂d/∂b in the array's frame.
        array: the array.
    """
    rotation, centre = array.frame.rotation.to(own), array.frame.centre.to(own)
    q = cosines[..., -1]
    place = own @ rotation.mT + q[..., None] * centre
    moves = torch.cat([slopes @ rotation.mT, centre.expand_as(place)[..., None, :]], dim=-2)  # ∂p by a, b, q
    x, y, z = place.unbind(-1)
    across2 = x.square() + y.square()
    length = (across2 + z.square()).sqrt()
    tiny = torch.finfo(own.dtype).tiny
    turn = (x[..., None] * moves[..., 1] - y[..., None] * moves[..., 0]) / across2.clamp_min(tiny)[..., None]
    longer = (moves @ place[..., None]).squeeze(-1) / length[..., None]
    rise = moves[..., 2] - (z / length)[..., None] * longer
    away = torch.cat([longer[..., :2], longer[..., 2:] - (length / q)[..., None]], dim=-1) / q[..., None]
    return torch.stack([turn, rise / across2.sqrt().clamp_min(tiny)[..., None], away], dim=-2)
