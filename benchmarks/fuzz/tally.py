"""What came of the inputs of each reader? Counted in pieces, and kept in a file, so that a stopped run goes on."""

import json
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


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
        path: of a file of JSON lines that earlier pieces are read from and later ones are appended to; None keeps
            none.
        seed: of the inputs; pieces of other seeds in the file are left alone.
    """

    def __init__(self, path: Path | None, seed: int) -> None:
        self._path, self._seed = path, seed
        self._told: dict[str, Told] = {}
        self._pieces: Counter[str] = Counter()
        lines = path.read_text().splitlines() if path and path.exists() else []
        for record in map(json.loads, lines):
            if record.pop("seed") == seed:
                self._count(record.pop("reader"), Told(counts=Counter(record.pop("counts")), **record))

    def of(self, reader: str) -> Told:
        """What came of the inputs of a reader so far."""
        return self._told.setdefault(reader, Told())

    def pieces(self, reader: str) -> int:
        """How many pieces of a reader's inputs are done; the next one has this number."""
        return self._pieces[reader]

    def add(self, reader: str, told: Told) -> None:
        """Count and keep one more piece."""
        self._count(reader, told)
        if self._path is not None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            record: dict[str, Any] = {"reader": reader, "seed": self._seed, **vars(told)}
            with self._path.open("a") as file:
                file.write(json.dumps(record) + "\n")

    def _count(self, reader: str, told: Told) -> None:
        self.of(reader).add(told)
        self._pieces[reader] += 1
