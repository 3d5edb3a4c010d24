"""Does the page of a benchmark hold its charts, tables, alarms and provenance, load nothing, and name everything?"""

from collections import Counter
from itertools import product

import pytest
from made_results import ROWS, SUITE, Page, row

from ris_pytorch_pipeline.errors import InputError
from ris_pytorch_pipeline.report import bench_report, report_page
from ris_pytorch_pipeline.report.pages.charts.chart import log_axis
from ris_pytorch_pipeline.report.pages.charts.sweep_charts import charts_of
from ris_pytorch_pipeline.report.pages.parts import Charts


@pytest.fixture(scope="module")
def page() -> Page:
    return Page(report_page([bench_report("Some <results>", ROWS, SUITE)]))


def test_charts_tables_alarms_and_provenance_are_there(page: Page) -> None:
    drawn = [x["id"] for x in page.having("div") if x.get("class") == "chart"]
    lines, maps = 1 + 3, 5  # success and three errors; success, three ratios and GOSPA of a method
    assert set(drawn) == set(page.charts)
    assert len(drawn) == (lines + 2 * maps) + (2 * lines + maps) + lines, "random, map and bits"
    kinds = [trace["type"] for spec in page.charts.values() for trace in spec["data"]]
    assert {"bar", "scatter", "heatmap"} == set(kinds)
    assert "<title>Benchmark Some &lt;results&gt;</title>" in page.text and "6 of 7 cells" in page.words
    assert "random, sources 1, snr_db 10, a: too good" in page.words
    assert "1 of them cannot be right" in page.words
    assert "0.40 [0.36,\u00a00.44]" in page.words and "digest of the suite" in page.words
    assert len(page.having("table")) == 4 + len(drawn), "each chart has its numbers"


def test_the_error_of_a_method_that_mostly_fails_is_hollow_beside_the_bound(page: Page) -> None:
    bound, method, _ = page.charts["chart-1-1-1"]["data"]
    assert bound["name"] == "bound" and bound["y"] == [0.1, 0.1]
    assert method["marker"]["symbol"] == ["circle-open", "circle"] and method["y"] == [0.4, 0.6]
    assert method["error_y"]["array"] == pytest.approx([0.04, 0.06])


def test_the_page_loads_nothing_and_stays_small(page: Page) -> None:
    assert not [x for tag in ("script", "img", "iframe") for x in page.having(tag) if x.get("src")]
    assert [x["href"] for x in page.having("link")] == ["data:,"]
    assert all(str(x["href"]).startswith("#") for x in page.having("a"))
    assert len(page.text.encode()) < 6_000_000


def test_everything_has_a_name_for_those_who_do_not_see_it(page: Page) -> None:
    assert all(x["aria-label"] for x in page.having("div") if x.get("role") in {"img", "region"})
    labelled = {x["for"] for x in page.having("label")}
    assert {x["id"] for x in page.having("select")} == labelled
    assert page.having("html")[0]["lang"] == "en"


def test_a_sweep_over_no_axis_has_bars_alone() -> None:
    charts, _ = charts_of([row("plain", {}, "a", 0.4), row("plain", {}, "b", 0.6)])
    assert [[(trace["type"], trace["x"]) for trace in chart.data] for chart in charts] == [
        [("bar", ["all scenes"]), ("bar", ["all scenes"])]
    ]


def test_an_axis_of_one_value_has_one_label() -> None:
    for values in ([4], [4, 8]):
        charts, _ = charts_of([row("one", {"antennas": value}, "a", 0.5) for value in values])
        errors = next(chart for chart in charts if chart.data[0]["name"] == "bound")
        assert errors.layout["xaxis"].get("tickvals") == (values if len(values) == 1 else None)


FOUR = {"codes": ["dft", "pm1"], "sources": [1, 2], "snr_db": [0, 10], "distance": [[1, 2], [1, 9]]}


@pytest.mark.parametrize("count", [1, 2, 3, 4])
def test_every_number_of_axes_has_bars_errors_beside_the_bound_and_maps(count: int) -> None:
    names = ["snr_db", "sources", "codes", "distance"][:count]
    points = [dict(zip(names, values, strict=True)) for values in product(*(FOUR[name] for name in names))]
    charts, left = charts_of([row("deep", point, "a", 0.5 + number / 100) for number, point in enumerate(points)])
    kinds = Counter("map" if chart.data[0]["type"] == "heatmap" else chart.data[0].get("name", "") for chart in charts)
    blocks, beside = 2 ** max(0, count - 2), min(2, count)
    assert (
        kinds
        == Counter({"a": blocks * beside, "bound": 3 * blocks * beside, "map": 5 * blocks * (count > 1)}) - Counter()
    )
    assert not left and len(Charts(charts=charts).choices) == (count > 1) + 1 + max(0, count - 2)
    seen = [chart for chart in charts if Charts(charts=charts).first(chart)]
    assert len(seen) == 2 * beside + (count > 1), "of each choice the first"
    assert all(len(trace["x"]) == 2 for chart in seen for trace in chart.data)


def test_maps_show_ratios_and_gospa_and_no_ratio_of_few_sources() -> None:
    rows = [row("map", {"snapshots": s, "antennas": 4}, "a", 0.5) | {"judged_distance": s} for s in (8, 16)]
    maps = {chart.chosen["Map of"]: chart.data[0] for chart in charts_of(rows)[0] if "Map of" in chart.chosen}
    assert list(maps) == [
        "success",
        *(f"RMSE/CRB of the {name}" for name in ("azimuth", "elevation", "distance")),
        "GOSPA",
    ]
    assert maps["RMSE/CRB of the distance"]["text"] == [["-"], ["0.50"]] and maps["GOSPA"]["z"] == [[0.5], [0.5]]
    assert maps["RMSE/CRB of the distance"]["z"] == [[None], [0.0]], "the scale of ratios begins at 1"


def test_charts_that_would_make_a_page_too_large_are_left_out_and_said() -> None:
    rows = [
        row("deep", {"codes": code, "bits": bits, "antennas": n}, "a", 0.5)
        for code, bits, n in product("xyz", (1, 2), (4, 8))
    ]
    drawn, left = charts_of(rows, most=30_000)
    assert {chart.chosen["bits"] for chart in drawn} == {"1"}
    assert left.startswith("Charts of 1 of the 2 values of bits are drawn")


def test_no_cell_makes_no_page() -> None:
    with pytest.raises(InputError, match="a finished cell"):
        bench_report("x", [], SUITE)


def test_a_logarithmic_axis_writes_its_numbers_out() -> None:
    ticks = log_axis("rate", [0.004, 0.02])
    assert len(ticks["tickvals"]) == len(ticks["ticktext"]) and {"0.005", "0.007", "0.01", "0.02"} <= set(
        ticks["ticktext"]
    )
    assert log_axis("rate", [1e-6, 1.0])["dtick"] == 1
    assert log_axis("loss", [9.75, 10.16]) == {"title": {"text": "loss"}}, "it had one label, at 10"
