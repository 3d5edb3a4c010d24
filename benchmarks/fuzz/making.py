"""Which files are there to be read? One of each kind that the commands write or take, small, in one folder."""

import contextlib
import io
import json
import warnings
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from scipy.io import savemat
from watched import make_watched

from ris_pytorch_pipeline.bench import read_located
from ris_pytorch_pipeline.bench.suites.located_rows import Parts
from ris_pytorch_pipeline.calibrate import Calibration, save_calibration
from ris_pytorch_pipeline.cli import main
from ris_pytorch_pipeline.data import load_scenes
from ris_pytorch_pipeline.search import (
    Judged,
    Report,
    Settings,
    Task,
    new_studies,
    open_storage,
    results_of,
    work,
    write_results,
)

_SIZE = "horizontal = 4\nvertical = 4\nantennas = 4\nsnapshots = 4\n"
_PLAN = "[net]\nwidth = 8\nblocks = 1\npasses = 1\n[plan]\nepochs = 1\nn_train = 8\nn_val = 4\nbatch = 4\n"
TEXTS = {
    "net.toml": f'preset = "tiny"\nseed = 3\n[scenario]\n{_SIZE}sources = [1, 2]\n{_PLAN}',
    "scenes.toml": (
        f'preset = "mine"\nseed = 3\n[presets.mine]\npreset = "random"\nsnr_db = 20\nsources = 1\n[scenario]\n{_SIZE}'
    ),
    "suite.toml": (
        f'seed = 0\nscenes = 2\npreset = "random"\n[scenario]\n{_SIZE}sources = 1\n'
        '[contenders.coarse]\nestimator = "bp-bartlett"\n'
        '[sweeps.snr]\nmethods = ["coarse"]\nover = { snr_db = [10] }\n'
    ),
    "space.toml": (
        "[optimisation]\nrate = {low = 1e-3, high = 1.6e-2, log = true}\n[net]\nwidth = {choices = [8, 16]}\n"
        "passes = {low = 1, high = 4}\n"
    ),
    "array.toml": (
        "panel = {horizontal = 4, vertical = 3, spacing = 0.5}\nwavelengths = 0.3\n"
        "pose = {position = [0, 0, 1], yaw_deg = 10}\n"
    ),
    "places.toml": 'csv = "places.csv"\nfrequencies_hz = [1e9, 1.1e9]\n',
    "places.csv": "".join(f"0.0,{0.1 * n},{0.05 * (n % 3)}\n" for n in range(8)),
    "stored.toml": f'[scenario]\n{_SIZE}codes = "mine"\nsources = 1\n[codebooks.mine]\nfile = "codes.npy"\n',
    "tables.md": (
        'Words.\n\n<!-- table\nsuite = "kept"\nsweeps = ["snr"]\nrows = ["method"]\ncolumns = ["snr_db"]\n'
        'cell = "{success:.3f}"\n-->\n\nold\n\n'
        "<!-- end of table -->\n"
        '<!-- table\nfile = "measured.csv"\n-->\n<!-- end of table -->\n'
    ),
    "measured.csv": (
        "# command: python benchmarks/still_codes.py --seed 1306\n# commit: 0123456ab\n# date: 2026-11-29\n"
        'antennas,off,"success [95 %]"\n2,0,"0.98 [0.91, 1.00]"\n3,49,"0.20 [0.12, 0.31]"\n'
    ),
    "map.toml": (
        'file = "capture.npz"\nsymbols = "pilot"\nwavelength = { value = 300, unit = "mm" }\n'
        'panel = { horizontal = 4, vertical = 3, spacing = 0.5, unit = "wavelengths" }\n'
        '[measurements]\narray = "Y"\naxes = ["scene", "snapshot", "antenna"]\n'
        '[codes]\narray = "C"\naxes = ["scene", "snapshot", "element"]\nform = "complex"\n'
        '[channel]\narray = "H"\naxes = ["scene", "antenna", "element"]\n'
    ),
    "train.log": "".join(
        f"epoch {n} | loss {1 / n:.4f} | val_loss {1.1 / n:.4f} | lr 1e-3 | 10:0{n}:00\n" for n in range(1, 9)
    ),
    "train.csv": "epoch,loss,val_loss\n" + "".join(f"{n},{1 / n:.4f},{1.1 / n:.4f}\n" for n in range(1, 9)),
}  # fmt: skip
"""Files that a user writes."""
COMMANDS = (
    ("train", "run", "--config", "net.toml", "--no-preflight", "--quiet"),
    ("evaluate", "run", "--scenes", "2", "--methods", "bp-bartlett"),
    ("bench", "suite.toml", "--out", "kept"),
    ("simulate", "scene", "--scenes", "3", "--config", "scenes.toml"),
    ("simulate", "--shards", "s", "--split", "train=8", "--batch", "2", "--per-shard", "4", "--config", "scenes.toml"),
    ("locate", "s", "--out", "located.parquet", "--estimator", "bp-bartlett"),
    ("import", "map.toml", "imported"),
)
"""What writes the rest."""


