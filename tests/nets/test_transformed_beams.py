"""Are beams by Fourier transforms those of their foci, and do networks with them train, save, load and export?"""

import re
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor

from ris_pytorch_pipeline.data import batch_from
from ris_pytorch_pipeline.errors import ConfigurationError, InfeasibleError
from ris_pytorch_pipeline.estimate import SearchRegion
from ris_pytorch_pipeline.experiment import TrainingExperiment, to_toml
from ris_pytorch_pipeline.experiment.presets import training_from_toml
from ris_pytorch_pipeline.localise import REFERENCE_FILE, Localiser, reference_network
from ris_pytorch_pipeline.losses import HybridLoss, LossWeights
from ris_pytorch_pipeline.nets import Beamspace, HybridNet, NetConfig, exported
from ris_pytorch_pipeline.nets.alike import plainest
from ris_pytorch_pipeline.nets.beam_grids import beam_grid
from ris_pytorch_pipeline.nets.foci import foci_of
from ris_pytorch_pipeline.physics import Line, Panel, draw, preset, steering_at
from ris_pytorch_pipeline.rng import stream
from ris_pytorch_pipeline.train import Reporter, Trainer, load_network
from ris_pytorch_pipeline.train.files.checkpoint import read_checkpoint

NEAR = NetConfig(beams="fft").fitted_to(preset("mmwave", horizontal=20, vertical=20, distance=(0.3, 15.0)))
FAR = SearchRegion(distance=(3.0, 30.0))
PANELS = {
    "square, near": NEAR,
    "sides and spacings of their own": NetConfig(
        beams="fft", panel=Panel(horizontal=10, vertical=6, spacing=(0.2, 0.1)), oversampling=1.3, region=FAR
    ),
    "beams come again": NetConfig(
        beams="fft", panel=Panel(horizontal=9, vertical=4, spacing=0.4), region=SearchRegion(distance=(12.0, 90.0))
    ),
    "fewer beams than elements": NetConfig(
        beams="fft", panel=Panel(horizontal=8, vertical=7, spacing=0.15), oversampling=0.3, region=FAR
    ),
    "a row": NetConfig(beams="fft", panel=Panel(horizontal=10, vertical=1, spacing=0.15)),
    "one elevation": NetConfig(beams="fft", region=replace(FAR, elevation=(0.2, 0.2))),
}


def focused(config: NetConfig) -> Tensor:
    """(n_u, n_w, n_q, element): the vectors of the far field with each direction's and plane's own foci."""
    grid = Beamspace(config).grid
    foci = foci_of(config.array, grid)
    directions = grid.directions.double()
    far = steering_at(torch.cat([directions, torch.zeros_like(directions[..., :1])], dim=-1), config.array)
    return far[:, :, None] * (foci.parts @ foci.shapes).to(far.dtype)


@pytest.mark.parametrize("config", PANELS.values(), ids=list(PANELS))
def test_transforms_give_the_energies_of_the_focused_vectors(config: NetConfig) -> None:
    shape = (3, 1, 2, len(config.array))
    images = torch.randn(shape, dtype=torch.complex64, generator=stream(0, "images"))
    slow = torch.einsum("uwqn,sln->sluwq", focused(config).conj(), images[:, 0].to(torch.complex128))
    slow = slow.abs().square().sum(1)
    beams = Beamspace(config)
    torch.testing.assert_close(beams.energy(images).double(), slow, rtol=0, atol=1e-5 * float(slow.max()))
    assert bool((beams.energy(images)[:, beams.outside] == 0).all())


@pytest.mark.parametrize("config", PANELS.values(), ids=list(PANELS))
def test_foci_keep_nearly_all_energy_and_none_too_much(config: NetConfig) -> None:
    grid = Beamspace(config).grid
    vectors, n = focused(config)[grid.valid], len(config.array)
    norms = vectors.abs().square().sum(-1)
    torch.testing.assert_close(norms, torch.full_like(norms, n), rtol=1e-5, atol=0)
    true = steering_at(grid.points().double(), config.array).unflatten(0, (-1, grid.q.numel()))
    share = (vectors.conj() * true).sum(-1).abs().square() / n**2
    torch.testing.assert_close(share, foci_of(config.array, grid).kept[grid.valid].double(), rtol=1e-4, atol=1e-4)
    assert float(share.mean(0).min()) > 0.94


