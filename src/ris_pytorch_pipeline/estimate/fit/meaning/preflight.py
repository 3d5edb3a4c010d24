"""What is wrong before any search: units, grating lobes, channels of rank one, codes that do not vary."""

import math
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from ....errors import InputError
from ....physics import Array, Observation, steering_at, to_cosines, to_positions
from ....units import wavelength_of
from ...grid import search_grid
from ...region import SearchRegion
from ...spacing import nearest_spacing

_LOBE = 0.45
"""|a(p)^H a(p')|²/N² above which another point of the grid belongs to a lobe that looks like the source."""
_APART = 1.5
"""Grid steps beyond which a place is no part of the main lobe."""
_WIDE, _NARROW = 8.0, 1e-3
"""Spacing over wavelength beyond which a unit is wrong: no array is built like that."""
_LARGE = 10.0
"""Size of an array over the farthest distance searched beyond which one of them is in another unit: the elements would
stand around the field, or on a rail of ten times the distance."""
_LONG, _LEAST_WAVES, _FEW_WAVES = 1.0, 2.0, 5.0
"""Wavelength in metres from which on millimetres are likely, and the wavelengths to the farthest distance searched
below which they are the cause: fewer where the array is larger than the field. A panel of 12 x 12 at 28 GHz in
millimetres is 80 "m" large, and ten metres are less than a wavelength."""
_PASSIVE = 2.0
"""Largest modulus of a code, its mean over the snapshots taken away."""
FEW_FACTS = 2 * 3 + 1
"""Real numbers below which far places look alike: up to twice as many as a position has coordinates. With codes that do
not vary, one source, 15 dB and 64 scenes, 26 answers of three antennas are off unmarked unless others are sought, 5 of
four, none of six."""
_RANK = 1e-6
"""Part of the largest singular value below which another one of the channel is zero."""


@dataclass(frozen=True, kw_only=True)
class Note:
    """Something about a capture that a search cannot mend.

    >>> import ris_pytorch_pipeline as ris
    >>> seen = ris.simulate(ris.preset("pilot", codes="ones", antennas=2), scenes=1, seed=0).observation
    >>> note, = notes(seen, ris.SearchRegion())
    >>> print(note.cause, note.move, sep="; ")
    one code repeated, or a codebook in place of the codes in use; pass the code of each snapshot,
    or vary the codes; no answer is to be trusted

    Args:
        what: is the case.
        cause: likely.
        move: next.
    """

    what: str
    cause: str
    move: str


def check_units(observation: Observation, region: SearchRegion) -> None:
    """Refuse lengths that show a wrong unit, before anything is allocated.

    The spacing of the elements is compared with the wavelength, the size of the array with the distances searched.

    >>> import ris_pytorch_pipeline as ris
    >>> array = ris.Panel(horizontal=4, vertical=4, spacing=150.0).array(0.3)  # millimetres
    >>> seen = ris.simulate(ris.preset("pilot", array=array), scenes=1, seed=0).observation
    >>> check_units(seen, ris.SearchRegion())
    Traceback (most recent call last):
    ris_pytorch_pipeline.errors.InputError: wanted elements between 0.001 and 8 wavelengths apart; got 150 m apart at
    a wavelength of 0.3 m: 500 wavelengths. Likely cause: elements in millimetres in place of metres. Next: pass
    elements and wavelength in metres: wavelength = c / f; `ris check` tries the usual units.

    Args:
        observation: the scenes.
        region: the field that is to be searched.

    Raises:
        InputError: naming the likely unit.
    """
    if len(observation.array) > 1:
        _check_spacing(observation.array)
        _check_size(observation.array, region)


def _check_size(array: Array, region: SearchRegion) -> None:
    """Refuse a field that lies within the array's reach: elements and wavelength in another unit than the distances.

    Raises:
        InputError: naming the lengths.
    """
    size, farthest, wavelength = math.hypot(*array.extents), region.distance[1], array.wavelength
    least = _FEW_WAVES if size > farthest else _LEAST_WAVES
    if size <= _LARGE * farthest and (wavelength < _LONG or farthest >= least * wavelength):
        return
    raise InputError(
        f"a field many wavelengths deep, and an array of at most {_LARGE:g} times its depth",
        f"an array of {size:.4g} m at a wavelength of {wavelength:.4g} m, searched to {farthest:.4g} m",
        "elements and wavelength in millimetres in place of metres, or a field in kilometres",
        "pass elements, wavelength and SearchRegion(distance=...) in metres",
    )