def make_all(folder: Path) -> None:
    """Write a small file of each kind.

    Args:
        folder: empty.

    Raises:
        RuntimeError: a command fails.
    """
    for name, text in TEXTS.items():
        (folder / name).write_text(text)
    _make_arrays(folder)
    said = io.StringIO()
    with (
        contextlib.chdir(folder), contextlib.redirect_stdout(said), contextlib.redirect_stderr(said),
        warnings.catch_warnings(),
    ):  # fmt: skip
        warnings.simplefilter("ignore")
        for words in COMMANDS:
            if main(list(words)):
                raise RuntimeError(f"ris {' '.join(words)}: {said.getvalue()}")
    seen = load_scenes(folder / "scene").observation
    save_calibration(folder / "calibration", Calibration.nominal(seen.array, 4))
    (folder / "blocks.parquet.parts").mkdir()
    rows = read_located(folder / "located.parquet").to_pylist()
    Parts(folder / "blocks.parquet").keep("block", rows)
    (folder / "held").mkdir()
    (folder / "held" / ".lock").write_text('{"process": 1, "machine": "m"}')
    (folder / "body.json").write_text(json.dumps(_document(seen[:1])))
    _make_search(folder / "found")
    make_watched(folder)


def _make_arrays(folder: Path) -> None:
    """Arrays as other programs keep them."""
    rng = np.random.default_rng(0)
    codes = np.exp(2j * np.pi * rng.random((2, 6, 12)))
    given = {name: rng.standard_normal(shape) + 1j for name, shape in {"Y": (2, 6, 5), "H": (2, 5, 12)}.items()}
    np.savez(folder / "capture.npz", C=codes, Y=given["Y"], H=given["H"])
    np.save(folder / "codes.npy", np.exp(2j * np.pi * rng.random((4, 16))))
    values = np.arange(12.0).reshape(3, 4)
    np.savez(folder / "a.npz", Y=values)
    np.savez_compressed(folder / "c.npz", Y=values)
    np.save(folder / "a.npy", values)
    savemat(folder / "a.mat", {"Y": values})
    savemat(folder / "c.mat", {"Y": values + 1j, "s": {"Y": values}}, do_compression=True)
    cells = np.empty((1, 2), dtype=object)
    cells[0, 0], cells[0, 1] = {"Y": values}, {"Y": 2 * values}
    savemat(folder / "cells.mat", {"c": cells}, do_compression=True)
    np.savetxt(folder / "a.csv", values, delimiter=",", header="a,b,c,d", comments="")
    values.astype("<f4").tofile(folder / "a.sigmf-data")
    capture = {"core:datatype": "rf32_le", "core:num_channels": 1}
    meta = {"global": capture, "captures": [{"core:sample_start": 0, "core:frequency": 1e9}], "annotations": []}
    (folder / "a.sigmf-meta").write_text(json.dumps(meta))
    (folder / "a.s2p").write_text("# GHz S RI R 50\n1.0 0 0 1 2 0 0 0 0\n1.1 0 0 1 2 0 0 0 0\n")
    for name in ("a.h5", "v73.mat"):
        with import_module("h5py").File(folder / name, "w", userblock_size=512 * (name == "v73.mat")) as file:
            file["Y"], file["g/Y"] = values, values
    h5py = import_module("h5py")
    with h5py.File(folder / "cells73.mat", "w", userblock_size=512) as file:
        file["#refs#/a"], file["#refs#/b"] = values, 2 * values
        file.create_dataset("Y", data=[file["#refs#/a"].ref, file["#refs#/b"].ref], dtype=h5py.ref_dtype)


def _document(seen: Any) -> dict[str, Any]:  # noqa: ANN401
    """Scenes as the service takes them."""
    parts = {name: vars(seen)[name] for name in ("measurements", "codes", "channel")}
    told = {name: {"real": x.real.tolist(), "imag": x.imag.tolist()} for name, x in parts.items()}
    return told | {
        "elements": seen.array.elements.tolist(), "wavelengths": list(seen.array.wavelengths), "symbols": "random",
        "pose": {"position": [0, 0, 0], "yaw": 0}, "noise_variance": [0.1], "wavefront": "spherical",
    }  # fmt: skip


def _make_search(folder: Path) -> None:
    """A search whose trials are not trained."""
    healthy = {"verdict": "Healthy", "findings": []}

    def objective(task: Task, report: Report) -> Judged:
        report(1, 1.0)
        held = (0.5, 0.25) if task.stage == "long" else ()
        return Judged(value=task.recipe.training.optimisation.rate, epoch=1, verdict=healthy, held=held)

    settings = Settings(trials=2, epochs=1, best=1, long_epochs=1, scenes=1)
    studies = new_studies(open_storage(folder), "stub", settings)
    work(studies, objective, folder, lambda line: None)
    write_results(folder, studies, results_of(studies, complete=True))
