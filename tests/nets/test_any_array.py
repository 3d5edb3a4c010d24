"""Does the network work with every array: lines, bent and turned panels, no RIS, several wavelengths?"""

import math
from dataclasses import replace

import pytest
import torch

import ris_pytorch_pipeline as ris
from ris_pytorch_pipeline.data import batch_from, inputs_from
from ris_pytorch_pipeline.errors import InputError
from ris_pytorch_pipeline.estimate import Music
from ris_pytorch_pipeline.experiment import TrainingExperiment
from ris_pytorch_pipeline.experiment.training import training_from_plain
from ris_pytorch_pipeline.localise import Candidates, Localiser
from ris_pytorch_pipeline.losses import HybridLoss, LossWeights, targets_on
from ris_pytorch_pipeline.losses.likelihood import coded_likelihood
from ris_pytorch_pipeline.nets import Beamspace, HybridNet, NetConfig, R_pred
from ris_pytorch_pipeline.nets.export import Learned, exported
from ris_pytorch_pipeline.physics import (
    Array,
    Line,
    Points,
    Pose,
    Scenario,
    Scenes,
    coded_operator,
    draw,
    lags_of,
    preset,
    scenario_array,
    steering_at,
)
from ris_pytorch_pipeline.physics.arrays import ARRAYS
from ris_pytorch_pipeline.rng import stream

LINE = Line(count=15, spacing=0.15).array(0.3)
_PLACES = torch.randn(40, 3, generator=stream(0, "cloud"), dtype=torch.float64) * 0.3
CLOUD = Points(_PLACES - _PLACES.mean(0), 0.3)
TWO = {"sources": 2, "snr_db": 20.0, "separation": 0.3}
SMALL_PANEL = {"horizontal": 8, "vertical": 6}
SCENARIOS = {
    "line": preset("random", array=LINE, **TWO),
    "no RIS": preset("random", array=LINE, channel="direct", codes="ones", antennas=15, snapshots=40, **TWO),
    "cylinder": preset("random", **SMALL_PANEL, bend_deg=180.0, **TWO),
    "tilted": preset("pilot", **SMALL_PANEL, yaw_deg=30.0, pitch_deg=-10.0, azimuth_deg=(-30.0, 90.0), **TWO),
    "all around": preset("pilot", array=CLOUD, azimuth_deg=(-180.0, 180.0), distance=(1.0, 5.0), **TWO),
    "wideband": preset("random", **SMALL_PANEL, frequencies=3, bandwidth=0.1, snapshots=6, **TWO),
    "wideband pilots": preset("pilot", **SMALL_PANEL, frequencies=3, bandwidth=0.1, snapshots=6, **TWO),
}
EVERY = pytest.mark.parametrize("scenario", SCENARIOS.values(), ids=SCENARIOS)


def config(scenario: Scenario) -> NetConfig:
    return NetConfig(width=8, blocks=1, passes=2, rank=5, planes=4).fitted_to(scenario)


def scenes(scenario: Scenario, count: int = 6) -> Scenes:
    return draw(scenario, count, stream(0, "any array"), torch.complex64)


FIELDS = SCENARIOS | {
    "panel": preset("random", horizontal=12, vertical=12),
    "odd panel": preset("random", horizontal=9, vertical=4),
    "wide panel": preset("random", horizontal=7, vertical=6, azimuth_deg=(-85.0, 85.0), elevation_deg=(-60.0, 60.0)),
    "skew panel": preset("random", horizontal=7, vertical=7, azimuth_deg=(-40.0, 85.0), elevation_deg=(-60.0, 60.0)),
    "skew line": preset("random", array=LINE, azimuth_deg=(-20.0, 70.0)),
}


@pytest.mark.parametrize("scenario", FIELDS.values(), ids=FIELDS)
def test_beams_see_the_field_and_nothing_outside(scenario: Scenario) -> None:
    array = scenario_array(scenario)
    beams = Beamspace(replace(config(scenario), planes=2))
    planes, outside = beams.grid.q.numel(), ~beams.grid.valid
    shape = (2, array.frequencies, 3, len(array))
    images = torch.randn(shape, generator=stream(0, "field"), dtype=torch.complex64)
    steering = steering_at(beams.grid.points().float(), array).view(array.frequencies, -1, len(array))
    slow = torch.einsum("fpn,sfln->sflp", steering.conj(), images).abs().square().sum((1, 2))
    seen = beams.energy(images)
    torch.testing.assert_close(seen, beams.grid.volume(slow, 0.0), rtol=1e-3, atol=1e-3 * float(slow.max()))
    maps = beams(batch_from(scenes(scenario, 2), array)[0])[0][:, : 3 * planes]
    assert bool((seen[:, outside] == 0).all()) and bool((maps[..., outside] == 0).all())


