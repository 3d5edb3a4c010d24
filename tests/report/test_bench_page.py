"""Does the page of a benchmark hold its charts, tables, alarms and provenance, load nothing, and work in a browser?"""

import json
import math
import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from ris_pytorch_pipeline.errors import InputError
from ris_pytorch_pipeline.report import bench_page

SUITE = {"sweeps": {"random": {"axes": {"sources": [1], "snr_db": [0, 10]}, "methods": ["a", "b"]},
                    "map": {"axes": {"snapshots": [4, 8], "antennas": [4]}, "methods": ["a"]},
                    "bits": {"axes": {"code_bits": [1]}, "methods": ["a"]}}}  # fmt: skip
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


def row(sweep: str, axes: dict[str, Any], method: str, success: float, alarm: str | None = None) -> dict[str, Any]:
    keys = ("azimuth", "elevation", "distance")
    units = ("azimuth_deg", "elevation_deg", "distance_m")
    measured = ["success", "gospa_whitened", *(f"rmse_over_crb_{k}" for k in keys), *(f"rmse_{u}" for u in units)]
    figures = {
        f"{name}{end}": success * (1 + d) for name in measured for end, d in (("", 0), ("_low", -0.1), ("_high", 0.1))
    }
    facts = dict.fromkeys(("commit", "package", "code", "torch", "numpy", "scipy", "python", "machine"), "1")
    snr = float(axes.get("snr_db", 10))
    return {
        "sweep": sweep, "axes": json.dumps(axes), "method": method, "n": 20, "known_order": True, "alarm": alarm,
        "contender": '{"estimator": "</script>"}', "sources_least": 1, "sources_most": 1, "snr_db_least": snr,
        "snr_db_most": snr, "order_accuracy": 1.0, "genie_success": math.nan, "scenes_per_s": 3.0, "seconds": 6.0,
        "began": "2026-01-01", "threads": 1, "seed": 0, "suite": "d1", "bound_azimuth_deg_median": 0.2,
        **figures, **facts, **{f"rms_bound_all_{u}": 0.1 for u in units}, **{f"judged_{k}": 20 for k in keys},
    }  # fmt: skip


ROWS = [
    *(row("random", {"sources": 1, "snr_db": snr}, method, share, alarm)
      for snr, method, share, alarm in ((0, "a", 0.4, None), (0, "b", 0.9, None), (10, "a", 0.6, "too good"))),
    *(row("map", {"snapshots": count, "antennas": 4}, "a", 0.5) for count in (4, 8)),
    row("bits", {"code_bits": 1}, "a", math.nan),
]  # fmt: skip


class Page(HTMLParser):
    """What a page is made of."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def having(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


@pytest.fixture(scope="module")
def text() -> str:
    return bench_page("Some <results>", ROWS, SUITE)


def test_charts_tables_alarms_and_provenance_are_there(text: str) -> None:
    page = Page(text)
    drawn = [x["id"] for x in page.having("div") if x.get("class") == "chart"]
    specs = json.loads(re.findall(r'<script type="application/json" id="charts">(.*?)</script>', text)[0])
    assert set(drawn) == set(specs) and len(drawn) == 4 + 1 + 1
    kinds = [trace["type"] for spec in specs.values() for trace in spec["data"]]
    assert {"bar", "scatter", "heatmap"} == set(kinds)
    assert "<title>Some &lt;results&gt;</title>" in text and "6 of 7 cells" in text
    assert "random, sources 1, snr_db 10, a: too good" in text and "1 of them cannot be right" in text
    assert "0.40 [0.36, 0.44]" in text and "digest of the suite" in text
    assert len(page.having("table")) == 4


def test_the_error_of_a_method_that_mostly_fails_is_hollow_beside_the_bound(text: str) -> None:
    specs = json.loads(re.findall(r'<script type="application/json" id="charts">(.*?)</script>', text)[0])
    bound, method, _ = specs["chart-0-1"]["data"]
    assert bound["name"] == "bound, all sources" and bound["y"] == [0.1, 0.1]
    assert method["marker"]["symbol"] == ["circle-open", "circle"] and method["y"] == [0.4, 0.6]
    assert method["error_y"]["array"] == pytest.approx([0.04, 0.06])


def test_the_page_loads_nothing_and_stays_small(text: str) -> None:
    page = Page(text)
    assert not [x for tag in ("script", "img", "iframe") for x in page.having(tag) if x.get("src")]
    assert [x["href"] for x in page.having("link")] == ["data:,"]
    assert all(str(x["href"]).startswith("#") for x in page.having("a"))
    assert len(text.encode()) < 6_000_000


def test_everything_has_a_name_for_those_who_do_not_see_it(text: str) -> None:
    page = Page(text)
    assert all(x["aria-label"] for x in page.having("div") if x.get("role") in {"img", "region"})
    labelled = {x["for"] for x in page.having("label")}
    assert {x["id"] for x in page.having("select")} == labelled
    assert page.having("html")[0]["lang"] == "en"


def test_no_cell_makes_no_page() -> None:
    with pytest.raises(InputError, match="a finished cell"):
        bench_page("x", [], SUITE)


TRIED = """<script>
const errors = [];
addEventListener("error", (event) => errors.push(event.message));
addEventListener("load", () => setTimeout(() => {
  const column = () => [...document.querySelectorAll("#sweep-0 tbody tr")].map((row) => row.cells[4].textContent);
  const button = document.querySelectorAll("#sweep-0 thead button")[4];
  button.click(); const up = column(); button.click(); const down = column();
  const choice = document.querySelector("select");
  choice.value = "distance"; choice.dispatchEvent(new Event("change"));
  const shown = [...document.querySelectorAll("#sweep-0 figure[data-kind]")].filter((f) => !f.hidden);
  document.getElementById("theme").click();
  const told = { errors, up, down, shown: shown.map((f) => f.dataset.kind),
                 theme: document.documentElement.dataset.theme,
                 drawn: document.querySelectorAll("#chart-0-0 svg").length,
                 wide: document.documentElement.scrollWidth <= innerWidth };
  const note = document.createElement("pre"); note.id = "told"; note.textContent = JSON.stringify(told);
  document.body.append(note);
}, 4000)); // virtual time, in which charts in sight are drawn
</script>"""


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")
def test_sorting_choosing_and_the_dark_page_work_in_a_browser(text: str, tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text(text.replace("<title>", f"{TRIED}<title>", 1), encoding="utf-8")
    command = [str(CHROMIUM), "--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=8000", "--dump-dom",
               f"--user-data-dir={tmp_path / 'profile'}", (tmp_path / "page.html").as_uri()]  # fmt: skip
    dumped = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True).stdout
    told = json.loads(re.findall(r'<pre id="told">(.*?)</pre>', dumped)[0])
    assert told["errors"] == [] and told["drawn"] > 0 and told["wide"] is True
    assert told["up"] == ["0.40 [0.36, 0.44]", "0.60 [0.54, 0.66]", "0.90 [0.81, 0.99]"] == told["down"][::-1]
    assert told["shown"] == ["distance"] and told["theme"] == "dark"
