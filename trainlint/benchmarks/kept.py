"""Where do the results of long benchmarks stay, so that a run that was cut off goes on, and a page is written anew?"""

import argparse
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from forked import LIMIT, Told, Work, each

RESULTS = Path(__file__).parent / "results"


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How many programs are run at once, and where their rows stay.

    Args:
        folder: of the files of rows; None keeps none.
        jobs: programs at once.
        limit: seconds after which a program is killed.
    """

    folder: Path | None = None
    jobs: int = 1
    limit: float = LIMIT

    @staticmethod
    def options(parser: argparse.ArgumentParser, folder: Path | None = None) -> None:
        """Add the options that make a plan.

        Args:
            parser: of a benchmark.
            folder: where rows stay when no other folder is named.
        """
        parser.add_argument(
            "--results", type=Path, metavar="FOLDER", default=folder, help="keep rows there, and run what it lacks"
        )
        parser.add_argument("--jobs", type=int, default=1, help="programs at once")
        parser.add_argument("--limit", type=float, default=LIMIT, help="seconds after which a program is killed")

    @classmethod
    def of(cls, arguments: argparse.Namespace) -> Self:
        """What the options say.

        Args:
            arguments: parsed.
        """
        return cls(folder=arguments.results, jobs=arguments.jobs, limit=arguments.limit)

    def collect(self, name: str, programs: Iterable[Path], work: Work) -> dict[str, dict[str, Any]]:
        """Run the programs that a file of rows lacks, and keep each as it comes; the file ends in the programs' order.

        Args:
            name: of the file, without its ending.
            programs: any.
            work: runs one of them.
        """
        programs = list(programs)
        have = load(name, self.folder) if self.folder else {}
        missing = [path for path in programs if path.stem not in have]
        for path, told in each(missing, work, jobs=self.jobs, limit=self.limit):
            have[path.stem] = row(told)
            if self.folder:
                write(self.folder, name, {path.stem: have[path.stem]}, "a")
        if self.folder and missing:
            asked = [path.stem for path in programs]
            write(self.folder, name, {key: have[key] for key in dict.fromkeys([*asked, *have])}, "w")
        return have


def row(told: Told) -> dict[str, Any]:
    """What is kept of one program under one tool: its exit code, what was said, where, and when first.

    Args:
        told: of the program.
    """
    found = told.verdict.get("findings", ())
    first = [f["update"] for f in found if f.get("update") is not None and f["severity"] != "note"]
    places = [f.get("where") for f in found if f["severity"] != "note"]
    return {
        "code": told.code,
        "state": told.verdict.get("verdict", "no verdict"),
        "codes": list(told.codes),
        "fatal": list(told.fatal),
        "notes": sorted({f["code"] for f in found if f["severity"] == "note"}),
        "update": min(first, default=None),
        "lines": sorted({int(where.rpartition(":")[2]) for where in places if where}),
        "failed": any("itself failed" in text for text in told.verdict.get("blind", ())),
        "weights": told.weights,
    }


def load(name: str, folder: Path = RESULTS) -> dict[str, dict[str, Any]]:
    """The rows of a results file by program; empty where there is none.

    Args:
        name: of the file, without its ending.
        folder: of the file.
    """
    path = folder / f"{name}.jsonl"
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    return {each.pop("name"): each for each in map(json.loads, lines)}


def write(folder: Path, name: str, rows: dict[str, dict[str, Any]], mode: str) -> None:
    """Write rows into a results file.

    Args:
        folder: of the file, made where it is missing.
        name: of the file, without its ending.
        rows: by program.
        mode: `a` adds them, `w` replaces what is there.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / f"{name}.jsonl").open(mode, encoding="utf-8") as file:
        file.writelines(json.dumps({"name": key, **value}) + "\n" for key, value in rows.items())
