"""Are batches a function of scenario, seed, split and number, and are splits strangers?"""

import pytest
import torch

from ris_pytorch_pipeline.data import (
    HeldScenes,
    Inputs,
    Labels,
    Reordered,
    SceneSource,
    batch_bytes,
    check_disjoint,
    content_hashes,
    part_of,
)
from ris_pytorch_pipeline.data.dataset import Split
from ris_pytorch_pipeline.errors import ConfigurationError, InputError
from ris_pytorch_pipeline.physics import preset
from ris_pytorch_pipeline.physics.scenes import scene
from ris_pytorch_pipeline.physics.snapshots import measure

SMALL = preset("random", horizontal=4, vertical=3, antennas=4, snapshots=4, sources=(1, 2), separation=0.0)


def source(split: Split = "train", seed: int = 0, scenes: int = 10, batch: int = 4) -> SceneSource:
    return SceneSource(scenario=SMALL, split=split, seed=seed, scenes=scenes, batch=batch)


def test_batches_cover_all_scenes() -> None:
    sizes = [len(inputs) for inputs, _ in source()]
    assert sizes == [4, 4, 2]
    assert len(source()) == 3
    assert len(set(content_hashes(source()))) == 10


def test_a_batch_is_the_same_each_time_and_in_any_order() -> None:
    first, again = source()[1], list(source())[1]
    assert torch.equal(first[0].images, again[0].images)
    assert torch.equal(first[0].observation.measurements, again[0].observation.measurements)
    assert torch.equal(first[1].powers, again[1].powers)


def test_fewer_scenes_are_the_first_of_more() -> None:
    assert content_hashes(source(scenes=6)) == content_hashes(source())[:6]


def test_splits_seeds_and_epochs_share_no_scene() -> None:
    all_of_them = [
        source(), source("validation"), source("test"), source(seed=1), source().epoch(1), source().epoch(2),
    ]  # fmt: skip
    hashes = [h for one in all_of_them for h in content_hashes(one)]
    assert len(set(hashes)) == len(hashes)
    assert content_hashes(source().epoch(0)) == content_hashes(source())
    check_disjoint(source(), source("validation"))


def test_a_shared_scene_is_found() -> None:
    with pytest.raises(InputError, match="6 scenes in both"):
        check_disjoint(source(scenes=6), source())


def test_held_scenes_are_drawn_once() -> None:
    held = HeldScenes(source())
    assert held[2] is held[2]
    assert [len(x) for x, _ in held] == [4, 4, 2]
    assert content_hashes(held) == content_hashes(source())


def test_a_budget_changes_what_is_held_and_nothing_else() -> None:
    whole = HeldScenes(source())
    one = batch_bytes(*whole[0])
    assert whole.needed_bytes == 3 * one
    images = whole[0][0].images
    assert one > images.numel() * images.element_size()
    small = HeldScenes(source(), budget=int(1.5 * one))
    assert content_hashes(small) == content_hashes(whole)
    assert one <= small.held_bytes <= small.budget
    assert whole.held_bytes > small.held_bytes
    assert HeldScenes(source(), budget=0)[0] is not None
    with pytest.raises(ConfigurationError, match="budget"):
        HeldScenes(source(), budget=-1)


def test_held_batches_are_moved_to_their_device_once(monkeypatch: pytest.MonkeyPatch) -> None:
    moves: list[object] = []
    for part in (Inputs, Labels):
        monkeypatch.setattr(part, "to", lambda self, device: moves.append(device) or self)
    held = HeldScenes(source(), device="cuda")
    assert held.needed_bytes == 3 * held.held_bytes
    assert held[0] is held[0]
    assert moves == ["cuda", "cuda"]


def test_an_index_beyond_the_end_is_refused() -> None:
    with pytest.raises(IndexError):
        source()[3]


def test_wrong_budgets_are_refused() -> None:
    with pytest.raises(ConfigurationError, match="scenes >= 1"):
        source(scenes=0)
    with pytest.raises(ConfigurationError, match="batch >= 1"):
        source(batch=0)


def test_batches_take_their_kinds_of_symbols_in_turns() -> None:
    mixed = SceneSource(scenario=SMALL, split="train", seed=0, scenes=16, batch=4, kinds=("random", "pilot"))
    kinds = [inputs.observation.symbols for inputs, _ in mixed]
    assert kinds == ["random", "pilot", "random", "pilot"]
    assert [i.observation.symbols for i, _ in mixed.epoch(1)] == kinds
    assert torch.equal(mixed[0][0].observation.measurements, source(scenes=16)[0][0].observation.measurements)


@pytest.mark.parametrize("kind", ["drawn", "held", "reordered", "plain"])
def test_parts_of_a_batch_are_the_batch(kind: str) -> None:
    class Plain:
        def __len__(self) -> int:
            return 3

        def __getitem__(self, index: int) -> tuple[Inputs, Labels]:
            return source()[index]

    made = {"drawn": source(), "held": HeldScenes(source()), "plain": Plain()}
    made["reordered"] = Reordered(source=HeldScenes(source()), order=(0, 1, 2))
    for index, size in enumerate((4, 4, 2)):
        inputs, labels = source()[index]
        for rows in (slice(0, 1), slice(1, size), slice(0, size)):
            mine, theirs = part_of(made[kind], index, rows)
            assert len(mine) == len(theirs) == rows.stop - rows.start
            torch.testing.assert_close(mine.images, inputs.images[rows])
            torch.testing.assert_close(mine.observation.measurements, inputs.observation.measurements[rows])
            torch.testing.assert_close(theirs.cosines, labels.cosines[rows], equal_nan=True)


def test_arithmetic_is_done_for_the_rows_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: list[int] = []
    monkeypatch.setattr(scene, "measure", lambda *given: sizes.append(len(given[0])) or measure(*given))
    source().part(0, slice(1, 3))
    source()[1]
    assert sizes == [2, 4]


def test_parts_are_held_once_and_cut_from_a_batch_that_is_held() -> None:
    held = HeldScenes(source())
    assert held.part(0, slice(1, 3)) is held.part(0, slice(1, 3))
    half = held.held_bytes
    assert held[0] is held[0]
    assert 2.5 * half < held.held_bytes < 3.5 * half
    assert held.part(0, slice(0, 2))[0].images.data_ptr() == held[0][0].images.data_ptr()
    assert HeldScenes(source(), budget=0).part(0, slice(0, 2))[0] is not None
