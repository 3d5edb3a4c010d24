"""Does a person get along with the page: file, answer, plan view, table, keyboard, narrow screens, light and dark?"""

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import chromium
import pytest
from soundings import document_of, scenes_of, until

from ris_pytorch_pipeline.cli.arguments import parse
from ris_pytorch_pipeline.data import save_scenes

pytestmark = pytest.mark.skipif(chromium.found() is None, reason="no Chromium here: apt-get install chromium")


@pytest.fixture
def url(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The address of a service in a thread of this process."""
    import uvicorn

    from ris_pytorch_pipeline.cli.commands.serve import locator_of
    from ris_pytorch_pipeline.serve import application, bound, url_of

    listening = bound("127.0.0.1", 0)
    config = uvicorn.Config(application(locator_of(parse(["serve"]))), log_config=None, lifespan="on", ws="none")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    until(lambda: server.started)
    yield url_of(listening)
    server.should_exit = True
    thread.join(60)


SIDES = (
    "answer.scenes[0].sources.every((s, i) => Math.sign(s.azimuth_deg) === "
    "Math.sign(+document.querySelectorAll('#plan .found')[i].getAttribute('cx') - 200))"
)


def text_of(page: chromium.Page, name: str) -> str:
    return page.value(f"document.getElementById('{name}').innerText")


def fits(page: chromium.Page) -> bool:
    return page.value("document.documentElement.scrollWidth <= window.innerWidth")


def test_a_person_gets_an_answer(url: str, tmp_path: Path) -> None:
    drawn = scenes_of(2, 1)
    save_scenes(tmp_path / "two.safetensors", drawn.observation, drawn.truth)
    with chromium.browsing() as page:
        page.look(390, 844)
        page.open(url)
        assert fits(page)
        page.value("document.getElementById('file').focus()")
        page.choose("#file", tmp_path / "two.safetensors")
        page.until("document.getElementById('chosen').textContent.startsWith('two.safetensors')")
        for _ in range(3):
            page.press("Tab")
        assert page.value("document.activeElement.id") == "go"
        page.press("Enter")
        page.until("!document.getElementById('answer').hidden")
        assert page.value("document.activeElement.id") == "verdict"
        assert "source" in text_of(page, "verdict") and "(sml)" in text_of(page, "verdict")
        _look_at_the_answer(page)
        shades = []
        for width, scheme in ((390, "light"), (390, "dark"), (1280, "light")):
            page.look(width, 900, scheme)
            assert fits(page), width
            shades.append(page.value("getComputedStyle(document.body).backgroundColor"))
            page.picture(tmp_path / f"{width}-{scheme}.png")
        assert shades == ["rgb(255, 255, 255)", "rgb(21, 23, 27)", "rgb(255, 255, 255)"]
        assert page.complaints == []


def _look_at_the_answer(page: chromium.Page) -> None:
    """Table, plan view and the other scene."""
    rows = text_of(page, "sources-table")
    assert "Azimuth" in rows and rows.count("±") >= 6 and "true " in rows
    assert "explain" in text_of(page, "fit") and "p = " in text_of(page, "fit")
    for mark in (".panel", ".found", ".std", ".true", ".arc"):
        assert page.value(f"document.querySelectorAll('#plan {mark}').length") >= 1, mark
    boxes = page.value(
        "[...document.querySelectorAll('#plan circle')].every(c => +c.getAttribute('cx') > 0 && +c.getAttribute('cx') "
        "< 400 && +c.getAttribute('cy') > 0 && +c.getAttribute('cy') < 400)"
    )
    assert boxes
    assert page.value(SIDES), "positive azimuths to the right, as in the figures"
    before = text_of(page, "sources-table")
    page.value("document.getElementById('scene').focus()")
    page.press("ArrowDown")
    page.until("document.getElementById('scene').value === '1'")
    assert text_of(page, "sources-table") != before


def test_a_person_hears_why_there_is_no_answer(url: str, tmp_path: Path) -> None:
    (tmp_path / "bad.safetensors").write_bytes(b"azimuth,elevation")
    named = document_of(scenes_of(1, 0).observation) | {"symbols": "<img src=x onerror=alert(1)>"}
    (tmp_path / "bad.json").write_text(json.dumps(named))
    with chromium.browsing() as page:
        page.open(url)
        page.value("document.getElementById('go').click()")
        page.until("!document.getElementById('problem').hidden")
        assert "none chosen" in text_of(page, "problem")
        for name, said in (("bad.safetensors", "none of safetensors"), ("bad.json", "<img src=x")):
            page.choose("#file", tmp_path / name)
            page.value("document.getElementById('go').click()")
            page.until(f"document.getElementById('problem').innerText.includes({json.dumps(said)})")
        assert page.value("document.images.length") == 0
        assert all(_is_refusal(each) for each in page.complaints)


def _is_refusal(complaint: Any) -> bool:
    """The browser's own line about a status of 400."""
    return isinstance(complaint, dict) and "status of 400" in complaint["params"]["entry"]["text"]


def test_a_page_sets_the_file_of_a_drop(url: str) -> None:
    dropped = (
        "(() => { const data = new DataTransfer(); data.items.add(new File(['x'], 'dropped.safetensors'));"
        "document.getElementById('drop').dispatchEvent(new DragEvent('drop', {dataTransfer: data, bubbles: true, "
        "cancelable: true})); })()"
    )
    with chromium.browsing() as page:
        page.open(url)
        page.value(dropped)
        assert text_of(page, "chosen").startswith("dropped.safetensors")
        page.open(f"{url}/docs")
        assert "POST /v1/locate" in page.value("document.body.innerText") and page.complaints == []
