"""Each of 58 loggers over a sound and a broken run: healthy, and called what it is."""

from collections.abc import Callable
from pathlib import Path

import pytest

from trainlint import diagnose_path

from .foreign_fifth import FIFTH, FIFTH_SUFFIXES
from .foreign_pairs import PAIRS
from .foreign_pairs_more import PAIRS_MORE, SUFFIXES

EVERY = PAIRS | PAIRS_MORE | FIFTH
ENDINGS = SUFFIXES | FIFTH_SUFFIXES


def file(folder: Path, log: Callable[[bool], str | bytes], *, broken: bool) -> Path:
    path = folder / f"{log.__name__}{ENDINGS.get(log.__name__, '.log')}"
    told = log(broken)
    path.write_bytes(told if isinstance(told, bytes) else told.encode())
    return path


@pytest.mark.parametrize("log", EVERY, ids=lambda log: log.__name__)
def test_a_sound_run_is_healthy_whoever_prints_it(log: Callable[[bool], str | bytes], tmp_path: Path):
    verdict = diagnose_path(file(tmp_path, log, broken=False))
    assert verdict.healthy, str(verdict)
    assert verdict.ran


@pytest.mark.parametrize("log", EVERY, ids=lambda log: log.__name__)
def test_a_broken_run_is_called_what_it_is_whoever_prints_it(log: Callable[[bool], str | bytes], tmp_path: Path):
    states, codes = EVERY[log]
    verdict = diagnose_path(file(tmp_path, log, broken=True))
    assert str(verdict.state).split(":")[0] in states.split(), str(verdict)
    assert verdict.codes[0] in codes.split(), str(verdict)
