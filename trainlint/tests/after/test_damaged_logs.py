"""A damaged log is read as far as it says something, or refused with one message; it never ends in another error."""

# ruff: noqa: E501  (pieces stand side by side)

from random import Random

import pytest

from trainlint import InputError, Verdict, diagnose_text

from .foreign_broken import BROKEN
from .foreign_second import SECOND_SOUND
from .foreign_sound_more import SOUND
from .foreign_third import THIRD_SOUND

LOGS = [log()[:3000] for log in (*SOUND, *BROKEN, *SECOND_SOUND, *THIRD_SOUND)]
PIECES = ("nan", "1e999", "-1.7e308", "0", "{", "}", "[", "\n", "\t", "\0", "\u2028", "epoch", "loss", "lr", ":", "=", ",", "|",
          "9" * 50, "\r", "\x1b[31m", "%", "val", "(", ")", "scale", "\u017f", "\u0131", "Traceback (most recent call last):\n")  # fmt: skip


def damaged(text: str, draw: Random) -> str:
    """The text with pieces put in, taken away and exchanged."""
    letters = list(text)
    for _ in range(draw.choice((1, 5, 40))):
        at = draw.randrange(len(letters))
        letters[at] = draw.choice(
            (draw.choice(PIECES), "", letters[at] + draw.choice(PIECES), chr(draw.randrange(32, 1000)))
        )
    return "".join(letters)


@pytest.mark.parametrize("seed", range(8))
def test_a_damaged_log_ends_in_a_verdict_or_in_one_message(seed: int):
    draw = Random(seed)
    for _ in range(40):
        text = damaged(draw.choice(LOGS), draw)
        try:
            verdict = diagnose_text(text)
        except InputError:
            continue
        assert isinstance(verdict, Verdict) and verdict.json() and str(verdict)
