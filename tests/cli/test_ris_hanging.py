"""Does a cell that hangs or passes its limit fail alone, by name, in this process and in others?"""

import inspect
from pathlib import Path

import pytest
from running import Run
from test_ris_suite import SUITE, rows_in

from ris_pytorch_pipeline.estimate import CONTENDERS
from ris_pytorch_pipeline.tasks import hanging, watch

HANGS = """
import inspect, threading, time
from ris_pytorch_pipeline.estimate import CONTENDERS, Contender, Sml
from ris_pytorch_pipeline.tasks import watch

class Clock:
    step = ahead = 0.0

    def monotonic(self):
        self.ahead += self.step
        return time.monotonic() + self.ahead

clock = watch.time = Clock()
watch.GRACE = 10**6  # looks are quick, and an interrupted task on a busy machine may not be
inspect.unwrap(watch.Watch.__init__).__defaults__ = (0.05,)

class Stands:
    def __init__(self, region):
        self.inner = Sml(region=region)

    def __call__(self, observation, sources=None):
        try:
            while observation.codes.shape[1] == 4:
                clock.step = 10.0  # a look
                threading.Event().wait()
            while observation.codes.shape[1] == 5:
                clock.step = 20000.0
        finally:
            clock.step = 0.0
        return self.inner(observation, sources)

CONTENDERS["stands"] = Contender(name="stands", build=Stands)
"""


@pytest.mark.usefixtures("quick_python")
@pytest.mark.parametrize("jobs", ["1", "2"])
def test_a_cell_that_hangs_or_passes_the_limit_is_told_of_and_fails_alone(
    ris: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, jobs: str
) -> None:
    for name in ("time", "GRACE"):
        monkeypatch.setattr(watch, name, getattr(watch, name))  # which the extension sets, here too
    begin = inspect.unwrap(watch.Watch.__init__)
    monkeypatch.setattr(begin, "__defaults__", begin.__defaults__)
    monkeypatch.setattr(hanging, "_has_children", lambda: False)  # the nursery of the tests is one
    (tmp_path / "own.py").write_text(HANGS)
    text = SUITE.partition("[contenders")[0]
    text += '[sweeps.own]\nmethods = ["stands"]\n[sweeps.own.over]\nsnapshots = [4, 5, 6]\nsnr_db = [20]\n'
    (tmp_path / "s.toml").write_text(text)
    try:
        done = ris("bench", "s.toml", "--out", "kept", "--jobs", jobs, "--extend", "own.py", "--task-limit", "9999")
    finally:
        CONTENDERS.pop("stands", None)
    assert done.code == 1 and [row["axes"][15:16] for row in rows_in("kept")] == ["6"], done
    for name, why in ((4, "hung for "), (5, "--task-limit of 9999 s passed")):
        assert f"snapshots {name}, snr_db 20, stands failed: InfeasibleError: wanted a task" in done.err
        assert f"snapshots {name}, snr_db 20, stands: {why}" in done.err, done.err


def test_limits_that_hold_for_nobody(ris: Run, tmp_path: Path, small_file: str) -> None:
    (tmp_path / "s.toml").write_text(SUITE)
    ris("bench", "s.toml", "--out", "kept", "--task-limit", "-1").refused("--task-limit > 0")
    ris("bench", "--task-limit", "5").refused("a suite beside --task-limit")
    ris("locate", small_file, "--task-limit", "5").refused("--out OUT.parquet beside --task-limit")
    ris("calibrate", small_file, "c", "--task-limit", "5").refused("--task-limit with --cluster")
    assert not Path("kept").exists()
