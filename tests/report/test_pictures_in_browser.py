"""Is a page in order at the widths of a telephone, a laptop and a large screen? As pictures that Chromium takes."""

import base64
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import chromium
import matplotlib.image
import numpy as np
import pytest
from made_results import ROWS, SUITE
from made_runs import run
from test_pages_in_browser import MISSING, complaints, see
from test_search_page import document

from ris_pytorch_pipeline.report import bench_report, report_page, run_report, search_report

pytestmark = pytest.mark.skipif(chromium.found() is None, reason=MISSING)
WIDTHS = (390, 1280, 1920)
LEAST_INK = 0.002
"""Share of a chart's pixels that are not its ground: a line of two pixels across a chart 300 high makes 0.007."""


@pytest.fixture(scope="module")
def browser() -> Iterator[chromium.Page]:
    with chromium.browsing() as page:
        yield page


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("page") / "report.html"
    made = [
        run_report(run("first")),
        bench_report("quick", ROWS, SUITE),
        search_report("s", document(), {"width": 0.7}),
    ]
    path.write_text(report_page(made, "Report"), encoding="utf-8")
    return path


def picture(page: chromium.Page, **place: float) -> np.ndarray:
    """Red, green and blue of a part of the page, each 0 to 1: (row, column, 3)."""
    taken = page.call("Page.captureScreenshot", captureBeyondViewport=True, clip={**place, "scale": 1})
    return matplotlib.image.imread(io.BytesIO(base64.b64decode(taken["data"])), format="png")[..., :3]


def ink(seen: np.ndarray) -> float:
    """Share of the pixels that differ from the most frequent colour by more than a shade."""
    levels = np.round(seen.reshape(-1, 3) * 255).astype(int)
    colours, counts = np.unique(levels @ [65536, 256, 1], return_counts=True)
    ground = int(colours[counts.argmax()])
    return float((np.abs(levels - [ground >> 16, ground >> 8 & 255, ground & 255]).max(1) > 16).mean())


def place_of(page: chromium.Page, selector: str) -> dict[str, Any]:
    """Where an element is on the page, in pixels."""
    return page.value(
        f"(() => {{ const r = document.querySelector('{selector}').getBoundingClientRect();"
        "return {x: r.x + scrollX, y: r.y + scrollY, width: r.width, height: r.height}; })()"
    )


def test_a_blank_picture_is_told_from_a_drawn_one() -> None:
    seen = np.ones((100, 200, 3))
    assert ink(seen) == 0
    seen[50, :, 1] = 0.5
    assert ink(seen) == pytest.approx(0.01)


@pytest.mark.stress
@pytest.mark.parametrize("width", WIDTHS)
def test_no_chart_is_blank_or_wider_than_the_screen(browser: chromium.Page, path: Path, width: int) -> None:
    browser.look(width, 900)
    browser.events.clear()
    browser.open(path.as_uri())
    seen = "[...document.querySelectorAll('.chart')].filter((chart) => chart.offsetParent !== null)"
    names = browser.value(f"{seen}.map((chart) => chart.id)")
    assert len(names) > 15
    blank, wide = {}, {}
    for name in names:
        see(browser, f"#{name}")
        place = place_of(browser, f"#{name}")
        share = ink(picture(browser, **place))
        blank |= {name: share} if share < LEAST_INK else {}
        wide |= {name: place} if place["x"] < 0 or place["x"] + place["width"] > width else {}
    assert (blank, wide) == ({}, {})
    assert browser.value("document.documentElement.scrollWidth") == width
    assert complaints(browser) == []


@pytest.mark.parametrize("width", WIDTHS)
def test_the_first_screen_says_and_shows_something(browser: chromium.Page, path: Path, width: int) -> None:
    browser.look(width, 900)
    browser.events.clear()
    browser.open(path.as_uri())
    browser.until("document.querySelector('.main-svg') !== null")
    seen = picture(browser, x=0, y=0, width=width, height=900)
    assert seen.shape == (900, width, 3) and all(ink(part) > LEAST_INK for part in np.array_split(seen, 3))
    assert browser.value("document.documentElement.scrollWidth") == width and complaints(browser) == []
