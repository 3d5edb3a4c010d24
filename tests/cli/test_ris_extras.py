"""Does a command that lacks an extra say which, and leave nothing behind?"""

from pathlib import Path

import h5py
import numpy as np
import pytest
from nursery import Nursery
from running import SMALL, Run

WITHOUT = """
import sys

absent, *arguments = sys.argv[1:]

class Absent:
    @staticmethod
    def find_spec(name, path=None, target=None):
        if name.split(".")[0] == absent:
            raise ModuleNotFoundError(f"No module named {absent!r}", name=name)

if absent in sys.modules:  # else nothing that was imported before has found it
    for name in [name for name in sys.modules if name.split(".")[0] in (absent, "ris_pytorch_pipeline")]:
        del sys.modules[name]
sys.meta_path.insert(0, Absent)
from ris_pytorch_pipeline.cli import main
sys.exit(main(arguments))
"""
"""A command as it runs where a package is not installed; ours is imported anew only if it may have found that one."""
SUITE = """
scenes = 2
[scenario]
horizontal = 4
vertical = 4
antennas = 4
snapshots = 4
sources = 1
snr_db = 20
[sweeps.one]
methods = ["genie"]
"""
QUEUE = 'kind = "slurm"\nworkers = 1\n[options]\ncores = 1\nmemory = "1GB"\n'
MAPPING = """
file = "capture.h5"
symbols = "pilot"
frequency = { value = 1, unit = "GHz" }
panel = { horizontal = 2, vertical = 2, spacing = 150, unit = "mm" }
[measurements]
array = "Y"
axes = ["antenna", "snapshot"]
[codes]
array = "C"
axes = ["snapshot", "element"]
[channel]
array = "H"
axes = ["antenna", "element"]
"""
SWEEP = """
symbols = "pilot"
frequency = { value = 1, unit = "GHz" }
panel = { horizontal = 1, spacing = 1, unit = "m" }
[measurements]
file = "sweep.s2p"
array = "S21"
axes = ["snapshot"]
"""
COMMANDS = [
    ("optuna", "search new --trials 2", "search"),
    ("optuna", "search new --resume", "search"),
    ("psycopg", "search new --storage postgresql://nobody@127.0.0.1:1/none", "postgresql"),
    ("jinja2", "report kept", "report"),
    ("plotly", "report kept", "report"),
    ("plotly", "demo --out new", "report"),
    ("pyarrow", "report kept", "bench"),
    ("pyarrow", "report kept --figures new", "bench"),
    ("pyarrow", "report kept --latex new", "bench"),
    ("pyarrow", "bench suite.toml --out new", "bench"),
    ("pyarrow", "locate scenes --out new.parquet", "bench"),
    ("distributed", "bench suite.toml --out new --cluster 2", "scale"),
    ("distributed", "simulate --shards new --split test=8 --cluster 2", "scale"),
    ("distributed", "locate scenes --out new.parquet --cluster 2", "scale"),
    ("dask_jobqueue", "bench suite.toml --out new --cluster queue.toml", "queue"),
    ("dask_jobqueue", "simulate --shards new --split test=8 --cluster queue.toml", "queue"),
    ("dask_jobqueue", "locate scenes --out new.parquet --cluster queue.toml", "queue"),
    ("fastapi", "serve", "serve"),
    ("uvicorn", "serve", "serve"),
    ("prometheus_client", "serve", "serve"),
    ("h5py", "import mapping.toml new.safetensors", "import"),
    ("skrf", "import sweep.toml new.safetensors", "import"),
    ("tensorboard", "train new --tensorboard events", "tensorboard"),
]


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory, nursery: Nursery) -> Path:
    """A folder with what the commands read."""
    folder = tmp_path_factory.mktemp("extras")
    for name, text in (
        ("suite.toml", SUITE), ("queue.toml", QUEUE), ("mapping.toml", MAPPING), ("without.py", WITHOUT),
        ("sweep.toml", SWEEP), ("sweep.s2p", "# GHz S RI R 50\n1.0 0 0 1 0 0 0 0 0\n1.1 0 0 0 1 0 0 0 0\n"),
    ):  # fmt: skip
        (folder / name).write_text(text, encoding="utf-8")
    with h5py.File(folder / "capture.h5", "w") as file:
        for name, shape in {"Y": (2, 3), "C": (3, 4), "H": (2, 4)}.items():
            file[name] = np.ones(shape, dtype=np.complex128)
    (folder / "scenes").mkdir()
    for command in (
        ("bench", "suite.toml", "--out", "kept"), ("simulate", "scenes/a.safetensors", "--scenes", "2", *SMALL),
    ):  # fmt: skip
        assert nursery.run("-m", "ris_pytorch_pipeline", *command, cwd=folder).returncode == 0, command
    return folder


@pytest.mark.parametrize(("absent", "command", "extra"), COMMANDS)
def test_what_lacks_an_extra_says_which_and_writes_nothing(
    nursery: Nursery, filled: Path, absent: str, command: str, extra: str
) -> None:
    before = everything(filled)
    done = nursery.run("without.py", absent, *command.split(), cwd=filled)
    assert done.returncode == 2 and not done.stdout, done
    assert f"pip install 'ris-pytorch-pipeline[{extra}]'" in done.stderr and "Traceback" not in done.stderr
    assert everything(filled) == before


def everything(folder: Path) -> dict[Path, int]:
    """Every file and folder, and when it was last written to."""
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*") if "__pycache__" not in path.parts}


@pytest.mark.parametrize(
    "command",
    [
        "search new --resume", "search new --storage nonsense", "search new --storage postgresql://a@127.0.0.1:1/none",
        "bench suite.toml --out new --cluster nonsense", "bench suite.toml --out new --cluster none.toml",
    ],
)  # fmt: skip
def test_what_is_refused_leaves_no_folder(
    ris: Run, filled: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    monkeypatch.chdir(filled)
    before = everything(filled)
    ris(*command.split()).refused()
    assert everything(filled) == before
