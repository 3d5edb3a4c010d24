"""Are gains the same whoever does the pieces, in whatever order they come, also where a worker is killed?"""

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch
from backwards import Backwards
from deadly_reading import killed_once, nothing
from detuned import detuned, phases

from ris_pytorch_pipeline.calibrate import (
    Learnt,
    Pieces,
    Recording,
    calibrate,
    calibrate_blind,
    deviation_scale,
    known_scenes,
)
from ris_pytorch_pipeline.data import save_scenes
from ris_pytorch_pipeline.errors import InfeasibleError, InputError
from ris_pytorch_pipeline.estimate import PilotMl


@pytest.fixture(scope="module")
def scenes():
    return detuned(phases(36, 0.4), 40, frequencies=2, bandwidth=0.1)


def learnt_by(scenes, **how: Any) -> Learnt:
    return calibrate(known_scenes(scenes.observation, scenes.truth.positions), 3, ("elements",), **how)


def check_same(one: Learnt, other: Learnt) -> None:
    assert one.choice == other.choice and one.identified == other.identified
    for mine, yours in zip(one.gains, other.gains, strict=True):
        assert torch.equal(mine.element, yours.element) and torch.equal(mine.antenna, yours.antenna)


def test_the_order_in_which_pieces_come_does_not_matter(scenes) -> None:
    seen, positions, back = scenes.observation, scenes.truth.positions, Pieces[Any](executor=Backwards())
    whole = learnt_by(scenes)
    check_same(whole, learnt_by(scenes, pieces=back))
    one, _ = deviation_scale(seen[:12], positions[:12], whole.choice, PilotMl(fit=False), 2)
    other, _ = deviation_scale(seen[:12], positions[:12], whole.choice, PilotMl(fit=False), 2, back)
    assert torch.equal(one, other) and bool((one != 1).all())


def test_blind_pieces_too(scenes) -> None:
    seen, heard = scenes.observation, list[tuple[int, int, str]]()
    back = Pieces[Any](executor=Backwards(), progress=lambda *told: heard.append(told))
    one = calibrate_blind(seen, PilotMl(fit=False), 1, rounds=2)
    other = calibrate_blind(seen, PilotMl(fit=False), 1, rounds=2, pieces=back)
    assert torch.equal(one.elements, other.elements) and one.shares == other.shares
    assert heard[:2] == [(1, 2, "search"), (2, 2, "search")] and heard[-1] == (10, 10, "elements, held out")


def test_a_piece_that_fails_is_told(scenes) -> None:
    with pytest.raises(InfeasibleError, match="gone"):
        learnt_by(scenes, pieces=Pieces(executor=Backwards(fails=1)))


@pytest.mark.usefixtures("quick_workers")
def test_a_worker_that_is_killed_costs_its_piece(scenes, tmp_path: Path) -> None:
    from ris_pytorch_pipeline.tasks.cluster import connected

    save_scenes(tmp_path / "s", scenes.observation.to(dtype=torch.complex128), scenes.truth)
    read = partial(killed_once, Recording.of(tmp_path / "s"), tmp_path / "mark")
    with connected("2", nothing) as cluster:
        got = learnt_by(scenes, pieces=Pieces(executor=cluster, read=read))
    assert (tmp_path / "mark").exists()
    check_same(got, learnt_by(scenes))


def test_a_worker_that_reads_other_scenes_says_so(scenes, tmp_path: Path) -> None:
    save_scenes(tmp_path / "s", scenes.observation, scenes.truth)
    begun = Recording.of(tmp_path / "s")
    assert len(begun.known()) == 2
    with pytest.raises(InputError, match="as it was when the calibration began"):
        replace(begun, digests=("0" * 64,)).known()
