"""Does a suite take an estimator of an installed package in each of its processes, and sweep over arrays by name?"""

import json
import os
import subprocess
import sys
from pathlib import Path

from running import Run

from ris_pytorch_pipeline.bench import read_rows

SMALL = """
scenes = 3
[scenario]
antennas = 6
snapshots = 6
sources = 1
snr_db = 20
"""
ESTIMATOR = """
import os
from pathlib import Path
import ris_pytorch_pipeline as ris
from ris_pytorch_pipeline.estimate import Contender


class Nearest:
    def __init__(self, region):
        self.search = ris.Sml(region=region)

    def __call__(self, observation, sources=None):
        Path(f"{os.getpid()}.ran").touch()
        return self.search(observation, sources)


NEAREST = Contender(name="nearest", build=Nearest, needs=())
"""


def installed(folder: Path) -> None:
    """A distribution with an estimator, as pip leaves it."""
    facts = folder / "theirs-1.0.dist-info"
    facts.mkdir(parents=True)
    (folder / "theirs.py").write_text(ESTIMATOR, encoding="utf-8")
    (facts / "METADATA").write_text("Metadata-Version: 2.1\nName: theirs\nVersion: 1.0\n", encoding="utf-8")
    points = "[ris_pytorch_pipeline.estimators]\nnearest = theirs:NEAREST\n"
    (facts / "entry_points.txt").write_text(points, encoding="utf-8")


def test_two_processes_find_an_estimator_of_an_installed_package(tmp_path: Path) -> None:
    installed(tmp_path / "site")
    (tmp_path / "s.toml").write_text(
        SMALL + '[sweeps.near]\nmethods = ["nearest", "genie"]\n[sweeps.near.over]\nhorizontal = [4, 5, 6]\n'
    )
    paths = os.pathsep.join(filter(None, [str(tmp_path / "site"), os.environ.get("PYTHONPATH")]))
    command = [
        sys.executable,
        "-m",
        "ris_pytorch_pipeline",
        "bench",
        "s.toml",
        "--jobs",
        "2",
        "--out",
        "kept",
        "--json",
    ]
    process = subprocess.Popen(
        command, cwd=tmp_path, env={**os.environ, "PYTHONPATH": paths}, stdout=subprocess.PIPE, text=True
    )
    out, _ = process.communicate()
    assert process.returncode == 0
    told = json.loads(out)
    assert told["complete"] and told["failed"] == {}
    rows, _ = read_rows(tmp_path / "kept" / "cells.parquet")
    own = [row for row in rows if row["method"] == "nearest"]
    assert len(own) == 3 and all(row["n"] == 3 and row["success"] > 0 for row in own)
    ran = {path.stem for path in tmp_path.glob("*.ran")}
    assert ran and str(process.pid) not in ran, "it ran in processes that the command started"


def test_a_suite_sweeps_over_arrays(ris: Run) -> None:
    arrays = {
        "rod": "line = {count = 12, spacing = 0.15}\nwavelengths = 0.3\n",
        "wall": "panel = {horizontal = 4, vertical = 3, spacing = 0.15}\nwavelengths = 0.3\n",
        "corners": "elements = [[0, -0.3, 0], [0, 0.3, 0.2], [0.2, 0, -0.3], [0.1, 0.2, 0.3]]\nwavelengths = 0.3\n",
    }
    for name, text in arrays.items():
        Path(f"{name}.toml").write_text(text, encoding="utf-8")
    listed = "".join(f'[arrays.{name}]\nfile = "{name}.toml"\n' for name in arrays)
    sweep = f'[sweeps.arrays]\nmethods = ["genie", "sml"]\n[sweeps.arrays.over]\narray = {json.dumps(list(arrays))}\n'
    Path("s.toml").write_text(SMALL + listed + sweep, encoding="utf-8")
    done = ris("bench", "s.toml", "--out", "kept", "--json")
    assert done.code == 0 and done.json["failed"] == {}, done
    cells = done.json["cells"]
    assert [cell["axes"]["array"] for cell in cells] == [name for name in arrays for _ in range(2)]
    assert [cell["scenario"]["array"].split("@")[0] for cell in cells] == [name for name in arrays for _ in range(2)]
    bounds = {cell["axes"]["array"]: cell["bound_azimuth_deg_median"] for cell in cells}
    assert len({round(bound, 6) for bound in bounds.values()}) == 3, "each array has a bound of its own"
    page = ris("report", "kept")
    assert page.code == 0 and all(name in Path("kept/report.html").read_text(encoding="utf-8") for name in arrays)
