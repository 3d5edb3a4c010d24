"""Do figures show what they are given: every source, interval and bound, with units and n, and no global state?"""

import io
import math
import subprocess
import sys
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from made_results import row
from matplotlib.figure import Figure

from ris_pytorch_pipeline.errors import InputError
from ris_pytorch_pipeline.estimate import SearchRegion, search_grid
from ris_pytorch_pipeline.physics import Panel, cartesian_from_positions, cosines_from_positions
from ris_pytorch_pipeline.report import (
    geometry_figure,
    heat_maps,
    rmse_against_snr,
    spectrum_figure,
    sweep_figure,
)
from ris_pytorch_pipeline.report.figures_of_merit import MERITS
from ris_pytorch_pipeline.report.style import style

ARRAY = Panel(horizontal=6, vertical=6, spacing=0.15).array(0.3)
TRUE = torch.tensor([[0.3, -0.2, 2.0], [-0.5, 0.1, 6.0], [math.nan] * 3], dtype=torch.float64)


def rendered(figure: Figure) -> bytes:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=40)
    return buffer.getvalue()


def axes_of(figure: Figure) -> list[Any]:
    return list(figure.axes)


def legend_of(axes: Any) -> list[str]:
    return [text.get_text() for text in axes.get_legend().get_texts()]


def test_geometry_counts_sources_and_puts_them_in_metres() -> None:
    deviations = torch.full_like(TRUE, 0.05)
    figure = geometry_figure(ARRAY.elements, true=TRUE, found=TRUE[:1], deviations=deviations[:1])
    axes, *plans = axes_of(figure)
    assert [each.get_title() for each in plans] == ["from above", "from the side"]
    assert legend_of(axes) == ["panel, 36 elements", "true, n = 2", "found, n = 1", "± one standard deviation"]
    assert all("(m)" in label for label in (axes.get_xlabel(), axes.get_ylabel(), axes.get_zlabel()))
    drawn = np.array(axes.collections[1]._offsets3d).T
    np.testing.assert_allclose(drawn, cartesian_from_positions(TRUE[:2]).numpy())
    assert rendered(figure)[:4] == b"\x89PNG"


@pytest.mark.parametrize(
    "places", [[[-0.77, 0.33, 1.3], [-0.64, -0.31, 9.3]], [[0, 0, 1]], [[1, 0.5, 10], [-1, -0.5, 10]], [[0.1, 0.4, 10]]]
)
def test_geometry_keeps_its_labels_inside_the_figure(places: list[list[float]]) -> None:
    positions = torch.tensor(places, dtype=torch.float64)
    figure: Any = geometry_figure(Panel(horizontal=12, vertical=12, spacing=0.15).elements(), found=positions)
    rendered(figure)
    axes = axes_of(figure)[0]
    for text in (axes.xaxis.label, axes.yaxis.label, axes.zaxis.label, axes.get_legend()):
        box = text.get_window_extent()
        assert box.x0 >= 0 and box.y0 >= 0 and box.x1 <= figure.bbox.x1 and box.y1 <= figure.bbox.y1


def test_the_distance_bar_is_one_deviation_each_way() -> None:
    deviations = torch.tensor([[0.0, 0.0, 0.5]], dtype=torch.float64)
    axes, above, _ = axes_of(geometry_figure(ARRAY.elements, found=TRUE[:1], deviations=deviations))
    flat = np.stack([above.lines[2].get_xdata(), above.lines[2].get_ydata()])
    bars = [np.stack(line.get_data_3d()) for line in axes.lines if line.get_linestyle() == "-"]
    distances = np.linalg.norm(bars[2], axis=0)
    np.testing.assert_allclose(distances, [1.5, 2.5])
    np.testing.assert_allclose(flat, bars[2][[1, 0]])


def test_plan_views_are_to_scale_and_hold_the_sources() -> None:
    figure = geometry_figure(ARRAY.elements, true=TRUE, found=TRUE[:1])
    rendered(figure)
    for axes, pick in zip(axes_of(figure)[1:], ([1, 0], [0, 2]), strict=True):
        assert axes.get_aspect() == 1.0
        true = axes.collections[1].get_offsets()
        np.testing.assert_allclose(true, cartesian_from_positions(TRUE[:2])[:, pick].numpy())
        assert "(m)" in axes.get_xlabel() and "(m)" in axes.get_ylabel()


def test_geometry_says_when_a_source_lies_beyond_the_picture() -> None:
    endless = TRUE[:2].clone()
    endless[1, 2] = math.inf
    figure = geometry_figure(ARRAY.elements, found=endless, deviations=torch.full_like(endless, math.nan))
    assert legend_of(axes_of(figure)[0])[1] == "found, n = 1, 1 beyond the picture"
    rendered(figure)


def spectrum(region: SearchRegion, places: torch.Tensor):
    """A smooth made-up spectrum with a peak at each place."""
    grid = search_grid(region, ARRAY)
    gap = grid.points()[:, None] - cosines_from_positions(places)
    return grid, (-10 * gap.square().sum(-1)).amax(-1)


