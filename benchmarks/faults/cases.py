"""Which commands write files, what do they come to when nothing happens to them, and what of that is finished when?"""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from drawn import PNG, demonstrated, drawn, onnx, shown, tabled

SMALL = (
    "--horizontal", "6", "--vertical", "6", "--antennas", "8", "--snapshots", "8", "--sources", "1", "--snr-db", "20",
)  # fmt: skip
NETWORK = (
    'preset = "tiny"\n[scenario]\nhorizontal = 6\nvertical = 6\nantennas = 8\nsnapshots = 8\nsources = [1, 2]\n'
    "snr_db = [10.0, 20.0]\n[net]\nwidth = 8\nblocks = 1\npasses = 1\n"
    "[plan]\nepochs = 3\nn_train = 32\nn_val = 8\nbatch = 16\n"
)
SUITE = (
    'seed = 0\nscenes = 4\npreset = "random"\n[scenario]\nhorizontal = 6\nvertical = 6\nantennas = 8\nsnapshots = 8\n'
    'sources = 1\n[sweeps.snr]\nmethods = ["bp-bartlett", "genie"]\nover = { snr_db = [10, 20, 30] }\n'
)
MAPPING = (
    'file = "capture.npz"\nsymbols = "pilot"\nwavelength = { value = 300, unit = "mm" }\n'
    'panel = { horizontal = 4, vertical = 3, spacing = 0.5, unit = "wavelengths" }\n'
    '[measurements]\narray = "Y"\naxes = ["scene", "snapshot", "antenna"]\n'
    '[codes]\narray = "C"\naxes = ["scene", "snapshot", "element"]\nform = "complex"\n'
    '[channel]\narray = "H"\naxes = ["scene", "antenna", "element"]\n'
)
TEXT = (
    'text\n\n<!-- table\nsuite = "kept"\nsweeps = ["snr"]\nrows = ["method"]\ncolumns = ["snr_db"]\n'
    'cell = "{success:.3f}"\n-->\n<!-- end of table -->\nthe end\n'
)
DRAW = ("simulate", "s.safetensors", "--scenes", "6", *SMALL)
SHARDS = ("simulate", "--shards", "s", "--split", "train=20", "--batch", "2", "--per-shard", "4", *SMALL)
TRAIN = ("train", "run", "--config", "net.toml", "--no-preflight", "--quiet")
SEARCH = (
    "search", "found", "--config", "net.toml", "--space", "space.toml", "--trials", "2", "--epochs", "1", "--best", "1",
    "--long-epochs", "2", "--scenes", "2", "--n-train", "16", "--n-val", "4", "--no-preflight", "--json",
)  # fmt: skip
Words = Sequence[str]
Contents = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Case:
    """A command that writes.

    Args:
        first: its words.
        again: with which it goes on; the first of them that is not refused does.
        whole: what its files come to, equal for equal runs; reading them raises where one is damaged.
        finished: units of work that a kill may not cost, by name.
        before: commands that make what it reads.
    """

    first: Words
    again: tuple[Words, ...]
    whole: Callable[[Path], Contents]
    finished: Callable[[Path], Contents] = lambda folder: {}
    before: tuple[Words, ...] = ()


