"""The kinds of logs that readers of formats misjudged: one value an epoch, the schedule blamed for a scaler, silence."""

# ruff: noqa: E501  (lines are as long as programs print them)

from itertools import pairwise

import pytest

from trainlint import Ledger, Severity, State, diagnose_path, diagnose_text, judge
from trainlint.after.reading.names import name_of
from trainlint.after.series import Kind
from trainlint.cli import main
from trainlint.findings import Finding
from trainlint.verdict import Verdict

from .foreign_sound import falling, text


def first(verdict: Verdict) -> Finding:
    assert verdict.findings, str(verdict)
    return verdict.findings[0]


def test_a_scaler_that_refuses_every_step_is_the_cause_of_a_rate_that_stays_at_zero():
    skip = "[{i}] [INFO] [loss_scaler.py:183] [deepspeed] OVERFLOW! Rank 0 Skipping step. Attempted loss scale: {a}, reducing to {b}"
    scales = [2**k for k in range(14, -1, -1)] + [1] * 30
    lines = [skip.format(i=i, a=a, b=b) for i, (a, b) in enumerate(pairwise(scales))]
    for i in range(9):
        lines.insert(5 * i + 5, f"{{'loss': {9.31 + i % 3 / 100}, 'learning_rate': 0.0, 'epoch': {i / 4}}}")
    verdict = diagnose_text(text(lines))
    assert verdict.state is State.STALLED
    assert first(verdict).rule.code == "RT113"
    assert "RT101" not in verdict.codes
    assert verdict.counts["skipped"] == 44


def test_overflow_to_the_floor_after_a_jump_is_a_divergence():
    lines = [
        f"| epoch {e:03d} | loss {3.9 if e < 16 else 6.1:.3f} | num_updates {400 * e} | lr 0.0005 | gnorm 0.4 | loss_scale 0.500"
        for e in range(10, 18)
    ]
    lines += [f"| WARNING: overflow detected, setting loss scale to: {0.25 / 2**k}" for k in range(11)]
    lines += [
        "Traceback (most recent call last):",
        '  File "t.py", line 9, in <module>',
        "FloatingPointError: Minimum loss scale reached (0.0001).",
    ]
    verdict = diagnose_text(text(lines))
    assert verdict.state is State.DIVERGED
    assert set(verdict.codes) == {"RT160", "RT202", "RT509"}


def test_a_table_without_validation_is_read_and_says_so():
    rows = ["epoch     train_loss  valid_loss  accuracy  time    "]
    rows += [f"{e:<10}{v:<12.6f}#na#                  00:12     " for e, v in enumerate(falling(6, 0.7, 0.3))]
    verdict = diagnose_text(text(rows))
    assert verdict.healthy
    assert any("held-out" in told for told in verdict.blind)


@pytest.mark.parametrize(("start", "epochs"), [(5, 1), (42, 6)])
def test_every_value_of_an_epoch_counts(start: int, epochs: int):
    lines = [f"2024/02/02 08:01:00 - mmengine - INFO - Epoch(train)  [{1 + i * epochs // 84}][{50 * (1 + i % (84 // epochs)):4d}/4200]  lr: 1.0000e-02  "
             f"eta: 0:21:00  time: 0.06  loss: {'nan' if i >= start else 1.5 - i / 100}  loss_cls: {'nan' if i >= start else 0.4}" for i in range(84)]  # fmt: skip
    verdict = diagnose_text(text(lines))
    assert verdict.codes == ("RT201",)
    assert first(verdict).severity is Severity.FATAL
    assert f"({84 - start} of 84 values)" in first(verdict).evidence


def test_an_epoch_that_begins_well_may_end_in_nan():
    lines = [
        f"Epoch [{e}/3], Step [{25 * k}/200], Loss: {'nan' if e == 3 and k > 2 else 1.5 / e - k / 50}"
        for e in (1, 2, 3)
        for k in range(1, 9)
    ]
    verdict = diagnose_text(text(lines))
    assert verdict.state is State.DIVERGED
    assert "epoch 3, step 75" in first(verdict).evidence


def test_a_norm_that_is_nan_in_nearly_all_lines_is_no_passing_overflow():
    lines = [
        f"{{'loss': {1.70 + i % 7 / 500}, 'grad_norm': {'0.2' if i % 20 == 19 else 'nan'}, 'learning_rate': 1e-4, 'epoch': {i / 20}}}"
        for i in range(60)
    ]
    verdict = diagnose_text(text(lines))
    assert first(verdict).rule.code == "RT302"
    assert verdict.state is State.DIVERGED