@EVERY
def test_it_answers_and_learns(scenario: Scenario) -> None:
    mine = config(scenario)
    net, (inputs, labels) = HybridNet(mine), batch_from(scenes(scenario), mine.array)
    optimizer, values = torch.optim.Adam(net.parameters(), lr=3e-3), []
    for _ in range(4):
        optimizer.zero_grad()
        report = HybridLoss(LossWeights(contrast=0.1))(net(inputs), inputs, labels)
        report.total.backward()
        assert all(bool(p.grad.isfinite().all()) for p in net.parameters() if p.grad is not None)
        optimizer.step()
        values.append(float(report.total.detach()))
    assert all(map(math.isfinite, values)) and values[-1] < values[0]
    answer = net(inputs)
    trace = R_pred(answer).diagonal(dim1=-2, dim2=-1).real.sum(-1)
    torch.testing.assert_close(trace, torch.full_like(trace, len(mine.array)))


@EVERY
def test_the_places_that_the_beams_take_are_located(scenario: Scenario) -> None:
    drawn = scenes(scenario, 8)
    net = HybridNet(config(scenario)).eval()
    found = Localiser(net)(drawn.observation, 2)
    assert float(ris.matched(found, drawn).found.float().mean()) > 0.9
    for rough in (Localiser(net, Candidates(), polish=0), Localiser(net, Music(region=net.config.region), polish=0)):
        assert bool(rough(drawn.observation, 2).positions[:, 0].isfinite().all())
    size = len(net.config.array)
    assert Localiser(net).covariance(drawn.observation, 2).dense().shape == (8, size, size)


@EVERY
def test_beams_and_plane_waves_are_energies_of_steering_vectors(scenario: Scenario) -> None:
    mine, drawn = config(scenario), scenes(scenario, 2)
    inputs, beams = inputs_from(drawn.observation, mine.array), Beamspace(replace(mine, passes=0))
    array, grid, seen = mine.array, beams.grid, drawn.observation
    count = array.frequencies
    images = torch.complex(inputs.images[:, :, 0], inputs.images[:, :, 1]).unflatten(1, (count, -1))
    images = images.mean(2, keepdim=True) if seen.symbols == "pilot" else images
    a = steering_at(grid.points().float(), array)
    a = a if count > 1 else a[None]
    energy = (images @ a.mH).abs().square().sum(dim=(1, 2))
    fast = beams.energy(images)[:, grid.valid].flatten(1)
    torch.testing.assert_close(fast, energy, rtol=2e-3, atol=1e-4 * float(energy.max()))
    gram = _gram(inputs)
    far = torch.cat([grid.directions, torch.zeros_like(grid.directions[..., :1])], dim=-1).flatten(0, 1)
    waves = steering_at(far, array).to(torch.complex128)
    waves = waves if count > 1 else waves[None]
    plane = torch.einsum("fdn,sfnm,fdm->sd", waves.conj(), gram, waves).real
    plane = plane / gram.diagonal(dim1=-2, dim2=-1).real.sum(dim=(-1, -2))[:, None] / len(array)
    out, _ = beams(inputs)
    torch.testing.assert_close(out[:, -3].flatten(1).double(), plane, rtol=2e-3, atol=2e-3)


def _gram(inputs) -> torch.Tensor:
    """Σ_l G_l^H Γ⁻¹ G_l with Γ from the share of noise, in full."""
    seen = inputs.observation.to(dtype=torch.complex128)
    codes, channel = seen.by_frequency()
    outer = channel @ channel.mH
    noise = inputs.log_noise.double().exp()
    signal = (1 - noise) / outer.diagonal(dim1=-2, dim2=-1).real.mean(dim=(-1, -2))
    gamma = signal[:, None, None, None] * outer + torch.diag_embed(noise[:, None, None].expand(outer.shape[:-1]))
    g = coded_operator(codes, channel)
    return (g.mH @ torch.linalg.solve(gamma.unsqueeze(2), g)).sum(2)


def test_the_learned_part_of_a_line_leaves_python() -> None:
    net = HybridNet(config(SCENARIOS["line"])).eval()
    beams = torch.randn(3, net.beams.channels, *net.beams.grid.shape[:2], generator=stream(0, "beams"))
    for here, there in zip(Learned(net)(beams), exported(net).module()(beams), strict=True):
        torch.testing.assert_close(there, here)


