"""Do named streams repeat themselves, and never each other?"""

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from ris_pytorch_pipeline.rng import stream

NAMES = st.text(st.characters(codec="ascii"), max_size=8)
KEYS = st.tuples(st.integers(0, 9), NAMES, st.integers(0, 9))


@settings(max_examples=100)
@given(KEYS, KEYS)
def test_equal_keys_and_only_those_give_equal_streams(
    first: tuple[int, str, int], second: tuple[int, str, int]
) -> None:
    same = stream(*first).initial_seed() == stream(*second).initial_seed()
    assert same == (first == second)


def test_a_slash_in_a_name_is_no_other_index() -> None:
    assert stream(1, "a/2", 3).initial_seed() != stream(1, "a", 2).initial_seed()
    assert stream(1, "2/a", 3).initial_seed() != stream(12, "a", 3).initial_seed()


def test_the_seed_of_a_stream_never_changes() -> None:
    assert stream(0, "train", 0).initial_seed() == 3205788069637787994


def test_streams_are_independent() -> None:
    numbers = torch.stack([torch.randn(10_000, generator=stream(0, "train", i)) for i in range(6)])
    correlation = torch.corrcoef(numbers) - torch.eye(6)
    assert float(correlation.abs().max()) < 5 / 100


def test_a_stream_leaves_the_global_generator_alone() -> None:
    before = torch.get_rng_state()
    torch.randn(5, generator=stream(0, "train"))
    assert torch.equal(torch.get_rng_state(), before)
