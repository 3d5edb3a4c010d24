"""Does `ris bench SUITE.toml` keep every cell, go on after a kill, and give the same for any number of processes?"""

import json
import os
import random
import shutil
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from nursery import Nursery, Program
from running import SMALL_TOML, Run

from ris_pytorch_pipeline.bench import COLUMNS, TIMES, read_rows
from ris_pytorch_pipeline.estimate import CONTENDERS
from ris_pytorch_pipeline.files import Lock

SUITE = """
scenes = 3
[scenario]
horizontal = 5
vertical = 5
antennas = 6
snapshots = 6
sources = 1
[contenders.sml-plain]
estimator = "sml"
settings = {fit = false, effort = {rounds = 1}}
[sweeps.snr]
methods = ["sml-plain", "genie"]
[sweeps.snr.over]
snr_db = [10, 20]
[sweeps.panel]
methods = ["genie"]
scenario = {snr_db = 20}
[sweeps.panel.variants.panel.narrow]
horizontal = 4
"""
CELLS = [
    ("snr", {"snr_db": 10}, "sml-plain"), ("snr", {"snr_db": 10}, "genie"), ("snr", {"snr_db": 20}, "sml-plain"),
    ("snr", {"snr_db": 20}, "genie"), ("panel", {"panel": "narrow"}, "genie"),
]  # fmt: skip


def rows_in(folder: Path | str) -> list[dict[str, Any]]:
    """The kept rows without what differs from run to run, as texts so that NaN equals NaN."""
    rows, _ = read_rows(Path(folder) / "cells.parquet")
    return [{name: repr(value) for name, value in row.items() if name not in TIMES} for row in rows]


