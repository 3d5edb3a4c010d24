"""Which scenes were there before? Told by hashes, kept sorted, so that very many take little more than their bytes."""

import numpy as np

HASH = 16
"""Bytes of the hash that tells two scenes apart."""


class Seen:
    """Hashes of scenes: 16 bytes each, up to 56 while all are joined; a set takes 80 to 100.

    They are kept in sorted runs, each of which is longer than all that came after it.

    >>> seen = Seen()
    >>> seen.add(b"a" * 16 + b"b" * 16), seen.add(b"c" * 16 + b"b" * 16)
    (None, 1)
    """

    def __init__(self) -> None:
        self._runs: list[tuple[np.ndarray, np.ndarray]] = []

    def add(self, contents: bytes) -> int | None:
        """Remember some hashes.

        Args:
            contents: the hashes, one behind the other.

        Returns:
            The number of one that was there before, or twice among these, of which none is remembered then; else None.
        """
        each = [contents[at : at + HASH] for at in range(0, len(contents), HASH)]
        if len(set(each)) < len(each):
            return next(number for number, content in enumerate(each) if content in each[:number])
        halves = np.frombuffer(contents, dtype=np.uint64).reshape(-1, 2)
        found = [number for run in self._runs for number in _found(run, halves)]
        if not found and each:
            self._join(_sorted(halves[:, 0], halves[:, 1]))
        return min(found, default=None)

    def _join(self, run: tuple[np.ndarray, np.ndarray]) -> None:
        """Keep one more run, with all that are no longer."""
        while self._runs and len(self._runs[-1][0]) <= len(run[0]):
            other = self._runs.pop()
            run = _sorted(np.concatenate((other[0], run[0])), np.concatenate((other[1], run[1])))
        self._runs.append(run)


def _sorted(first: np.ndarray, second: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Both halves of some hashes in the order of the first; joining two sorted ones takes linear time."""
    order = np.argsort(first, kind="stable")
    return first[order], second[order]


def _found(run: tuple[np.ndarray, np.ndarray], halves: np.ndarray) -> list[int]:
    """Numbers of the hashes that a run holds."""
    first, second = run
    begin, end = (np.searchsorted(first, halves[:, 0], side=side) for side in ("left", "right"))
    return [int(k) for k in np.flatnonzero(begin < end) if halves[k, 1] in second[begin[k] : end[k]]]
