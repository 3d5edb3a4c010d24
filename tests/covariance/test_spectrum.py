"""Do the fast spectra equal the slow formulas, and can a loss be taken through them?"""

import pytest
import torch

from ris_pytorch_pipeline.covariance import (
    LowRank,
    bartlett,
    beam_energy,
    energies,
    grid_energy,
    load,
    music,
    mvdr,
    mvdr_low_rank,
    signal_subspace,
    spectrum,
    tiles,
)
from ris_pytorch_pipeline.physics import Array, Panel, complex_normal, steering_at, uniform
from ris_pytorch_pipeline.rng import stream

WAVELENGTH = 0.3


@pytest.fixture
def array() -> Array:
    return Panel(horizontal=5, vertical=4, spacing=0.15).array(WAVELENGTH)


@pytest.fixture
def few() -> LowRank:
    factor = complex_normal((2, 20, 3), stream(0, "spectrum"))
    return LowRank(factor, torch.tensor([0.05, 0.5], dtype=torch.float64))


@pytest.fixture
def vectors(array: Array) -> torch.Tensor:
    cosines = uniform(-0.5, 0.5, (7, 3), stream(1, "spectrum"))
    cosines[:, 2].abs_()
    return steering_at(cosines, array)


def test_mvdr_of_both_forms_is_the_full_inverse(few: LowRank, vectors: torch.Tensor) -> None:
    inverse = torch.linalg.inv(few.dense())
    slow = 1 / torch.einsum("pn,snm,pm->sp", vectors.conj(), inverse, vectors).real
    torch.testing.assert_close(mvdr(few.dense(), vectors, jitter=0.0), slow)
    torch.testing.assert_close(mvdr_low_rank(few, vectors), slow)
    torch.testing.assert_close(mvdr(few.dense(), vectors, 0.2), mvdr(load(few.dense(), 0.2), vectors, 0.0))


def test_bartlett_and_music_are_their_formulas(few: LowRank, vectors: torch.Tensor) -> None:
    slow = torch.einsum("pn,snm,pm->sp", vectors.conj(), few.dense(), vectors).real / 400
    torch.testing.assert_close(bartlett(few.dense(), vectors), slow)
    noise = torch.linalg.eigh(few.dense()).eigenvectors[..., :-3]
    slow = torch.stack([(vectors @ noise[s].conj()).abs().square().sum(-1) / 20 for s in range(2)])
    torch.testing.assert_close(music(signal_subspace(few.dense(), 3), vectors), slow)


def test_vectors_that_serve_every_scene_are_tiled_and_their_energy_can_be_kept(
    few: LowRank, vectors: torch.Tensor, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    """Axes of batches, tiles and kept energies change nothing, nor do vectors of each scene."""
    basis = signal_subspace(few.dense(), 3).expand(3, 2, 20, 3)
    own = music(basis, 2 * vectors.expand(3, 2, *vectors.shape))
    monkeypatch.setattr(spectrum, "TILE_BYTES", 3 * 20 * 16)  # three vectors a tile
    several = music(basis, 2 * vectors)
    torch.testing.assert_close(several, own)
    torch.testing.assert_close(energies(2 * vectors), torch.full((7,), 80.0, dtype=torch.float64))
    assert torch.equal(music(basis, 2 * vectors, energies(2 * vectors)), several)
    assert beam_energy(vectors, basis[..., :0]).shape == (3, 2, 7)


def test_a_lone_source_shows_its_power(vectors: torch.Tensor) -> None:
    """R = p a a^H + ε I: Bartlett and MVDR give p + ε/N at the source, and MUSIC 0."""
    a = vectors[:1]
    alone = LowRank(2.0**0.5 * a.mT[None], torch.tensor([0.1], dtype=torch.float64))
    level = torch.tensor([[2.0 + 0.1 / 20]], dtype=torch.float64)
    torch.testing.assert_close(bartlett(alone.dense(), a), level)
    torch.testing.assert_close(mvdr(alone.dense(), a, 0.0), level)
    torch.testing.assert_close(mvdr_low_rank(alone, a), level)
    assert music(signal_subspace(alone.dense(), 1), a).abs().max() < 1e-12


@pytest.mark.parametrize("spectrum", ["bartlett", "mvdr", "mvdr_low_rank", "music"])
def test_gradients_against_finite_differences(spectrum: str, few: LowRank, vectors: torch.Tensor) -> None:
    forms = {
        "bartlett": lambda f: bartlett(LowRank(f, few.floor).dense(), vectors),
        "mvdr": lambda f: mvdr(LowRank(f, few.floor).dense(), vectors, 0.01),
        "mvdr_low_rank": lambda f: mvdr_low_rank(LowRank(f, few.floor), vectors),
        "music": lambda f: music(signal_subspace(LowRank(f, few.floor).dense(), 3), vectors),
    }
    factor = few.factor.clone().requires_grad_()
    assert torch.autograd.gradcheck(forms[spectrum], factor, atol=1e-5, rtol=1e-3)


def test_gradient_reaches_the_position(few: LowRank, array: Array) -> None:
    cosines = torch.tensor([[0.2, -0.1, 0.3]], dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda c: mvdr_low_rank(few, steering_at(c, array)), cosines, atol=1e-6)


def test_autocast_does_not_change_a_spectrum(few: LowRank, vectors: torch.Tensor) -> None:
    rough = LowRank(few.factor.to(torch.complex64), few.floor.float())
    single = vectors.to(torch.complex64)
    with torch.autocast("cpu", torch.bfloat16):
        inside = mvdr_low_rank(rough, single), mvdr(rough.dense(), single), bartlett(rough.dense(), single)
    outside = mvdr_low_rank(rough, single), mvdr(rough.dense(), single), bartlett(rough.dense(), single)
    for one, other in zip(inside, outside, strict=True):
        assert one.dtype == torch.float32
        torch.testing.assert_close(one, other, rtol=0, atol=0)


def test_the_tiled_grid_is_the_plain_product(few: LowRank, array: Array, monkeypatch: pytest.MonkeyPatch) -> None:
    points = uniform(-0.5, 0.5, (23, 3), stream(2, "spectrum")).abs()
    plain = beam_energy(steering_at(points, array), few.factor)
    torch.testing.assert_close(grid_energy(points, few.factor, array), plain)
    monkeypatch.setattr("ris_pytorch_pipeline.covariance.spectrum.TILE_BYTES", 2000)  # six points, then one scene
    torch.testing.assert_close(grid_energy(points, few.factor, array), plain)


def test_tiles_cover_everything_within_the_limit() -> None:
    parts = list(tiles(1000, 2**15, 7))
    assert [n for part in parts for n in range(part.start, part.stop)] == list(range(1000))
    assert max(part.stop - part.start for part in parts) == 7
    assert max(part.stop - part.start for part in tiles(1000, 2**15)) == 64
