"""What the source suggests is confirmed, dropped or kept by what the run measured."""

from handbook.examples.read import broken

from trainlint import judge
from trainlint.before.source.checking import check_source
from trainlint.during.unedited.joined import joined
from trainlint.rules import losses, updates

HEAD = """import torch
from torch import nn
net = nn.Linear(2, 1)
adam = torch.optim.Adam(net.parameters())
for x, y in loader:
    loss = nn.functional.mse_loss(net(x), y)
"""
NEVER_STEPPED = HEAD + "    adam.zero_grad()\n    loss.backward()\n"
UNKNOWN = HEAD + "    adam.zero_grad()\n    loss.backward()\n    adam.step()\n"
COUNTS = {"backward passes": 8, "updates": 8}


def test_a_measured_finding_carries_the_line_of_the_source() -> None:
    verdict = judge([updates.NO_UPDATE.found("8 backward passes, no update")], {"backward passes": 8, "updates": 0})
    suspected = check_source(NEVER_STEPPED, "train.py")
    both = joined(verdict, suspected)
    assert [s.code for s in suspected] == ["RT604"]
    assert both.verdict.codes == ("RT102",)
    assert both.verdict.findings[0].where == f"train.py:{suspected[0].line}"
    assert "RT604" in both.verdict.findings[0].evidence
    assert not both.dropped


def test_what_a_sound_run_refutes_is_dropped() -> None:
    both = joined(judge([], COUNTS, ran=("updates",)), check_source(NEVER_STEPPED, "train.py"))
    assert both.verdict.healthy
    assert [s.code for s in both.dropped] == ["RT604"]


def test_what_nobody_can_measure_stays_a_finding_of_its_own() -> None:
    text = UNKNOWN.replace("functional.mse_loss(net(x), y)", "CrossEntropyLoss()(net(x).softmax(-1), y)")
    suspected = check_source(text, "train.py")
    both = joined(judge([], COUNTS, ran=("updates",)), suspected)
    assert suspected
    assert both.verdict.codes == tuple(dict.fromkeys(s.code for s in suspected))
    assert all(finding.where.startswith("train.py:") for finding in both.verdict.findings)


def test_nothing_suspected_changes_nothing() -> None:
    verdict = judge([], COUNTS, ran=("updates",))
    assert joined(verdict, check_source(UNKNOWN, "train.py")).verdict == verdict


def test_labels_of_other_inputs_take_the_line_and_a_loss_no_better_than_a_constant() -> None:
    suspected = check_source(broken("RT655"), "train.py")
    assert [s.code for s in suspected] == ["RT655"]
    stalled = joined(judge([losses.NO_BETTER.found("1.1 against 1.1")], COUNTS, ran=("updates",)), suspected)
    assert stalled.verdict.codes == ("RT412", "RT219")
    assert stalled.verdict.findings[0].where == f"train.py:{suspected[0].line}"
    assert joined(judge([], COUNTS, ran=("updates",)), suspected).verdict.codes == ("RT655",)
