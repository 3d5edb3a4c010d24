"""Is a task that hangs told from one that takes long, and is it ended with its name, the place and the reason?"""

import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace

import pytest

from ris_pytorch_pipeline.errors import InfeasibleError
from ris_pytorch_pipeline.tasks import hanging
from ris_pytorch_pipeline.tasks import watch as watch_module
from ris_pytorch_pipeline.tasks.hanging import FIRST_WORD, STILL, Sight, Spell, sight_of
from ris_pytorch_pipeline.tasks.watch import EVERY, GRACE, Watch

STANDS = Sight(place=((1, 2),), where="solver.py:7 (wait)", thread=1.0, process=5.0, waits=False)
MOVES = {
    "another place": replace(STANDS, place=((1, 3),)),
    "its thread works": replace(STANDS, thread=1.01),
    "other threads work": replace(STANDS, process=5.0 + 0.2 * STILL),
    "a process of its own": replace(STANDS, waits=True),
    "a system that does not tell": replace(STANDS, thread=None),
}
SHORT = 0.05


def test_what_stands_without_work_hangs_after_a_while() -> None:
    spell = Spell(None, 0.0)
    assert not spell.fault(STANDS, 1.0) and not spell.fault(STANDS, STILL)
    assert spell.fault(STANDS, STILL + 1.5) == f"hung for {STILL + 0.5:.0f} s without any work, at solver.py:7 (wait)"


@pytest.mark.parametrize("what", MOVES)
def test_what_moves_or_works_does_not_hang_however_long(what: str) -> None:
    spell = Spell(None, 0.0)
    assert not spell.fault(STANDS, 1.0)
    assert not spell.fault(MOVES[what], STILL + 1.5)


def test_a_limit_ends_whatever_it_does() -> None:
    spell = Spell(100.0, 0.0)
    assert not spell.fault(MOVES["another place"], 100.0)
    assert spell.fault(STANDS, 101.0) == "--task-limit of 100 s passed, at solver.py:7 (wait)"


def test_words_come_after_a_minute_without_progress_and_then_seldom() -> None:
    spell = Spell(None, 0.0)
    told = [second for second in range(1000) if spell.word(float(second))]
    assert told == [FIRST_WORD * 2**n for n in range(5)]
    spell.progressed(1000.0)
    assert not spell.word(1059.0) and "no progress for 60 s" in spell.word(1060.0)


def test_a_minute_is_enough_for_the_end() -> None:
    assert STILL + EVERY * (2 + GRACE) <= 60, "a look that starts the count, one that ends it, and the grace"


def test_a_thread_that_waits_works_less_than_one_that_goes_round() -> None:
    end = threading.Event()
    waits = threading.Thread(target=end.wait)
    works = threading.Thread(target=lambda: [None for _ in iter(end.is_set, True)])
    for thread in (waits, works):
        thread.start()
    moved = 0
    while (before := sight_of(waits.ident or 0)).place != (after := _after_work_of(works, waits)).place and moved < 100:
        moved += 1  # on its way to where it waits
    end.set()
    assert after.place == before.place and "(wait)" in after.where and before.thread == after.thread


def _after_work_of(other: threading.Thread, thread: threading.Thread) -> Sight:
    """A thread, once another one has worked, however slowly that goes."""
    begin = sight_of(other.ident or 0).thread or 0
    while (sight_of(other.ident or 0).thread or 0) < begin + 0.05:
        time.sleep(SHORT)
    return sight_of(thread.ident or 0)


def test_a_process_with_one_of_its_own_waits() -> None:
    main = threading.main_thread().ident or 0
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as other:
        assert sight_of(main).waits
        other.communicate(b"\n")


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Patience of parts of a second, but for a process to end; and no child of the test's own processes counts."""
    monkeypatch.setattr(hanging, "STILL", 0.3)
    monkeypatch.setattr(watch_module, "GRACE", 10**6)  # or a thread that is slow to be interrupted ends the tests
    monkeypatch.setattr(hanging, "_has_children", lambda: False)
    monkeypatch.setattr(hanging, "_PROCESS", 10.0)


@pytest.mark.usefixtures("soon")
def test_a_main_thread_that_hangs_is_interrupted() -> None:
    said: list[str] = []
    watch, before = Watch(None, said.append, every=SHORT), signal.getsignal(signal.SIGUSR1)
    with pytest.raises(InfeasibleError, match=r"cell 3: hung for .* without any work, at .*threading.*\(wait\)"):
        with watch.over("cell 3"):
            threading.Event().wait()
    assert "cell 3: hung" in said[0] and signal.getsignal(signal.SIGUSR1) is before


@pytest.mark.usefixtures("soon")
def test_a_main_thread_that_goes_round_ends_at_the_limit_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hanging, "STILL", STILL)  # a thread that gets no processor for a while is not the subject
    watch = Watch(1.0, lambda line: None, every=SHORT)
    with pytest.raises(InfeasibleError, match="--task-limit of 1 s passed"), watch.over("cell 3"):
        while True:
            pass
    with watch.over("cell 4"):
        assert sum(range(1000)) == 499500


STUBBORN = """
import threading
from ris_pytorch_pipeline.tasks import hanging, watch
hanging.STILL, hanging._has_children = 0.3, lambda: False
with watch.Watch(None, print, every=0.05).over("cell 3"):
    while True:
        try:
            threading.Event().wait()
        except Exception:
            pass
"""


def test_a_main_thread_that_cannot_be_interrupted_takes_its_process_with_it() -> None:
    done = subprocess.run([sys.executable, "-c", STUBBORN], check=False, timeout=300)
    assert done.returncode == 75
