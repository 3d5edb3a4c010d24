"""Does the page of a search show its history, outcomes and importances, and no name of it as HTML?"""

from typing import Any

import pytest
from made_results import Page
from made_runs import HOSTILE
from matplotlib.axes import Axes

from ris_pytorch_pipeline.report import report_page, search_history, search_report
from ris_pytorch_pipeline.report.pages.charts.search_charts import knob_charts, reports


def trial(number: int, kind: str, value: float | None, stage: str = "short") -> dict[str, Any]:
    verdict = {"verdict": "Frozen", "findings": [{"code": "RT101"}]} if kind == "unhealthy" else None
    outcome = {"kind": kind, "words": f"{kind} {HOSTILE}", "value": value, "epoch": 2, "verdict": verdict, "held": []}
    values = {"net.width": 8 * (number + 1), "optimisation.rate": 0.001 * (number + 1), "phases": HOSTILE}
    reports = {"1": 5.0, "2": 3.0 + number}
    return {"stage": stage, "trial": number, "values": values if stage == "short" else {}, "digest": "d",
            "outcome": outcome if kind != "running" else None, "reports": reports}  # fmt: skip


def document(**changed: Any) -> dict[str, Any]:
    trials = [trial(0, "done", 3.0), trial(1, "pruned", None), trial(2, "unhealthy", 2.0), trial(3, "failed", None),
              trial(4, "running", None), trial(5, "done", 2.5), trial(0, "done", 2.2, "long")]  # fmt: skip
    measure = {"value": 2.3, "low": 2.1, "high": 2.6}
    space = {"net": {"width": {"choices": [8, 16]}}, "optimisation": {"rate": {"low": 0.001, "high": 0.1, "log": True}}}
    return {
        "settings": {"base": {"training": {"seed": 0}}, "space": space, "trials": 6, "epochs": 2}, "complete": False,
        "source": {"commit": "c0ffee", "torch": HOSTILE},
        "counts": {"short done": 2}, "best": {"stage": "long", "trial": 0}, "base": None, "held_out": measure,
        "held_out_base": measure, "gain": {"value": 0.1, "low": -0.1, "high": 0.3}, "locating": None, "trials": trials,
        **changed,
    }  # fmt: skip


@pytest.fixture(scope="module")
def page() -> Page:
    shares = {"net.width": 0.7, "optimisation.rate": 0.3}
    return Page(report_page([search_report(HOSTILE, document(), shares, best=HOSTILE, changes={"phases": HOSTILE})]))


def test_history_importances_and_knobs_are_drawn(page: Page) -> None:
    history, reports, importances, width, rate, phases = page.charts.values()
    best, *marks = history["data"]
    assert best["y"] == [3.0, 2.5] and best["x"] == [0, 5]
    assert [mark["name"] for mark in marks] == [
        "short, done", "short, pruned", "short, unhealthy", "short, failed", "short, running", "long, done",
    ]  # fmt: skip
    assert marks[1]["y"] == [4.0], "a pruned trial is shown at its last report"
    assert len(reports["data"]) == 7
    assert importances["data"][0]["y"] == ["optimisation.rate", "net.width"]
    assert importances["data"][0]["x"] == [0.3, 0.7]
    assert rate["layout"]["xaxis"]["type"] == "log" and width["layout"]["xaxis"]["type"] == "category"
    assert phases["layout"]["xaxis"]["type"] == "category"


def test_outcomes_verdicts_and_the_held_out_figure_are_told(page: Page) -> None:
    for words in ("not complete", "c0ffee", "Frozen (RT101)", "on held-out scenes: 2.300 [2.100, 2.600]",
                  "holds 0 or less", "running", "2.000", "unhealthy"):  # fmt: skip
        assert words in page.words, words


def test_what_the_checks_of_the_base_found_is_told() -> None:
    checks = [{"name": name, "passed": True, "number": HOSTILE, "seconds": 1.5} for name in ("rates", "memory")]
    kept = {"checks": checks, "findings": ["RT104 rate-below-target (note): peak 0.001"]}
    page = Page(report_page([search_report("x", document(preflight=kept), None, unjudged="few")]))
    for words in ("2 of 2 checks of the base passed, in 3.0 s", "RT104 rate-below-target (note)", "pass  rates: "):
        assert words in page.words, words
    assert "<img" not in page.text


def test_no_name_becomes_html(page: Page) -> None:
    assert "<img" not in page.text and "<b>bold" not in page.text and "<b>bold</b>" in page.words


def test_a_search_without_a_result_says_so() -> None:
    nothing = document(best=None, held_out=None, held_out_base=None, gain=None, trials=[trial(0, "refused", None)])
    nothing["trials"][0]["reports"] = {}
    words = Page(report_page([search_report("x", nothing, None, unjudged="too few trials")])).words
    for told in ("No trial has come to an end.", "Not judged: too few trials.", "no trial has a value yet", "refused"):
        assert told in words


def test_a_trial_of_one_epoch_is_a_point() -> None:
    one, two = ({"stage": "short", "trial": 0, "reports": seen, "outcome": {"kind": "done"}}
                for seen in ({"1": 3.0}, {"1": 3.0, "2": 2.0}))  # fmt: skip
    chart = reports([one, two])
    assert chart is not None and [trace["mode"] for trace in chart.data] == ["markers", "lines"]


def points(axes: Axes) -> dict[str, list[tuple[float, float]]]:
    """What is drawn of each entry of the legend."""
    return {
        str(line.get_label()): [(float(x), float(y)) for x, y in zip(line.get_xdata(), line.get_ydata(), strict=True)]  # pyright: ignore[reportArgumentType]
        for line in axes.get_lines()
    }


def test_numbers_of_a_knob_stand_by_their_size_and_texts_as_they_came() -> None:
    trials = [trial(number, "done", 1.0) for number in (5, 0, 2)]
    for each, name in zip(trials, ("b", "a", "b"), strict=True):
        each["values"]["phases"] = name
    width, _, phases = knob_charts(trials, document()["settings"]["space"])
    assert width.layout["xaxis"]["categoryarray"] == [8, 24, 48]
    assert phases.layout["xaxis"]["categoryarray"] == ["b", "a"]


def test_the_figure_of_the_history_has_every_trial_with_a_value() -> None:
    short, long = search_history(document()["trials"]).axes
    assert short.get_title() == "short trials, n = 6" and long.get_title() == "long trials, n = 1"
    drawn = points(short)
    assert drawn["pruned, n = 1"] == [(1, 4.0)], "a pruned trial is marked at its best report"
    assert drawn["done, n = 2"] == [(0, 3.0), (5, 2.5)] == drawn["best so far"]
    assert points(long) == {"done, n = 1": [(0, 2.2)]}


def test_a_trial_without_a_value_is_counted() -> None:
    silent = trial(6, "failed", None) | {"reports": {}}
    axes = search_history([trial(0, "done", 3.0), silent]).axes[0]
    assert axes.get_title() == "short trials, n = 2, 1 without a value"
