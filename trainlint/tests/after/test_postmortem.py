"""A log tells its causes: the original failure, common formats, and healthy logs that stay clean."""

import pytest
import torch
from torch.nn import functional as F
from torch.optim import SGD

from trainlint import State, TrainingFault, Watch, diagnose_path, diagnose_text, rule
from trainlint.after.reading.log import Log
from trainlint.after.reading.sources import read_text

from .original import original_log

PREFLIGHT = """\
pass  planned rates          512 updates, 10 of warm-up: backbone 0.0004, peak 0.004, mean 0.0022
pass  update                 Δparam 0.000e+00
"""
VERDICT = """\
[VERDICT] Stalled 3 epochs, 24 updates, 0 skipped
RT207 dead-term (warning) [align]: 0.000000 in 8 batches, train loss = 0
    next:  Let the term raise; lr = 0 is no cause.
"""


def test_original_failure_yields_its_causes_in_order():
    verdict = diagnose_text(original_log())
    assert verdict.state is State.STALLED
    assert [f.rule.code for f in verdict.findings] == ["RT101", "RT124", "RT104", "RT212", "RT108"]
    evidence = " ".join(f.evidence for f in verdict.findings)
    assert "1.921642" in evidence
    assert "all 30 epochs" in evidence
    assert "8 batches" in evidence


def test_numbers_of_the_original_failure_are_read():
    log = read_text(original_log())
    assert log.batches == 8
    assert log.planned == 30
    assert list(log.series["lr"].values) == [0.0, 8.33e-06, 1.67e-05]
    assert list(log.series["lr[1]"].values) == [0.0, 3.33e-05, 6.66e-05]
    assert list(log.series["val_loss"].values) == [1.921642] * 30
    assert all(0.216999 <= v <= 0.218567 for v in log.series["train_loss"].values)
    assert list(log.series["head_grad_norm"].values) == [0.34] * 30
    assert log.stepped == 30


@pytest.mark.parametrize(
    "line",
    [
        "Epoch {e}/10 - loss: {t:.4f} - val_loss: {v:.4f} - lr: 1e-3",
        "epoch={e} train_loss={t:.4f} val_loss={v:.4f}",
        "[{e:03d}] Epoch: {e}, Train Loss: {t:.4f}, Val Loss: {v:.4f}",
        "Epoch {e}: training loss = {t:.4f}; validation loss = {v:.4f}",
    ],
)
def test_common_formats(line: str):
    def log(constant: bool) -> str:
        return "\n".join(line.format(e=e, t=1 / e, v=1.3 if constant else 1.2 / e) for e in range(1, 11))

    assert diagnose_text(log(True)).codes == ("RT212",)
    assert diagnose_text(log(False)).healthy


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        (["Epoch 1 loss: 1.0 val_loss: 1.1", "Epoch 2 loss: nan val_loss: 1.2"], "RT201"),
        (["Epoch 1 loss: 1.0 val_loss: inf", "Epoch 2 loss: 0.9 val_loss: inf"], "RT213"),
        (["Epoch 1 loss: 0.0", "Epoch 2 loss: 0.0", "Epoch 3 loss: 0.0"], "RT203"),
        (["Epoch 1 loss: 0.5", "Epoch 2 loss: 9.0", "Epoch 3 loss: 80.0"], "RT202"),
        ([f"Epoch {e} loss: {0.1 - e / 1000} val_loss: {0.9 - e / 100}" for e in range(1, 6)], "RT211"),
        ([f"Epoch {e} loss: {1 / e} Peak contrast: 0.000000" for e in range(1, 6)], "RT207"),
        ([f"warmup: 500\nEpoch {e}/5 lr: {e * 1e-6} loss: 1.{e % 2}" for e in range(1, 6)], "RT104"),
    ],
)  # fmt: skip
def test_other_symptoms(lines: list[str], code: str):
    assert code in diagnose_text("\n".join(lines)).codes


@pytest.mark.parametrize("text", ["", "hello\nworld", "Epoch 1 loss: 0.5", "acc 0.5\nacc 0.5\nacc 0.5"])
def test_a_log_in_which_nothing_can_be_judged_is_not_judged(text: str):
    verdict = diagnose_text(text)
    assert verdict.state is State.NOT_JUDGED
    assert not verdict.healthy and not verdict.codes


def test_a_ledger_tells_the_same_as_the_run(tmp_path):
    torch.manual_seed(0)
    net = torch.nn.Linear(3, 1)
    optimizer = SGD(net.parameters(), 0.0)
    x = torch.randn(8, 3)
    with pytest.raises(TrainingFault, match="RT101"), Watch(net, optimizer, ledger=tmp_path / "ledger.jsonl") as watch:
        for _ in range(40):
            optimizer.zero_grad()
            watch.loss(F.mse_loss(net(x), x[:, :1])).backward()
            optimizer.step()
    verdict = diagnose_path(tmp_path)
    assert verdict.state is State.STALLED
    assert verdict.codes[0] == "RT101"
    assert verdict.findings[0].rule.cause == watch.verdict().findings[0].rule.cause != rule("RT101").cause


def test_checks_and_verdicts_within_a_log_are_not_its_numbers():
    epochs = "\n".join(
        f"[LR] epoch={i} lr=[{2e-4:g}]\nEpoch {i}/3 train {2 / i:.6f}  val {3 / i:.6f}" for i in (1, 2, 3)
    )

    def values(log: Log) -> dict[str, list[float]]:
        return {key: list(series.values) for key, series in log.series.items()}

    assert values(read_text(PREFLIGHT + epochs + "\n" + VERDICT)) == values(read_text(epochs))
