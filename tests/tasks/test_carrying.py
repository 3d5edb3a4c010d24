"""Is a task done once, and does one that fails fail alone?"""

import pytest
from doing import refused, squared

from ris_pytorch_pipeline.errors import InfeasibleError, InputError
from ris_pytorch_pipeline.tasks import Done, Executor, Here
from ris_pytorch_pipeline.tasks.carrying import TRIES, attempted


def test_every_task_is_done_in_order_and_none_before_it_is_asked_for() -> None:
    taken: list[int] = []

    def tasks():
        for number in range(4):
            taken.append(number)
            yield number

    results = Here().carry_out(squared, tasks())
    assert next(results).value == 0 and taken == [0]
    assert [done.value for done in results] == [1, 4, 9]
    assert isinstance(Here(), Executor)


def test_a_task_that_fails_fails_alone() -> None:
    done = list(Here().carry_out(refused, range(4)))
    assert [each.outcome for each in done] == [0, 1, None, 3]
    with pytest.raises(InfeasibleError, match="ValueError: two is refused"):
        _ = done[2].value


def test_an_error_that_explains_itself_stays_what_it_is() -> None:
    def work(task: int) -> int:
        raise InputError("a", "b", "c", "d")

    (done,) = Here().carry_out(work, [0])
    assert type(done.error) is InputError


@pytest.mark.parametrize("failures", [0, 1, TRIES - 1, TRIES])
def test_errors_of_a_disk_are_tried_again(failures: int) -> None:
    calls: list[int] = []

    def work(task: int) -> int:
        calls.append(task)
        if len(calls) <= failures:
            raise OSError("a share that was away")
        return task

    done = attempted(work, 0, 7)
    assert (done == Done(number=0, outcome=7)) == (failures < TRIES)
    assert len(calls) == min(failures + 1, TRIES)
    assert failures < TRIES or "a share that was away" in str(done.error)
