"""What in the numbers of a file looks like a wrong unit, wrong levels, or repeats that were no repeats?"""

import math

import numpy as np
from numpy.typing import NDArray

_TURN, _LEAST_DEGREES = 360.0, 90.0
"""Largest phase in degrees, and the span from which on phases look like degrees: none in radians is wanted so large."""
_NEARLY = 2.5
"""Largest phase from which on phases up to 2π look like radians."""
_FLAT_DB = 3.0
"""Span of magnitudes, none negative, below which decibels look linear."""
_KEPT = 0.5
"""Part of what one phase a repeat would keep that an average of repeats has to keep."""
_FEW = 4
"""Numbers in a snapshot from which on its repeats are compared within it."""


def of_phases(values: NDArray[np.float64], unit: str, key: str) -> list[str]:
    """Degrees that are said to be radians, or the other way round.

    >>> of_phases(np.array([-170.0, 20.0, 175.0]), "rad", "codes")
    ['phases of codes from -170 to 175 rad look like degrees: check phase_unit']

    Args:
        values: as stored.
        unit: the stated one.
        key: of the mapping.
    """
    low, high = float(values.min()), float(values.max())
    within = (-_TURN / 2 <= low and high <= _TURN / 2) or (low >= 0 and high <= _TURN)
    if unit == "rad" and within and high - low >= _LEAST_DEGREES:
        return [f"phases of {key} from {low:.4g} to {high:.4g} rad look like degrees: check phase_unit"]
    if unit == "deg" and _NEARLY < max(-low, high) <= 2 * math.pi and bool((values % 1 != 0).any()):
        return [f"phases of {key} from {low:.4g} to {high:.4g} deg look like radians: check phase_unit"]
    return []


def of_magnitudes(values: NDArray[np.float64], unit: str, key: str) -> list[str]:
    """Decibels that are said to be linear, or the other way round.

    >>> of_magnitudes(np.array([-12.0, 3.0]), "linear", "channel")
    ['magnitudes of channel from -12 to 3, said to be linear, look like decibels: check unit']

    Args:
        values: as stored.
        unit: the stated one; empty is linear.
        key: of the mapping.
    """
    low, high = float(values.min()), float(values.max())
    if unit != "dB" and low < 0:
        return [f"magnitudes of {key} from {low:.4g} to {high:.4g}, said to be linear, look like decibels: check unit"]
    if unit == "dB" and low >= 0 and 0 < high - low < _FLAT_DB and bool((values % 1 != 0).any()):
        return [f"magnitudes of {key} from {low:.4g} to {high:.4g}, said to be dB, look linear: check unit"]
    return []


def of_states(states: NDArray[np.float64], levels: int, base: int, key: str) -> list[str]:
    """States of which only the lower half, or less, occurs.

    Args:
        states: as stored.
        levels: the stated number of them.
        base: what they count from.
        key: of the mapping.
    """
    used = int(states.max()) - base + 1
    if used < 2 or 2 * used > levels or states.size < 8 * levels:
        return []
    return [f"{key} has states {base} to {base + used - 1} of {levels} levels only: check levels"]


def of_repeats(values: NDArray[np.complex128], axes: tuple[str, ...], key: str) -> list[str]:
    """Repeats whose phase runs, so that their average keeps less than they have in common.

    The largest eigenvalue of their products is what they have in common, each with a phase of its own.

    Args:
        values: with an axis `repeat`.
        axes: a name for each axis.
        key: of the mapping.
    """
    count = values.shape[axes.index("repeat")]
    inner = [axis for axis in axes if axis not in {"scene", "snapshot", "repeat"}]
    if math.prod(values.shape[axes.index(axis)] for axis in inner) < _FEW:
        inner += [axis for axis in ("snapshot",) if axis in axes]
    outer = [axis for axis in axes if axis not in {*inner, "repeat"}]
    turned = values.transpose([axes.index(axis) for axis in (*outer, "repeat", *inner)])
    rows = turned.reshape(math.prod(turned.shape[: len(outer)]), count, -1)
    products = rows @ rows.conj().swapaxes(-1, -2)
    energy = np.trace(products, axis1=-2, axis2=-1).real
    heard = (energy > 0) & np.isfinite(energy)  # what is not finite is refused as a measurement
    if count < 2 or not heard.any():
        return []
    common = float(np.median(np.linalg.eigvalsh(products[heard])[:, -1] / energy[heard]))
    kept = float(np.median(products[heard].sum((-1, -2)).real / count / energy[heard]))
    noise = (1 + math.sqrt(count / rows.shape[-1])) ** 2 / count
    if kept >= _KEPT * common or common <= min(1.0, noise) * (1 + _KEPT):
        return []
    return [
        f"the mean of {count} repeats of {key} keeps {kept:.0%} of their energy, and {common:.0%} is alike but for a "
        "phase: it runs from repeat to repeat, or the symbols change; name the axis snapshot in place of repeat"
    ]
