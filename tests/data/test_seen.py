"""Are scenes that were there before told as a set tells them, in little memory?"""

import tracemalloc

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from ris_pytorch_pipeline.data.seen import HASH, Seen

SHARDS = st.lists(st.lists(st.integers(0, 40), max_size=6), max_size=12)


def hashed(number: int) -> bytes:
    """Some share their first half, and some their second one."""
    return (number // 5).to_bytes(8, "big") + (number % 5).to_bytes(8, "big")


@given(SHARDS)
def test_what_was_there_before_is_what_a_set_holds(shards: list[list[int]]) -> None:
    seen, slow = Seen(), set[int]()
    for shard in shards:
        told = seen.add(b"".join(map(hashed, shard)))
        again = [number for number, scene in enumerate(shard) if scene in slow or scene in shard[:number]]
        assert (told in again) if again else told is None
        slow |= set() if again else set(shard)


def test_a_scene_takes_little_more_than_its_hash() -> None:
    rng, seen, scenes = np.random.default_rng(0), Seen(), 2**17
    tracemalloc.start()
    for _ in range(scenes // 1024):
        assert seen.add(rng.bytes(HASH * 1024)) is None
    held, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert held < 1.2 * HASH * scenes and most < 4 * HASH * scenes
