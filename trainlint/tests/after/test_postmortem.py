"""A log tells its causes: the original failure, common formats, and healthy logs that stay clean."""

import pytest
import torch
from torch.nn import functional as F
from torch.optim import SGD

from trainlint import InputError, State, TrainingFault, Watch
from trainlint.after.postmortem import diagnose_path, diagnose_text, parse

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
    assert [f.rule.code for f in verdict.findings] == ["RT101", "RT104", "RT124", "RT108", "RT212"]
    evidence = " ".join(f.evidence for f in verdict.findings)
    assert "1.921642" in evidence
    assert "all 30 epochs" in evidence
    assert "8 batches" in evidence


def test_numbers_of_the_original_failure_are_read():
    log = parse(original_log())
    assert len(log.epochs) == 30
    assert log.batches == 8
    assert [e.rates for e in log.epochs[:3]] == [[[0.0, 0.0]], [[8.33e-06, 3.33e-05]], [[1.67e-05, 6.66e-05]]]
    assert {e.val for e in log.epochs} == {1.921642}
    assert all(0.216999 <= e.train <= 0.218567 for e in log.epochs if e.train is not None)


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
        ([f"warmup: 500\nEpoch {e}/5 lr: {e * 1e-6} loss: {1 / e}" for e in range(1, 6)], "RT104"),
    ],
)  # fmt: skip
def test_other_symptoms(lines: list[str], code: str):
    assert code in diagnose_text("\n".join(lines)).codes


def test_a_log_without_epochs_is_refused():
    with pytest.raises(InputError, match="epoch"):
        diagnose_text("hello\nworld")


def test_a_ledger_tells_the_same_as_the_run(tmp_path):
    torch.manual_seed(0)
    net = torch.nn.Linear(3, 1)
    optimizer = SGD(net.parameters(), 0.0)
    x = torch.randn(8, 3)
    with pytest.raises(TrainingFault, match="RT101"), Watch(net, optimizer, ledger=tmp_path / "ledger.jsonl") as watch:
        for _ in range(5):
            optimizer.zero_grad()
            watch.loss(F.mse_loss(net(x), x[:, :1])).backward()
            optimizer.step()
    verdict = diagnose_path(tmp_path)
    assert verdict.state is State.STALLED
    assert verdict.codes[0] == "RT101"


def test_checks_and_verdicts_within_a_log_are_not_its_numbers():
    epochs = "\n".join(
        f"[LR] epoch={i} lr=[{2e-4:g}]\nEpoch {i}/3 train {2 / i:.6f}  val {3 / i:.6f}" for i in (1, 2, 3)
    )
    assert parse(PREFLIGHT + epochs + "\n" + VERDICT) == parse(epochs)
