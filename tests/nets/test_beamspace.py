"""Are beams the energies of steering vectors, and does explaining a source show the ones behind it?"""

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from ris_pytorch_pipeline.data import Inputs, batch_from
from ris_pytorch_pipeline.errors import InfeasibleError
from ris_pytorch_pipeline.estimate import SearchGrid
from ris_pytorch_pipeline.estimate.normalise import scale
from ris_pytorch_pipeline.nets import Beamspace, NetConfig
from ris_pytorch_pipeline.nets.cleaning import Cleaning
from ris_pytorch_pipeline.nets.peak import ascended, peak_of
from ris_pytorch_pipeline.physics import coded_operator, draw, preset, scenario_array, steering_at
from ris_pytorch_pipeline.rng import stream

SCENARIO = preset("random", horizontal=4, vertical=4, antennas=4, snapshots=3, sources=1)
ARRAY = scenario_array(SCENARIO)
KINDS = ("random", "pilot")


def small(kind: str = "random") -> Inputs:
    return batch_from(draw(replace(SCENARIO, symbols=kind), 2, stream(0, "beams"), torch.complex64), ARRAY)[0]


def centres(grid: SearchGrid) -> Tensor:
    return torch.stack(torch.meshgrid(grid.u, grid.w, grid.q, indexing="ij"), dim=-1).float()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("planes", [2, 9])
