"""One worker of a search over an objective without training: `stub_worker.py FOLDER URL|journal SECONDS [COUNT]`.

The first training ends once so many workers have begun one.
"""

import os
import sys
import time
from pathlib import Path

from searching import learns

from ris_pytorch_pipeline.files import parent_watch
from ris_pytorch_pipeline.search import Judged, Report, Task, joined_studies, open_storage, work


def main(folder: Path, url: str | None, seconds: float, count: int = 1) -> None:
    """Work until the search is finished, and note what was begun and ended."""
    notes = folder / "notes"
    notes.mkdir(exist_ok=True)

    def note(word: str, task: Task) -> None:
        with (notes / str(os.getpid())).open("a", encoding="utf-8") as file:
            file.write(f"{word} {task.stage} {task.number} {task.recipe.digest}\n")

    def objective(task: Task, report: Report) -> Judged:
        def slow(epoch: int, value: float) -> None:
            time.sleep(seconds)
            report(epoch, value)

        note("begin", task)
        while len(list(notes.iterdir())) < count:
            time.sleep(0.01)
        judged = learns(task, slow)
        note("end", task)
        return judged

    studies = joined_studies(open_storage(folder, url), "stub")
    work(studies, objective, folder, lambda line: None, parent_watch())


if __name__ == "__main__":
    main(
        Path(sys.argv[1]),
        None if sys.argv[2] == "journal" else sys.argv[2],
        float(sys.argv[3]),
        *map(int, sys.argv[4:]),
    )