def _check_spacing(array: Array) -> None:
    """Refuse elements whose spacing over the wavelength no array has.

    Raises:
        InputError: naming the likely unit.
    """
    spacing = nearest_spacing(array)
    ratio = spacing / array.wavelength
    if _NARROW <= ratio <= _WIDE:
        return
    raise InputError(
        f"elements between {_NARROW:g} and {_WIDE:g} wavelengths apart",
        f"{spacing:.4g} m apart at a wavelength of {array.wavelength:.4g} m: {ratio:.3g} wavelengths",
        _likely_unit(spacing, array.wavelength),
        "pass elements and wavelength in metres: wavelength = c / f; `ris check` tries the usual units",
    )


def _likely_unit(spacing: float, wavelength: float) -> str:
    """The usual mistake that, undone, leaves elements nearest to half a wavelength apart."""
    if math.isinf(spacing):  # of no neighbour at all
        return "all elements at one place: one row of the positions repeated, or columns of zeros"
    if spacing > wavelength:
        metres = {"millimetres": 1e-3, "centimetres": 1e-2, "inches": 0.0254, "wavelengths": wavelength}
        spacings = {f"elements in {unit} in place of metres": metre * spacing for unit, metre in metres.items()}
        return min(spacings, key=lambda name: abs(math.log(2 * spacings[name] / wavelength)))
    wavelengths = {f"the wavelength in {unit} in place of metres": metre * wavelength
                   for unit, metre in {"millimetres": 1e-3, "centimetres": 1e-2}.items()}  # fmt: skip
    wavelengths |= {f"a frequency given as the wavelength, in {unit}": wavelength_of(hertz * wavelength)
                    for unit, hertz in {"Hz": 1.0, "MHz": 1e6, "GHz": 1e9}.items()}  # fmt: skip
    wavelengths["the wavenumber 2π/λ given as the wavelength"] = 2 * math.pi / wavelength
    return min(wavelengths, key=lambda name: abs(math.log(2 * spacing / wavelengths[name])))


def notes(observation: Observation, region: SearchRegion) -> list[Note]:
    """What the geometry, the codes and the channel do not let anybody tell.

    >>> import ris_pytorch_pipeline as ris
    >>> seen = ris.simulate(ris.preset("pilot", codes="ones", antennas=2), scenes=1, seed=0).observation
    >>> for note in notes(seen, ris.SearchRegion()):
    ...     print(note.what)
    the codes do not vary in 1 of 1 scenes: 2 numbers are heard of the panel, and far places look alike

    Args:
        observation: the scenes.
        region: the field that is to be searched.
    """
    found = _lobe_notes(observation, region)
    rank = channel_rank(observation)
    single = int((rank == 1).sum())
    if single and observation.measurements.shape[-1] > 1:
        found.append(Note(
            what=f"the channel has rank one in {single} of {len(observation)} scenes: all antennas say the same",
            cause="a channel that is all line of sight, or one vector repeated",
            move="measure the channel again; with random symbols positions are ambiguous",
        ))  # fmt: skip
    found += _shared_places(observation.array)
    found += _loud_codes(observation)
    return found + _still_codes(observation)


def _shared_places(array: Array) -> list[Note]:
    """Elements at the very place of another one."""
    twice = len(array) - len(torch.unique(array.placed, dim=0))
    if not twice:
        return []
    return [Note(
        what=f"{twice} of {len(array)} elements are at the place of another one",
        cause="a row of the positions repeated, unless it is one element of two polarisations",
        move="pass the place of each element",
    )]  # fmt: skip


def _still_codes(observation: Observation) -> list[Note]:
    """Codes that are one up to a factor, of antennas that do not hear the whole panel without them."""
    still = (code_rank(observation) == 1) & (channel_rank(observation) < len(observation.array))
    if not bool(still.any()) or observation.codes.flatten(1, -2).shape[1] == 1:
        return []
    told = looks(observation)[still]
    heard, few = int(told.amin()), bool((facts(told, observation.array) < FEW_FACTS).any())
    numbers = "one number is" if heard == 1 else f"{heard} numbers are"
    one = "no place can be told" if heard == 1 else "far places look alike"
    return [Note(
        what=f"the codes do not vary in {int(still.sum())} of {len(observation)} scenes: {numbers} heard of the panel"
        + (f", and {one}" if few else ""),
        cause="one code repeated, or a codebook in place of the codes in use",
        move="pass the code of each snapshot" + (", or vary the codes; no answer is to be trusted" if few else "")
    )]  # fmt: skip


def _loud_codes(observation: Observation) -> list[Note]:
    """Codes larger than any of a passive panel: those less their mean over the snapshots stay below 2."""
    size = observation.codes.abs()
    if float(size.amax()) <= _PASSIVE:
        return []
    return [Note(
        what=f"codes have moduli from {float(size.amin()):.3g} to {float(size.amax()):.3g}, those of a passive panel 1",
        cause="numbers of states, phases or decibels in place of exp(j phase)",
        move="pass exp(2πj state / levels) or exp(j phase)",
    )]  # fmt: skip