@pytest.mark.parametrize("region", [SearchRegion(), SearchRegion(elevation=(0.1, 0.1), distance=(2.0, 2.0))])
def test_spectrum_shows_the_largest_value_over_distance_and_marks_sources(region) -> None:
    grid, values = spectrum(region, TRUE[:2])
    figure = spectrum_figure(grid, values, quantity="made-up spectrum (dB)", true=TRUE, found=TRUE[:2])
    left, right = axes_of(figure)[:2]
    assert left.get_xlabel() == "azimuth (degrees)" and left.get_ylabel() == "elevation (degrees)"
    assert legend_of(left) == ["true, n = 2", "found, n = 2"]
    drawn = left.collections[0].get_array()
    assert drawn.max() == pytest.approx(float(values.max()))
    np.testing.assert_allclose(left.collections[-1].get_offsets(), TRUE[:2, :2].rad2deg().numpy())
    assert axes_of(figure)[2].get_ylabel() == "made-up spectrum (dB), largest over distance"
    assert right.get_ylabel() == "made-up spectrum (dB)"
    assert "true distance" in legend_of(right)
    rendered(figure)


def test_distance_cut_goes_through_the_found_source() -> None:
    grid, values = spectrum(SearchRegion(), TRUE[:1])
    right = axes_of(spectrum_figure(grid, values, quantity="made-up (dB)", true=TRUE, found=TRUE[:1]))[1]
    curve = right.lines[0].get_xydata()
    assert curve[curve[:, 1].argmax(), 0] == pytest.approx(1 / 2.0, abs=float(grid.q[1] - grid.q[0]))
    found, true = (line.get_xdata()[0] for line in right.lines[1:3])
    assert found == pytest.approx(0.5) and true == pytest.approx(0.5)


def test_without_found_sources_the_cut_goes_through_the_peak() -> None:
    grid, values = spectrum(SearchRegion(), TRUE[:1])
    figure = spectrum_figure(grid, values, quantity="made-up (dB)")
    assert axes_of(figure)[1].lines[0].get_ydata().max() == pytest.approx(float(values.max()))
    assert axes_of(figure)[0].get_legend() is None
    rendered(figure)


def measure(value: float) -> SimpleNamespace:
    return SimpleNamespace(value=value, low=0.8 * value, high=1.1 * value)


def cell(method: str, sources: int, snr_db: float, *, judged: int = 100, success: float = 0.9) -> Any:
    level = 10 ** (-snr_db / 20)
    keys = ("azimuth_deg", "elevation_deg", "distance_m")
    return SimpleNamespace(
        method=method, sources=sources, snr_db=snr_db, n=50, success=measure(success),
        rmse=dict.fromkeys(keys, measure(1.1 * level)), rms_bound_all=dict.fromkeys(keys, level),
        judged=dict.fromkeys(("azimuth", "elevation", "distance"), judged),
    )  # fmt: skip


def test_sweep_figure_has_a_column_per_number_of_sources_with_n() -> None:
    cells = [cell(method, k, snr) for k in (1, 3) for snr in (10.0, 0.0) for method in ("sml", "music")]
    figure = sweep_figure(cells)
    assert len(figure.axes) == 8
    assert [axes.get_title() for axes in axes_of(figure)[:2]] == [f"K = {k}, n = 50 scenes a point" for k in (1, 3)]
    assert [axes.get_ylabel() for axes in axes_of(figure)[::2]] == [
        "success (share of scenes)", "azimuth RMSE (degrees)", "elevation RMSE (degrees)", "distance RMSE (m)",
    ]  # fmt: skip
    (legend,) = figure.legends
    assert [t.get_text() for t in legend.get_texts()] == ["sml", "music", "bound, all sources"]
    rendered(figure)


@pytest.mark.parametrize("sources", [(1,), (1, 2, 3, 4, 5)])
def test_a_legend_of_many_methods_stays_inside_the_figure(sources: tuple[int, ...]) -> None:
    methods = ("sml", "bp-music", "bp-mvdr", "bp-bartlett", "modified-music", "omp", "genie")
    figure: Any = sweep_figure([cell(method, k, 10.0) for k in sources for method in methods], ("azimuth",))
    rendered(figure)
    box, page = figure.legends[0].get_window_extent(), figure.bbox
    assert page.x0 <= box.x0 and box.x1 <= page.x1 and box.y1 <= page.y1
    assert box.y0 >= max(axes.get_window_extent().y1 for axes in axes_of(figure))


