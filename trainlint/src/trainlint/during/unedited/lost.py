"""Which losses with a graph were not finite, and never went backward?"""

from collections import Counter

import torch
from torch import Tensor

from ...findings import Finding
from ...rules import losses as rules

_BUNCH, _MOST = 32, 512
"""Backward passes whose losses are read at one time, and losses kept until then."""
_SOME, _SHARE = 3, 0.01
"""A guard against a rare overflow refuses a batch now and then."""


class Lost:
    """Losses of torch between backward passes: where some are not finite, how many more are there than usual?

    A term that is not finite may be left out of a sum that goes backward: then there are as many as usual.
    """

    def __init__(self) -> None:
        self._open: list[Tensor] = []
        self._windows: list[list[Tensor]] = []
        self._usual = self._passes = 0
        self._odd: Counter[tuple[int, int]] = Counter()

    def computed(self, value: Tensor) -> None:
        """A loss was computed.

        Args:
            value: a scalar with its graph.
        """
        if len(self._open) < _MOST:
            self._open.append(value.detach())

    def backward(self) -> None:
        """A backward pass begins."""
        self._passes += 1
        self._windows.append(self._open)
        self._open = []
        if len(self._windows) >= _BUNCH:
            self._read()

    def _read(self) -> None:
        windows, self._windows = self._windows, []
        every = [value.double() for window in windows for value in window]
        fine = iter(torch.stack([v.to(every[0].device) for v in every]).isfinite().tolist() if every else [])
        for window in windows:
            lost = sum(not next(fine) for _ in window)
            if lost:
                self._odd[len(window), lost] += 1
            else:
                self._usual = max(self._usual, len(window))

    def found(self) -> list[Finding]:
        """Losses that were left out, at the end of a program."""
        self._windows.append(self._open)
        self._open = []
        self._read()
        lost = sum(
            times * min(bad, size - self._usual) for (size, bad), times in self._odd.items() if size > self._usual
        )
        if lost < max(_SOME, _SHARE * (self._passes + lost)):
            return []
        text = f"{lost} of {self._passes + lost} losses were NaN or inf, and never went backward"
        return [rules.LEFT_OUT.found(text, lost=lost, passes=self._passes)]
