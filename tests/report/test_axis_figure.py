"""Do figures over any axis of a sweep show success, and errors beside the bound, with units, n and what is fixed?"""

import json
from typing import Any

import numpy as np
import pytest

from ris_pytorch_pipeline.errors import InputError
from ris_pytorch_pipeline.report import axis_figure, success_by_value


def kept(axes: dict[str, Any], method: str = "sml", sources: int = 2, **changed: Any) -> dict[str, Any]:
    """A row of results."""
    figures = {"success": 0.9, **{f"rmse_{key}": 0.5 for key in ("azimuth_deg", "elevation_deg", "distance_m")}}
    ends = {
        f"{name}_{end}": value + away for name, value in figures.items() for end, away in (("low", -0.1), ("high", 0.1))
    }
    bounds = {f"rms_bound_all_{key}": 0.4 for key in ("azimuth_deg", "elevation_deg", "distance_m")}
    judged = {f"judged_{name}": 100 for name in ("azimuth", "elevation", "distance")}
    given = {"sources_least": sources, "sources_most": sources, "snr_db_least": 0.0, "snr_db_most": 20.0}
    return {
        "axes": json.dumps(axes),
        "method": method,
        "n": 50,
        **figures,
        **ends,
        **bounds,
        **judged,
        **given,
        **changed,
    }


def test_errors_stand_beside_the_bound_over_an_axis_of_numbers() -> None:
    rows = [kept({"antennas": count}, name) for count in (16, 4, 8) for name in ("sml", "genie")]
    figure: Any = axis_figure(rows)
    success, azimuth, _, distance = figure.axes
    assert success.get_title() == "K = 2, 0 to 20 dB, n = 50 scenes a point"
    assert distance.get_xlabel() == "antennas" and distance.get_ylabel() == "distance RMSE (m)"
    assert [label.get_text() for label in distance.get_xticklabels()] == ["4", "8", "16"]
    bound = azimuth.lines[0]
    np.testing.assert_allclose(bound.get_xydata(), [[4, 0.4], [8, 0.4], [16, 0.4]])
    assert bound.get_linestyle() == ":" and azimuth.containers[0].lines[0].get_linestyle() == "-"
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["sml", "genie", "bound, all sources"]
    figure.canvas.draw()


def test_values_that_are_no_numbers_stand_beside_each_other() -> None:
    rows = [kept({"code_bits": bits, "sources": k}, sources=k, success=0.9 if bits == 1 else 0.4)
            for bits in (1, "none") for k in (1, 2)]  # fmt: skip
    figure: Any = axis_figure(rows, ["azimuth"])
    assert [axes.get_title() for axes in figure.axes[:2]] == [
        f"K = {k}, 0 to 20 dB, n = 50 scenes a point" for k in (1, 2)
    ]
    error = figure.axes[2]
    assert [label.get_text() for label in error.get_xticklabels()] == ["1", "none"]
    assert error.containers[0].lines[0].get_linestyle() == "None" and error.lines[0].get_marker() == "_"
    hollow = [list(line.get_xdata()) for line in error.lines if line.get_markerfacecolor() == "white"]
    assert [1.0] in hollow, "the second value, of which fewer than half of the scenes succeed"


def test_a_sweep_of_one_combination_and_of_none_have_their_say() -> None:
    figure: Any = axis_figure([kept({})], ["distance"])
    assert [label.get_text() for label in figure.axes[1].get_xticklabels()] == ["all scenes"]
    with pytest.raises(InputError, match="results of a sweep"):
        axis_figure([])


def test_success_stands_over_the_values_of_any_sweep() -> None:
    rows = [
        {"axes": f'{{"span": [{low}, 2.0]}}', "method": name, "n": 9, "success": share, "success_low": 0.1,
         "success_high": 1.0}
        for low in (0.5, 1.0) for name, share in (("a", 0.25), ("b", 0.75))
    ]  # fmt: skip
    figure = success_by_value(rows)
    (axes,) = figure.axes
    assert [label.get_text() for label in axes.get_xticklabels()] == ["0.5 to 2", "1 to 2"]
    assert [list(bars[0].get_ydata()) for bars in axes.containers] == [[0.25, 0.25], [0.75, 0.75]]
    assert axes.get_xlabel() == "span" and axes.get_title() == "n = 9 scenes"
    with pytest.raises(InputError, match="results of a sweep"):
        success_by_value([])
