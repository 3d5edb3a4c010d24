"""How methods compare over SNR: error beside the bound, and success."""

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ..errors import InputError
from ..physics import ends
from ..physics.scenes.scenario import CountSpan, Span
from .method_lines import (
    COORDINATES,
    Along,
    Coordinate,
    Point,
    Scored,
    columns_figure,
    draw_error,
    draw_success,
)

_SNR = Along(label="SNR (dB)")


@runtime_checkable
class Result(Scored, Protocol):
    """What a figure over SNR needs of a cell of a benchmark: one method at one number of sources and one SNR."""

    @property
    def sources(self) -> CountSpan:
        """K, or its ends."""
        ...

    @property
    def snr_db(self) -> Span:
        """Total SNR, or its ends."""
        ...


def sweep_figure(cells: Sequence[Result], coordinates: Sequence[Coordinate] = COORDINATES) -> Figure:
    """One column per number of sources: success on top, below it the error of each coordinate beside the bound.

    >>> from types import SimpleNamespace
    >>> from ris_pytorch_pipeline.bench import Measure
    >>> cell = SimpleNamespace(  # as `bench.sweep` gives them
    ...     method="sml", sources=1, snr_db=10.0, n=200, success=Measure(0.97, 0.94, 0.99), judged={"azimuth": 194},
    ...     rmse={"azimuth_deg": Measure(0.2, 0.18, 0.22)}, rms_bound_all={"azimuth_deg": 0.19},
    ... )
    >>> figure = sweep_figure([cell], ["azimuth"])
    >>> [axes.get_ylabel() for axes in figure.axes], figure.axes[0].get_title()
    (['success (share of scenes)', 'azimuth RMSE (degrees)'], 'K = 1, n = 200 scenes a point')

    Args:
        cells: of a sweep, in any order, at least one.
        coordinates: which errors to draw.

    Returns:
        The figure.

    Raises:
        InputError: a cell over a span of SNRs.
    """
    counts = sorted({cell.sources for cell in cells}, key=ends)
    columns = {f"K = {_counted(k)}": _placed([cell for cell in cells if cell.sources == k]) for k in counts}
    return columns_figure(columns, _SNR, coordinates)


def rmse_against_snr(axes: Axes, cells: Sequence[Result], coordinate: Coordinate) -> Axes:
    """RMSE over successful scenes against SNR, with 95 % intervals and, dotted, the bound of all sources of all scenes.

    A method that succeeds in less than half of the scenes is judged on the easy ones, and may lie below that bound: its
    points are hollow. Points that rest on fewer than ten sources are left out, and distances whose bound is 1 m or more
    do not enter.

    >>> from matplotlib.figure import Figure
    >>> from types import SimpleNamespace
    >>> from ris_pytorch_pipeline.bench import Measure
    >>> cell = SimpleNamespace(  # as `bench.sweep` gives them
    ...     method="sml", sources=1, snr_db=10.0, n=200, success=Measure(0.97, 0.94, 0.99), judged={"azimuth": 194},
    ...     rmse={"azimuth_deg": Measure(0.2, 0.18, 0.22)}, rms_bound_all={"azimuth_deg": 0.19},
    ... )
    >>> axes = rmse_against_snr(Figure().subplots(), [cell], "azimuth")
    >>> axes.get_ylabel(), axes.get_yscale()
    ('azimuth RMSE (degrees)', 'log')

    Args:
        axes: to draw on.
        cells: of one number of sources.
        coordinate: which error.

    Returns:
        The same axes, logarithmic in the error.
    """
    return draw_error(axes, _placed(cells), _SNR, coordinate)


def success_against_snr(axes: Axes, cells: Sequence[Result]) -> Axes:
    """Share of scenes with every source within 3° and none too many, against SNR, with 95 % intervals.

    >>> from matplotlib.figure import Figure
    >>> from types import SimpleNamespace
    >>> from ris_pytorch_pipeline.bench import Measure
    >>> cell = SimpleNamespace(  # as `bench.sweep` gives them
    ...     method="sml", sources=1, snr_db=10.0, n=200, success=Measure(0.97, 0.94, 0.99), judged={"azimuth": 194},
    ...     rmse={"azimuth_deg": Measure(0.2, 0.18, 0.22)}, rms_bound_all={"azimuth_deg": 0.19},
    ... )
    >>> axes = success_against_snr(Figure().subplots(), [cell])
    >>> axes.get_xlabel(), axes.get_ylabel()
    ('SNR (dB)', 'success (share of scenes)')

    Args:
        axes: to draw on.
        cells: of one number of sources.

    Returns:
        The same axes.
    """
    return draw_success(axes, _placed(cells), _SNR)


def check_points(snr_db: Sequence[Span]) -> None:
    """Refuse spans of SNRs, which are no points of a figure over SNR.

    >>> from ris_pytorch_pipeline.errors import InputError
    >>> check_points([5.0, 10.0])  # says nothing
    >>> try:
    ...     check_points([(5.0, 20.0)])
    ... except InputError as error:
    ...     print(error.got)
    SNRs between 5 and 20 dB in one cell

    Raises:
        InputError: a span.
    """
    spans = [snr for snr in snr_db if isinstance(snr, tuple)]
    if spans:
        raise InputError(
            "cells of one SNR each", f"SNRs between {spans[0][0]:g} and {spans[0][1]:g} dB in one cell",
            "a figure over SNR of scenes with mixed SNRs", "name the SNRs one by one, such as 5,10,20",
        )  # fmt: skip


def _placed(cells: Sequence[Result]) -> list[Point]:
    """Each cell at its SNR."""
    check_points([cell.snr_db for cell in cells])
    return [Point(cell=cell, place=ends(cell.snr_db)[0]) for cell in cells]


def _counted(sources: CountSpan) -> str:
    low, high = ends(sources)
    return f"{low}" if low == high else f"{low}..{high}"
