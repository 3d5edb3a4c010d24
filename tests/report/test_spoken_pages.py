"""What does a screen reader say of a page? Read from the accessibility tree that Chromium hands to it."""

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import chromium
import pytest
from made_results import ROWS, SUITE
from made_runs import run
from test_pages_in_browser import MISSING, scenes, see
from test_search_page import document

from ris_pytorch_pipeline.report import bench_report, report_page, run_report, search_report

pytestmark = pytest.mark.skipif(chromium.found() is None, reason=MISSING)
CONTROLS = {"button", "combobox", "slider", "checkbox", "link", "textbox", "DisclosureTriangle"}
"""Roles of what a person can act on."""

PICTURES = {"image", "img"}


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[chromium.Page]:
    """A page of a run, a benchmark and a search."""
    path: Path = tmp_path_factory.mktemp("page") / "report.html"
    made = [run_report(run("first")), bench_report("quick", ROWS, SUITE), search_report("s", document(), {"w": 0.7})]
    path.write_text(report_page(made, "Report"), encoding="utf-8")
    with chromium.browsing() as browser:
        browser.look(1280, 900)
        browser.open(path.as_uri())
        browser.call("Accessibility.enable")
        yield browser


def tree(page: chromium.Page) -> list[dict[str, Any]]:
    """Role, name, value and properties of what is read, in reading order; `inner` is a part of a picture."""
    nodes = page.call("Accessibility.getFullAXTree")["nodes"]
    by_id = {node["nodeId"]: node for node in nodes}
    inside = dict[str, bool]()  # parents come before their children
    for node in nodes:
        parent = by_id.get(node.get("parentId", ""))
        inside[node["nodeId"]] = parent is not None and (
            inside[parent["nodeId"]] or parent["role"]["value"] in PICTURES
        )
    return [
        {
            "inner": inside[node["nodeId"]],
            "role": node["role"]["value"],
            "name": node.get("name", {}).get("value", ""),
            "value": node.get("value", {}).get("value"),
            **{each["name"]: each["value"].get("value") for each in node.get("properties", [])},
        }
        for node in nodes
        if not node.get("ignored")
    ]


def test_whatever_one_can_act_on_and_every_picture_has_a_name(page: chromium.Page) -> None:
    see(page, ".chart")
    read = tree(page)
    acting = [node for node in read if node["role"] in CONTROLS]
    assert {node["role"] for node in acting} >= {"button", "combobox", "slider", "link"} and len(acting) > 50
    assert [node for node in acting if not node["name"].strip()] == []
    assert [node for node in read if node.get("focusable") and node["role"] == "generic"] == []
    pictures = [node["name"] for node in read if node["role"] in PICTURES and not node["inner"]]
    assert len(pictures) > 10 and [name for name in pictures if len(name.split()) < 4] == []


def test_headings_and_landmarks_lead_through_the_page(page: chromium.Page) -> None:
    read = tree(page)
    levels = [node["level"] for node in read if node["role"] == "heading"]
    assert levels[0] == 1 and levels.count(1) == 1
    assert max(after - before for before, after in pairwise(levels)) == 1, "no level is left out"
    roles = [node["role"] for node in read]
    assert roles.count("main") == 1 and roles.count("navigation") == 1
    regions = [node["name"] for node in read if node["role"] == "region"]
    assert len(regions) > 3 and len(set(regions)) == len(regions), "places of one name cannot be told apart"


def test_tables_have_heads_and_cells(page: chromium.Page) -> None:
    roles = [node["role"] for node in tree(page)]
    tables = [role for role in roles if role in {"table", "grid"}]
    assert len(tables) > 3 and roles.count("columnheader") >= 2 * len(tables)
    assert roles.count("cell") + roles.count("gridcell") > roles.count("columnheader")


def test_the_slider_says_distance_and_where_the_highest_value_is(page: chromium.Page) -> None:
    place = f"#{scenes(page)}"
    see(page, f"{place} [data-role=slice]")
    page.value(f"document.querySelector('{place} [data-role=distance]').focus()")
    assert [node["name"] for node in tree(page) if node["role"] == "slider" and node.get("focused")] == ["Distance"]
    told = [told_of(page, place)]
    page.press("ArrowLeft")
    drawn = f"document.querySelector('{place} [data-role=slice]').data[0]"
    page.until(f"Math.abs(Math.max(...{drawn}.z.flat()) - {told[0][1]}) > 0.1")
    told.append(told_of(page, place))
    assert told[0] != told[1]
    for _, most, azimuth, elevation in told[1:]:
        shown = page.value(f"(({{x, y, z}}) => ({{x, y, z}}))({drawn})")
        assert most == pytest.approx(max(map(max, shown["z"])), abs=0.051)
        row = min(range(len(shown["y"])), key=lambda at: abs(shown["y"][at] - elevation))
        column = min(range(len(shown["x"])), key=lambda at: abs(shown["x"][at] - azimuth))
        assert shown["z"][row][column] == pytest.approx(most, abs=0.051)


def told_of(page: chromium.Page, place: str) -> tuple[float, float, float, float]:
    """Distance in m, highest value in dB, its azimuth and elevation in degrees, as the slider says them."""
    said = page.value(f"document.querySelector('{place} [data-role=distance]').getAttribute('aria-valuetext')")
    metres, _, rest = said.partition(" m: highest ")
    most, _, where = rest.partition(" dB at azimuth ")
    azimuth, _, elevation = where.partition("°, elevation ")
    return float(metres), float(most), float(azimuth), float(elevation.rstrip("°"))
