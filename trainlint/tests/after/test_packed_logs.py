"""A packed log is judged as far as it goes, and says where it is cut off; a damaged or an endless one is refused."""

import bz2
import gzip
import lzma
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

from trainlint import InputError, diagnose_path
from trainlint.after.postmortem import Follower
from trainlint.after.reading import text

draw = Random(0)
LINES = [f"step {i} loss {3 / (i + 1) + draw.random() / 9:.6f} other {draw.random():.12f}" for i in range(4000)]
LOG = "\n".join([*LINES, ""]).encode()
PACKERS: dict[str, Callable[[bytes], bytes]] = {"gz": gzip.compress, "bz2": bz2.compress, "xz": lzma.compress}


@pytest.mark.parametrize("kind", PACKERS)
def test_a_whole_one_says_nothing_of_an_end(tmp_path: Path, kind: str) -> None:
    (tmp_path / "a.log").write_bytes(PACKERS[kind](LOG))
    verdict = diagnose_path(tmp_path / "a.log")
    assert verdict.counts["values"] >= 4000 and not [told for told in verdict.blind if "cut off" in told]


@pytest.mark.parametrize("kind", PACKERS)
def test_one_that_is_cut_off_is_judged_so_far_and_says_so(tmp_path: Path, kind: str) -> None:
    packed = PACKERS[kind](LOG * 8)
    (tmp_path / "a.log").write_bytes(packed[: len(packed) * 3 // 4])
    verdict = diagnose_path(tmp_path / "a.log")
    assert verdict.counts["values"] > 1000
    assert "what follows: the packed log is cut off" in verdict.blind
    follower = Follower(tmp_path / "a.log")
    follower.poll()
    assert "what follows: the packed log is cut off" in follower.verdict().blind
    follower.close()


@pytest.mark.parametrize("kind", PACKERS)
def test_damage_anywhere_is_refused_or_changes_what_is_read(tmp_path: Path, kind: str) -> None:
    packed, path, refused = PACKERS[kind](LOG), tmp_path / "a.log", 0
    for _ in range(12):
        at = draw.randrange(len(packed) // 3, len(packed) - 12)
        path.write_bytes(packed[:at] + bytes([packed[at] ^ 0x55]) + packed[at + 1 :])
        try:
            verdict = diagnose_path(path)
        except InputError as error:
            assert "a readable log" in str(error) or "holds more" in str(error)
            refused += 1
        else:
            assert "what follows: the packed log is cut off" in verdict.blind
    assert refused >= 6


def test_one_that_holds_thousands_of_times_its_size_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Unpacked it is 13 GB, which would take minutes to read."""
    member = gzip.compress(b"step 1 loss 2.0\n" * (1 << 22))
    monkeypatch.setattr(text, "MOST_UNPACKED", 1 << 21)
    with (tmp_path / "a.log").open("wb") as file:
        file.writelines([member] * 200)
    with pytest.raises(InputError, match=r"at most 2 MiB in a packed log; got a\.log, which holds more"):
        diagnose_path(tmp_path / "a.log")
