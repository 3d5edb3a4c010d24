"""Dictionaries, tables and progress bars are read like printed lines, and rows of equal numbers are found anywhere."""

from collections.abc import Callable

import pytest

from trainlint import diagnose_path, diagnose_text
from trainlint.after.reading.sources import read_text
from trainlint.after.series import Kind, curve

HEADERS = {
    "csv": "epoch,train_loss,val_loss,lr,time",
    "quoted csv": '"step","epoch","train_loss","val_loss","lr"',
    "fastai": "epoch     train_loss  valid_loss  accuracy  lr  time",
    "bars": "| Epoch | train loss | val loss | lr |\n|---|---|---|---|",
    "boxes": "┃ Epoch ┃ train loss ┃ val loss ┃ lr ┃\n┡━━━━━━━╇━━━━━━━━━━━━╇━━━━━━━━━━╇━━━━┩",
    "dictionary": "settings: {'lr': 0.5, 'epochs': 10, 'batch_size': 4}",
}
ROWS = {
    "csv": "{e},{t},{v},{r},00:01",
    "quoted csv": '"{n}","{e}","{t}","{v}","{r}"',
    "fastai": "{e}         {t:.6f}    {v:.6f}    0.5{e:02d}000  {r}  00:05",
    "bars": "| {e} | {t} | {v} | {r} |",
    "boxes": "│ {e} │ {t} │ {v} │ {r} │",
    "dictionary": "{{'loss': {t}, 'lr': {r}, 'epoch': {e}, 'val_loss': {v}}}",
    "transformers": (
        "{{'loss': {t}, 'grad_norm': 1.5, 'learning_rate': {r}, 'epoch': {f}}}\n"
        "{{'loss': {t}, 'grad_norm': 1.5, 'learning_rate': {r}, 'epoch': {e}.0}}\n"
        "{{'eval_loss': {v}, 'eval_runtime': 1.2, 'epoch': {e}.0}}"
    ),
    "transformers 5": (
        "{{'loss': '{t}', 'learning_rate': '{r}', 'epoch': '{e}'}}\n"
        "{{'eval_loss': '{v}', 'eval_runtime': '1.2', 'epoch': '{e}'}}"
    ),
    "json": '{{"epoch": {e}, "step": {n}, "train_loss": {t}, "val_loss": {v}, "lr": {r}, "best": null}}',
    "nested json": '{{"epoch": {e}, "train": {{"loss": {t}}}, "val": {{"loss": {v}}}, "lr": [{r}, {r}]}}',
    "mode": '{{"mode": "train", "epoch": {e}, "loss": {t}, "lr": {r}}}\n{{"mode": "val", "epoch": {e}, "loss": {v}}}',
    "lightning": "Epoch {e}: 100%|####| 3/3 [00:01<00:00, 7.5it/s, train_loss={t}, val_loss={v}, lr-Adam={r}]",
    "bare": "epoch {e} | lr {r} | loss {t:.5f} | valid loss {v} | ppl 3.40 | time 12.3s",
    "tensors": "epoch{e} loss=tensor({t}, device='cuda:0', grad_fn=<MeanBackward0>) val_loss=np.float64({v}) lr={r}",
    "colours": "\x1b[1mEpoch {e}\x1b[0m \x1b[32mloss\x1b[0m: \x1b[31m{t}\x1b[0m val_loss: {v} lr: {r}",
    "paragraphs": "Epoch {e}\n-----\nlr: {r}\ntrain Loss: {t} Acc: 0.5{e:02d}\nval Loss: {v} Acc: 0.6{e:02d}\n",
    "headings": "Epoch {e}\nTraining:\n  loss: {t}, lr: {r}\nValidation:\n  loss: {v}",
    "vertical": "| epoch | {e} |\n| train_loss | {t} |\n| val_loss   | {v} |\n| lr  | {r} |",
}


def log(kind: str, value: Callable[[int], float], rate: Callable[[int], float], first: int = 1) -> str:
    rows = [
        ROWS[kind].format(e=e, n=8 * e, f=e - 0.5, t=1 / i, v=value(i), r=rate(i))
        for i, e in enumerate(range(first, first + 10), 1)
    ]
    return "\n".join([*([HEADERS[kind]] if kind in HEADERS else []), *rows])


def shrinking(epoch: int) -> float:
    return 1.2345678 / epoch


def steady(epoch: int) -> float:
    return 0.001


