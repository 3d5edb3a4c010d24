"""A finding is suspected, confirmed or withdrawn; causes stand before symptoms; a probe that fails harms nobody."""

from collections.abc import Sequence

import pytest
import torch
from torch import nn
from torch.optim import SGD

from trainlint import Found, Loss, Probe, Run, Stage, State, TrainingFault, Watch, judge, rule
from trainlint.during.jury import Jury
from trainlint.findings import Finding
from trainlint.ledger import Ledger, read
from trainlint.rules import RULES
from trainlint.rules.causes import EXPLAINS, by_cause

CUT = rule("RT121")


def jury(*, raises: bool = True, ledger: Ledger | None = None) -> Jury:
    return Jury([], {}, raises, ledger)


def suspected(evidence: str = "once") -> Finding:
    return CUT.found(evidence, stage=Stage.SUSPECTED)


def verdict(found: Jury):
    return judge(found.findings.values(), {"updates": 3}, ran=("Some",))


def test_a_suspicion_does_not_raise_and_leaves_the_run_healthy():
    found = jury()
    found.take(suspected())
    assert verdict(found).healthy
    assert verdict(found).findings == ()
    assert "RT121 graph-cut (suspected): once" in str(verdict(found))
    assert verdict(found).record()["suspected"]


def test_a_second_observation_confirms_it_and_raises():
    found = jury()
    found.take(suspected())
    with pytest.raises(TrainingFault, match="twice"):
        found.take(CUT.found("twice"))
    (kept,) = verdict(found).findings
    assert (kept.stage, kept.count, verdict(found).state) == (Stage.CONFIRMED, 2, State.STALLED)


def test_a_suspicion_repeated_stays_one_and_does_not_weaken_what_is_confirmed():
    found = jury(raises=False)
    found.take(suspected())
    found.take(suspected("again"))
    assert verdict(found).healthy
    found.take(CUT.found("sure"))
    found.take(suspected("still"))
    assert [(f.evidence, f.count) for f in verdict(found).findings] == [("sure", 4)]


@pytest.mark.parametrize("stage", [Stage.SUSPECTED, Stage.CONFIRMED])
def test_what_is_withdrawn_leaves_the_verdict_and_stays_in_the_ledger(tmp_path, stage: Stage):
    ledger = Ledger(tmp_path / "l.jsonl")
    found = jury(raises=False, ledger=ledger)
    found.take(CUT.found("first", stage=stage))
    found.take(CUT.withdrawn("it has a graph since update 4"))
    found.take(CUT.withdrawn("said twice"))
    assert verdict(found).codes == ()
    ledger.close()
    told = [(r["stage"], r["evidence"]) for r in read(ledger.path) if r["event"] == "finding"]
    assert told == [(str(stage), "first"), ("withdrawn", "it has a graph since update 4")]


def test_a_verdict_shows_the_cause_first_and_says_what_follows_from_it():
    told = judge([rule("RT204").found("same"), rule("RT123").found("zero"), CUT.found("no grad_fn")])
    assert told.codes == ("RT121", "RT123", "RT204")
    assert "follows from RT121" in str(told)
    assert told.record()["findings"][1]["because"] == ["RT121"]  # pyright: ignore[reportIndexIssue]


def test_a_warning_that_causes_something_fatal_stands_before_it_and_decides_the_state():
    told = judge([rule("RT201").found("nan"), rule("RT307").found("1e6"), rule("RT505").found("inf"), CUT.found("x")])
    assert told.codes == ("RT121", "RT307", "RT201", "RT505")
    told = judge([rule("RT302").found("inf"), rule("RT303").found("nan"), rule("RT130").found("5")])
    assert told.codes == ("RT130", "RT303", "RT302")


def test_a_note_is_no_cause():
    told = judge([rule("RT101").found("one update", severity=rule("RT132").severity), rule("RT204").found("same")])
    assert told.codes == ("RT204", "RT101")
    assert "follows" not in str(told)


def test_optimisers_do_not_explain_each_other():
    told = judge([CUT.found("cut", subject="optimiser G"), rule("RT123").found("0", subject="optimiser D")])
    assert "follows" not in str(told)


def test_the_table_of_causes_names_rules_that_exist_and_none_that_explains_itself():
    codes = {r.code for r in RULES}
    for cause, symptoms in EXPLAINS.items():
        assert {cause, *symptoms} <= codes
        assert cause not in symptoms
    every = by_cause(r.found("x") for r in RULES)
    assert len(every) == len(RULES)


class Broken(Probe):
    """Fails as soon as it is asked."""

    def loss(self, run: Run, loss: Loss) -> Found:
        raise ZeroDivisionError("mine")

    def values(self, run: Run, name: str, values: Sequence[float]) -> Found:
        raise AssertionError("asked again after it failed")


def test_a_probe_that_fails_is_switched_off_and_the_verdict_says_so(tmp_path):
    net = nn.Linear(2, 1)
    with Watch(net, SGD(net.parameters(), 0.1), probes=[Broken()], ledger=tmp_path / "l.jsonl") as watch:
        for _ in range(3):
            watch.loss(net(torch.ones(4, 2)).square().mean()).backward()
    told = watch.verdict()
    assert any(text == "probe Broken failed: ZeroDivisionError: mine" for text in told.blind)
    assert told.state is State.NOT_JUDGED
    (kept,) = [r for r in read(tmp_path / "l.jsonl") if r["event"] == "probe"]
    assert "ZeroDivisionError: mine" in str(kept["traceback"])


def test_a_ledger_that_fails_does_not_end_the_training(tmp_path):
    class Full(Ledger):
        def write(self, kind: str, /, **values: object) -> None:
            if kind != "start":
                raise OSError("no space left")

    full = Full(tmp_path / "l.jsonl")
    found = jury(raises=False, ledger=full)
    found.take(CUT.found("x"))
    assert full._file is not None
    full._file.close()
    assert found.blind(lambda _: ()) == ("ledger failed: OSError: no space left",)
