"""Results made up for pages, and what a page is made of."""

import html
import json
import math
import re
from html.parser import HTMLParser
from typing import Any

SUITE = {"sweeps": {"random": {"axes": {"sources": [1], "snr_db": [0, 10]}, "methods": ["a", "b"]},
                    "map": {"axes": {"snapshots": [4, 8], "antennas": [4]}, "methods": ["a"]},
                    "bits": {"axes": {"code_bits": [1]}, "methods": ["a"]}}}  # fmt: skip


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
        self.text = text
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def having(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]

    @property
    def charts(self) -> dict[str, Any]:
        """What is handed to Plotly, by the name of the chart."""
        return json.loads(re.findall(r'<script type="application/json" id="charts">(.*?)</script>', self.text)[0])

    @property
    def words(self) -> str:
        """All texts of the page outside scripts and styles."""
        bare = re.sub(r"<(script|style)\b.*?</\1>", "", self.text, flags=re.DOTALL)
        return html.unescape(re.sub(r"<[^>]*>", " ", bare))
