"""Two runs side by side: another seed is the same, a slower, a stuck, a skipping and a dying run are not."""

# ruff: noqa: E501  (lines are as long as programs print them)

import json
from pathlib import Path

import pytest

from trainlint import Ledger
from trainlint.after.compare import compare
from trainlint.after.postmortem import read_series
from trainlint.after.reading.log import Log
from trainlint.after.reading.sources import read_text
from trainlint.cli import main

from .foreign_sound import falling


def lines(values: list[float], rate: float = 1e-3, norm: float = 1.0) -> str:
    return "\n".join(
        f"epoch {e} loss {v:.5f} lr {rate} grad_norm {norm * (1 + e % 3 / 10):.3f}" for e, v in enumerate(values, 1)
    )


def log(*arguments: object, **options: float) -> Log:
    return read_text(lines(falling(30, *arguments), **options))  # pyright: ignore[reportArgumentType]


BASELINE = log(2.0, 0.4, 0.03)


def test_a_run_equals_itself():
    found = compare(BASELINE, BASELINE)
    assert found.same
    assert {row.told for row in found.rows} == {("nothing",)}


@pytest.mark.parametrize("seed", range(1, 30))
def test_another_seed_is_within_the_noise(seed: int):
    assert compare(log(2.0, 0.4, 0.03, seed), BASELINE).same


@pytest.mark.parametrize(
    ("run", "name", "told"),
    [
        (log(2.0, 1.2, 0.03, 1), "loss", "reaches"), (log(2.0, 1.99, 0.01, 1), "loss", "never reaches"),
        (log(2.0, 0.4, 0.03, 1, rate=1e-5), "lr", "apart from epoch 1"), (log(2.0, 0.4, 0.03, 1, norm=30.0), "grad_norm", "at the end"),
    ],
)  # fmt: skip
def test_what_differs_is_told(run: Log, name: str, told: str):
    found = compare(run, BASELINE)
    row = next(row for row in found.rows if row.name == name)
    assert row.beyond and not found.same
    assert told in " ".join(row.told)
    assert "BEYOND NOISE" in str(found)


def test_where_two_runs_part_is_named():
    later = read_text(lines([*falling(30, 2.0, 0.4, 0.03)[:20], *([float("nan")] * 10)]))
    row = compare(later, BASELINE).rows[0]
    assert row.beyond and "first at epoch 21" in row.told[0]


def test_skips_and_a_death_count():
    skips = "\n".join(
        "Gradient overflow. Skipping step, loss scaler 0 reducing loss scale to 1024.0" for _ in range(40)
    )
    run = read_text(lines(falling(30, 2.0, 0.4, 0.03)) + "\n" + skips + "\nRuntimeError: CUDA error: out of memory")
    assert len(compare(run, BASELINE).beyond) == 2


def test_a_ledger_is_compared_with_a_log(tmp_path: Path):
    ledger = Ledger(tmp_path / "ledger.jsonl")
    for e, v in enumerate(falling(30, 2.0, 1.9), 1):
        ledger.write("epoch", epoch=e, train=v, val=None)
    ledger.close()
    found = compare(read_series(tmp_path), BASELINE)
    assert not found.same
    assert [row.name for row in found.rows] == ["train_loss"]


def test_the_command_prints_and_tells_by_its_exit_code(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    paths = [tmp_path / f"{name}.log" for name in ("run", "baseline", "other")]
    for path, text in zip(
        paths, (lines(falling(30, 2.0, 1.9)), lines(falling(30, 2.0, 0.4, 0.03)), "foo: 1"), strict=True
    ):
        path.write_text(text)
    run, baseline, other = map(str, paths)
    assert main(["compare", run, baseline, "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["same"] is False
    assert main(["compare", baseline, baseline]) == 0
    assert main(["compare", other, baseline]) == 3
    assert main(["compare", str(tmp_path / "none"), baseline]) == 2
    assert main(["compare", run, baseline, "--output", "github"]) == 1
    assert "::warning file=" in capsys.readouterr().out
    assert main(["compare", run, baseline, "--output", "sarif", "--output-file", f"{tmp_path}/out.sarif"]) == 1
    assert "RT257" in (tmp_path / "out.sarif").read_text()
    assert main(["compare", other, baseline, "--json"]) == 3
    assert json.loads(capsys.readouterr().out)["blind"]
