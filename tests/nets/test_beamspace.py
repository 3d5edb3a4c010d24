"""Are beams the energies of steering vectors, and does explaining a source show the ones behind it?"""

from dataclasses import replace

import pytest
import torch

from ris_pytorch_pipeline.data import Inputs, batch_from
from ris_pytorch_pipeline.errors import InfeasibleError
from ris_pytorch_pipeline.nets import Beamspace, NetConfig, cleaned_images
from ris_pytorch_pipeline.physics import coded_operator, draw, preset, steering_at
from ris_pytorch_pipeline.rng import stream

SCENARIO = preset("random", horizontal=4, vertical=4, antennas=4, snapshots=3, sources=1)


def small(kind: str = "random") -> Inputs:
    return batch_from(draw(replace(SCENARIO, symbols=kind), 2, stream(0, "beams"), torch.complex64), (4, 4))[0]


def test_beams_are_energies_of_steering_vectors() -> None:
    given, beams = small(), Beamspace(NetConfig().fitted_to(SCENARIO))
    out, planes = beams(given), beams.grid.q.numel()
    assert out.shape == (2, beams.channels, *beams.grid.shape[:2])
    images = torch.view_as_complex(given.images.movedim(2, -1).flatten(2, 3).contiguous())
    a = steering_at(beams.centres.unflatten(0, beams.grid.shape), given.observation.array)
    projected = torch.einsum("abcn,sln->slabc", a.conj(), images)
    for energy, start in ((projected.abs().square().mean(1), 1), (projected.mean(1).abs().square(), 2)):
        slow = (energy / energy.mean(dim=(1, 2, 3), keepdim=True)).sqrt() - 1
        fast = out[:, start * planes : (start + 1) * planes].movedim(1, -1)
        torch.testing.assert_close(fast, slow, rtol=1e-3, atol=1e-3)


def test_cleaned_images_are_whitened_by_the_covariance_of_what_was_found() -> None:
    given = small()
    seen, noise = given.observation, given.log_noise.exp()
    found = torch.tensor([[[0.1, 0.2, 0.4], [-0.5, 0.0, 1.0]], [[0.3, -0.1, 0.2], [0.0, 0.4, 0.9]]])
    fast = cleaned_images(seen, given.log_noise, found, seen.array)
    g, a = coded_operator(seen.codes, seen.channel), steering_at(found, seen.array)
    for scene in range(2):
        h = seen.channel[scene]
        signal = (1 - noise[scene]) / (h @ h.mH).diagonal().real.mean()
        y = seen.measurements[scene] / seen.measurements[scene].abs().square().mean().sqrt()
        panel = 0.5 * signal * (a[scene].mT @ a[scene].conj()) + 0.3 * signal * torch.eye(16)
        for snapshot in range(3):
            operator = g[scene, snapshot]
            gamma = operator @ panel @ operator.mH + noise[scene] * torch.eye(4)
            slow = operator.mH @ torch.linalg.solve(gamma, y[snapshot])
            torch.testing.assert_close(fast[scene, snapshot], slow, rtol=1e-3, atol=1e-3 * float(slow.abs().max()))


def test_explaining_sources_shows_those_behind_them() -> None:
    scenario = preset("random", sources=3, snr_db=15.0)
    given, labels = batch_from(draw(scenario, 24, stream(0, "behind"), torch.complex64), (12, 12))
    config = NetConfig(passes=3).fitted_to(scenario)
    beams = Beamspace(config)
    out = beams(given)
    marks = out[:, -5:-2].flatten(2).argmax(-1)  # the cells that were taken for sources
    taken = beams.centres.unflatten(0, (-1, beams.grid.q.numel()))[:, 0, :2][marks]
    once = out[:, beams.grid.q.numel() : 2 * beams.grid.q.numel()].amax(1).flatten(1).topk(3).indices
    highest = beams.centres.unflatten(0, (-1, beams.grid.q.numel()))[:, 0, :2][once]

    def found(places: torch.Tensor) -> float:
        gaps = (labels.cosines[:, :, None, :2] - places[:, None]).norm(dim=-1).amin(-1)
        return float((gaps < 0.1).float().mean())

    assert found(taken) > 0.9
    assert found(highest) < 0.8


def test_only_the_passes_differ_between_looks() -> None:
    given = small()
    once, twice = (Beamspace(NetConfig(passes=p).fitted_to(SCENARIO)) for p in (0, 2))
    planes = once.grid.q.numel()
    assert twice.channels - once.channels == 2 * planes + 2
    torch.testing.assert_close(twice(given)[:, : 3 * planes], once(given)[:, : 3 * planes])


def test_beams_of_constant_symbols_are_finite() -> None:
    assert bool(torch.isfinite(Beamspace(NetConfig().fitted_to(SCENARIO))(small("pilot"))).all())


def test_beams_that_do_not_fit_are_refused() -> None:
    with pytest.raises(InfeasibleError, match="GiB for"):
        Beamspace(NetConfig().fitted_to(preset("mmwave")))
