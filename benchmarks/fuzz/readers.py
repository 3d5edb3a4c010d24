"""Which readers are there, and which file does each of them read? One entry each; a new reader is one entry."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache, partial
from pathlib import Path

from changing import (
    Change,
    changed_and_sealed,
    changed_archive,
    changed_bytes,
    changed_cells,
    changed_cells_table,
    changed_document,
    changed_inflated,
    changed_journal,
    changed_lines,
    changed_numpy,
    changed_tensors,
    changed_toml,
    sealed_anew,
)
from reader import Reader
from watched import WATCHED

from ris_pytorch_pipeline.bench import read_located, read_rows, suite_from_toml
from ris_pytorch_pipeline.bench.suites.columns import Row
from ris_pytorch_pipeline.bench.suites.located_rows import Parts
from ris_pytorch_pipeline.calibrate import load_calibration
from ris_pytorch_pipeline.cli.forms.kept_evaluation import read_evaluation
from ris_pytorch_pipeline.cli.forms.reported import reports_of, search_at
from ris_pytorch_pipeline.data import load_scenes, open_shards
from ris_pytorch_pipeline.data.sharded.manifest import MANIFEST, file_digest
from ris_pytorch_pipeline.errors import InputError
from ris_pytorch_pipeline.estimate import SearchRegion, Sml
from ris_pytorch_pipeline.experiment import experiment_from_toml, training_from_toml
from ris_pytorch_pipeline.files import Lock
from ris_pytorch_pipeline.files.holding import try_hold
from ris_pytorch_pipeline.importing import Folder, ImportMapping, import_scenes, read_mapping, scenes_of
from ris_pytorch_pipeline.physics import array_from_file, draw
from ris_pytorch_pipeline.report import read_kept_table, tables_in, tabulated
from ris_pytorch_pipeline.rng import stream
from ris_pytorch_pipeline.search import joined_studies, open_storage, results_of, space_of
from ris_pytorch_pipeline.serve import Limits, Locator
from ris_pytorch_pipeline.serve.locator import Asked
from ris_pytorch_pipeline.train import load_network, read_checkpoint, read_ledger
from trainlint import diagnose_path


def _shards(path: Path) -> object:
    found = open_shards(path.parent)
    found.verify(list(found.manifest.shards))
    return found.manifest, [found.source(split, 4, 4)[0] for split in found.manifest.shards]


def _vouched_for(path: Path) -> object:
    """A shard that its manifest names as it is: behind the digest, which refuses every other change."""
    manifest = path.with_name(MANIFEST)
    good = manifest.read_bytes()
    try:
        manifest.write_bytes(naming(good, path.stat().st_size, file_digest(path)))
        return _shards(path)
    finally:
        manifest.write_bytes(good)


def naming(manifest: bytes, size: int, digest: str) -> bytes:
    """A manifest whose first shard of training has another size and digest, as `write_manifest` would write it."""
    first = b'"bytes":%d,\n    "sha256":"%s"'
    old = json.loads(manifest)["shards"]["train"][0]
    found = manifest.replace(first % (old["bytes"], old["sha256"].encode()), first % (size, digest.encode()), 1)
    return sealed_anew(found)


def _stored(path: Path) -> object:
    return draw(experiment_from_toml(path.with_name("stored.toml")).scenario, 1, stream(0, "stored"))


def _journal(path: Path) -> object:
    return results_of(joined_studies(open_storage(path.parent), "stub"), complete=True)


def _results(path: Path) -> object:
    """The results of a search whose journal is elsewhere."""
    with _away(path.with_name("journal.jsonl")):
        return search_at(path.parent)


def _run(path: Path) -> object:
    """The report of a run whose evaluation is elsewhere."""
    with _away(path.with_name("evaluation")):
        return reports_of([path.parent])


def _evaluated(path: Path) -> object:
    """The report of an evaluation whose network is elsewhere."""
    with _away(path.parents[1] / "best.safetensors"):
        return reports_of([path.parents[1]])


@contextmanager
def _away(path: Path) -> Iterator[None]:
    path.rename(path.with_name("away"))
    try:
        yield
    finally:
        path.with_name("away").rename(path)


def _block(path: Path) -> object:
    """A block of `ris locate FOLDER`, which is made anew where it is not whole.

    Raises:
        InputError: it is not.
    """
    parts = Parts(path.parent.with_suffix(""))
    if not parts.has(path.stem):
        raise InputError("a block", "none that is whole", "damage", "locate the folder again")
    return parts.read(path.stem)


def _held(path: Path) -> None:
    """A lock that another one holds, who wrote something else into it."""
    descriptor = os.open(path, os.O_RDWR)
    try:
        try_hold(descriptor)
        with Lock(path.parent):
            pass
    finally:
        os.close(descriptor)


def _tables(path: Path) -> object:
    text = path.read_bytes().decode("utf-8", "replace")
    cells = path.with_name("kept") / "cells.parquet"
    return tables_in(text), tabulated(
        text, lambda suite: _rows_in(cells, cells.read_bytes()), lambda file: read_kept_table(path.with_name(file))
    )


@lru_cache(maxsize=1)
def _rows_in(path: Path, content: bytes) -> list[Row]:  # kept by its content
    """Rows of results that are the same for every text."""
    return read_rows(path)[0]


def _body(kind: str, path: Path) -> object:
    """A request to the service."""
    locator = Locator(choose=lambda file: (Sml(), SearchRegion()), needed=lambda estimator, seen: 1000)
    return locator.read(Asked(content=path.read_bytes(), kind=kind, sources=1), Limits())  # pyright: ignore


def _imported(array: str, path: Path) -> object:
    return Folder(path=path.parent, limit=10**6).read(path.name, array, "measurements")


def _mapped(path: Path) -> object:
    """Arrays behind a mapping that is the same for all of them."""
    mapping = path.with_name("map.toml")
    return scenes_of(_mapping_in(mapping, mapping.read_bytes()), Folder(path=path.parent, limit=10**6))


@lru_cache(maxsize=1)
def _mapping_in(path: Path, content: bytes) -> ImportMapping:  # kept by its content
    return read_mapping(path)


_OWN = (
    Reader(name="scene", file="scene", read=load_scenes, change=changed_tensors, vouched=True),
    Reader(name="part of a scene", file="scene", read=lambda path: load_scenes(path, 1, 3), change=changed_tensors),
    Reader(name="imported scene", file="imported", read=load_scenes, change=changed_tensors, vouched=True),
    Reader(name="kept scenes", file="run/evaluation/scenes-1.safetensors", read=load_scenes,
           change=changed_tensors, vouched=True),
    Reader(name="manifest", file="s/manifest.json", read=_shards, change=changed_document, vouched=True),
    Reader(name="shard", file="s/train-00000.safetensors", read=_shards, change=changed_tensors,
           vouched=True),
    Reader(name="shard vouched for", file="s/train-00000.safetensors", read=_vouched_for, change=changed_tensors),
    Reader(name="checkpoint", file="run/last.safetensors", read=read_checkpoint, change=changed_tensors,
           vouched=True),
    Reader(name="network", file="run/best.safetensors", read=load_network, change=changed_tensors, vouched=True),
    Reader(name="calibration", file="calibration", read=load_calibration, change=changed_tensors, vouched=True),
    Reader(name="ledger", file="run/ledger.jsonl", read=read_ledger, change=changed_lines, vouched=True),
    Reader(name="report of a run", file="run/ledger.jsonl", read=_run, change=changed_lines),
    Reader(name="evaluation", file="run/evaluation/cells.json", read=lambda path: read_evaluation(path.parent),
           change=changed_document, vouched=True),
    Reader(name="report of an evaluation", file="run/evaluation/cells.json", read=_evaluated,
           change=changed_document),
    Reader(name="journal", file="found/journal.jsonl", read=_journal, change=changed_journal, vouched=True),
    Reader(name="results of a search", file="found/search.json", read=_results, change=changed_document,
           vouched=True),
    Reader(name="cells", file="kept/cells.parquet", read=read_rows, change=changed_and_sealed, vouched=True),
    Reader(name="report of cells", file="kept/cells.parquet", read=lambda path: reports_of([path.parent]),
           change=changed_cells_table),
    Reader(name="located", file="located.parquet", read=read_located, change=changed_and_sealed, vouched=True),
    Reader(name="block", file="blocks.parquet.parts/block.parquet", read=_block, change=changed_and_sealed,
           vouched=True),
    Reader(name="best TOML", file="found/best.toml", read=training_from_toml, change=changed_toml, vouched=True),
    Reader(name="lock", file="held/.lock", read=_held, change=changed_document),
)  # fmt: skip
_GIVEN = (
    Reader(name="training TOML", file="net.toml", read=training_from_toml, change=changed_toml),
    Reader(name="TOML", file="scenes.toml", read=experiment_from_toml, change=changed_toml),
    Reader(name="suite TOML", file="suite.toml", read=suite_from_toml, change=changed_toml),
    Reader(name="space TOML", file="space.toml", read=lambda path: space_of(str(path)), change=changed_toml),
    Reader(name="array TOML", file="array.toml", read=array_from_file, change=changed_toml),
    Reader(name="array CSV", file="places.csv", read=lambda path: array_from_file(path.with_name("places.toml")),
           change=changed_cells),
    Reader(name="stored codes", file="codes.npy", read=_stored, change=changed_numpy),
    Reader(name="tables of a text", file="tables.md", read=_tables, change=changed_toml),
    Reader(name="kept table", file="measured.csv", read=lambda path: read_kept_table(path).markdown(),
           change=changed_cells),
    Reader(name="JSON body", file="body.json", read=partial(_body, "json"), change=changed_document),
    Reader(name="scene body", file="scene", read=partial(_body, "scenes"), change=changed_tensors),
    Reader(name="log", file="train.log", read=diagnose_path, change=changed_cells),
    Reader(name="table of a log", file="train.csv", read=diagnose_path, change=changed_cells),
)  # fmt: skip
_KINDS: tuple[tuple[str, str, Change], ...] = (
    ("a.npz", "Y", changed_archive), ("c.npz", "Y", changed_archive),
    ("a.npy", "array", changed_numpy), ("a.mat", "Y", changed_bytes),
    ("c.mat", "s.Y", changed_inflated), ("v73.mat", "Y", changed_bytes),
    ("cells.mat", "c.Y", changed_inflated), ("cells73.mat", "Y", changed_bytes),
    ("a.h5", "g/Y", changed_bytes), ("a.csv", "table", changed_cells),
    ("a.s2p", "S21", changed_cells), ("a.sigmf-meta", "samples", changed_document),
)  # fmt: skip
_FOREIGN = (
    Reader(name="mapping", file="map.toml", read=import_scenes, change=changed_toml),
    Reader(name="mapped arrays", file="capture.npz", read=_mapped, change=changed_archive),
    *(Reader(name=file, file=file, read=partial(_imported, array), change=change) for file, array, change in _KINDS),
)
READERS = {reader.name: reader for reader in (*_OWN, *_GIVEN, *_FOREIGN, *WATCHED)}
"""By name."""
