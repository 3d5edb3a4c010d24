"""Does what stands still after a jump follow from the jump, and does it stand alone where nothing jumped before?"""

import pytest

from trainlint import State, diagnose_text

from .foreign_sound import falling, text


def epochs(train: list[float], held_out: list[float]) -> str:
    return text(
        f"epoch {e}: train_loss={t:.4f} val_loss={v:.5f}" for e, (t, v) in enumerate(zip(train, held_out, strict=True))
    )


def collapsed(level: float, jump: int, still: int, total: int = 36) -> str:
    """A train loss that is thrown to a level, and a validation loss that is constant from some epoch on."""
    learns = falling(total, 1.4, 0.3, 0.01)
    train = [v if i < jump else level * (1 + 1e-3 * (i % 3)) for i, v in enumerate(learns)]
    held_out = [1.05 * v if i < still else level for i, v in enumerate(learns)]
    return epochs(train, held_out)


@pytest.mark.parametrize(("level", "jump", "still"), [(4.60517, 15, 15), (2.99573, 20, 21), (6.90776, 9, 12)])
def test_a_validation_that_is_constant_after_a_jump_follows_from_it(level: float, jump: int, still: int):
    verdict = diagnose_text(collapsed(level, jump, still))
    assert (verdict.state, verdict.codes[0]) == (State.DIVERGED, "RT202")
    assert "RT212" not in verdict.codes


def test_a_validation_that_was_constant_before_the_jump_is_told_for_itself():
    early = diagnose_text(collapsed(4.60517, 28, 8))
    assert {"RT202", "RT212"} <= set(early.codes)
    assert early.state is State.STALLED


def test_a_validation_that_never_moves_stays_the_first_word_of_a_run_that_ends_in_a_jump():
    train = [v if i < 30 else 4.6 for i, v in enumerate(falling(36, 1.4, 0.3, 0.01))]
    verdict = diagnose_text(epochs(train, [2.30259] * 36))
    assert (verdict.state, verdict.codes[0]) == (State.STALLED, "RT212")


def test_a_validation_that_stops_without_a_jump_is_stalled():
    held_out = [v if i < 12 else 0.81234 for i, v in enumerate(falling(36, 1.5, 0.7, 0.01))]
    verdict = diagnose_text(epochs(falling(36, 1.4, 0.3, 0.01), held_out))
    assert (verdict.state, verdict.codes) == (State.STALLED, ("RT212",))