def test_an_average_that_is_nan_says_only_that_one_batch_was():
    lines = [
        f"Epoch: [{e}]  loss: {2 - e / 20:.4f} ({2.01 - e / 20:.4f})  loss_scale: 8192.0 (8190.1)  grad_norm: 0.3{e:02d} (nan)"
        for e in range(20)
    ]
    verdict = diagnose_text(text(lines))
    assert verdict.healthy
    assert [(f.rule.code, f.severity) for f in verdict.findings] == [("RT302", Severity.NOTE)]


def test_a_rate_that_is_zero_in_a_part_of_the_run_is_named_with_its_part():
    lines = [
        f"{{'loss': {1.2 + i % 5 / 100}, 'learning_rate': {max(0.0, 2e-4 - 4e-6 * i)!r}, 'epoch': {(i + 1) / 10}}}"
        for i in range(100)
    ]
    verdict = diagnose_text(text(lines))
    assert first(verdict).rule.code == "RT101"
    assert verdict.state is State.STALLED
    assert "epoch 5.2 to epoch 10" in first(verdict).evidence


def test_a_warm_up_that_is_not_over_is_no_alarm_while_it_learns():
    line = "epoch: {e}, lr: {r:.2e}, steps: {s}, optimizer: Adam - train loss: {t:.2e} - valid loss: {v:.2e}, valid ACC: {a:.2e}"

    def log(ratio: float) -> str:
        return text(
            line.format(e=e, r=3.6e-5 * e, s=1800 * e, t=290 * ratio**e, v=200 * ratio**e, a=1 - 0.9 * ratio**e)
            for e in range(1, 7)
        )

    assert diagnose_text(log(0.6)).healthy
    assert diagnose_text(log(0.9995)).codes[0] == "RT104"


def test_the_export_of_one_value_is_judged_without_its_name(tmp_path):
    rows = [
        "Wall time,Step,Value",
        *(f"{1.7e9 + i},{50 * i},{'nan' if i > 25 else 2.1 * 0.96**i:.5}" for i in range(40)),
    ]
    path = tmp_path / "export.csv"
    path.write_text(text(rows))
    assert diagnose_path(path).state is State.DIVERGED
    path.write_text(text(rows[:20]))
    assert diagnose_path(path).healthy
    named = tmp_path / "run_3-tag-train_loss.csv"
    named.write_text(text(rows))
    assert diagnose_path(named).codes == ("RT201",)


def test_a_padded_table_of_a_detector_is_read(tmp_path):
    names = [
        "epoch",
        "train/box_loss",
        "train/cls_loss",
        "metrics/precision(B)",
        "metrics/mAP50(B)",
        "val/box_loss",
        "val/cls_loss",
        "lr/pg0",
    ]
    rows = [",".join(n.rjust(23) for n in names)]
    rows += [
        ",".join(str(c).rjust(23) for c in (e, f"{1.7 * 0.95**e:.5f}", f"{3.2 * 0.9**e:.5f}", 0, 0, "nan", "nan", 0.01))
        for e in range(1, 13)
    ]
    path = tmp_path / "results.csv"
    path.write_text(text(rows))
    assert diagnose_path(path).state is State.DIVERGED
    assert diagnose_path(path).codes[0] == "RT213"


def test_notes_of_an_interrupt_do_not_make_a_run_ill():
    lines = [f"epoch {e} loss {1 / e:.4f}" for e in range(1, 9)]
    died = [*lines, "Traceback (most recent call last):", '  File "t.py", line 1, in f', "{error}"]
    assert diagnose_text(text(died).format(error="KeyboardInterrupt")).healthy
    assert diagnose_text(text(died).format(error="ValueError: shapes differ")).codes == ("RT509",)
    resumed = text(died).format(error="ValueError: shapes differ") + text(
        f"epoch {e} loss {1 / e:.4f}" for e in range(5, 12)
    )
    assert diagnose_text(resumed).healthy


def test_what_was_left_when_the_log_ends_early_is_told():
    verdict = diagnose_text(text(f"Epoch {e}/50 loss: {1 / e:.4f} val_loss: {1.1 / e:.4f}" for e in range(1, 9)))
    assert verdict.healthy
    assert "what follows epoch 8 of 50: the log ends there" in verdict.blind


def test_an_export_of_several_runs_keeps_them_apart(tmp_path):
    rows = [
        '"Unnamed: 0","Step","run-a - loss","run-b - loss"',
        *(f"{i},{10 * i},{2 - i / 40:.4f},{'NaN' if i > 9 else 8 - i / 9}" for i in range(30)),
    ]
    path = tmp_path / "wandb.csv"
    path.write_text(text(rows))
    verdict = diagnose_path(path)
    assert verdict.codes == ("RT201",)
    assert "loss[2] is nan from step 100 to the end (20 of 30 values)" in first(verdict).evidence


