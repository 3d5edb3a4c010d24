"""What came of the inputs of each reader? Counted in pieces, and kept in a file, so that a stopped run goes on."""

import json
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from ris_pytorch_pipeline.files import write_whole


@dataclass
class Told:
    """What came of inputs of a reader.

    Args:
        counts: of inputs, by how reading them ended.
        slowest: seconds of the processor that one reading took at most.
        seconds: of the processor, changing the file included.
        memory: megabytes beyond the program.
    """

    counts: Counter[str] = field(default_factory=Counter)
    slowest: float = 0.0
    seconds: float = 0.0
    memory: int = 0

    @property
    def inputs(self) -> int:
        """How many there were."""
        return sum(self.counts.values())

    @property
    def foreign(self) -> int:
        """Inputs that ended in a foreign exception or a hang."""
        return sum(count for kind, count in self.counts.items() if kind.startswith("FOREIGN"))

    def add(self, other: "Told") -> None:
        """Count what came of further inputs too."""
        self.counts.update(other.counts)
        self.slowest, self.memory = max(self.slowest, other.slowest), max(self.memory, other.memory)
        self.seconds += other.seconds


class Tally:
    """What came of the inputs of all readers, piece by piece.

    Args:
        path: of a file of JSON lines, one for each reader and commit, that earlier pieces are read from and later ones
            are added to; None keeps none.
        seed: of the inputs; lines of other seeds in the file stay as they are.
        commit: of the readers, with later pieces.
    """

    def __init__(self, path: Path | None, seed: int, commit: str) -> None:
        self._path, self._seed, self._commit = path, seed, commit
        self._others: list[str] = []
        self._told: dict[tuple[str, str], Told] = {}
        self._pieces: Counter[tuple[str, str]] = Counter()
        for line in path.read_text().splitlines() if path and path.exists() else []:
            record = json.loads(line)
            if record.pop("seed") != seed:
                self._others.append(line)
                continue
            place = (record.pop("reader"), record.pop("commit"))
            self._pieces[place] = record.pop("pieces")
            self._told[place] = Told(counts=Counter(record.pop("counts")), **record)

    def of(self, reader: str) -> Told:
        """What came of the inputs of a reader so far, at any commit."""
        whole = Told()
        for (name, _), told in self._told.items():
            if name == reader:
                whole.add(told)
        return whole

    def pieces(self, reader: str) -> int:
        """How many pieces of a reader's inputs are done; the next one has this number."""
        return sum(count for (name, _), count in self._pieces.items() if name == reader)

    def add(self, reader: str, told: Told) -> None:
        """Count and keep one more piece."""
        place = (reader, self._commit)
        self._told.setdefault(place, Told()).add(told)
        self._pieces[place] += 1
        if self._path is not None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            write_whole(self._path, [("\n".join([*self._others, *map(self._line, self._told)]) + "\n").encode()])

    def _line(self, place: tuple[str, str]) -> str:
        reader, commit = place
        told = {**vars(self._told[place]), "seconds": round(self._told[place].seconds, 1)}
        return json.dumps(
            {"reader": reader, "commit": commit, "seed": self._seed, "pieces": self._pieces[place], **told}
        )