def test_beams_are_energies_of_steering_vectors(kind: str, planes: int) -> None:
    given, beams = small(kind), Beamspace(NetConfig(planes=planes).fitted_to(SCENARIO))
    out, _ = beams(given)
    grid = beams.grid
    assert out.shape == (2, beams.channels, *grid.shape[:2]) and grid.q.numel() <= planes
    images = torch.view_as_complex(given.images.movedim(2, -1).contiguous())
    images = images if kind == "random" else images.mean(1, keepdim=True)
    a = steering_at(centres(grid), given.observation.array)
    energy = torch.einsum("abcn,sln->slabc", a.conj(), images).abs().square().sum(1)
    energy = energy * grid.valid[..., None]
    slow = (energy / (energy.sum(dim=(1, 2, 3), keepdim=True) / grid.size)).sqrt() - 1
    slow = slow * grid.valid[..., None]
    torch.testing.assert_close(out[:, : grid.q.numel()].movedim(1, -1), slow, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("kind", KINDS)
def test_cleaned_images_are_whitened_by_the_covariance_of_what_was_found(kind: str) -> None:
    given = small(kind)
    seen, noise = given.observation, given.log_noise.exp()
    found = torch.tensor([[[0.1, 0.2, 0.4], [-0.5, 0.0, 1.0]], [[0.3, -0.1, 0.2], [0.0, 0.4, 0.9]]])
    cleaning = Cleaning(seen, given.log_noise, seen.array)
    powers = [_explained(cleaning, place) for place in found.unbind(1)]
    fast = cleaning.images()
    for scene in range(2):
        slow = _slowly_cleaned(given, noise[scene], found[scene], [p[scene] for p in powers], scene)
        slow = slow if kind == "random" else slow.sum(0, keepdim=True)
        torch.testing.assert_close(fast[scene, 0], slow, rtol=1e-3, atol=1e-3 * float(slow.abs().max()))


@pytest.mark.parametrize("kind", KINDS)
def test_sources_held_at_once_leave_what_they_leave_one_by_one(kind: str) -> None:
    given = small(kind)
    seen, scaled = given.observation, scale(given.observation, torch.complex64)
    found = torch.tensor([[[0.1, 0.2, 0.4], [-0.5, 0.0, 1.0]], [[0.3, -0.1, 0.2], [0.0, 0.4, 0.9]]])
    one_by_one, at_once = (Cleaning(seen, given.log_noise, seen.array) for _ in range(2))
    powers = torch.stack([_explained(one_by_one, place) for place in found.unbind(1)], dim=1)
    at_once.hold(found, powers * scaled.channel[:, None])
    torch.testing.assert_close(at_once.images(), one_by_one.images(), rtol=1e-3, atol=1e-3)
    more = torch.tensor([[0.5, 0.3, 0.6], [-0.2, 0.1, 0.3]])
    torch.testing.assert_close(at_once.explain(more), one_by_one.explain(more), rtol=1e-3, atol=1e-3)
    torch.testing.assert_close(at_once.images(), one_by_one.images(), rtol=1e-3, atol=1e-3)


def _explained(cleaning: Cleaning, place: Tensor) -> Tensor:
    """Powers at which a source was taken in: w = p/(1 + p b^H x) solved for p."""
    cleaning.explain(place)
    solved, weight = cleaning._solved[..., -1, :], cleaning._weights[..., -1]
    coded = cleaning.codes * steering_at(place[:, None], cleaning.array)[:, None]
    response = cleaning._blocks(torch.einsum("sfln,sfmn->sflm", coded, cleaning.channel))
    own = (response.conj() * solved).sum(-1).real
    return (weight / (1 - weight * own))[:, 0]


def _slowly_cleaned(given: Inputs, noise: Tensor, found: Tensor, powers: list[Tensor], scene: int) -> Tensor:
    """G^H Γ⁻¹ y with the whole covariance of all snapshots stacked."""
    seen = given.observation
    g, a = coded_operator(seen.codes, seen.channel)[scene], steering_at(found, seen.array)
    h, y = seen.channel[scene], seen.measurements[scene]
    y = y / y.abs().square().mean().sqrt()
    signal = (1 - noise) / (h @ h.mH).diagonal().real.mean()
    gamma = torch.block_diag(*[0.3 * signal * h @ h.mH + noise * torch.eye(4)] * 3)
    for vector, power in zip(a, powers, strict=True):
        each = (g @ vector).flatten()
        outer = torch.outer(each, each.conj())
        gamma = gamma + power * (
            outer if seen.symbols == "pilot" else outer * torch.block_diag(*[torch.ones(4, 4)] * 3)
        )
    solved = torch.linalg.solve(gamma, y.flatten()).view(3, 4)
    return torch.einsum("lmn,lm->ln", g.conj(), solved)


@pytest.mark.parametrize("kind", KINDS)
def test_explaining_sources_shows_those_behind_them(kind: str) -> None:
    scenario = preset(kind, sources=3, snr_db=15.0)
    given, labels = batch_from(draw(scenario, 24, stream(0, "behind"), torch.complex64), scenario_array(scenario))
    beams = Beamspace(NetConfig(passes=2).fitted_to(scenario))
    out, taken = beams(given)
    assert taken.shape == (24, 3, 3)
    once = out[:, : beams.grid.q.numel()].amax(1).flatten(1).topk(3).indices
    highest = centres(beams.grid)[:, :, 0, :2].flatten(0, 1)[once]

    def found(places: Tensor) -> float:
        gaps = (labels.cosines[:, :, None, :2] - places[:, None]).norm(dim=-1).amin(-1)
        return float((gaps < 0.06).float().mean())

    assert found(taken[..., :2]) > 0.9
    assert found(highest) < 0.7


@pytest.mark.parametrize("kind", KINDS)
def test_another_look_finds_the_source_that_is_left_out(kind: str) -> None:
    scenario = preset(kind, sources=2, snr_db=15.0, separation=0.3)
    given, labels = batch_from(draw(scenario, 16, stream(0, "left"), torch.complex64), scenario_array(scenario))
    beams = Beamspace(NetConfig().fitted_to(scenario))
    scaled = scale(given.observation, torch.complex64)
    powers = labels.powers * (scaled.channel / scaled.measured)[:, None]
    place, gain = beams.look_again(given, labels.cosines[:, :1], powers[:, :1], given.log_noise)
    assert float((place[:, :2] - labels.cosines[:, 1, :2]).norm(dim=-1).median()) < 0.02
    _, nothing = beams.look_again(given, labels.cosines, powers, given.log_noise)
    assert bool((gain > 2 * nothing).float().mean() > 0.9)


def test_only_the_passes_differ_between_looks() -> None:
    given = small()
    once, twice = (Beamspace(NetConfig(passes=p).fitted_to(SCENARIO)) for p in (0, 2))
    planes = once.grid.q.numel()
    assert twice.channels - once.channels == 2 * planes + 2
    torch.testing.assert_close(twice(given)[0][:, :planes], once(given)[0][:, :planes])


def test_a_peak_between_cells_is_the_vertex_of_its_parabola() -> None:
    grid = Beamspace(NetConfig().fitted_to(preset("random"))).grid
    true = torch.stack([grid.u[5] + 0.3 * grid.step[0], grid.w[4] - 0.2 * grid.step[1], grid.q[2] + 0.4 * grid.step[2]])
    apart = (centres(grid) - true) / torch.tensor(grid.step)
    energy = (9 - apart.square().sum(-1)).clamp_min(0)[None].float()
    cell, place = peak_of(energy, grid)
    torch.testing.assert_close(place[0], true.float(), rtol=1e-4, atol=1e-4)
    assert int(cell) == 5 * grid.w.numel() + 4


def test_an_ascent_leads_to_the_peak_of_a_lone_source() -> None:
    scenario = preset("random")
    grid, array = Beamspace(NetConfig().fitted_to(scenario)).grid, NetConfig().fitted_to(scenario).array
    true = torch.tensor([[0.3, -0.1, 0.6]])
    image = steering_at(true[:, None].double(), array).to(torch.complex64)
    start = true + torch.tensor([[0.03, -0.02, 0.1]])
    end = ascended(start, image[:, None], array.to(dtype=torch.float32), grid)
    assert bool(((end - true).abs() < 0.3 * (start - true).abs()).all())


def test_beams_that_do_not_fit_are_refused() -> None:
    with pytest.raises(InfeasibleError, match="GiB for"):
        Beamspace(NetConfig().fitted_to(preset("mmwave", horizontal=128, vertical=128)))