@pytest.mark.parametrize(("goes_on", "codes"), [(True, ()), (False, ("RT201",))])
def test_a_run_that_ends_before_another_one_in_the_same_table_has_lost_nothing(
    tmp_path, goes_on: bool, codes: tuple[str, ...]
):
    """Blank cells to the end are a loss that is not finite, unless another run's column goes on."""
    rows = ['"Step","run-a - train/loss","run-b - train/loss"']
    rows += [f"{10 * i},{2 - i / 40 if goes_on or i < 20 else ''},{2.1 - i / 40 if i < 20 else ''}" for i in range(30)]
    path = tmp_path / "wandb.csv"
    path.write_text(text(rows))
    assert diagnose_path(path).codes == codes


@pytest.mark.parametrize("accuracy", [0.1, None])
def test_a_table_that_names_each_value_in_its_row_is_read(tmp_path, accuracy: float | None):
    """As MLflow writes metrics: one value a row, beside its name and step."""
    rows = ["key,value,step,timestamp"]
    for i in range(12):
        rows += [
            f"train_loss,{2.3 * 0.8**i:.5f},{i},17000{i:02d}",
            f'"val_accuracy",{accuracy or i / 20},{i},17000{i:02d}',
        ]
    path = tmp_path / "metrics_long.csv"
    path.write_text(text(rows))
    verdict = diagnose_path(path)
    assert verdict.ran
    assert verdict.codes == (("RT214",) if accuracy else ())


def test_a_place_among_the_best_and_a_size_of_batches_are_no_values():
    """A line of values may state its batch size, as a line of settings does."""
    saved = "'val_auc' reached 0.9{i} (best 0.9{i}), saving model to 'epoch={i}.ckpt' as top 3"
    lines = [f"step {i} | global_batch_size: 256 | loss: {2 * 0.9**i:.4f}\n{saved.format(i=i)}" for i in range(12)]
    verdict = diagnose_text(text(lines))
    assert verdict.healthy
    assert "train loss" in verdict.ran


@pytest.mark.parametrize(("name", "kind"), [
    ("reduced_train_loss", Kind.TRAIN_LOSS), ("reduced val loss", Kind.VALIDATION_LOSS), ("avr_loss", Kind.TRAIN_LOSS),
    ("loss reduced from", Kind.IGNORED), ("reduced lr", Kind.IGNORED), ("", Kind.OTHER),
])  # fmt: skip
def test_a_loss_reduced_over_processes_is_one(name: str, kind: Kind):
    assert name_of(name).kind is kind
    assert not name_of(name).term


def test_what_is_said_at_exit_is_no_death():
    lines = [f"epoch {e} loss {1 / e:.4f}\nTestError: {2 / e:.4f}" for e in range(1, 9)]
    assert diagnose_text(text(lines)).codes == ()
    at_exit = [
        "Exception ignored in: <function Iterator.__del__ at 0x7f>",
        "Traceback (most recent call last):",
        '  File "loader.py", line 1, in f',
        "AssertionError: can only test a child process",
    ]
    assert diagnose_text(text([*lines, *at_exit])).codes == ()
    assert diagnose_text(text([*lines, *at_exit, *at_exit[1:]])).codes == ("RT509",)


def test_the_ledger_of_a_watch_that_was_killed_is_judged_by_its_epochs(tmp_path):
    ledger = Ledger(tmp_path / "ledger.jsonl")
    for e in range(1, 13):
        ledger.write("epoch", epoch=e, train=1 / e, val=0.5 + 0.1 * e)
    ledger.write("verdict", **judge([], {"epochs": 12}).record())
    ledger.close()
    assert diagnose_path(tmp_path).codes == ()
    kept = ledger.path.read_text().splitlines()[:-2]
    ledger.path.write_text("\n".join(kept) + "\n")
    assert set(diagnose_path(tmp_path).codes) == {"RT230", "RT501"}


@pytest.mark.parametrize(
    ("body", "code"), [("loss: {v}", 0), ("loss: nan", 1), ("foo {v}", 3), ("loss: " + "9" * 5000, 2)]
)
def test_the_command_tells_by_its_exit_code(tmp_path, capsys, body: str, code: int):
    path = tmp_path / "train.log"
    path.write_text(text(f"epoch {e} " + body.format(v=1 / e) for e in range(1, 9)))
    assert main(["log", str(path)]) == code
    assert main(["log", str(path), "--json"]) == code
    assert "Traceback" not in capsys.readouterr().err