def digest(path: Path) -> str:
    """Of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def given(folder: Path) -> None:
    """Write the files that commands are given."""
    (folder / "net.toml").write_text(NETWORK)
    (folder / "suite.toml").write_text(SUITE)
    (folder / "space.toml").write_text("[net]\nwidth = { choices = [8, 16, 24, 32] }\n")
    (folder / "map.toml").write_text(MAPPING)
    (folder / "text.md").write_text(TEXT)
    rng = np.random.default_rng(0)
    codes = np.exp(2j * np.pi * rng.random((2, 6, 12)))
    values = {name: rng.standard_normal(shape) + 1j for name, shape in {"Y": (2, 6, 5), "H": (2, 5, 12)}.items()}
    np.savez(folder / "capture.npz", C=codes, Y=values["Y"], H=values["H"])


def trained(folder: Path) -> Contents:
    """Tensors of both checkpoints, and the updates that stand in the ledger."""
    from ris_pytorch_pipeline.train import read_checkpoint, read_ledger
    from ris_pytorch_pipeline.train.files.ledger import standing

    found = {}
    for name in ("last", "best"):
        path = folder / "run" / f"{name}.safetensors"
        if path.exists():
            held = read_checkpoint(path).tensors
            found |= {f"{name} {key}": hashlib.sha256(x.numpy().tobytes()).hexdigest() for key, x in held.items()}
    path = folder / "run" / "ledger.jsonl"
    events = standing(read_ledger(path)) if path.exists() else []
    return found | {"updates": [event["attempt"] for event in events if event["event"] == "update"]}


def updates(folder: Path) -> Contents:
    """How many updates the newest checkpoint holds; after the end, how many the last session went on from."""
    from ris_pytorch_pipeline.train import read_checkpoint, read_ledger

    path = folder / "run" / "last.safetensors"
    if not path.exists():
        return {}
    begun = [event for event in read_ledger(folder / "run" / "ledger.jsonl") if event["event"] == "resume"]
    done = begun[-1]["updates"] if begun else read_checkpoint(path).progress.updates
    return {"updates": done}


def sharded(folder: Path) -> Contents:
    """Every file, read by its reader too."""
    from ris_pytorch_pipeline.data import open_shards

    shards = folder / "s"
    if (shards / "manifest.json").exists():
        held = open_shards(shards)
        if len(held.manifest.shards["train"]) == held.manifest.planned("train"):
            held.verify(["train"])
    return {path.name: digest(path) for path in shards.glob("*") if not path.name.startswith(".")}


def listed(folder: Path) -> Contents:
    """The shards that the manifest lists, each the very file that it was."""
    from ris_pytorch_pipeline.data import read_manifest

    if not (folder / "s" / "manifest.json").exists():
        return {}
    held = read_manifest(folder / "s").shards["train"]
    return {shard.file: (folder / "s" / shard.file).stat().st_ino for shard in held}


def rows(folder: Path) -> list[dict[str, Any]]:
    """Of a benchmark."""
    from ris_pytorch_pipeline.bench import read_rows

    path = folder / "kept" / "cells.parquet"
    return read_rows(path)[0] if path.exists() else []


def benched(folder: Path) -> Contents:
    """Each cell, without its times."""
    from ris_pytorch_pipeline.bench.suites.columns import TIMES

    return {name: repr({k: v for k, v in row.items() if k not in TIMES}) for name, row in cells(folder).items()}


def cells(folder: Path) -> Contents:
    """Each cell, by its place in the suite."""
    return {f"{row['sweep']} {row['point']} {row['method']}": row for row in rows(folder)}


def began(folder: Path) -> Contents:
    """When each cell began, which a cell that is done again does not keep."""
    return {name: row["began"] for name, row in cells(folder).items()}


def trials(folder: Path) -> Contents:
    """What came of each recipe of a search."""
    from ris_pytorch_pipeline.search import joined_studies, open_storage, results_of

    if not (folder / "found" / "journal.jsonl").exists():
        return {}
    try:
        studies = joined_studies(open_storage(folder / "found"), "found")
    except Exception as error:
        if "search" in str(error) and "Next:" in str(error):  # killed before it was begun
            return {}
        raise
    return {
        f"{row.stage} {row.recipe.digest}": (row.outcome.value, row.outcome.held)
        for row in results_of(studies, complete=True).rows
        if row.outcome is not None and row.recipe is not None and row.outcome.kind == "done"
    }


def searched(folder: Path) -> Contents:
    """What came of each recipe, and the experiment of the best."""
    path = folder / "found" / "best.toml"
    lines = path.read_text().splitlines() if path.exists() else []
    return trials(folder) | {"best": [line for line in lines if not line.startswith("#")]}


def located(folder: Path) -> Contents:
    """The bytes of the results."""
    path = folder / "r.parquet"
    return {"rows": digest(path)} if path.exists() else {}


def parts(folder: Path) -> Contents:
    """The blocks that are kept and whole."""
    from ris_pytorch_pipeline.bench.suites.located_rows import Parts

    kept = Parts(folder / "r.parquet")
    return {path.stem: True for path in kept.folder.glob("*.parquet") if kept.has(path.stem)}


def scenes(name: str) -> Callable[[Path], Contents]:
    """The bytes of a scene file, which is read too."""

    def read(folder: Path) -> Contents:
        from ris_pytorch_pipeline.data import load_scenes

        if not (folder / name).exists():
            return {}
        load_scenes(folder / name)
        return {name: digest(folder / name)}

    return read


def calibrated(folder: Path) -> Contents:
    """The bytes of a calibration, which is read too."""
    from ris_pytorch_pipeline.calibrate import load_calibration

    if not (folder / "c").exists():
        return {}
    load_calibration(folder / "c")
    return {"c": digest(folder / "c")}


def evaluated(folder: Path) -> Contents:
    """The figures of an evaluation, without times, and its scenes; none where these are refused.

    Raises:
        ValueError: they are read where they should have been refused.
    """
    from ris_pytorch_pipeline.bench.suites.columns import TIMES
    from ris_pytorch_pipeline.cli.forms.kept_evaluation import kept_scenes, read_evaluation
    from ris_pytorch_pipeline.errors import InputError

    place = folder / "run" / "evaluation"
    kept = read_evaluation(place) if place.is_dir() else None
    if kept is None:
        return {}
    try:
        files = kept_scenes(place, kept)
    except InputError:
        return {}
    own = {row["point"]: json.loads(row["scenario"]) for row in kept.rows}
    if [file.header.config for file in files] != [own[point] for point in sorted(own)]:
        raise ValueError("cells of one evaluation beside scenes of another")
    figures = [{k: v for k, v in row.items() if k not in TIMES} for row in kept.rows]
    return {"rows": json.dumps(figures)} | {path.name: digest(path) for path in sorted(place.glob("scenes-*"))}


_BENCH = ("bench", "suite.toml", "--out", "kept")
_LOCATE = ("locate", "s", "--out", "r.parquet", "--estimator", "bp-bartlett")
_IMPORT = ("import", "map.toml", "i.safetensors")
_CALIBRATE = ("calibrate", "s.safetensors", "c", "--folds", "2", "--model", "elements")
_EVALUATE = ("evaluate", "run", "--scenes", "4", "--methods", "hybrid-raw,genie")
_ANOTHER = (*_EVALUATE, "--sources", "1,2", "--snr-db", "30")
_REPORT = ("report", "kept", "--page", "p.html")
_FIGURES = ("report", "kept", "--figures", "figures", "--as", "svg")
_LATEX = ("report", "kept", "--latex", "tex")
_TABLES = ("report", "kept", "--tables", "text.md")
_BOARD = (*TRAIN, "--tensorboard", "board")
_DEMO = ("demo", "--out", "demo", "--scenes", "4", "--config", "net.toml")
_BLIND = ("calibrate", "s.safetensors", "c", "--blind", "--folds", "2")
_SIXTEEN = ("simulate", "s.safetensors", "--scenes", "6", "--snapshots", "16", *SMALL[:6], *SMALL[8:])
_FIGURE = ("bench", "--methods", "bp-bartlett", "--scenes", "4", "--figure", "sweep.png", *SMALL)
_ONNX = ("export_onnx", "net.onnx")
_PLOT = ("locate", "s.safetensors", "--estimator", "bp-bartlett", "--plot", "p.pdf")
CASES = {
    "train": Case(first=TRAIN, again=((*TRAIN, "--resume"), TRAIN), whole=trained, finished=updates),
    "simulate --shards": Case(first=SHARDS, again=(SHARDS,), whole=sharded, finished=listed),
    "bench": Case(first=_BENCH, again=((*_BENCH, "--resume"), _BENCH), whole=benched, finished=began),
    "search": Case(
        first=SEARCH, again=(("search", "found", "--resume", "--json"), SEARCH), whole=searched, finished=trials
    ),
    "locate FOLDER": Case(
        first=_LOCATE, again=(_LOCATE, (*_LOCATE, "--force")), whole=located, finished=parts, before=(SHARDS,)
    ),
    "calibrate": Case(first=_CALIBRATE, again=(_CALIBRATE, (*_CALIBRATE, "--force")), whole=calibrated, before=(DRAW,)),
    "import": Case(first=_IMPORT, again=(_IMPORT, (*_IMPORT, "--force")), whole=scenes("i.safetensors")),
    "simulate": Case(first=DRAW, again=(DRAW, (*DRAW, "--force")), whole=scenes("s.safetensors")),
    "evaluate": Case(first=_EVALUATE, again=(_EVALUATE,), whole=evaluated, before=(TRAIN,)),
    "evaluate twice": Case(first=_ANOTHER, again=(_ANOTHER,), whole=evaluated, before=(TRAIN, _EVALUATE)),
    "report": Case(first=_REPORT, again=(_REPORT,), whole=drawn("p.html", b"</html>"), before=(_BENCH,)),
    "report --figures": Case(
        first=_FIGURES, again=(_FIGURES,), whole=drawn("figures/kept-snr.svg", b"</svg>"), before=(_BENCH,)
    ),
    "report --tables": Case(first=_TABLES, again=(_TABLES,), whole=tabled, before=(_BENCH,)),
    "train --tensorboard": Case(first=_BOARD, again=((*_BOARD, "--resume"), _BOARD), whole=shown, finished=updates),
    "demo": Case(first=_DEMO, again=(_DEMO,), whole=demonstrated),
    "calibrate --blind": Case(first=_BLIND, again=(_BLIND, (*_BLIND, "--force")), whole=calibrated, before=(_SIXTEEN,)),
    "bench --figure": Case(first=_FIGURE, again=(_FIGURE,), whole=drawn("sweep.png", PNG)),
    "export_onnx": Case(first=_ONNX, again=(_ONNX, (*_ONNX, "--force")), whole=onnx),
    "report --latex": Case(first=_LATEX, again=(_LATEX,), whole=drawn("tex/kept-snr.tex", b"}"), before=(_BENCH,)),
    "locate --plot": Case(first=_PLOT, again=(_PLOT,), whole=drawn("p.pdf", b"%%EOF"), before=(DRAW,)),
}
