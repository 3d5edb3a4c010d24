"""`ris locate FOLDER --out OUT.parquet`: every scene of a folder of scene files, block by block."""

import argparse
import hashlib
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch

from ...bench import findings_of
from ...calibrate import applied_to, load_calibration
from ...data import count_scenes, load_scenes
from ...errors import ConfigurationError, InputError
from ...estimate import joined_estimates
from ...files import Lock, make_folder, reason
from ..memory import require, searched_bytes
from ..options.counts import count_of
from ..options.executing import executor_of
from ..showing.output import Bar, print_json, rate

BLOCK = 256
"""Scenes of a task: seconds of work, megabytes of memory, and what a worker that dies costs."""
_BATCH = 32
"""Scenes handed to the estimator at a time."""
_OPTIONS = ("estimator", "model", "proposals", "beta", "polish", "doubt", "sources", "calibration", "preset", "config",
            "scenario.azimuth_deg", "scenario.elevation_deg", "scenario.distance")  # fmt: skip
"""Options on which a result depends."""


@dataclass(frozen=True, kw_only=True)
class Block:
    """Some scenes of a file.

    Args:
        path: of the file.
        first: number of the first of them.
        last: number of the scene after them.
        size: bytes of the file.
        changed: when it was last written, in ns.
        options: of the command.
    """

    path: Path
    first: int
    last: int
    size: int
    changed: int
    options: argparse.Namespace

    @property
    def key(self) -> str:
        """Of everything that the result depends on: a kept result of another key is not taken."""
        told = {name: str(value) for name, value in vars(self.options).items() if name in _OPTIONS}
        what = [self.path.name, self.first, self.last, self.size, self.changed, told]
        return hashlib.sha256(json.dumps(what, sort_keys=True).encode()).hexdigest()[:16]


def locate_folder(arguments: argparse.Namespace) -> int:
    """Locate every scene of a folder, keep each block as it comes, and join all of them in the order of the files.

    Returns:
        The exit code: 0, or 1 where some block failed: the others are kept, and the same command goes on.

    Raises:
        ConfigurationError: an option of one file, or a place that cannot be written.
    """
    from ...bench.suites.located_rows import Parts  # which needs pyarrow

    _check(arguments)
    parts = Parts(arguments.out)
    make_folder(parts.folder)
    with Lock(parts.folder):
        failures = _work(arguments, parts)
        scenes, rows = (0, 0) if failures else parts.join(each.key for each in blocks(arguments))
    if failures:
        for said in failures[:10]:
            print(said)
        print(f"{len(failures)} blocks of at most {BLOCK} scenes failed; the others are kept in {parts.folder}")
        return 1
    parts.remove()
    if arguments.json:
        print_json({"folder": str(arguments.file), "out": str(arguments.out), "scenes": scenes, "rows": rows})
    else:
        print(f"{scenes} scenes in {arguments.out}, {rows} rows: one a source, one a scene without any")
    return 0


def _check(arguments: argparse.Namespace) -> None:
    """Refuse what does not go with a folder.

    Raises:
        ConfigurationError: naming it.
    """
    if arguments.plot is not None or arguments.scene != "0":
        raise ConfigurationError(
            "a folder without --plot and --scene", "one of them", "options of a single file", "leave it out"
        )


def _work(arguments: argparse.Namespace, parts: Any) -> list[str]:  # noqa: ANN401
    """Locate the blocks that are not kept yet; returns what is to be said of those that failed."""
    total = sum(1 for _ in blocks(arguments))
    missing = [number for number, block in enumerate(blocks(arguments)) if not parts.has(block.key)]
    done, scenes, failures, begin = total - len(missing), 0, list[str](), time.monotonic()
    wanted, asked = set(missing), dict[int, Block]()

    def tasks() -> Iterator[Block]:
        every = (block for number, block in enumerate(blocks(arguments)) if number in wanted)
        for number, block in enumerate(every):
            asked[number] = block
            yield block

    with Bar("locating") as bar, executor_of(arguments) as executor:
        for made in executor.carry_out(located_block, tasks()):
            block, done = asked.pop(made.number), done + 1
            if made.error is not None:
                failures.append(f"{block.path.name}, scenes {block.first} to {block.last - 1}: {made.error}")
                continue
            parts.keep(block.key, made.value)
            scenes += block.last - block.first
            bar(done, total, f"{block.path.name}, {rate(scenes, time.monotonic() - begin)}")
    return failures


def blocks(arguments: argparse.Namespace) -> Iterator[Block]:
    """The scenes of a folder, in the order of the names of its files, a few at a time.

    Raises:
        InputError: no folder that can be read, or none with scene files.
    """
    folder: Path = arguments.file
    try:
        paths = sorted(path for path in folder.iterdir() if path.suffix == ".safetensors")
    except OSError as error:
        raise InputError(
            "a folder of scene files", f"{folder}: {reason(error)}", "no permission", "check it"
        ) from error
    if not paths:
        raise InputError(
            "a folder of scene files", f"{folder}, without any .safetensors", "another folder", "name the right one"
        )
    options = _absolute(arguments)
    for path in paths:
        seen = path.lstat()
        for first in range(0, held := count_scenes(path), BLOCK):
            yield Block(
                path=path.absolute(), first=first, last=min(first + BLOCK, held), size=seen.st_size,
                changed=seen.st_mtime_ns, options=options,
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
    found = joined_estimates([estimator(seen[rows], sources) for rows in torch.arange(len(seen)).split(_BATCH)])
    found = found if calibration is None else calibration.widened(found)
    return rows_of(block.path.name, findings_of(file, found, list(range(block.first, block.last))))
