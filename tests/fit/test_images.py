"""Does `images_of` tell a source from an image of a stronger one, with the chance that it states?"""

import math
from dataclasses import replace

import pytest
import torch
from torch import Tensor

from ris_pytorch_pipeline.data import simulate
from ris_pytorch_pipeline.errors import InputError
from ris_pytorch_pipeline.estimate import Estimate, Sml, Status, images_of
from ris_pytorch_pipeline.physics import Scenes, measure, preset, steering

_SMALL = {"horizontal": 8, "vertical": 8, "antennas": 8, "snapshots": 16}


def _true(scenes: Scenes) -> Estimate:
    """An estimate that states the truth."""
    truth = scenes.truth
    order = truth.powers.argsort(dim=1, descending=True)
    positions = truth.positions.gather(1, order[..., None].expand_as(truth.positions)).double()
    return Estimate(
        positions=positions,
        order=truth.sources,
        powers=truth.powers.gather(1, order).double(),
        deviations=torch.full_like(positions, 1e-3),
        noise_variance=truth.noise_variance.double(),
        status=(Status.CONVERGED,) * len(positions),
    )


def _sending(scenes: Scenes, symbols: Tensor, powers: Tensor) -> Scenes:
    """The same scenes with other symbols."""
    seen, truth = scenes.observation, scenes.truth
    vectors = steering(truth.positions, seen.array).to(symbols.dtype)
    change = measure(vectors, symbols - truth.symbols, seen.codes, seen.channel)
    return replace(
        scenes,
        observation=replace(seen, measurements=seen.measurements + change),
        truth=replace(truth, symbols=symbols, powers=powers),
    )


def _echoed(scenes: Scenes, share: float) -> Scenes:
    """Scenes of two sources in which the second one sends a part of what the first one sends."""
    first, powers = scenes.truth.symbols[..., :1], scenes.truth.powers[:, :1]
    symbols = torch.cat([first, math.sqrt(share) * first * 1j], dim=-1)
    return _sending(scenes, symbols, powers * powers.new_tensor([1.0, share]))


def test_independent_sources_are_as_alike_as_chance_has_it() -> None:
    scenes = simulate(preset("random", sources=3, snr_db=5.0, **_SMALL), 400, seed=1)
    chance = images_of(scenes.observation, _true(scenes)).chance
    for level in (0.05, 0.25, 0.5, 0.75):
        spread = math.sqrt(level * (1 - level) / 400)
        assert abs(float((chance < level).double().mean()) - level) < 4 * spread + 0.02  # the residual's p is a bound


def test_an_echo_is_an_image_of_its_source_and_not_counted() -> None:
    scenes = _echoed(simulate(preset("random", sources=2, snr_db=20.0, **_SMALL), 8, seed=2), 0.25)
    found = _true(scenes)
    images = images_of(scenes.observation, found)
    assert images.of.tolist() == [[-1, 0]] * 8
    assert bool((images.likeness[:, 1] > 0.8).all())
    assert "source 2 is an image of source 1" in images.said(0)[0]
    left = images.without(found)
    assert left.order.tolist() == [1] * 8
    assert torch.equal(left.positions, found.positions[:, :1])
    assert torch.equal(left.powers, found.powers[:, :1])
    assert left.status == (Status.MISFIT,) * 8


def test_an_image_is_named_after_the_source_that_it_repeats() -> None:
    scenes = simulate(preset("random", sources=3, snr_db=25.0, **_SMALL), 4, seed=3)
    symbols, powers = scenes.truth.symbols, scenes.truth.powers
    first, second = symbols[..., 0], symbols[..., 1]
    loud = torch.stack([2 * first, second, 0.7 * second], dim=-1)
    scenes = _sending(scenes, loud, torch.stack([4 * powers[:, 0], powers[:, 1], 0.49 * powers[:, 1]], dim=-1))
    order = scenes.truth.powers.argsort(dim=1, descending=True)
    images = images_of(scenes.observation, _true(scenes))
    place = [row.index(2) for row in order.tolist()]
    assert [row[k] for row, k in zip(images.of.tolist(), place, strict=True)] == [
        row.index(1) for row in order.tolist()
    ]
    assert (images.of >= 0).sum(-1).tolist() == [1] * 4


def test_weak_sources_of_a_right_model_are_kept() -> None:
    scenes = simulate(preset("random", sources=3, snr_db=10.0, power_db=(-10.0, 0.0), **_SMALL), 24, seed=4)
    found = Sml(fit=False)(scenes.observation)
    images = images_of(scenes.observation, found)
    calm = images.chance >= 0.02
    assert int(calm.sum()) > 20
    assert bool((images.of[calm] < 0).all())
    assert int(images.without(found).order.sum()) >= int(found.order.sum()) - 1


def test_one_source_has_no_image() -> None:
    scenes = simulate(preset("random", sources=1, snr_db=10.0, **_SMALL), 4, seed=5)
    images = images_of(scenes.observation, _true(scenes), alarm=1.0)
    assert images.of.tolist() == [[-1]] * 4
    assert images.without(_true(scenes)).status == (Status.CONVERGED,) * 4


def test_nothing_found_has_no_image() -> None:
    scenes = simulate(preset("random", sources=1, snr_db=10.0, **_SMALL), 2, seed=6)
    found = _true(scenes)
    none = replace(
        found, positions=found.positions[:, :0], powers=found.powers[:, :0], deviations=found.deviations[:, :0],
        order=0 * found.order,
    )  # fmt: skip
    images = images_of(scenes.observation, none)
    assert images.of.shape == (2, 0)
    assert images.without(none).order.tolist() == [0, 0]


def test_scenes_with_fewer_sources_are_padded_like_those_alone() -> None:
    scenes = _echoed(simulate(preset("random", sources=2, snr_db=20.0, **_SMALL), 2, seed=7), 0.25)
    found = _true(scenes)
    short = replace(
        found,
        positions=found.positions.index_fill(1, torch.tensor([1]), torch.nan).where(
            torch.tensor([True, False])[:, None, None], found.positions
        ),
        order=torch.tensor([1, 2]),
    )
    both = images_of(scenes.observation, short)
    alone = images_of(scenes.observation[torch.tensor([1])], found[torch.tensor([1])])
    assert both.of.tolist() == [[-1, -1], [-1, 0]]
    assert torch.allclose(both.chance[1], alone.chance[0], rtol=1e-6)


def test_pilots_are_refused() -> None:
    scenes = simulate(preset("pilot", sources=2, snr_db=10.0, **_SMALL), 1, seed=8)
    with pytest.raises(InputError, match="random symbols"):
        images_of(scenes.observation, _true(scenes))
