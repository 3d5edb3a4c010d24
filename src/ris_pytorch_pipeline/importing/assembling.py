"""How arranged arrays become an observation: array, codes, channel, measurements, and positions where known."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from ..data import truth_at
from ..errors import ConfigurationError, InputError
from ..physics import Array, Observation, Panel, Points, Truth, positions_from_cartesian, steering, wavefront_named
from ..shapes import Positions
from ..units import SPEED_OF_LIGHT
from .arranging import real, signal
from .mapping import ImportMapping, read_mapping
from .quantities import Places, Quantity
from .reading import Folder
from .scales import Kind, in_si
from .truths import check_angles

MEASUREMENTS = ("scene", "frequency", "snapshot", "antenna")
CODES = ("scene", "frequency", "snapshot", "element")
CHANNEL = ("scene", "frequency", "antenna", "element")
SEQUENCES = ("scene", "frequency", "snapshot", "source")


@dataclass(frozen=True, kw_only=True)
class Imported:
    """What came of a mapping.

    >>> from pathlib import Path
    >>> mapping = mapping_of({
    ...     "symbols": "random", "note": "hall 3", "wavelength": {"value": 0.3, "unit": "m"},
    ...     "panel": {"horizontal": 4, "spacing": 0.15, "unit": "m"},
    ...     "measurements": {"value": [[1.0, 2.0, 1.0, 0.0]], "axes": ["snapshot", "antenna"]},
    ... })
    >>> imported = scenes_of(mapping, Folder(path=Path(".")))
    >>> imported.observation.measurements.shape, imported.truth, imported.note
    (torch.Size([1, 1, 4]), None, 'hall 3')

    Args:
        observation: in complex128.
        truth: positions as given, the rest fitted to them, see `truth_at`; None without positions.
        mapping: where it came from.
        remarks: what looked odd in the numbers as they were stored.
    """

    observation: Observation
    truth: Truth | None
    mapping: ImportMapping
    remarks: tuple[str, ...] = ()

    @property
    def note(self) -> str:
        """For the header of a scene file."""
        fitted = "positions of the sources as measured, their powers, symbols and noise fitted to them"
        return "; ".join(text for text in (self.mapping.note, fitted if self.truth is not None else "") if text)


def import_scenes(path: Path | str, limit: int = 2**31) -> Imported:
    """Read the scenes that a mapping in TOML describes; nothing is written.

    >>> import numpy as np
    >>> np.savez("capture.npz", Y=np.exp(1j * np.arange(20).reshape(5, 4)))
    >>> lines = ['file = "capture.npz"', 'symbols = "random"', 'wavelength = {value = 300, unit = "mm"}']
    >>> lines += ['panel = {horizontal = 4, vertical = 1, spacing = 150, unit = "mm"}']
    >>> lines += ['[measurements]', 'array = "Y"', 'axes = ["snapshot", "antenna"]']
    >>> with open("mapping.toml", "w") as file:
    ...     print(*lines, sep=chr(10), file=file)
    >>> import_scenes("mapping.toml").observation.measurements.shape  # (scene, snapshot, antenna)
    torch.Size([1, 5, 4])

    Args:
        path: of the mapping; data files are beside it or in folders below.
        limit: bytes that any one array may take.

    Returns:
        Observation, truth where positions are known, and what was understood.

    Raises:
        ConfigurationError: a key, name, axis or unit that is not understood, with the nearest known one.
        InputError: a missing, broken, foreign or too large file, or arrays that do not fit together.
    """
    path = Path(path)
    return scenes_of(read_mapping(path), Folder(path=path.parent, limit=limit))


def scenes_of(mapping: ImportMapping, folder: Folder) -> Imported:
    """The scenes that a mapping describes, such as one made by `mapping_of`.

    >>> import numpy as np
    >>> from pathlib import Path
    >>> np.savez("capture.npz", Y=np.exp(1j * np.arange(20).reshape(5, 4)))
    >>> mapping = mapping_of({
    ...     "file": "capture.npz", "symbols": "random", "wavelength": {"value": 30, "unit": "cm"},
    ...     "panel": {"horizontal": 4, "spacing": 0.5, "unit": "wavelengths"},
    ...     "measurements": {"array": "Y", "axes": ["snapshot", "antenna"]},
    ... })
    >>> scenes_of(mapping, Folder(path=Path("."))).observation.measurements.shape  # (scene, snapshot, antenna)
    torch.Size([1, 5, 4])

    Args:
        mapping: which array is what.
        folder: where its files are.

    Raises:
        ConfigurationError: see `import_scenes`.
        InputError: see `import_scenes`.
    """
    with np.errstate(all="ignore"):  # what is not finite afterwards is refused by name
        return _assembled(mapping, folder)


def _assembled(mapping: ImportMapping, folder: Folder) -> Imported:
    """The scenes, whatever their numbers make of the arithmetic."""
    wavelengths = _wavelengths(mapping, folder)
    array = _array(mapping, folder, wavelengths)
    measured = signal(mapping.measurements, folder, mapping, "measurements")
    parts = {"measurements": measured.ordered(MEASUREMENTS, "measurements")}
    parts["codes"] = _codes(mapping, folder, parts["measurements"], len(array))
    parts["channel"] = _channel(mapping, folder, array)
    if mapping.sequences.given:
        parts["sequences"] = signal(mapping.sequences, folder, mapping, "sequences").ordered(SEQUENCES, "sequences")
    _check_total(parts, folder.limit)
    if mapping.remove_mean:
        parts["measurements"] = parts["measurements"] - parts["measurements"].mean(2, keepdims=True)
        parts["codes"] = parts["codes"] - parts["codes"].mean(2, keepdims=True)
    observation = Observation(
        **{name: _tensor(value, parts["measurements"].shape, array.frequencies) for name, value in parts.items()},
        array=replace(array, wavefront=wavefront_named(mapping.wavefront)),
        symbols=mapping.symbols or "pilot",
        noise_variance=_noise(mapping, folder),
    )
    truth = None if not mapping.truth.given else truth_at(observation, _truth_positions(mapping, folder, observation))
    return Imported(observation=observation, truth=truth, mapping=mapping, remarks=tuple(folder.remarks))


def _wavelengths(mapping: ImportMapping, folder: Folder) -> NDArray[np.float64]:
    """Metres, one or several."""
    if mapping.frequency.given:
        hertz = real(_flat(mapping.frequency), folder, mapping, "frequency", "frequency").values
        return SPEED_OF_LIGHT / np.atleast_1d(hertz)
    return np.atleast_1d(real(_flat(mapping.wavelength), folder, mapping, "wavelength", "length").values)


def _flat(quantity: Quantity) -> Quantity:
    """A quantity whose one axis, where it is not named, is that of the frequencies."""
    if quantity.axes or (quantity.value is not None and not isinstance(quantity.value, tuple)):
        return quantity
    return replace(quantity, axes=("frequency",))


def _array(mapping: ImportMapping, folder: Folder, wavelengths: NDArray[np.float64]) -> Array:
    """The array, from a regular panel or from element positions."""
    shortest = float(wavelengths.min())
    if mapping.panel.horizontal > 0:
        layout = mapping.panel
        spacing = in_si(np.atleast_1d(layout.spacing), layout.unit, "length", "panel", shortest)
        panel = Panel(
            horizontal=layout.horizontal, vertical=layout.vertical,
            spacing=(float(spacing[0]), float(spacing[-1])),
        )  # fmt: skip
        return panel.array(wavelengths)
    named = real(mapping.elements, folder, mapping, "elements", "length", shortest)
    return Points(named.ordered(("element", "xyz"), "elements"), wavelengths)


def _codes(mapping: ImportMapping, folder: Folder, measured: NDArray[Any], elements: int) -> NDArray[Any]:
    """Codes, or ones without a RIS."""
    if not mapping.codes.given:
        return np.ones((1, 1, measured.shape[2], elements), dtype=np.complex128)
    return signal(mapping.codes, folder, mapping, "codes").ordered(CODES, "codes")


def _channel(mapping: ImportMapping, folder: Folder, array: Array) -> NDArray[Any]:
    """The channel as given, the line of sight to the antennas, or the identity without a RIS."""
    if mapping.channel.given:
        return signal(mapping.channel, folder, mapping, "channel").ordered(CHANNEL, "channel")
    if mapping.antennas.given:
        where = places(mapping.antennas, folder, mapping, "antennas", ("antenna",))
        return _line_of_sight(torch.from_numpy(where), array.to(dtype=torch.float64))[None]
    return np.eye(len(array), dtype=np.complex128)[None, None]


def _line_of_sight(antennas: Positions, array: Array) -> NDArray[np.complex128]:
    """exp(-j k0 |p_m - q_n|), (frequency, antenna, element): the steering vector, and the path to the origin."""
    waves = steering(antennas, array)
    waves = waves if array.frequencies > 1 else waves[None]
    turns = antennas[:, 2] / torch.tensor(array.wavelengths, dtype=torch.float64)[:, None]
    return (waves * torch.exp(-2j * torch.pi * turns)[..., None]).numpy()


def _noise(mapping: ImportMapping, folder: Folder) -> NDArray[Any] | None:
    if not mapping.noise_variance.given:
        return None
    quantity = mapping.noise_variance
    if quantity.array and not quantity.axes:
        quantity = replace(quantity, axes=("scene",))
    return real(quantity, folder, mapping, "noise_variance", "level").values


def places(
    given: Places, folder: Folder, mapping: ImportMapping, key: str, axes: tuple[str, ...]
) -> NDArray[np.float64]:  # fmt: skip
    """Positions (..., 3) in radians, radians, metres, with these axes before the last.

    Raises:
        ConfigurationError: an azimuth or a distance left out, or both ways to say it.
    """
    if given.cartesian.given:
        polar = [name for name in ("azimuth", "elevation", "distance") if vars(given)[name].given]
        if polar:
            raise ConfigurationError(
                f"{key}.cartesian or {key}.{polar[0]}", "both", "two ways to say it", "delete one of them"
            )
        named = real(given.cartesian, folder, mapping, f"{key}.cartesian", "length")
        xyz = torch.from_numpy(named.ordered((*axes, "xyz"), f"{key}.cartesian").copy())
        return positions_from_cartesian(xyz).numpy()
    if not given.azimuth.given:
        raise ConfigurationError(f"{key}.azimuth", "none", "a line left out", "add it; straight ahead is 0")
    if not given.distance.given:
        raise ConfigurationError(f"{key}.distance", "none", "a line left out", "add it; a far one may be 1e6 m")
    kinds: dict[str, Kind] = {"azimuth": "angle", "elevation": "angle", "distance": "length"}
    parts = [
        _coordinate(vars(given)[name], folder, mapping, f"{key}.{name}", kind, axes) for name, kind in kinds.items()
    ]
    return np.stack(np.broadcast_arrays(*parts), axis=-1)


def _coordinate(
    quantity: Quantity, folder: Folder, mapping: ImportMapping, key: str, kind: Kind, axes: tuple[str, ...]
) -> NDArray[np.float64]:  # fmt: skip
    """One coordinate; an array whose axes are not named has the first of them, a coordinate left out is zero."""
    if not quantity.given:
        return np.zeros([1] * len(axes))
    many = quantity.array or isinstance(quantity.value, tuple)
    if many and not quantity.axes:
        quantity = replace(quantity, axes=axes[:1])
    return real(quantity, folder, mapping, key, kind).ordered(axes, key)


def _truth_positions(mapping: ImportMapping, folder: Folder, observation: Observation) -> Positions:
    """(scene, source, 3); one set of positions may serve all scenes.

    Raises:
        InputError: another number of scenes.
    """
    where = torch.from_numpy(places(mapping.truth, folder, mapping, "truth", ("scene", "source")).copy())
    if len(where) not in {1, len(observation)}:
        raise InputError(
            f"truth of {len(observation)} scenes", f"{len(where)}", "positions of another capture", "compare the counts"
        )
    check_angles(where, observation.array)
    return where.expand(len(observation), -1, -1).clone()


def _check_total(parts: dict[str, NDArray[Any]], limit: int) -> None:
    """Refuse scenes that would not fit once codes and channel are repeated for each of them.

    Raises:
        InputError: with the size.
    """
    scenes = parts["measurements"].shape[0]
    total = sum(16 * value[0].size * scenes for value in parts.values())
    if total > limit:
        raise InputError(
            f"scenes of at most {limit / 1e6:.0f} MB together", f"{total / 1e6:.0f} MB", "a long capture",
            "raise --limit-mb, or pick some of the scenes",
        )  # fmt: skip


def _tensor(value: NDArray[Any], measured: tuple[int, ...], frequencies: int) -> torch.Tensor:
    """A tensor for all scenes, with the frequency axis where there are several wavelengths.

    Raises:
        InputError: frequencies that do not match the wavelengths.
    """
    if value.shape[1] not in {1, frequencies}:
        raise InputError(
            f"{frequencies} frequencies, as many as wavelengths", f"an axis frequency of {value.shape[1]}",
            "measurements at more frequencies than the mapping names", "name all, or pick one of the axis frequency",
        )  # fmt: skip
    tensor = torch.from_numpy(np.ascontiguousarray(value).astype(np.complex128))
    tensor = tensor if frequencies > 1 and value.shape[1] > 1 else tensor.squeeze(1)
    return tensor.expand(measured[0], *tensor.shape[1:]) if len(tensor) == 1 else tensor