def test_near_field_is_only_where_it_is_near() -> None:
    spans = {(0.1, 15.0): 8, (0.3, 15.0): 3, (0.5, 15.0): 2, (1.0, 15.0): 1}
    for distance, count in spans.items():
        config = replace(NEAR, region=replace(NEAR.region, distance=distance))
        assert len(foci_of(config.array, beam_grid(config)).shapes) == count, distance


def test_a_field_too_near_for_so_few_foci_is_told() -> None:
    with pytest.warns(UserWarning, match=r"keep \d+% of a source's energy at 0\.5 m from Array\(144 elements"):
        Beamspace(NetConfig(beams="fft"))


def test_far_away_they_are_the_exact_beams() -> None:
    config = replace(NEAR, region=SearchRegion(distance=(100.0, 200.0)))
    grid = Beamspace(config).grid
    true = steering_at(grid.points().double(), config.array)
    vectors = focused(config)[grid.valid].flatten(0, 1)
    assert float(((vectors.conj() * true).sum(-1).abs() / len(config.array)).min()) > 0.9999


def test_their_grid_covers_the_field_as_finely() -> None:
    for config in PANELS.values():
        ours, exact = Beamspace(config).grid, Beamspace(replace(config, beams="exact")).grid
        assert torch.equal(ours.q, exact.q)
        assert torch.equal(ours.valid.any(1), ours.valid.any(1).flip(0))  # about the middle of the field
        for mine, theirs, extent in (
            (ours.u, exact.u, config.array.extents[1]),
            (ours.w, exact.w, config.array.extents[2]),
        ):
            assert mine[0] <= theirs[0] + 1e-9 and mine[-1] >= theirs[-1] - 1e-9
            steps = mine.diff()
            assert bool(
                (steps <= config.wavelength / (2 * extent + config.wavelength) / config.oversampling + 1e-9).all()
            )


def test_only_a_regular_panel_takes_them() -> None:
    scenario = preset("random")
    line = Line(count=9, spacing=0.15).array(0.3)
    for other, words in (
        (replace(scenario, yaw_deg=20.0), "'fft' for Array"),
        (replace(scenario, bend_deg=90.0), "'fft' for Array"),
        (replace(scenario, frequencies=3, bandwidth=0.1), "'fft' for Array"),
        (preset("random", array=line), "'fft' for Array"),
    ):
        with pytest.raises(ConfigurationError, match=words):
            NetConfig(beams="fft").fitted_to(other)
    with pytest.raises(ConfigurationError, match="fft"):
        NetConfig(beams="fft", panel=Panel(horizontal=1, vertical=9, spacing=0.15))
    with pytest.raises(ConfigurationError, match="behind the panel"):
        NetConfig(beams="fft", region=SearchRegion(azimuth=(-3.0, 3.0)))
    misspelt = object.__new__(NetConfig)
    vars(misspelt).update(vars(NetConfig()) | {"beams": "dft"})
    with pytest.raises(ConfigurationError, match="misspelt"):
        misspelt.__post_init__()


def test_foci_that_do_not_fit_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    grid = Beamspace(NEAR).grid
    monkeypatch.setattr("ris_pytorch_pipeline.nets.beam_sizes._MOST_BYTES", 2**16)
    with pytest.raises(InfeasibleError, match="GiB for 2136 cells of"):  # before anything is made
        Beamspace(NEAR)
    with pytest.raises(InfeasibleError, match="GiB for 3 foci of 2136 cells"):
        foci_of(NEAR.array, grid)