def test_rmse_is_drawn_with_its_interval_and_bound_in_order_of_snr() -> None:
    axes: Any = Figure().subplots()
    returned = rmse_against_snr(axes, [cell("sml", 1, snr) for snr in (20.0, 0.0, 10.0)], "distance")
    assert returned is axes and axes.get_yscale() == "log"
    bound, rmse = axes.lines[0], axes.containers[0].lines[0]
    np.testing.assert_allclose(bound.get_xydata(), [[0, 1], [10, 10**-0.5], [20, 0.1]])
    drawn = np.asarray(rmse.get_ydata(), dtype=float)
    np.testing.assert_allclose(drawn, 1.1 * np.array([1, 10**-0.5, 0.1]))
    segments = np.array(axes.containers[0].lines[2][0].get_segments())
    np.testing.assert_allclose(segments[:, :, 1], np.outer(drawn, [0.8, 1.1]))


def test_errors_that_rest_on_few_sources_are_left_out() -> None:
    axes: Any = Figure().subplots()
    rmse_against_snr(axes, [cell("sml", 1, 0.0, judged=9), cell("sml", 1, 10.0)], "azimuth")
    assert list(axes.containers[0].lines[0].get_xdata()) == [10.0]


def test_a_figure_without_points_says_why() -> None:
    axes: Any = Figure().subplots()
    rmse_against_snr(axes, [cell("sml", 1, 0.0, judged=9)], "azimuth")
    assert [text.get_text() for text in axes.texts] == ["no cell has 10 sources\nof successful scenes"]
    assert axes.lines[0].get_marker() == "_", "a bound at one SNR is seen"
    rmse_against_snr(told := Figure().subplots(), [cell("sml", 1, 0.0), cell("sml", 1, 10.0)], "azimuth")
    assert not told.texts and told.lines[0].get_marker() == ""


def test_no_two_of_many_methods_look_alike() -> None:
    assert len({(look.colour, look.marker) for look in map(style, range(20))}) == 20


def test_the_bound_is_drawn_once_and_methods_are_told_apart() -> None:
    axes: Any = Figure().subplots()
    methods = ("sml", "genie", "bp-music")
    rmse_against_snr(axes, [cell(m, 1, snr) for m in methods for snr in (0.0, 20.0)], "elevation")
    assert sum(line.get_linestyle() == ":" for line in axes.lines) == 1
    lines = [container.lines[0] for container in axes.containers]
    for look in ("get_marker", "get_color", "get_linestyle", "get_markersize"):
        assert len({getattr(line, look)() for line in lines}) == 3, look
    assert len({tuple(line.get_xdata()) for line in lines}) == 3


def test_errors_of_easy_scenes_alone_are_hollow() -> None:
    axes: Any = Figure().subplots()
    rmse_against_snr(axes, [cell("sml", 1, 0.0, success=0.4), cell("sml", 1, 10.0)], "azimuth")
    hollow = [line for line in axes.lines if line.get_markerfacecolor() == "white" and len(line.get_xdata())]
    assert [list(line.get_xdata()) for line in hollow] == [[0.0]]
    figure = sweep_figure([cell("sml", 1, 0.0), cell("sml", 3, 0.0, success=0.4)])
    assert "success below 0.5" in [text.get_text() for text in figure.legends[0].get_texts()]


def test_a_figure_without_an_interval_is_drawn() -> None:
    axes: Any = Figure().subplots()
    one = cell("sml", 1, 10.0)
    one.rmse = dict.fromkeys(one.rmse, SimpleNamespace(value=1.0, low=math.nan, high=math.nan))
    rmse_against_snr(axes, [one], "azimuth")
    rendered(axes.figure)


def test_pdf_holds_truetype(tmp_path) -> None:
    from ris_pytorch_pipeline.cli.showing.figures import save_figure

    save_figure(sweep_figure([cell("sml", 1, 10.0)]), tmp_path / "f.pdf")
    content = (tmp_path / "f.pdf").read_bytes()
    assert b"/Type3" not in content and b"FontFile2" in content


def test_a_real_cell_is_a_result() -> None:
    from ris_pytorch_pipeline.bench import Cell
    from ris_pytorch_pipeline.report.sweeps import Result

    wanted = set(Result.__annotations__)
    assert wanted <= set(Cell.__annotations__)


def test_no_window_and_no_global_figure() -> None:
    program = (
        "import sys, torch; from ris_pytorch_pipeline.report import geometry_figure, spectrum_figure, sweep_figure;"
        "geometry_figure(torch.zeros(1, 3)); assert 'matplotlib.pyplot' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_maps_have_a_row_a_figure_of_merit_and_a_column_a_method() -> None:
    rows = [row("map", {"snapshots": s, "antennas": a}, m, 0.5) for s in (4, 8) for a in (2, 3) for m in "xy"]
    figure = heat_maps(rows, MERITS)
    assert [axes.get_title() for axes in figure.axes][:4] == [
        "x, success, n = 20", "y, success, n = 20", "x, RMSE/CRB of the azimuth, n = 20",
        "y, RMSE/CRB of the azimuth, n = 20",
    ]  # fmt: skip
    assert len(figure.axes) == 2 * len(MERITS) and len(figure.axes[-1].texts) == 4
    with pytest.raises(InputError, match="two axes"):
        heat_maps([row("bits", {"code_bits": 1}, "x", 0.5)])
