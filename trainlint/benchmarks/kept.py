"""Where do the results of long benchmarks stay, so that a run that was cut off goes on, and a page is written anew?"""

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from forked import Told

RESULTS = Path(__file__).parent / "results"


def row(told: Told) -> dict[str, Any]:
    """What is kept of one program under one tool: its exit code, what was said, and when first.

    Args:
        told: of the program.
    """
    found = told.verdict.get("findings", ())
    first = [f["update"] for f in found if f.get("update") is not None and f["severity"] != "note"]
    return {
        "code": told.code,
        "state": told.verdict.get("verdict", "no verdict"),
        "codes": list(told.codes),
        "fatal": list(told.fatal),
        "notes": sorted({f["code"] for f in found if f["severity"] == "note"}),
        "update": min(first, default=None),
        "failed": any("itself failed" in text for text in told.verdict.get("blind", ())),
        "weights": told.weights,
    }


def load(name: str) -> dict[str, dict[str, Any]]:
    """The rows of a results file by program; empty where there is none.

    Args:
        name: of the file, without its ending.
    """
    path = RESULTS / f"{name}.jsonl"
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    return {each.pop("name"): each for each in map(json.loads, lines)}


def collect(name: str, programs: Iterable[Path], run: Callable[[Path], Told]) -> dict[str, dict[str, Any]]:
    """Run the programs that a results file lacks, and keep each as it comes.

    Args:
        name: of the file, without its ending.
        programs: any.
        run: one of them.
    """
    RESULTS.mkdir(exist_ok=True)
    have = load(name)
    for path in programs:
        if path.stem not in have:
            have[path.stem] = row(run(path))
            with (RESULTS / f"{name}.jsonl").open("a", encoding="utf-8") as file:
                file.write(json.dumps({"name": path.stem, **have[path.stem]}) + "\n")
    return have
