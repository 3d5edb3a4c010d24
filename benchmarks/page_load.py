"""How soon does a page show what it says, and its first chart?

python benchmarks/page_load.py runs/demo/report.html [--rounds 5]

Each round opens the page from file:// in a headless Chromium of its own, with nothing kept from the round before and
without a graphics card. The load event is when every word and table is there; Plotly starts with the first chart in
sight. The first chart is there with the frame that shows it. Processor seconds are those of the page's own thread until
all charts in sight are drawn.
"""

import argparse
import sys
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
import chromium

FIRST = "window.firstChart / 1000"
NOTING = """
const look = () => {
  if (document.querySelector(".main-svg")) window.firstChart = performance.now();
  else requestAnimationFrame(look);
};
requestAnimationFrame(look);
"""
LOADED = "performance.getEntriesByType('navigation')[0].loadEventEnd / 1000"


def opened(path: Path) -> tuple[float, float, float]:
    """Seconds until the load event and until the first chart, and what the page's thread computed."""
    with chromium.browsing() as page:
        page.look(1280, 900)
        page.call("Performance.enable", timeDomain="threadTicks")
        page.call("Page.addScriptToEvaluateOnNewDocument", source=NOTING)
        page.open(path.resolve().as_uri())
        page.value("document.querySelector('.chart')?.scrollIntoView()")
        page.until("window.firstChart > 0")
        drawn, loaded = page.value(FIRST), page.value(LOADED)
        metrics = {each["name"]: each["value"] for each in page.call("Performance.getMetrics")["metrics"]}
    return loaded, drawn, metrics["TaskDuration"]


def main() -> None:
    """Print each round and the medians."""
    parser = argparse.ArgumentParser(description="Time a page in headless Chromium.")
    parser.add_argument("page", type=Path)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    print(f"{options.page.name}: {options.page.stat().st_size / 1e6:.1f} MB")
    rounds = [opened(options.page) for _ in range(options.rounds)]
    for loaded, drawn, busy in rounds:
        print(f"load event {loaded:.2f} s, first chart {drawn:.2f} s, computed {busy:.2f} s")
    loaded, drawn, busy = (median(each) for each in zip(*rounds, strict=True))
    print(f"medians of {options.rounds}: load event {loaded:.2f} s, first chart {drawn:.2f} s, computed {busy:.2f} s")


if __name__ == "__main__":
    main()
