"""Does the simulation benchmark run, and do its shares belong to one whole?"""

import runpy
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "simulate.py"


def test_it_says_how_many_and_where_the_time_goes(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:  # fmt: skip
    monkeypatch.setattr("sys.argv", ["simulate.py", "--preset", "pilot", "--scenes", "30", "--chunk", "20"])
    runpy.run_path(str(SCRIPT), run_name="__main__")
    first, *rest = capsys.readouterr().out.splitlines()
    assert first.startswith("30 scenes of preset pilot in ")
    shares = [float(line.split("%")[0]) for line in rest]
    assert shares == sorted(shares, reverse=True)
    assert 30 < sum(shares) < 101
