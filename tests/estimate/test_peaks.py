"""Is a ridge one source, are two sources on one ridge two, and does refinement reach the optimum?"""

import torch

from ris_pytorch_pipeline.covariance import music, signal_subspace, true_covariance
from ris_pytorch_pipeline.estimate.grid import SearchGrid, search_grid
from ris_pytorch_pipeline.estimate.region import SearchRegion
from ris_pytorch_pipeline.estimate.spectral.peaks import Peaks, climb, grid_peaks, keep_distinct
from ris_pytorch_pipeline.estimate.spectral.spectra import Bartlett, Music
from ris_pytorch_pipeline.physics import Panel, steering_at, uniform
from ris_pytorch_pipeline.rng import stream

ARRAY = Panel(horizontal=12, vertical=12, spacing=0.15).array(0.3)


def axes(n_u: int, n_w: int, n_q: int) -> SearchGrid:
    u, w, q = (torch.arange(n, dtype=torch.float64) for n in (n_u, n_w, n_q))
    return SearchGrid(u, w, q, torch.ones(n_u, n_w, dtype=torch.bool), SearchRegion().box)


def test_a_ridge_with_two_maxima_in_distance_is_one_direction() -> None:
    volume = torch.zeros(1, 7, 6, 5)
    volume[0, 2, 3] = torch.tensor([0.8, 0.75, 0.7, 0.78, 0.9])  # a shallow valley: one source
    volume[0, 5, 1] = torch.tensor([0.1, 0.5, 0.1, 0.0, 0.0])
    for planes in (1, 2):
        points, height = grid_peaks(volume, axes(7, 6, 5), 3, planes)
        assert points[0, :2].tolist() == [[2, 3, 4], [5, 1, 1]]
        assert float(height[0, 2]) <= 0.0


def test_a_deep_valley_parts_two_sources_of_one_direction() -> None:
    volume = torch.zeros(1, 7, 6, 5)
    volume[0, 2, 3] = torch.tensor([0.8, 0.3, 0.2, 0.4, 0.9])
    assert grid_peaks(volume, axes(7, 6, 5), 2, 1)[0][0, 0].tolist() == [2, 3, 4]
    points, height = grid_peaks(volume, axes(7, 6, 5), 2, 2)
    assert points[0].tolist() == [[2, 3, 4], [2, 3, 0]]
    torch.testing.assert_close(height[0], torch.tensor([0.9, 0.8]))


def test_what_was_not_searched_is_no_peak() -> None:
    volume = torch.full((1, 4, 4, 2), -torch.inf)
    volume[0, 1, 1] = 0.5
    _, height = grid_peaks(volume, axes(4, 4, 2), 5)
    assert (height > -torch.inf).sum() == 1


def test_two_sources_in_one_direction_are_found_along_the_ridge() -> None:
    cosines = torch.tensor([[[0.2, 0.1, 1.9], [0.2, 0.1, 0.12]]], dtype=torch.float64)
    covariance = true_covariance(cosines, torch.ones(1, 2, dtype=torch.float64), ARRAY, floor=1e-3)
    found = Music(per_direction=2).locate(covariance, ARRAY, 2)
    assert found.order.tolist() == [2]
    distances = found.positions[0, :, 2].sort().values
    torch.testing.assert_close(distances, torch.tensor([1 / 1.9, 1 / 0.12], dtype=torch.float64), rtol=1e-3, atol=0)
    single = Music(per_direction=1).locate(covariance, ARRAY, 2)
    assert (single.positions[0, :, :2] - found.positions[0, :1, :2]).abs().amax(-1)[1:].nan_to_num(9).min() > 0.01


def test_climbing_reaches_the_optimum_against_a_fine_scan() -> None:
    """On a subspace that no steering vector spans, where the optimum is not zero."""
    generator = stream(0, "climb")
    cosines = uniform(-0.4, 0.4, (4, 1, 3), generator)
    cosines[..., 2] = cosines[..., 2].abs() + 0.2
    noisy = steering_at(cosines, ARRAY).squeeze(1)
    noisy = noisy + 2 * torch.randn(4, 144, generator=generator, dtype=torch.complex128)
    basis = signal_subspace(noisy[:, :, None] * noisy[:, None, :].conj(), 1)
    start = cosines + torch.tensor([0.02, -0.02, 0.1])
    end = climb(start, basis, ARRAY, search_grid(SearchRegion(), ARRAY), iterations=30)
    assert bool(end.settled.all())
    offsets = torch.cartesian_prod(*[torch.linspace(-s, s, 11, dtype=torch.float64) for s in (4e-3, 4e-3, 2e-2)])
    around = music(basis, steering_at(end.cosines + offsets, ARRAY))
    torch.testing.assert_close(1 - end.score, around.amin(-1, keepdim=True), rtol=1e-9, atol=1e-9)


def test_a_source_beyond_the_region_is_held_at_its_edge() -> None:
    """A source at 0.3 m, region from 0.5 m: the distance stays at the edge of the box, the direction is the best."""
    cosines = torch.tensor([[[0.0, 0.0, 1 / 0.3]]], dtype=torch.float64)
    covariance = true_covariance(cosines, torch.ones(1, 1, dtype=torch.float64), ARRAY, floor=1e-3)
    found = Bartlett().locate(covariance, ARRAY, 1)
    edge = SearchRegion().box[2][1]
    torch.testing.assert_close(1 / found.positions[0, 0, 2], torch.tensor(edge, dtype=torch.float64))
    assert found.positions[0, 0, :2].abs().max() < 1e-6


def test_keep_distinct_keeps_the_higher_of_two_close_peaks() -> None:
    cosines = torch.tensor([[[0.0, 0.0, 1.0], [0.05, 0.0, 1.9], [0.3, 0.0, 1.0], [0.31, 0.0, 1.1]]])
    peaks = Peaks(cosines, torch.tensor([[0.5, 0.9, 0.4, -torch.inf]]), torch.ones(1, 4, dtype=torch.bool))
    kept = keep_distinct(peaks, 3, (0.1, 0.1, torch.inf))
    assert kept.score[0].tolist()[:2] == torch.tensor([0.9, 0.4]).tolist()
    assert kept.score[0, 2] == -torch.inf
    assert (keep_distinct(peaks, 3, (0.1, 0.1, 0.5)).score > -torch.inf).all()
