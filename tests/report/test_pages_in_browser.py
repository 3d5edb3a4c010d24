"""Do pages work in a browser: charts, slider, sorting, keyboard, light and dark, narrow screens, and screen readers?"""

import importlib.util
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import chromium
import pytest
from made_results import ROWS, SUITE
from made_runs import HOSTILE, run
from test_search_page import document

from ris_pytorch_pipeline.report import Report, bench_report, compared_runs, report_page, run_report, search_report

MISSING = "no Chromium here, so no page was opened: apt-get install chromium (or chromium-browser, or Google Chrome)"
pytestmark = pytest.mark.skipif(chromium.found() is None, reason=MISSING)
RENDERING = ("WebGL", "GL Driver", "willReadFrequently")
"""What Chromium says of drawing without a graphics card."""


def reports() -> list[Report]:
    runs = [run("first"), run(HOSTILE, rate=0.001)]
    side = Report(title="Side by side", lead=(), sections=[compared_runs(runs)])
    shares = {"net.width": 0.7, HOSTILE: 0.3}
    return [side, *map(run_report, runs), bench_report("quick", ROWS, SUITE),
            search_report("s", document(), shares, best=HOSTILE)]  # fmt: skip


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("page") / "report.html"
    path.write_text(report_page(reports(), HOSTILE), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def browser() -> Iterator[chromium.Page]:
    with chromium.browsing() as page:
        yield page


@pytest.fixture
def page(browser: chromium.Page, path: Path) -> chromium.Page:
    """The page, opened anew."""
    browser.look(1280, 900)
    browser.events.clear()
    browser.open(path.as_uri())
    return browser


def complaints(page: chromium.Page) -> list[Any]:
    return [each for each in page.complaints if not any(word in str(each) for word in RENDERING)]


def see(page: chromium.Page, selector: str) -> None:
    """Scroll to an element and wait until Plotly has drawn it."""
    page.value(f"document.querySelector('{selector}').scrollIntoView()")
    page.until(f"document.querySelector('{selector} .main-svg') !== null")


def scenes(page: chromium.Page) -> str:
    return page.value("document.querySelector('.explorer').id")


def test_every_chart_is_drawn_and_nothing_is_complained_of(page: chromium.Page) -> None:
    page.value("document.querySelectorAll('figure[hidden]').forEach((figure) => { figure.hidden = false; })")
    names = page.value("[...document.querySelectorAll('.chart')].map((chart) => chart.id)")
    assert len(names) > 30
    for name in names:
        see(page, f"#{name}")
    assert page.value("typeof errors === 'undefined' && document.querySelectorAll('img').length") == 0
    assert page.value("document.querySelectorAll('main b, svg a, svg text tspan[style*=bold]').length") == 0
    assert "<b>bold" in page.value("document.querySelector('h1').textContent")
    assert complaints(page) == []


def test_one_chart_is_drawn_a_frame_so_that_the_first_is_seen_at_once(page: chromium.Page, path: Path) -> None:
    counting = (
        "var counts = []; const count = () => { counts.push(document.querySelectorAll('.js-plotly-plot').length);"
        "requestAnimationFrame(count); }; requestAnimationFrame(count);"
    )
    script = page.call("Page.addScriptToEvaluateOnNewDocument", source=counting)["identifier"]
    page.look(1920, 4000)
    page.open(path.as_uri())
    page.until("counts.at(-1) > 4")
    page.call("Page.removeScriptToEvaluateOnNewDocument", identifier=script)
    assert page.value("Math.max(...counts.slice(1).map((drawn, frame) => drawn - counts[frame]))") == 1


def test_the_slider_moves_the_slice_and_the_keyboard_moves_the_slider(page: chromium.Page) -> None:
    place = f"#{scenes(page)}"
    see(page, f"{place} [data-role=slice]")
    shown = f"document.querySelector('{place} [data-role=slice]').data[0].z[0][0]"
    slider = f"document.querySelector('{place} [data-role=distance]')"
    first, words = page.value(shown), page.value(f"{slider}.getAttribute('aria-valuetext')")
    page.value(f"{slider}.focus()")
    page.press("ArrowLeft")
    page.until(f"{shown} !== {first}")
    step = 20 * 20 / 255
    assert first - page.value(shown) == pytest.approx(step, abs=1e-6), "one plane further in"
    assert page.value(f"{slider}.getAttribute('aria-valuetext')") != words
    assert page.value(f"document.querySelector('{place} [data-role=metres]').textContent").endswith(" m")
    assert complaints(page) == []


def test_another_scene_brings_its_sources(page: chromium.Page) -> None:
    place = f"#{scenes(page)}"
    see(page, f"{place} [data-role=space]")
    row = f"document.querySelector('{place} tbody tr').innerText"
    name = f"document.querySelector('{place} [data-role=space]').getAttribute('aria-label')"
    rows, names = [page.value(row)], [page.value(name)]
    page.value(f"document.querySelector('{place} [data-role=next]').focus()")
    page.press("Enter")
    rows.append(page.value(row))
    names.append(page.value(name))
    assert rows[0] != rows[1] and names[0] != names[1] and "scene 1" in names[1]
    assert HOSTILE in page.value(f"document.querySelector('{place} [data-role=told]').textContent")
    kinds = page.value(f"document.querySelector('{place} [data-role=space]').data.map((trace) => trace.type)")
    assert kinds == ["scatter3d", "scatter3d", "scatter3d", "mesh3d"], "panel, true, found, and the ellipsoid"


def test_a_scene_without_a_spectrum_says_so(page: chromium.Page) -> None:
    place = f"#{scenes(page)}"
    see(page, f"{place} [data-role=slice]")
    states = f"['slice', 'unseen'].map((role) => document.querySelector(`{place} [data-role=${{role}}]`).offsetParent !== null)"  # noqa: E501
    assert page.value(states) == [True, False]
    page.value(f"document.querySelector('{place} [data-role=previous]').click()")
    assert page.value(states) == [False, True], "the last scene is the least bad one"
    page.value(f"document.querySelector('{place} [data-role=next]').click()")
    assert page.value(states) == [True, False]
    assert complaints(page) == []


def test_an_ellipsoid_reaches_as_far_as_the_stated_deviation(page: chromium.Page) -> None:
    """Along the distance: 2.7955 standard deviations of 0.2 m on both sides of 4 m."""
    place = f"#{scenes(page)}"
    see(page, f"{place} [data-role=space]")
    distances = (
        f"(() => {{ const mesh = document.querySelector('{place} [data-role=space]').data[3];"
        "return mesh.x.map((x, i) => Math.hypot(x, mesh.y[i], mesh.z[i])); })()"
    )
    found = page.value(distances)
    assert min(found) == pytest.approx(4 - 2.7955 * 0.2, abs=1e-3)
    assert max(found) == pytest.approx(4 + 2.7955 * 0.2, abs=1e-3)


def test_tables_sort_by_the_keyboard_and_say_so(page: chromium.Page) -> None:
    table = "document.querySelector('.wide[aria-label^=\"Table of random\"] table')"
    column = f"[...({table}).tBodies[0].rows].map((row) => row.cells[3].textContent)"
    head = f"({table}).querySelectorAll('thead th')[3]"
    page.value(f"{head}.querySelector('button').focus()")
    page.press("Enter")
    up, told = page.value(column), page.value(f"{head}.getAttribute('aria-sort')")
    page.press("Enter")
    down = page.value(column)
    assert [each.replace("\u00a0", " ") for each in up] == [
        "0.40 [0.36, 0.44]",
        "0.60 [0.54, 0.66]",
        "0.90 [0.81, 0.99]",
    ]
    assert up == down[::-1]
    assert told == "ascending" and page.value(f"{head}.getAttribute('aria-sort')") == "descending"


def test_a_choice_shows_the_charts_of_its_kind(page: chromium.Page) -> None:
    place = "document.querySelector('#charts-' + [...document.querySelectorAll('section')].find((s) => s.querySelector('h2').textContent === 'random').id.split('-')[1] + '-1')"  # noqa: E501
    choices = f"[...document.querySelectorAll(`select[data-charts=${{({place}).id}}]`)]"
    shown = f"[...({place}).querySelectorAll('figure:not([hidden]) figcaption')].map((each) => each.textContent)"
    assert page.value(f"{choices}.map((choice) => choice.length)") == [3, 5], "coordinates, and figures of maps"
    before = page.value(shown)
    page.value(f"(() => {{ const s = {choices}[0]; s.value = '2'; s.dispatchEvent(new Event('change')); }})()")
    page.value(f"(() => {{ const s = {choices}[1]; s.value = '4'; s.dispatchEvent(new Event('change')); }})()")
    assert before == ["K = 1, success", "K = 1, azimuth", "a, success", "b, success"]
    assert page.value(shown) == ["K = 1, success", "K = 1, distance", "a, GOSPA", "b, GOSPA"]


def test_the_view_turns_by_the_keyboard(page: chromium.Page) -> None:
    place = f"#{scenes(page)}"
    see(page, f"{place} [data-role=space]")
    eye = f"Object.values(document.querySelector('{place} [data-role=space]').layout.scene.camera.eye)"
    first = page.value(eye)
    for turn, same in (("left", 2), ("up", None), ("nearer", None), ("right", None), ("down", None), ("farther", None)):
        before = page.value(eye)
        page.value(f"document.querySelector('{place} [data-turn={turn}]').focus()")
        page.press("Enter")
        page.until(f"Math.hypot(...{eye}.map((each, axis) => each - {before}[axis])) > 0.1")
        assert same is None or page.value(eye)[same] == pytest.approx(before[same])
    assert page.value(eye) == pytest.approx(first), "the turns undo each other"


def test_the_lines_of_a_chart_are_switched_by_the_keyboard(page: chromium.Page) -> None:
    see(page, ".chart")
    page.value("document.querySelector('.chart').closest('figure').querySelector('summary').focus()")
    page.press("Enter")
    page.until("document.querySelectorAll('.switches input').length === 4")
    page.value("document.querySelectorAll('.switches input')[1].focus()")
    page.press("Space")
    seen = "document.querySelector('.chart').data.map((trace) => trace.visible ?? true)"
    page.until(f"JSON.stringify({seen}) === '[true,\"legendonly\",true,true]'")
    page.value("Plotly.restyle(document.querySelector('.chart'), {visible: 'legendonly'}, [0]); 1")
    page.until("!document.querySelectorAll('.switches input')[0].checked")
    assert HOSTILE in page.value("document.querySelector('.switches').textContent")


def test_every_chart_has_its_numbers_and_they_are_folded(page: chromium.Page) -> None:
    lines = "[...document.querySelectorAll('details.numbers')].map((each) => each.querySelectorAll('tbody tr').length)"
    found = page.value(lines)
    assert len(found) == page.value("Object.keys(charts).length") and min(found) > 0 and max(found) <= 30
    assert page.value("document.querySelectorAll('details.numbers[open]').length") == 0


SPILLING = "[...document.querySelectorAll('.wide')].filter((frame) => frame.scrollWidth > frame.clientWidth).map((frame) => frame.getAttribute('aria-label'))"  # noqa: E501
FOLDED = "[...document.querySelectorAll('.columns:not([hidden])')].map((button) => button.textContent)"


OPENED = "document.querySelectorAll('details').forEach((each, number) => { each.open = WHICH; })"
AXE = (  # of the folded tables, which are made alike, it judges one
    f"{OPENED.replace('WHICH', 'number === 0')};"
    "axe.run({exclude: ['details.numbers:not([open])']}, RULES)"
    ".then((result) => result.violations.map((v) => [v.impact, v.id, v.nodes[0].html]))"
)


@pytest.mark.parametrize("width", [390, 1280, 1920])
def test_it_fits_the_screen_and_axe_finds_no_fault(page: chromium.Page, width: int) -> None:
    axe = importlib.util.find_spec("axe_core_python")
    for scheme in ("light", "dark") if width < 1920 else ("light",):
        page.look(width, 900, scheme)
        page.until(f"document.documentElement.dataset.theme === '{scheme}'")
        page.value(OPENED.replace("WHICH", "true"))
        page.until("document.documentElement.scrollWidth <= innerWidth")
        page.until(f"{SPILLING}.length === 0")
        assert bool(page.value(FOLDED)) == (width == 390), "tables fit with all of their columns where there is room"
        see(page, f"#{scenes(page)} [data-role=slice]")
        if axe is not None and axe.origin is not None:
            page.value((Path(axe.origin).parent / "axe.min.js").read_text(encoding="utf-8") + "; 1")
            assert (
                page.value(AXE.replace("RULES", "{}" if scheme == "light" else "{runOnly: ['color-contrast']}")) == []
            )
    if axe is None:
        pytest.skip("no axe-core here: pip install axe-core-python")


def test_columns_that_do_not_fit_come_back_and_say_that_there_is_more(page: chromium.Page) -> None:
    page.look(390, 900)
    page.value(OPENED.replace("WHICH", "true"))
    page.until(f"{SPILLING}.length === 0 && {FOLDED}.length > 0")
    assert page.value(FOLDED)[0].startswith("All ")
    page.value("document.querySelector('.columns:not([hidden])').focus()")
    page.press("Enter")
    frame = "document.querySelector('.wide.more')"
    page.until(f"{frame} !== null")
    assert page.value(f"getComputedStyle({frame}, '::before').content").startswith('"Scroll sideways')
    assert page.value(f"getComputedStyle({frame}).overflowX") == "auto"
    page.press("Enter")
    page.until(f"{frame} === null && {SPILLING}.length === 0")


def test_the_button_turns_the_page_dark_and_its_charts_with_it(page: chromium.Page) -> None:
    see(page, ".chart")
    ink = "document.querySelector('.chart').layout.font.color"
    light = page.value(ink)
    page.value("document.getElementById('theme').click()")
    page.until(f"{ink} !== '{light}'")
    assert page.value("document.documentElement.dataset.theme") == "dark"
    assert page.value("document.getElementById('theme').getAttribute('aria-pressed')") == "true"
