"""Do simulated scenes depend on the seed and their number only?"""

import torch

from ris_pytorch_pipeline.data import simulate, simulated_blocks
from ris_pytorch_pipeline.data.simulation import block_size
from ris_pytorch_pipeline.physics import preset

SMALL = preset("random", horizontal=4, vertical=4, antennas=4, snapshots=4, sources=(1, 2), separation=0.0)


def test_the_first_scenes_are_the_same_whatever_number_is_drawn() -> None:
    few, many = simulate(SMALL, 3, seed=5), simulate(SMALL, 100, seed=5)
    assert len(few) == 3
    assert len(many) == 100
    assert torch.equal(few.observation.measurements, many.observation.measurements[:3])
    assert torch.equal(few.truth.powers, many.truth.powers[:3])
    for tensor in (*vars(many.truth).values(), many.observation.codes, many.observation.channel):
        assert tensor.shape[0] == 100


def test_blocks_and_seeds_differ() -> None:
    one, other = simulate(SMALL, 128, seed=5), simulate(SMALL, 1, seed=6)
    measured = one.observation.measurements
    assert block_size(SMALL) == 64
    assert not torch.equal(measured[:64], measured[64:])
    assert not torch.equal(measured[:1], other.observation.measurements)


def test_blocks_are_the_scenes_of_simulate() -> None:
    blocks = list(simulated_blocks(SMALL, 100, seed=5))
    assert [len(block) for block in blocks] == [64, 36]
    together = torch.cat([block.observation.measurements for block in blocks])
    assert torch.equal(together, simulate(SMALL, 100, seed=5).observation.measurements)


def test_blocks_stay_small() -> None:
    assert block_size(preset("random")) == 64
    wide = preset("mmwave")
    assert block_size(wide) * wide.elements * (wide.snapshots + wide.antennas) <= 2**22


def test_precision_changes_no_draw() -> None:
    single, double = simulate(SMALL, 2, 0, torch.complex64), simulate(SMALL, 2, 0)
    assert single.observation.measurements.dtype == torch.complex64
    torch.testing.assert_close(
        single.observation.measurements, double.observation.measurements.to(torch.complex64), rtol=1e-4, atol=1e-4
    )


def test_progress_is_told() -> None:
    seen: list[tuple[int, int]] = []
    simulate(SMALL, 100, 0, progress=lambda done, total: seen.append((done, total)))
    assert seen == [(64, 100), (100, 100)]
