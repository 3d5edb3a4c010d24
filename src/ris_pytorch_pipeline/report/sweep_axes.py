"""Which axis of a sweep runs along a chart, which one stands in charts beside each other, and which are chosen?"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..errors import InputError
from .result_table import Row

_NAMES = {
    "sources": "K",
    "snr_db": "SNR (dB)",
    **{name: f"{name} (m)" for name in ("distance", "wavelength", "spacing")},
}
_UNITS = {"_deg": "degrees", "_db": "dB", "_rad": "rad", "_wavelengths": "wavelengths"}
"""What a suffix of a field's name says."""
_UNFIT = re.compile(r"[^\w.+%-]+")
"""What names of files leave out."""


@dataclass(frozen=True, kw_only=True)
class Layout:
    """What each axis of a sweep is in its charts.

    >>> Layout.of({"sources": 1, "snr_db": 5, "distance_law": "inverse"})
    Layout(along='snr_db', beside='sources', chosen=('distance_law',))
    >>> Layout.of({"code_bits": 1})
    Layout(along='code_bits', beside=None, chosen=())

    Args:
        along: the axis that a chart has; None of a sweep of one combination.
        beside: the axis each value of which has a chart of its own; with the first one it spans a map.
        chosen: axes of which one value is seen at a time.
    """

    along: str | None
    beside: str | None
    chosen: tuple[str, ...]

    @classmethod
    def of(cls, axes: Mapping[str, Any]) -> "Layout":
        """The layout of a sweep: SNR along, else the last axis that is not the number of sources, which stands beside.

        Args:
            axes: of the sweep, in its order.
        """
        left = list(axes)
        if not left:
            return cls(along=None, beside=None, chosen=())
        others = [axis for axis in left if axis != "sources"]
        along = "snr_db" if "snr_db" in left else (others or left)[-1]
        left.remove(along)
        beside = "sources" if "sources" in left else next(iter(left), None)
        return cls(along=along, beside=beside, chosen=tuple(axis for axis in left if axis != beside))


@dataclass(frozen=True, kw_only=True)
class Block:
    """The rows of a sweep at one combination of the values of its chosen axes.

    Args:
        values: by axis; none where nothing is chosen.
        rows: of it.
    """

    values: Mapping[str, Any]
    rows: Sequence[Row]

    @property
    def words(self) -> str:
        """The combination in words; empty where nothing is chosen."""
        return ", ".join(f"{named(axis)} = {spelled(value)}" for axis, value in self.values.items())

    @property
    def suffix(self) -> str:
        """The combination within the name of a file, such as `-distance_law-inverse`."""
        return "".join(f"-{axis}-{_UNFIT.sub('_', spelled(value))}" for axis, value in self.values.items())


def axes_of(rows: Sequence[Row]) -> dict[str, Any]:
    """The axes of a sweep, with the values of its first row.

    Args:
        rows: of it.

    Raises:
        InputError: no row.
    """
    if not rows:
        raise InputError("results of a sweep", "none", "a suite not run through", "run it with --resume")
    return json.loads(rows[0]["axes"])


def layout_of(rows: Sequence[Row]) -> Layout:
    """The layout of a sweep.

    Args:
        rows: of it.

    Raises:
        InputError: no row.
    """
    return Layout.of(axes_of(rows))


def blocks_of(rows: Sequence[Row]) -> list[Block]:
    """A sweep by the values of its chosen axes, in the order in which they first appear.

    >>> rows = [{"axes": json.dumps({"sources": k, "snr_db": 5, "codes": c})} for k in (1, 2) for c in ("dft", "a/b c")]
    >>> [(block.words, len(block.rows), block.suffix) for block in blocks_of(rows)]
    [('codes = dft', 2, '-codes-dft'), ('codes = a/b c', 2, '-codes-a_b_c')]

    Args:
        rows: of the sweep, at least one.
    """
    return [Block(values=values, rows=own) for values, own in _grouped(rows, layout_of(rows).chosen)]


def beside(rows: Sequence[Row], axis: str | None) -> list[Block]:
    """The rows of a block by the values of the axis that stands beside.

    Args:
        rows: of a block.
        axis: that stands beside; None is one block without values.
    """
    return [Block(values=values, rows=own) for values, own in _grouped(rows, () if axis is None else (axis,))]


def _grouped(rows: Sequence[Row], axes: Sequence[str]) -> Iterator[tuple[Mapping[str, Any], list[Row]]]:
    """Rows by the values of some axes."""
    found: dict[str, tuple[Mapping[str, Any], list[Row]]] = {}
    for row in rows:
        labels = json.loads(row["axes"])
        values = {axis: labels[axis] for axis in axes}
        found.setdefault(json.dumps(values), (values, []))[1].append(row)
    yield from found.values()


def is_map(block: Block, layout: Layout) -> bool:
    """Whether a block spans two axes with more than one combination.

    Args:
        block: of a sweep.
        layout: of it.
    """
    return layout.beside is not None and len({row["axes"] for row in block.rows}) > 1


def value_at(row: Row, axis: str) -> Any:  # noqa: ANN401
    """The value of a row on an axis."""
    return json.loads(row["axes"])[axis]


def labels_of(rows: Sequence[Row], axis: str) -> list[str]:
    """The values on an axis in words, in the order in which they first appear."""
    return list(dict.fromkeys(label_of(row, axis) for row in rows))


def label_of(row: Row, axis: str) -> str:
    """The value of a row on an axis in words."""
    return spelled(value_at(row, axis))


def named(axis: str) -> str:
    """An axis in words, with the unit where the name of the field does not say it.

    >>> [named(axis) for axis in ("sources", "snr_db", "distance", "azimuth_deg", "code_bits")]
    ['K', 'SNR (dB)', 'distance (m)', 'azimuth (degrees)', 'code_bits']

    Args:
        axis: of a sweep, often a field of a scenario.
    """
    if axis in _NAMES:
        return _NAMES[axis]
    return next((f"{axis.removesuffix(end)} ({unit})" for end, unit in _UNITS.items() if axis.endswith(end)), axis)


def is_number(value: Any) -> bool:  # noqa: ANN401
    """Whether a value of an axis stands on a scale."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def spelled(value: Any) -> str:  # noqa: ANN401
    """A value of an axis in words; a span as `low to high`.

    >>> spelled([0.5, 10.0]), spelled(20.0), spelled("dft")
    ('0.5 to 10', '20', 'dft')

    Args:
        value: of an axis.
    """
    if isinstance(value, list):
        return " to ".join(spelled(each) for each in value)
    return f"{value:g}" if isinstance(value, float) else str(value)
