"""Logs of many programs, sound and broken: each is called what it is, and the cause stands first."""

from collections.abc import Callable
from pathlib import Path

import pytest

from trainlint import diagnose_path, diagnose_text

from .foreign_broken import BROKEN, BROKEN_SUFFIXES
from .foreign_second import SECOND_BROKEN, SECOND_SOUND
from .foreign_sound_more import SOUND, SUFFIXES
from .foreign_third import THIRD_BROKEN, THIRD_SOUND


def file(folder: Path, log: Callable[[], str], suffixes: dict[str, str]) -> Path:
    path = folder / f"{log.__name__}{suffixes.get(log.__name__, '.log')}"
    path.write_text(log(), encoding="utf-8")
    return path


@pytest.mark.parametrize("log", SOUND, ids=lambda log: log.__name__)
def test_a_sound_log_is_healthy(log: Callable[[], str], tmp_path: Path):
    verdict = diagnose_path(file(tmp_path, log, SUFFIXES))
    assert verdict.healthy, str(verdict)
    assert verdict.ran


@pytest.mark.parametrize("log", BROKEN, ids=lambda log: log.__name__)
def test_a_broken_log_is_called_what_it_is(log: Callable[[], str], tmp_path: Path):
    states, codes = BROKEN[log]
    verdict = diagnose_path(file(tmp_path, log, BROKEN_SUFFIXES))
    state = str(verdict.state).split(":")[0]
    assert state == states or state in states.split(), str(verdict)
    assert not codes or verdict.codes[0] in codes.split(), str(verdict)


@pytest.mark.parametrize("log", (*SECOND_SOUND, *THIRD_SOUND), ids=lambda log: log.__name__)
def test_a_sound_log_of_a_later_hand_is_healthy(log: Callable[[], str]):
    verdict = diagnose_text(log())
    assert verdict.healthy, str(verdict)


LATER = (*SECOND_BROKEN, *((log.__name__, log, states, codes) for log, states, codes in THIRD_BROKEN))


@pytest.mark.parametrize(("log", "states", "codes"), [told for _, *told in LATER], ids=[name for name, *_ in LATER])
def test_a_broken_log_of_a_later_hand_is_called_what_it_is(log: Callable[[], str], states: str, codes: str):
    verdict = diagnose_text(log())
    assert str(verdict.state).split(":")[0] in states.split(), str(verdict)
    assert verdict.codes[0] in codes.split(), str(verdict)
