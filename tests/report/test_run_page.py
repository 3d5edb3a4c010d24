"""Does the page of a training say what its ledger and evaluation say, and does no name in them become HTML?"""

import json
import re
from dataclasses import replace
from typing import Any

import pytest
import torch
from made_results import Page, row
from made_runs import ELEMENTS, HOSTILE, evaluation, events, run, seen, update

from ris_pytorch_pipeline.estimate import SearchRegion
from ris_pytorch_pipeline.report import (
    EvaluationShown,
    RunShown,
    compared_runs,
    explored,
    report_page,
    run_report,
    volume_of,
)
from ris_pytorch_pipeline.report.pages.records import curves_of, number_at, thinned
from ris_pytorch_pipeline.report.pages.templating import as_text
from ris_pytorch_pipeline.report.pages.verdict_parts import verdict_parts
from trainlint import RULES, judge


@pytest.fixture(scope="module")
def page() -> Page:
    return Page(report_page([run_report(run())]))


def chart(page: Page, title: str) -> dict:
    """The chart under a caption."""
    found = re.search(
        rf'<figcaption>{re.escape(title)}</figcaption>\s*<div class="chart"[^>]* id="([\w-]+)"', page.text
    )
    assert found is not None, title
    return page.charts[found[1]]


def test_curves_are_those_of_the_ledger(page: Page) -> None:
    train, validation = chart(page, "Loss by epoch")["data"]
    assert (train["x"], train["y"]) == ([1, 2], [3.0, 1.5]) and validation["y"] == [2.0, 1.0]
    gradient, skipped, clip = chart(page, "Gradient")["data"]
    assert gradient["y"] == [1.0, None, 1.0, 1.0], "what is no number is a gap"
    assert skipped["name"] == "not applied, 1" and skipped["x"] == [2]
    assert clip["y"] == [1.0, 1.0]
    rates = chart(page, "Learning rates")["data"]
    assert [trace["name"] for trace in rates] == ["backbone", as_text(HOSTILE)]
    assert chart(page, "Motion of the weights")["data"][0]["x"] == [1, 3, 4]
    missed = chart(page, "Errors on validation scenes")["data"][1]
    assert missed["name"] == "scenes with a source missed" and missed["y"] == [0.5, 0.5]


def test_no_name_becomes_html(page: Page) -> None:
    assert "<img" not in page.text and "<b>bold" not in page.text
    assert page.words.count("<b>bold</b>") > 10, "they are shown as they are"
    told = json.dumps(page.charts)
    assert "<" not in told, "nor does Plotly read tags in them"
    scenes = re.findall(r'<script type="application/json" id="scenes">(.*?)</script>', page.text)
    assert len(scenes) == 1 and "<" not in scenes[0]


def test_success_and_errors_of_each_number_of_sources_are_drawn(page: Page) -> None:
    bars = chart(page, "K = 3, success")["data"]
    assert [trace["type"] for trace in bars] == ["bar", "bar"] and bars[0]["y"] == pytest.approx([0.6, 0.7, 0.9])
    assert bars[0]["error_y"]["array"] == pytest.approx([0.06, 0.07, 0.09])
    bound, hybrid, _ = chart(page, "K = 1, azimuth")["data"]
    assert bound["name"] == "bound" and hybrid["x"] == [5.0, 10.0, 20.0]
    promised, azimuth = chart(page, "Does the stated ± hold?")["data"]
    assert promised["y"] == [0, 1] and azimuth["name"] == "azimuth, n = 30" and azimuth["y"] == [0.5, 0.9]
    assert "hybrid 0.600 to 0.900" in page.words


def test_the_page_says_how_many_of_the_kept_scenes_it_shows(page: Page) -> None:
    assert "All 3 kept scenes. The 2 worst have a spectrum. A page with more would exceed 6 MB." in page.words
    volume, panel = volume_of(SearchRegion()), torch.as_tensor(ELEMENTS)
    for scenes, kept, words in (
        (seen(4)[1:], 3, "All 3 kept scenes. Worst first"),
        (seen(4)[1:], 9, "The 3 worst of 9 kept scenes. A page with more"),
        (seen(4), 9, "The 4 worst of 9 kept scenes. The 3 worst have a spectrum. A page with more"),
    ):
        shown = replace(evaluation(), scenes=explored(scenes, panel, volume, kept))
        assert words in Page(report_page([run_report(RunShown(name="x", evaluation=shown))])).words


