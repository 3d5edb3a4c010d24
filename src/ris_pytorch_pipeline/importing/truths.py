"""Do the stated positions of the sources explain the measurements, or do they so read in another way?"""

import math
from collections.abc import Iterator
from itertools import permutations, product

import torch

from ..data import truth_at
from ..errors import InputError
from ..estimate import Estimate
from ..estimate.fit import Note
from ..physics import Array, Observation, cartesian_from_positions, positions_from_cartesian
from ..shapes import Positions

_AHEAD, _NEAR = 6.0, 2.0
"""Decibels of signal to noise by which something else has to fit better than the stated positions; and by which another
reading of them may be behind the best single place."""
_HEARD = -3.0
"""Decibels below which not even the best place explains anything: then the positions are not what is wrong."""
_QUARTER = math.pi / 2


def check_angles(positions: Positions, array: Array) -> None:
    """Refuse angles that a mapping counts from another axis than the package.

    Args:
        positions: (scene, source, 3) as told, NaN where there is no source.
        array: the array.

    Raises:
        InputError: an elevation beyond ±90°, or an azimuth behind a panel that looks along +x.
    """
    panel = array.dimension == 2 and array.frame.identity
    tests = (
        (positions[..., 1], "elevation", True, "angles from the zenith, or degrees told as radians",
         "write scale = -1 and offset = 90 beside unit = \"deg\" for angles from the zenith, or check the unit"),
        (positions[..., 0], "azimuth", panel, "angles from the panel's edge or from north, or degrees told as radians",
         "write offset = -90, or scale = -1 and offset = 90, beside unit = \"deg\", or check the unit"),
    )  # fmt: skip
    for angles, name, asked, cause, move in tests:
        beyond = torch.nonzero(angles.abs() > _QUARTER + 1e-9)
        if asked and len(beyond):
            scene, source = beyond[0].tolist()
            raise InputError(
                f"truth.{name} within ±90°, counted from the panel's normal",
                f"{math.degrees(float(angles[scene, source])):.4g}° in scene {scene}", cause, move,
            )  # fmt: skip


def note_of_truth(observation: Observation, positions: Positions, found: Estimate) -> Note | None:
    """A note where the stated positions explain far less than the best single place does.

    They are read in other ways: with other signs, axes and units, or of other scenes. A reading is named that
    explains as much as the best place.

    >>> import torch
    >>> import ris_pytorch_pipeline as ris
    >>> scenes = ris.simulate(ris.preset("pilot", sources=1, snr_db=20.0), scenes=2, seed=0)
    >>> found = ris.PilotMl()(scenes.observation, 1)
    >>> mirrored = scenes.truth.positions * torch.tensor([-1.0, 1.0, 1.0])
    >>> print(note_of_truth(scenes.observation, mirrored, found).what.split(" with ")[1])
    azimuths of the other sign, or columns of the panel from the other side

    Args:
        observation: some scenes.
        positions: (scene, source, 3), where the sources are said to be; NaN where there is none.
        found: one source in each scene, sought by a likelihood.
    """
    power = torch.view_as_real(observation.measurements).square().sum(-1).flatten(1).mean(1)
    ratio = (power / found.noise_variance.to(power) - 1).clamp_min(1e-6)
    best = float(10 * torch.log10(ratio.median()))
    stated = _fits(observation, positions)
    if best < _HEARD or stated > best - _AHEAD:
        return None
    ways = [(_fits(observation, where), name) for name, where in _ways(positions)]
    level, name = max(ways, default=(-math.inf, ""))
    what = f"the positions of truth explain {_share(stated)} of the energy"
    if level >= max(best - _NEAR, stated + _AHEAD):
        return Note(
            what=f"{what}, and {_share(level)} with {name}", cause="positions counted in another way than the array",
            move="correct axes, scale, offset or unit of truth, or the order of the elements",
        )  # fmt: skip
    return Note(
        what=f"{what}, and one source elsewhere {_share(best)}",
        cause="positions of other scenes, from another origin or in other axes, or a second, louder source",
        move="compare the positions with those of `ris locate`; do not calibrate with them",
    )


def _share(level: float) -> str:
    return f"{1 / (1 + 10 ** (-level / 10)):.0%}"


def _fits(observation: Observation, positions: Positions) -> float:
    """Signal to noise in dB at these positions, -∞ where no array sees them."""
    try:
        return float(truth_at(observation, positions).snr_db.median())
    except InputError:
        return -math.inf


def _ways(positions: Positions) -> Iterator[tuple[str, Positions]]:
    """Other ways to read positions: in words, and what they are then."""
    azimuth, elevation, distance = positions.unbind(-1)
    angles = {
        "azimuths of the other sign, or columns of the panel from the other side": (-azimuth, elevation),
        "elevations of the other sign, or rows of the panel from the other end": (azimuth, -elevation),
        "both angles of the other sign": (-azimuth, -elevation),
        "azimuth and elevation exchanged": (elevation, azimuth),
        "radians in place of degrees": (torch.rad2deg(azimuth), torch.rad2deg(elevation)),
        "azimuths counted from the panel's edge (offset = -90)": (azimuth - _QUARTER, elevation),
        "azimuths counted from the panel's edge (scale = -1, offset = 90)": (_QUARTER - azimuth, elevation),
        "elevations counted from the zenith (scale = -1, offset = 90)": (azimuth, _QUARTER - elevation),
    }
    for name, pair in angles.items():
        yield name, torch.stack([*pair, distance], dim=-1)
    for factor in (1e-3, 1e-2, 1e2, 1e3):
        yield f"distances times {factor:g}", torch.stack([azimuth, elevation, factor * distance], dim=-1)
    if len(positions) > 1:
        yield "the scenes in reversed order", positions.flip(0)
        yield "the positions one scene later", positions.roll(1, 0)
        yield "the positions one scene earlier", positions.roll(-1, 0)
    places = cartesian_from_positions(positions)
    for order, signs in product(permutations(range(3)), product((1.0, -1.0), repeat=3)):
        turned = places[..., list(order)] * places.new_tensor(signs)
        words = ", ".join(f"{'' if sign > 0 else '-'}{'xyz'[axis]}" for axis, sign in zip(order, signs, strict=True))
        if order != (0, 1, 2):
            yield f"x, y, z = the told {words}", positions_from_cartesian(turned)