def test_a_file_tells_of_them_and_nothing_tells_of_exact_ones(tmp_path: Path) -> None:
    exact, transformed = TrainingExperiment(), TrainingExperiment(net=NetConfig(beams="fft"))
    assert "beams" not in exact.to_plain()["net"] and transformed.to_plain()["net"]["beams"] == "fft"
    assert exact.digest != transformed.digest
    (tmp_path / "net.toml").write_text(to_toml(transformed))
    assert training_from_toml(tmp_path / "net.toml") == transformed
    (tmp_path / "wrong.toml").write_text("net.beams = 'dft'")
    with pytest.raises(ConfigurationError, match=r"net\.beams as one of exact, fft"):
        training_from_toml(tmp_path / "wrong.toml")


def test_the_page_configures_a_large_panel(tmp_path: Path) -> None:
    page = (Path(__file__).parents[2] / "docs/hybrid.md").read_text(encoding="utf-8")
    (block,) = [text for text in re.findall(r"```toml\n(.*?)```", page, re.DOTALL) if 'net.beams = "fft"' in text]
    (tmp_path / "page.toml").write_text(block, encoding="utf-8")
    config = training_from_toml(tmp_path / "page.toml").net
    assert config.beams == "fft" and len(config.array) == 4096


def test_one_configuration_stands_for_equal_transforms() -> None:
    config = NetConfig(beams="fft", oversampling=1.01)  # of 25 beams the fastest transform has a length of 25
    found = plainest(config)
    assert found.beams == "fft" and found == plainest(found)
    assert torch.equal(beam_grid(found).u, beam_grid(config).u)


def test_a_checkpoint_keeps_them(tmp_path: Path) -> None:
    scenario = preset("mmwave", horizontal=8, vertical=8, antennas=8, snapshots=4, sources=(1, 2), snr_db=15.0)
    experiment = TrainingExperiment(scenario=scenario, net=NetConfig(width=8, blocks=1, passes=1, beams="fft"))
    trainer = Trainer(experiment, directory=tmp_path / "run", reporter=Reporter(quiet=True))
    trainer.fit(epochs=1, n_train=32, n_val=32)
    found = load_network(tmp_path / "run" / "last.safetensors")
    assert isinstance(found.net, HybridNet) and found.net.config.beams == "fft"
    inputs, _ = batch_from(draw(scenario, 3, stream(0, "seen"), torch.complex64), found.net.config.array)
    live = read_checkpoint(tmp_path / "run" / "last.safetensors")
    live.restore(found.net, "live")
    assert torch.equal(found.net.eval()(inputs).heat, trainer.net.eval()(inputs).heat)
    assert Localiser(found.net)(inputs.observation, 1).positions.shape == (3, 1, 3)


def test_an_earlier_checkpoint_has_exact_ones() -> None:
    assert "beams" not in read_checkpoint(REFERENCE_FILE).header.configuration["net"]
    found = reference_network().net
    assert isinstance(found, HybridNet) and found.config.beams == "exact"


def test_a_training_step_reaches_every_weight() -> None:
    scenario = preset("random", horizontal=6, vertical=5, sources=(1, 2), separation=0.3)
    net = HybridNet(NetConfig(width=8, blocks=1, passes=1, beams="fft").fitted_to(scenario))
    inputs, labels = batch_from(draw(scenario, 4, stream(0, "step"), torch.complex64), net.config.array)
    report = HybridLoss(LossWeights())(net(inputs), inputs, labels)
    report.total.backward()
    assert all(each.grad is not None and bool(each.grad.isfinite().all()) for each in net.parameters())


def test_weights_of_exact_beams_read_them_as_well() -> None:
    exact, transformed = (HybridNet(replace(NEAR, width=8, blocks=1, beams=kind)).eval() for kind in ("exact", "fft"))
    transformed.load_state_dict(exact.state_dict())
    program = exported(transformed).module()
    channels = transformed.beams.channels
    with torch.no_grad():
        maps, gains, _ = program(torch.zeros(2, channels, *transformed.beams.grid.shape[:2]))
    assert gains.shape == (2, *transformed.beams.grid.shape[:2]) and maps.isfinite().all()