def channel_rank(observation: Observation) -> Tensor:
    """(scene,): how many independent antennas the channel has, of the poorest frequency.

    >>> from dataclasses import replace
    >>> import ris_pytorch_pipeline as ris
    >>> seen = ris.simulate(ris.preset("pilot", antennas=4), scenes=2, seed=0).observation
    >>> alike = replace(seen, channel=seen.channel[:, :1].expand_as(seen.channel))  # all antennas hear the same
    >>> channel_rank(seen), channel_rank(alike)
    (tensor([4, 4]), tensor([1, 1]))
    """
    values = torch.linalg.svdvals(observation.by_frequency()[1])
    return (values > _RANK * values[..., :1]).sum(-1).amin(-1)


def code_rank(observation: Observation) -> Tensor:
    """(scene,): how many independent codes there are, of the poorest frequency."""
    values = torch.linalg.svdvals(observation.by_frequency()[0])
    return (values > _RANK * values[..., :1]).sum(-1).amin(-1)


def looks(observation: Observation) -> Tensor:
    """(scene,): most independent numbers that are heard of a wave on the panel, of the poorest frequency.

    H diag(c_l) a of all snapshots l spans at most rank(H) rank(C) dimensions, and no more than N.

    >>> import ris_pytorch_pipeline as ris
    >>> for codes in ("random", "ones"):
    ...     seen = ris.simulate(ris.preset("pilot", codes=codes, antennas=4, snapshots=8), scenes=1, seed=0).observation
    ...     print(codes, looks(seen))
    random tensor([32])
    ones tensor([4])
    """
    return (code_rank(observation) * channel_rank(observation)).clamp_max(len(observation.array))


def facts(heard: Tensor, array: Array) -> Tensor:
    """(scene,): most real numbers that tell a place: of D looks at a frequency 2 (D - 1), as the symbol takes two.

    >>> import torch
    >>> from ris_pytorch_pipeline.physics import Line
    >>> facts(torch.tensor([2, 15]), Line(count=15, spacing=0.15).array(0.3))  # to a line a place is two numbers
    tensor([ 2, 28])
    """
    return 2 * (heard - 1) * array.frequencies


def _lobe_notes(observation: Observation, region: SearchRegion) -> list[Note]:
    lobes = grating_lobes(observation, region)
    if not len(lobes):
        return []
    shown = ", ".join(f"({math.degrees(a):.0f}°, {math.degrees(e):.0f}°)" for a, e in lobes[:4].tolist())
    ratio = nearest_spacing(observation.array) / observation.array.wavelength
    return [Note(
        what=f"a source in the middle of the field looks the same from {len(lobes)} other directions, such as {shown}",
        cause=f"elements {ratio:.2g} wavelengths apart: grating lobes",
        move="narrow the field of view, or see the other positions that an estimate lists",
    )]  # fmt: skip


def grating_lobes(observation: Observation, region: SearchRegion) -> Float[Tensor, "lobe 2"]:
    """(azimuth, elevation) of directions that look like the middle of the field to the array, of far sources.

    They are those on the search grid with |a(p)^H a(p')|²/N² above 0.45: a lobe within 0.5 dB of one loses as much
    where it falls between points.

    >>> import ris_pytorch_pipeline as ris
    >>> array = ris.Panel(horizontal=8, vertical=4, spacing=(0.36, 0.15)).array(0.3)  # 1.2 wavelengths apart
    >>> seen = ris.simulate(ris.preset("pilot", array=array), scenes=1, seed=0).observation
    >>> grating_lobes(seen, ris.SearchRegion()).rad2deg().round()
    tensor([[-60.,   0.],
            [-54.,   0.],
            [ 54.,   0.],
            [ 60.,   0.]], dtype=torch.float64)
    """
    array = observation.array.to("cpu", torch.float64)
    grid = search_grid(region, array)
    points = grid.points()
    points = points[points[:, -1] == points[0, -1]]
    middle = torch.tensor([[sum(x) / 2 for x in (region.azimuth, region.elevation)] + [region.distance[1]]])
    here = to_cosines(middle.double(), array)
    both = torch.cat([here, points])
    far = steering_at(torch.cat([both[:, :-1], torch.zeros_like(both[:, -1:])], dim=-1), array)
    far = far if array.frequencies > 1 else far[None]
    likeness = (far[:, 1:] @ far[:, :1].mH).squeeze(-1).abs().square().mean(0) / len(array) ** 2
    apart = ((points - here).abs() > _APART * points.new_tensor(grid.steps))[:, :-1].any(-1)
    lobes = points[apart & (likeness > _LOBE)]
    return to_positions(lobes, array)[..., :2] if len(lobes) else points.new_zeros(0, 2)
