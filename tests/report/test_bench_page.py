"""Does the page of a benchmark hold its charts, tables, alarms and provenance, load nothing, and name everything?"""

import pytest
from made_results import ROWS, SUITE, Page, row

from ris_pytorch_pipeline.errors import InputError
from ris_pytorch_pipeline.report import bench_report, report_page
from ris_pytorch_pipeline.report.pages.chart import log_axis


@pytest.fixture(scope="module")
def page() -> Page:
    return Page(report_page([bench_report("Some <results>", ROWS, SUITE)]))


def test_charts_tables_alarms_and_provenance_are_there(page: Page) -> None:
    drawn = [x["id"] for x in page.having("div") if x.get("class") == "chart"]
    assert set(drawn) == set(page.charts) and len(drawn) == 4 + 1 + 1
    kinds = [trace["type"] for spec in page.charts.values() for trace in spec["data"]]
    assert {"bar", "scatter", "heatmap"} == set(kinds)
    assert "<title>Benchmark Some &lt;results&gt;</title>" in page.text and "6 of 7 cells" in page.words
    assert "random, sources 1, snr_db 10, a: too good" in page.words
    assert "1 of them cannot be right" in page.words
    assert "0.40 [0.36, 0.44]" in page.words and "digest of the suite" in page.words
    assert len(page.having("table")) == 4


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


def test_a_sweep_over_no_axis_or_three_has_bars() -> None:
    three = [row("deep", {"codes": "dft", "snapshots": count, "distance": [1, 2]}, "a", 0.5) for count in (4, 8)]
    rows = [row("plain", {}, "a", 0.4), row("plain", {}, "b", 0.6), *three]
    page = Page(report_page([bench_report("x", rows, SUITE)]))
    assert [[(trace["type"], trace["x"]) for trace in spec["data"]] for spec in page.charts.values()] == [
        [("bar", ["all scenes"]), ("bar", ["all scenes"])], [("bar", ["dft, 4, 1 to 2", "dft, 8, 1 to 2"])],
    ]  # fmt: skip


def test_no_cell_makes_no_page() -> None:
    with pytest.raises(InputError, match="a finished cell"):
        bench_report("x", [], SUITE)


def test_a_logarithmic_axis_writes_its_numbers_out() -> None:
    ticks = log_axis("rate", [0.004, 0.02])
    assert len(ticks["tickvals"]) == len(ticks["ticktext"]) and {"0.005", "0.007", "0.01", "0.02"} <= set(
        ticks["ticktext"]
    )
    assert log_axis("rate", [1e-6, 1.0])["dtick"] == 1
