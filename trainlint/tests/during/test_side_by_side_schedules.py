"""Are several schedules judged each by its own ticks, however their steps are mixed with those of the optimisers?"""

import pytest
import torch
from streams import stream
from torch import nn
from torch.nn import functional as F
from torch.optim import RMSprop
from torch.optim.lr_scheduler import CosineAnnealingLR, LRScheduler

from trainlint import Verdict, Watch


def ticking(order: str, players: int) -> tuple[str, ...]:
    """Codes of such a run."""
    return verdict(order, players).codes


def verdict(order: str, players: int, rounds: int = 12) -> Verdict:
    """Of a run in whose rounds the letters of an order are done: u is all updates, a, b and c are ticks."""
    torch.manual_seed(0)
    parts = nn.ModuleList(nn.Linear(6, 6) for _ in range(players))
    optimizers = [RMSprop(part.parameters(), lr=3e-3) for part in parts]
    schedules: list[LRScheduler] = [CosineAnnealingLR(o, 100) for o in optimizers]
    watch = Watch(parts, optimizers, schedules, raises=False)
    generator = stream(0, "ticking")
    for _ in range(rounds):
        for letter in order:
            if letter != "u":
                schedules["abc".index(letter)].step()
                continue
            x = torch.randn(16, 6, generator=generator)
            answer = x
            for part in parts:
                answer = part(answer)
            watch.loss(F.mse_loss(answer, 2 * x)).backward()
            for optimizer in optimizers:
                optimizer.step()
                optimizer.zero_grad()
    return watch.close()


@pytest.mark.parametrize(("order", "players"), [("uab", 2), ("uba", 2), ("uuuuab", 2), ("uabc", 3), ("ucab", 3)])
def test_schedules_that_tick_one_after_another_are_no_ticks_too_many(order: str, players: int):
    assert "RT106" not in ticking(order, players)


@pytest.mark.parametrize(("order", "players"), [("ub", 2), ("uac", 3)])
def test_a_schedule_that_is_left_out_makes_no_tick_of_another_idle(order: str, players: int):
    assert "RT106" not in ticking(order, players)


@pytest.mark.parametrize(
    ("order", "players", "left"),
    [("uub", 2, ["optimiser 0"]), ("uuac", 3, ["optimiser 1"]), ("uuab", 2, []), ("ub", 2, []), ("uua", 1, [])],
)
def test_the_schedule_of_one_optimiser_that_is_never_ticked_is_told(order: str, players: int, left: list[str]):
    """One that would tick with the epochs is waited for, where every update is a tick of another."""
    found = verdict(order, players).findings
    assert [f.subject for f in found if f.rule.code == "RT141"] == left


@pytest.mark.parametrize(
    ("order", "players"),
    [("uaa", 1), ("uabb", 2), ("uabab", 2), ("ubba", 2), ("uabcc", 3), ("uabcabc", 3), ("uuuuaba", 2)],
)
def test_a_schedule_that_ticks_twice_between_updates_is_told_among_others(order: str, players: int):
    assert "RT106" in ticking(order, players)


@pytest.mark.filterwarnings("ignore:Detected call of `lr_scheduler.step")
@pytest.mark.parametrize(("order", "players"), [("au", 1), ("abu", 2), ("abcu", 3), ("abuuuu", 2)])
def test_one_tick_of_each_schedule_before_the_first_update_is_a_suspicion_alone(order: str, players: int):
    assert "RT106" not in ticking(order, players)


@pytest.mark.filterwarnings("ignore:Detected call of `lr_scheduler.step")
@pytest.mark.parametrize(("order", "players"), [("aau", 1), ("aabu", 2), ("ababu", 2), ("abccu", 3)])
def test_a_second_tick_before_the_first_update_is_told(order: str, players: int):
    assert "RT106" in ticking(order, players)