def alone(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows without the genie's figures, which a later cell may add."""
    return [{name: value for name, value in row.items() if not name.startswith("genie_")} for row in rows]


@pytest.fixture
def suite(ris: Run, tmp_path: Path) -> str:
    del ris  # which goes into the folder
    (tmp_path / "s.toml").write_text(SUITE)
    return "s.toml"


def test_every_cell_has_its_figures_and_where_it_comes_from(ris: Run, suite: str) -> None:
    done = ris("bench", suite, "--out", "kept", "--json")
    assert done.code == 0 and done.json["complete"] is True and done.json["failed"] == {}
    cells = done.json["cells"]
    assert [(cell["sweep"], cell["axes"], cell["method"]) for cell in cells] == CELLS
    for cell in cells:
        assert set(cell) == set(COLUMNS)
        assert cell["n"] == 3 and cell["success_low"] <= cell["success"] <= cell["success_high"]
        assert cell["bound_azimuth_deg_median"] > 0 and cell["suite"] == done.json["digest"]
        assert all(cell[name] for name in ("package", "code", "torch", "numpy", "scipy", "python", "machine", "began"))
    assert cells[0]["contender"] == {"estimator": "sml", "settings": {"fit": False, "effort": {"rounds": 1}}}
    assert cells[4]["scenario"]["horizontal"] == 4 and cells[3]["scenario"]["horizontal"] == 5
    assert json.loads(rows_in("kept")[0]["scenario"].strip("'")) == cells[0]["scenario"]


def test_a_sweep_of_options_and_one_of_a_suite_say_the_same(ris: Run, suite: str) -> None:
    kept = ris("bench", suite, "--json").json["cells"][3]
    options = "--horizontal 5 --vertical 5 --antennas 6 --snapshots 6 --scenes 3 --sources 1 --snr-db 20"
    printed = ris("bench", "--methods", "genie", "--json", *options.split()).json["cells"][0]
    assert kept["rmse_azimuth_deg"] == printed["rmse"]["azimuth_deg"]
    assert kept["gospa_whitened_low"] == printed["gospa_whitened_interval"][0]
    assert Path("runs/bench/s/cells.parquet").is_file()


@pytest.mark.usefixtures("quick_python")
def test_two_processes_give_what_one_gives(ris: Run, suite: str) -> None:
    assert ris("bench", suite, "--out", "one").code == 0
    assert ris("bench", suite, "--out", "two", "--jobs", "2").code == 0
    assert rows_in("one") == rows_in("two") and len(rows_in("one")) == len(CELLS)


KILLED = """
import os, signal, sys
from ris_pytorch_pipeline.bench import Kept
from ris_pytorch_pipeline.cli import main

write = Kept._write

def killed(kept):
    write(kept)
    if len(kept.rows) == int(sys.argv[1]):
        os.kill(os.getpid(), signal.SIGKILL)

Kept._write, sys.executable = killed, sys.argv[3]
main(["bench", "s.toml", "--out", "kept", "--jobs", sys.argv[2]])
"""


@pytest.mark.parametrize(("cells", "jobs"), [(0, 1), (2, 1), (2, 2)])
def test_a_killed_suite_goes_on_to_the_same_results(
    ris: Run, nursery: Nursery, suite: str, cells: int, jobs: int
) -> None:
    Path("killed.py").write_text(KILLED)
    assert nursery.run("killed.py", str(cells), str(jobs), nursery.python, cwd=Path.cwd()).returncode == -signal.SIGKILL
    held = rows_in("kept")
    assert len(held) == cells
    if held:
        ris("bench", suite, "--out", "kept").refused("pass --resume")
    assert ris("bench", suite, "--out", "kept", *["--resume"] * bool(held)).code == 0
    assert ris("bench", suite, "--out", "whole").code == 0
    assert rows_in("kept") == rows_in("whole")
    assert all(row in alone(rows_in("kept")) for row in alone(held))


def die_at(process: Program, file: Path, writes: int, seconds: float) -> bool:
    """Kill a suite some time after it has kept so many cells; whether it still ran."""
    seen, last = 0, file.stat().st_mtime_ns if file.exists() else 0
    while seen < writes and process.poll() is None:
        now = file.stat().st_mtime_ns if file.exists() else 0
        seen, last = seen + (now != last), now
        time.sleep(0.001)
    time.sleep(seconds)
    process.kill()
    return process.wait() == -signal.SIGKILL


@pytest.mark.stress
@pytest.mark.parametrize("seed", range(5))
def test_kills_at_random_moments_lose_nothing_that_was_finished(
    ris: Run, nursery: Nursery, suite: str, seed: int
) -> None:
    """After none to two further cells and up to 0.3 s, with one process or two, until a suite comes to its end."""
    moments, file, folder = random.Random(seed), Path("kept/cells.parquet"), Path.cwd()
    counts, held = list[int](), list[dict[str, Any]]()
    while True:
        words = ["--out", "kept", "--jobs", str(1 + seed % 2), *["--resume"] * file.exists()]
        process = nursery.start("-m", "ris_pytorch_pipeline", "bench", suite, *words, cwd=folder)
        hit = die_at(process, file, moments.randint(0, 2), moments.uniform(0, 0.3))
        now = rows_in("kept") if file.exists() else []
        assert all(row in alone(now) for row in alone(held)), "what was finished is kept"
        held, counts = now, [*counts, len(now)]
        assert len(counts) < 100
        if not hit:
            break
    assert process.returncode == 0 and len(counts) > 2 and any(0 < count < len(CELLS) for count in counts), counts
    assert ris("bench", suite, "--out", "whole").code == 0
    assert rows_in("kept") == rows_in("whole") and len(held) == len(CELLS)
    assert read_rows(file)[1] == read_rows(Path("whole/cells.parquet"))[1]


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_keeps_and_prints_the_finished_cells(
    ris: Run, suite: str, monkeypatch: pytest.MonkeyPatch, number: signal.Signals, code: int
) -> None:
    from ris_pytorch_pipeline.cli.forms import bench_suite

    whole = bench_suite.worked_here

    def interrupted(*arguments: Any) -> Iterator[Any]:
        yield next(iter(whole(*arguments)))
        os.kill(os.getpid(), number)
        yield from whole(*arguments)

    monkeypatch.setattr(bench_suite, "worked_here", interrupted)
    done = ris("bench", suite, "--out", "kept", "--json")
    assert done.code == code and done.json["complete"] is False
    assert len(done.json["cells"]) == len(rows_in("kept")) == 1


def test_another_suite_is_refused_by_the_name_of_the_field(ris: Run, suite: str, tmp_path: Path) -> None:
    assert ris("bench", suite, "--out", "kept").code == 0
    changed = ((SUITE.replace("antennas = 6", "antennas = 7"), "sweeps.panel.scenario.antennas: 6, 7"),
               (SUITE.replace("rounds = 1", "rounds = 2"), "contenders.sml-plain.settings.effort.rounds: 1, 2"),
               (SUITE.replace("[10, 20]", "[10, 30]"), "sweeps.snr.axes.snr_db"))  # fmt: skip
    for text, field in changed:
        (tmp_path / "s.toml").write_text(text)
        ris("bench", suite, "--out", "kept", "--resume").refused(field)
    (tmp_path / "s.toml").write_text(SUITE)
    ris("bench", suite, "--out", "kept", "--resume", "--seed", "1").refused("seed: 0, 1")
    ris("bench", suite, "--out", "elsewhere", "--resume").refused("leave out --resume")
    with Lock(Path("kept")):
        ris("bench", suite, "--out", "kept", "--resume").refused("which does")
    Path("kept/cells.parquet").write_bytes(Path("kept/cells.parquet").read_bytes()[:-9])
    ris("bench", suite, "--out", "kept", "--resume").refused("results that `ris bench SUITE` kept")


def test_workers_are_asked_for_once(ris: Run, suite: str) -> None:
    ris("bench", suite, "--out", "kept", "--jobs", "2", "--cluster", "2").refused("--jobs or --cluster")
    assert not Path("kept").exists()


NET_SUITE = f"""
scenes = 2
{SMALL_TOML}[contenders.net]
model = "net"
settings = {{proposals = "music", polish = 0}}
[sweeps.share]
methods = ["net"]
[sweeps.share.over]
settings.beta = [0.0, 0.5]
"""
OWN = """
import os
from ris_pytorch_pipeline.estimate import CONTENDERS, Contender, Sml

print("a word of its own")

class Mine:
    def __init__(self, region):
        self.inner = Sml(region=region)

    def __call__(self, observation, sources=None):
        print("another one")
        if observation.codes.shape[1] == 5:
            raise ZeroDivisionError("five")
        if observation.codes.shape[1] == 4:
            os._exit(3)
        return self.inner(observation, sources)

CONTENDERS["mine"] = Contender(name="mine", build=Mine)
"""


@pytest.mark.usefixtures("quick_python")
def test_an_estimator_of_ones_own_runs_in_every_process_and_fails_or_dies_alone(ris: Run, tmp_path: Path) -> None:
    (tmp_path / "own.py").write_text(OWN)
    text = SUITE.partition("[contenders")[0]
    text += '[sweeps.own]\nmethods = ["mine", "genie"]\n[sweeps.own.over]\nsnapshots = [4, 5, 6]\nsnr_db = [20]\n'
    (tmp_path / "s.toml").write_text(text)
    try:
        done = ris("bench", "s.toml", "--out", "kept", "--jobs", "2", "--extend", "own.py")
    finally:
        CONTENDERS.pop("mine", None)
    assert done.code == 1 and "ZeroDivisionError: five" in done.err
    assert "snapshots 4, snr_db 20, mine failed: its process ended with code 3" in done.err
    assert [(row["method"], row["axes"][15:16]) for row in rows_in("kept")] == [
        ("'genie'", "4"), ("'genie'", "5"), ("'mine'", "6"), ("'genie'", "6"),
    ]  # fmt: skip
    assert all(row["alarm"] == "None" for row in rows_in("kept"))


def test_a_network_by_its_path_runs_with_settings_and_is_known_by_its_digest(
    ris: Run, run_folder: Path, tmp_path: Path
) -> None:
    shutil.copytree(run_folder, tmp_path / "net")
    (tmp_path / "s.toml").write_text(NET_SUITE)
    done = ris("bench", "s.toml", "--out", "kept", "--json")
    assert done.code == 0, done.err
    cells = done.json["cells"]
    assert [(cell["method"], cell["contender"]["settings"]["beta"]) for cell in cells] == [("net", 0.0), ("net", 0.5)]
    assert cells[0]["contender"]["updates"] == 2 and len(cells[0]["contender"]["digest"]) == 64
    (tmp_path / "s.toml").write_text(NET_SUITE.replace('"net"\n', '"nett"\n'))
    ris("bench", "s.toml", "--out", "elsewhere").refused("nett")