def test_a_training_that_goes_on_or_is_not_evaluated_says_so() -> None:
    cut = RunShown(name="cut", events=events()[:-1], unevaluated="Not evaluated. Do that.")
    words = Page(report_page([run_report(cut)])).words
    assert "has no end" in words and "Not evaluated. Do that." in words and "Unseen scenes" in words


def test_what_stands_between_backticks_is_code() -> None:
    told = RunShown(name="a", events=events(), unevaluated="Not evaluated. `ris evaluate <a>` does that.")
    page = Page(report_page([run_report(told)]))
    assert "Not evaluated. <code>ris evaluate &lt;a&gt;</code> does that." in page.text


def test_an_error_over_few_sources_says_why_it_is_not_drawn() -> None:
    few = [row("evaluation", {"sources": 1, "snr_db": snr}, "hybrid", 0.9) | {"judged_distance": count}
           for snr, count in ((5, 3), (10, 20))]  # fmt: skip
    alone = Page(report_page([run_report(RunShown(name="x", evaluation=EvaluationShown(rows=few[:1])))]))
    both = Page(report_page([run_report(RunShown(name="x", evaluation=EvaluationShown(rows=few)))]))
    why = "an error needs 10 sources of successful scenes whose bound is below 1 m, and these have 3."
    assert f"No point is drawn: {why}" in alone.words and f"1 of 2 points are not drawn: {why}" in both.words
    assert alone.words.count("not drawn") + alone.words.count("No point") == 1, "azimuth and elevation are drawn"
    assert [chart(page, "K = 1, azimuth")["data"][0]["mode"] for page in (alone, both)] == ["markers", "lines"]


def test_a_network_without_a_ledger_has_no_verdict_and_no_curves() -> None:
    titles = [section.title for section in run_report(RunShown(name="x", evaluation=run().evaluation)).sections]
    assert titles == ["Unseen scenes", "Stated errors", "Scenes", "Provenance"]


def test_the_commit_and_the_machine_of_every_session_are_told(page: Page) -> None:
    facts = " ".join(page.words.split())
    assert "commit c0ffee" in facts and "machine x86_64" in facts and "threads 2" in facts
    resumed = [*events(), {"event": "resume", "identity": {}, "source": {"commit": "babe", "machine": "arm64"}}]
    parts: Any = run_report(RunShown(name="x", events=resumed)).sections[-1].parts
    told = dict(parts[0].rows)
    assert (told["commit"], told["machine"], told["threads"]) == ("c0ffee, babe", "x86_64, arm64", "2, -")
    before: Any = run_report(RunShown(name="x", events=[{"event": "start"}])).sections[-1].parts
    assert "commit" not in dict(before[0].rows)


def test_trainings_are_laid_beside_each_other() -> None:
    runs = [run("first"), run("second", rate=0.001, worse=1.0)]
    parts: list[Any] = list(compared_runs(runs).parts)
    table, charts, words, differences = parts
    assert [[text.shown for text in line[:7]] for line in table.lines] == [
        ["first", "not judged", "2", "4", "1", "2", "1"], ["second", "not judged", "2", "4", "1", "2", "2"],
    ]  # fmt: skip
    assert [trace["name"] for trace in charts.charts[0].data] == [
        "first: train", "first: validation", "second: train", "second: validation",
    ]  # fmt: skip
    assert words.text == "Their configurations differ in:"
    assert [[text.shown for text in line] for line in differences.lines] == [["optimisation.rate", "0.004", "0.001"]]


def test_a_verdict_is_told_with_its_findings_and_what_was_not_judged() -> None:
    rule = RULES[0]
    verdict = judge([rule.found("seen")], {"updates": 3}, ("the validation: none was told",), ("Rates",))
    told = "\n".join(str(part) for part in verdict_parts(verdict, ""))
    assert rule.code in told and "Cause: " in told and "Next: " in told and "3 updates" in told
    assert "the validation: none was told" in told and "Rates" in told


def test_a_line_of_many_points_keeps_its_extremes() -> None:
    values = [1.0] * 100_000
    values[77_777], values[5] = 50.0, -3.0
    kept = thinned(values)
    assert len(kept) <= 1200 and {5, 77_777} <= set(kept) and kept == sorted(kept)
    assert number_at({"a": {"b": "Infinity"}}, "a", "b") is None and number_at({"a": [1]}, "a", "b") is None


@pytest.mark.parametrize("record", [{"event": "update"}, {"event": "epoch"}, {"event": "start", "experiment": 3}])
def test_a_record_that_lacks_everything_is_no_fault(record: dict) -> None:
    shown = RunShown(name="x", events=[record, update(1)])
    assert curves_of(shown.events).updates and run_report(shown).sections