def test_a_turned_panel_sees_in_its_own_frame_what_an_upright_one_sees() -> None:
    upright = preset("random", **SMALL_PANEL, **TWO)
    turned = replace(upright, yaw_deg=25.0, azimuth_deg=(-35.0, 85.0))
    one, other = (Beamspace(config(each)) for each in (upright, turned))
    seen = inputs_from(scenes(upright).observation, one.array)
    images = torch.complex(seen.images[:, :, 0], seen.images[:, :, 1])[:, None]
    both = one.grid.valid & other.grid.valid
    torch.testing.assert_close(one.grid.u, other.grid.u)
    here, there = (beams.energy(images)[:, both] for beams in (one, other))
    torch.testing.assert_close(there, here, rtol=1e-3, atol=1e-3 * float(here.max()))
    assert float(both.sum() / one.grid.valid.sum()) > 0.9


def test_a_pose_and_the_places_it_leads_to_are_one_array() -> None:
    moved = Array(LINE.elements, 0.3, pose=Pose(position=(0.0, 0.0, 0.2), yaw=0.3))
    placed = Points(moved.placed, 0.3)
    answers = []
    for array in (moved, placed):
        scenario = preset("random", array=array, **TWO)
        net = HybridNet(config(scenario)).eval()
        answers.append(net(inputs_from(scenes(scenario).observation, net.config.array)))
    torch.testing.assert_close(answers[1].heat, answers[0].heat, rtol=1e-3, atol=1e-3)
    torch.testing.assert_close(answers[1].candidates, answers[0].candidates, rtol=1e-3, atol=1e-3)


@EVERY
def test_the_configuration_keeps_the_array_to_the_last_bit(scenario: Scenario) -> None:
    experiment = TrainingExperiment(scenario=scenario, net=NetConfig(width=8, blocks=1))
    again = training_from_plain(experiment.to_plain())
    assert again == experiment
    assert torch.equal(again.net.array.elements, scenario_array(scenario).elements)
    assert again.net.array.wavelengths == scenario.wavelengths
    assert ("numbers" in experiment.to_plain()["net"]) == ("panel" not in experiment.to_plain()["net"])


def test_a_network_brings_the_numbers_of_its_array_to_another_sitting() -> None:
    places = torch.tensor([[0.0, 0.1, 0.0], [0.0, -0.1, 0.013], [0.0, 0.0, 0.2], [0.0, 0.02, -0.2]]).double()
    scenario = preset("random", array=Points(places, 0.2), sources=1)
    stored = TrainingExperiment(scenario=scenario, net=NetConfig(width=8, blocks=1)).to_plain()
    name = str(scenario.array)
    del ARRAYS[name]
    assert training_from_plain(stored).scenario.elements == 4
    assert name in ARRAYS


def test_scenes_of_another_array_are_refused_by_its_name() -> None:
    net = HybridNet(config(SCENARIOS["line"])).eval()
    with pytest.raises(InputError, match=r"the array the network was trained for: Array\(15 elements, line"):
        Localiser(net)(scenes(SCENARIOS["cylinder"]).observation, 2)
    with pytest.raises(InputError, match=r"trained for: Array.*wavelengths 0\.3158"):
        Localiser(HybridNet(config(SCENARIOS["wideband"])).eval())(
            draw(preset("random", **SMALL_PANEL), 1, stream(0, "narrow"), torch.complex64).observation, 1
        )


def test_the_likelihood_of_R_pred_refuses_several_wavelengths() -> None:
    scenario = SCENARIOS["wideband"]
    mine = config(scenario)
    inputs, _ = batch_from(scenes(scenario), mine.array)
    with pytest.raises(InputError, match=r"set loss\.likelihood to 0"):
        coded_likelihood(HybridNet(mine)(inputs), inputs)


def test_a_source_at_the_seam_of_a_full_turn_is_near_the_cells_on_both_sides() -> None:
    mine = config(SCENARIOS["all around"])
    grid = Beamspace(mine).grid
    drawn = scenes(SCENARIOS["all around"], 1)
    positions = torch.tensor([[[math.pi - 1e-3, 0.0, 2.0], [0.0, 0.1, 2.0]]])
    truth = replace(drawn.truth, positions=positions)
    targets = targets_on(grid, batch_from(replace(drawn, truth=truth), mine.array)[1])
    level = int(grid.w.abs().argmin())
    assert bool(targets.near[0, 0, level]) and bool(targets.near[0, -1, level])
    centre = torch.stack([grid.u[0], grid.w[level], grid.q[0]]).float()
    nearest = targets.nearest_to(centre.expand(*grid.shape[:2], 3))[0, 0, level]
    assert float((nearest[0] - grid.u[0]).abs()) < 2e-3


def test_lags_are_the_differences_of_elements() -> None:
    for array, count in ((LINE, 29), (CLOUD, 40 * 39 + 1)):
        lags = lags_of(array)
        local = array.local.double()
        assert len(lags) == count
        between = lags.offset[lags.rows(torch.arange(len(local)))]
        torch.testing.assert_close(between, local[:, None] - local, rtol=0, atol=1e-8)
        assert not bool(lags.offset[lags.zero].any())
