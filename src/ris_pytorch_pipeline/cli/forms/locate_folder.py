"""`ris locate FOLDER --out OUT.parquet`: every scene of a folder of scene files, block by block."""

import argparse
import hashlib
import json
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch

from ... import __version__
from ...bench import findings_of
from ...calibrate import applied_to, load_calibration
from ...data import count_scenes, load_scenes
from ...data.sharded.manifest import file_digest
from ...data.writable import check_writable
from ...errors import ConfigurationError, InputError, SceneFileError
from ...estimate import SearchRegion, contender, joined_estimates, told
from ...files import Lock, cause, make_folder, move, reason
from ...tasks import Executor
from ..memory import require, searched_bytes
from ..options.executing import executor_of
from ..options.model import checkpoint_at
from ..options.scenes.counts import count_of
from ..showing.output import Bar, print_json, rate

BLOCK = 256
"""Scenes of a task: seconds of work, megabytes of memory, and what a worker that dies costs."""
_SCENES, _PANEL_BYTES = 32, 1 << 24
"""Scenes handed to the estimator at a time, and bytes of panel covariances of more of them."""
_OPTIONS = ("estimator", "model", "proposals", "beta", "polish", "doubt", "sources", "calibration", "preset", "config",
            "scenario.azimuth_deg", "scenario.elevation_deg", "scenario.distance")  # fmt: skip