@pytest.mark.parametrize("first", [0, 1])
@pytest.mark.parametrize("kind", ROWS)
def test_every_number_of_a_format_is_read(kind: str, first: int):
    read = read_text(log(kind, shrinking, steady, first))
    (train,), (val,) = (read.of(k)[:1] for k in (Kind.TRAIN_LOSS, Kind.VALIDATION_LOSS))
    halves = 2 if kind == "transformers" else 1
    assert list(train.values) == pytest.approx([1 / i for i in range(1, 11) for _ in range(halves)], rel=1e-4)
    assert list(train.epochs)[halves - 1 :: halves] == list(range(first, first + 10))
    assert list(val.values) == pytest.approx([shrinking(i) for i in range(1, 11)], rel=1e-5)
    assert list(val.epochs) == list(range(first, first + 10))
    assert all(set(s.values) == {0.001} and len(s.values) >= 10 for s in read.of(Kind.RATE))
    assert read.of(Kind.RATE)


@pytest.mark.parametrize("kind", ROWS)
def test_the_verdict_does_not_depend_on_the_format(kind: str):
    assert diagnose_text(log(kind, shrinking, steady)).codes == ()
    assert diagnose_text(log(kind, lambda _: 1.921642, lambda _: 0.0)).codes == ("RT101", "RT212")
    assert diagnose_text(log(kind, lambda e: float("nan") if e > 7 else 1 / e, steady)).codes == ("RT213",)


def test_json_lines_that_are_no_ledger_are_a_log(tmp_path):
    path = tmp_path / "log.jsonl"
    path.write_text(log("json", lambda _: 1.921642, steady) + '\n{"epoch": 11, "trai')
    assert diagnose_path(path).codes == ("RT212",)


def test_the_first_two_epochs_counted_from_zero_are_two():
    text = "\n".join(f"Epoch {e} train_loss: {0.5 - 0.1 * e:.3f} val_loss: 1.921642" for e in range(3))
    assert list(read_text(text).series["train_loss"].epochs) == [0, 1, 2]
    assert "RT212" in diagnose_text(text).codes


@pytest.mark.parametrize("bar", ["[====================]", "━━━━━━━━━━━━"])
def test_a_progress_bar_tells_the_batches(bar: str):
    line = "Epoch {e}/9\n8/8 " + bar + " - 1s 5ms/step - loss: {t:.4f} - val_loss: {v:.6f}"
    text = "\n".join(line.format(e=e, t=0.25 - 0.001 * e, v=1.9 - 0.01 * e) for e in range(1, 10))
    assert read_text(text).batches == 8
    assert diagnose_text(text).codes == ("RT108",)


def test_a_progress_bar_that_is_written_over_itself_is_a_value_each():
    text = "".join(f"\rEpoch 0: {k}%|#| {k}/9 [00:01, 3it/s, loss={1 / k:.3f}, val_loss=0.5]" for k in range(1, 10))
    series = read_text(text).series
    assert len(series["loss"].values) == 9
    assert list(series["val_loss"].values) == [0.5]
    assert curve(series["loss"]).levels[-1] == 0.111


def lines(value: Callable[[int], object], rate: Callable[[int], float] = steady, epochs: int = 30) -> str:
    return "\n".join(f"Epoch {e} loss: {1 / e:.6f} val_loss: {value(e)} lr: {rate(e)}" for e in range(1, epochs + 1))


def moved(epoch: int) -> str:
    return f"{1.2 / epoch:.6f}"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (lines(moved, lambda e: 1e-3 if e < 3 else 0.0), "RT101"),
        (lines(moved, lambda e: 1e-3 if e == 30 else 0.0), "RT101"),
        (lines(moved).replace("lr: ", "Δparam="), ""),
        (lines(moved, lambda e: 1e-3 if e < 3 else 0.0).replace("lr: ", "Δparam="), "RT124"),
        (lines(lambda e: 1.93 if e == 1 else 1.921642), "RT212"),
        (lines(lambda e: 1.921642 if 10 <= e < 20 else moved(e)), "RT212"),
        (lines(lambda e: "1.921642" if e > 2 else "nan"), "RT212"),
        # Sound: a schedule that ends at 0, two decimals, a value that comes twice, the flat end of a long run.
        (lines(moved, lambda e: 1e-3 * (30 - e) / 30), ""),
        (lines(lambda e: f"{1 / e:.2f}"), ""),
        (lines(lambda e: 1.921642 if e in {4, 5, 9, 11} else moved(e)), ""),
        (lines(lambda e: moved(min(e, 96)), epochs=100), ""),
    ],
)
def test_rows_of_equal_numbers_are_found_wherever_they_stand(text: str, code: str):
    assert [code] * bool(code) == [c for c in diagnose_text(text).codes if c in {"RT101", "RT124", "RT212"}]
