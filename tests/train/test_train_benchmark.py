"""Does the training benchmark run, and do its shares make up the whole?"""

import runpy
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "train.py"


def test_it_says_how_fast_and_where_the_time_goes(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:  # fmt: skip
    monkeypatch.setattr("sys.argv", ["train.py", "--batches", "2"])
    runpy.run_path(str(SCRIPT), run_name="__main__")
    first, *rest = capsys.readouterr().out.splitlines()
    assert first.startswith("preset tiny: ") and "2 batches of 32" in first
    shares = {line.split()[1]: float(line.split("%")[0]) for line in rest}
    assert sum(shares.values()) == pytest.approx(100, abs=0.5)
    assert min(shares.values()) > 0