"""Options on which a result depends."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Block:
    """Some scenes of a file.

    Args:
        path: of the file.
        first: number of the first of them.
        last: number of the scene after them.
        size: bytes of the file.
        changed: when it was last written, in ns.
        options: of the command.
        files: digests of the files that the options name.
    """

    path: Path
    first: int
    last: int
    size: int
    changed: int
    options: argparse.Namespace
    files: tuple[str, ...]

    @property
    def key(self) -> str:
        """Of everything that the result depends on: a kept result of another key is not taken."""
        told = {name: str(value) for name, value in vars(self.options).items() if name in _OPTIONS}
        what = [__version__, self.path.name, self.first, self.last, self.size, self.changed, told, self.files]
        return hashlib.sha256(json.dumps(what, sort_keys=True).encode()).hexdigest()[:16]


def locate_folder(arguments: argparse.Namespace) -> int:
    """Locate every scene of a folder, keep each block as it comes, and join all of them in the order of the files.

    Returns:
        The exit code: 0, or 1 where some block failed: the others are kept, and the same command goes on.

    Raises:
        ConfigurationError: an option of one file, or a place that cannot be written.
        InputError: no folder of scene files.
    """
    from ...bench.suites.located_rows import Parts  # which needs pyarrow

    files = _check(arguments)
    held, failures = counted(arguments.file)
    every = list(blocks(held, arguments, files))
    parts = Parts(arguments.out)
    with executor_of(arguments) as executor:
        make_folder(parts.folder)
        with Lock(parts.folder):
            failures += _work(every, parts, executor)
            scenes, rows = (0, 0) if failures else parts.join(block.key for block in every)
    if failures:
        for said in failures[:10]:
            print(said)
        shown = ", the first 10 of them above" if len(failures) > 10 else ""
        print(f"{len(failures)} files or blocks of at most {BLOCK} scenes failed{shown}; the others are kept in")
        print(f"{parts.folder}: mend or remove the files, and run the same command again")
        return 1
    parts.remove()
    if arguments.json:
        print_json({"folder": str(arguments.file), "out": str(arguments.out), "scenes": scenes, "rows": rows})
    else:
        print(f"{scenes} scenes in {arguments.out}, {rows} rows: one a source, one a scene without any")
    return 0


def _check(arguments: argparse.Namespace) -> tuple[str, ...]:
    """Refuse what does not go with a folder, or would fail in every block, before anything is written.

    Returns:
        Digests of the files that the options name, on whose bytes the results depend.

    Raises:
        ConfigurationError: naming the option.
        SceneFileError: a file of that name without `--force`, or a place that takes none.
    """
    from ..commands.locate import network_of

    if arguments.plot is not None or arguments.scene != "0":
        raise ConfigurationError(
            "a folder without --plot and --scene", "one of them", "options of a single file", "leave it out"
        )
    read = (arguments.calibration, arguments.config, *arguments.extend, *arguments.file.glob("*.safetensors"))
    check_writable(arguments.out, overwrite=arguments.force, read=read)
    count_of(arguments.sources)
    if network_of(arguments) is None and arguments.estimator is not None:
        contender(arguments.estimator, SearchRegion())
    if arguments.calibration is not None:
        load_calibration(arguments.calibration)
    model = None if arguments.model is None else checkpoint_at(arguments.model)
    named = (model, arguments.calibration, arguments.config, *arguments.extend)
    return tuple(file_digest(path) for path in named if path is not None)


def _work(every: Sequence[Block], parts: Any, executor: Executor) -> list[str]:  # noqa: ANN401
    """Locate the blocks that are not kept yet; returns what is to be said of those that failed."""
    missing = [block for block in every if not parts.has(block.key)]
    done, scenes, failures, begin = len(every) - len(missing), 0, list[str](), time.monotonic()
    with Bar("locating") as bar:
        for made in executor.carry_out(located_block, missing):
            block, done = missing[made.number], done + 1
            if made.error is not None:
                failures.append(f"{block.path.name}, scenes {block.first} to {block.last - 1}: {made.error}")
                continue
            parts.keep(block.key, made.value)
            scenes += block.last - block.first
            bar(done, len(every), f"{block.path.name}, {rate(scenes, time.monotonic() - begin)}")
    return failures


def counted(folder: Path) -> tuple[dict[Path, int], list[str]]:
    """The scenes of each file of a folder, in the order of the names, and what is to be said of those not readable.

    Raises:
        InputError: no folder that can be read, or none with scene files.
    """
    try:
        paths = sorted(path for path in folder.iterdir() if path.suffix == ".safetensors")
    except OSError as error:
        raise InputError(
            "a folder of scene files beside --out", f"{folder}: {reason(error)}",
            cause(error, "a mistyped path, or a single file"), move(error, "name the folder, or leave --out out"),
        ) from error  # fmt: skip
    if not paths:
        raise InputError(
            "a folder of scene files", f"{folder}, without any .safetensors", "another folder", "name the right one"
        )
    held, failures = dict[Path, int](), list[str]()
    for path in paths:
        try:
            held[path] = count_scenes(path)
        except SceneFileError as error:
            failures.append(f"{path.name}: {error}")
    return held, failures


def blocks(held: Mapping[Path, int], arguments: argparse.Namespace, files: tuple[str, ...]) -> Iterator[Block]:
    """The scenes of some files, a few at a time.

    Args:
        held: scenes of each file.
        arguments: of the command.
        files: digests of the files that they name.

    Yields:
        The blocks, in the order of the files.
    """
    options = _absolute(arguments)
    for path, scenes in held.items():
        seen, place = path.lstat(), path.absolute()
        for first in range(0, scenes, BLOCK):
            yield Block(
                path=place, first=first, last=min(first + BLOCK, scenes), size=seen.st_size,
                changed=seen.st_mtime_ns, options=options, files=files,
            )  # fmt: skip


def _absolute(arguments: argparse.Namespace) -> argparse.Namespace:
    """The options on which a result depends, with paths that hold in another working directory."""
    given = {name: value for name, value in vars(arguments).items() if name in _OPTIONS}
    moved = {
        name: value.absolute() if isinstance(value, Path) and value.exists() else value for name, value in given.items()
    }
    return argparse.Namespace(**moved)


def located_block(block: Block) -> list[dict[str, Any]]:
    """What was found in some scenes of a file: a row for each source, one for a scene without any."""
    from ...bench.suites.located_rows import rows_of
    from ..commands.locate import estimator_for, network_of

    options = block.options
    file = load_scenes(block.path, block.first, block.last)
    calibration = None if options.calibration is None else load_calibration(options.calibration)
    file = file if calibration is None else applied_to(file, calibration)
    estimator, _ = estimator_for(options, file, network_of(options))
    file = replace(file, observation=file.observation.to(dtype=torch.complex128))
    seen, sources = file.observation, count_of(options.sources)
    require(searched_bytes(estimator, seen), f"a search on {len(seen.array)} elements", ("narrow the field of view",))
    seen = told(estimator, seen)
    parts = torch.arange(len(seen)).split(max(_SCENES, _PANEL_BYTES // (16 * len(seen.array) ** 2)))
    found = joined_estimates([estimator(seen[rows], sources) for rows in parts])
    found = found if calibration is None else calibration.widened(found)
    return rows_of(block.path.name, findings_of(file, found, list(range(block.first, block.last))))
