"""Are inputs free of scale, phase and snapshot order, and are labels the truth?"""

import pytest
import torch

from ris_pytorch_pipeline.data import Inputs, Labels, batch_from, energy_lags, inputs_from
from ris_pytorch_pipeline.data.lag_sums import transformed_lags, transforms_pay
from ris_pytorch_pipeline.errors import InputError
from ris_pytorch_pipeline.physics import (
    Observation,
    Panel,
    Points,
    Scenes,
    complex_normal,
    draw,
    lags_of,
    preset,
    scenario_array,
    steering_at,
)
from ris_pytorch_pipeline.rng import stream

SMALL = preset("random", horizontal=4, vertical=3, antennas=5, snapshots=6, sources=(1, 3), separation=0.0)
ARRAY = scenario_array(SMALL)
SIZE = (3, 4)


def scenes(count: int = 5, dtype: torch.dtype = torch.complex128) -> Scenes:
    return draw(SMALL, count, stream(0, "batch"), dtype)


def changed(observation: Observation, **changes: torch.Tensor) -> Observation:
    return Observation(**{**vars(observation), **changes})


def same(first: Inputs, second: Inputs) -> None:
    for name in ("images", "energy", "log_noise"):
        torch.testing.assert_close(getattr(first, name), getattr(second, name))


def test_shapes_and_scale() -> None:
    inputs, labels = batch_from(scenes(), ARRAY)
    assert inputs.images.shape == (5, 6, 2, 12)
    assert inputs.energy.shape == (5, 2, 5 * 7)
    assert inputs.log_noise.shape == (5,)
    assert len(inputs) == len(labels) == 5
    power = inputs.images.square().sum(2).mean(dim=(1, 2))
    torch.testing.assert_close(power, torch.ones_like(power))
    total = inputs.images.sum(dim=(1, 3))
    assert bool((total[:, 0] > 0).all())
    torch.testing.assert_close(total[:, 1], torch.zeros_like(total[:, 1]), atol=1e-9, rtol=0)
    assert bool((inputs.log_noise <= 0).all())


@pytest.mark.parametrize("factor", [3e-7, 40.0, -1.0, 0.6 + 0.8j])
def test_scale_and_global_phase_do_not_matter(factor: complex) -> None:
    seen = scenes().observation
    same(inputs_from(seen, ARRAY), inputs_from(changed(seen, measurements=seen.measurements * factor), ARRAY))


def test_snapshots_are_a_set() -> None:
    seen = scenes().observation
    order = torch.tensor([3, 1, 5, 0, 2, 4])
    shuffled = inputs_from(changed(seen, measurements=seen.measurements[:, order], codes=seen.codes[:, order]), ARRAY)
    plain = inputs_from(seen, ARRAY)
    torch.testing.assert_close(shuffled.images, plain.images[:, order])
    torch.testing.assert_close(shuffled.energy, plain.energy)
    torch.testing.assert_close(shuffled.log_noise, plain.log_noise)


def test_scenes_of_a_batch_do_not_see_each_other() -> None:
    seen = scenes().observation
    same(inputs_from(seen, ARRAY)[2:4], inputs_from(seen[2:4], ARRAY))


def test_single_precision_agrees_with_double() -> None:
    double, single = (
        inputs_from(scenes().observation, ARRAY),
        inputs_from(scenes(dtype=torch.complex64).observation, ARRAY),
    )
    assert single.images.dtype == torch.float32
    torch.testing.assert_close(single.images.double(), double.images, rtol=0, atol=2e-3)


def test_lags_give_the_energy_of_plane_waves() -> None:
    seen = scenes(2).observation
    codes, channel = seen.codes, seen.channel
    root = complex_normal((2, 5, 5), stream(0, "lags"))
    whitened = root @ root.mH @ channel
    one_frequency = energy_lags(codes[:, None], channel[:, None], whitened[:, None], lags_of(ARRAY))
    lags = one_frequency.movedim(1, -1).contiguous()
    sums = torch.view_as_complex(lags).unflatten(1, (5, 7))
    gram = (channel.mH @ whitened) * (codes.mH @ codes)
    u, w, k0 = 0.3, -0.4, 2 * torch.pi / SMALL.wavelength
    wave = steering_at(torch.tensor([[u, w, 0.0]], dtype=torch.float64), seen.array)[0]
    energy = torch.einsum("n,snm,m->s", wave.conj(), gram, wave).real
    v, h = (torch.arange(1 - n, n, dtype=torch.float64) * float(SMALL.element_spacing) for n in SIZE)  # pyright: ignore
    phase = torch.polar(torch.ones(5, 7, dtype=torch.float64), -k0 * (h * u + v[:, None] * w))
    trace = gram.diagonal(dim1=-2, dim2=-1).sum(-1).real
    torch.testing.assert_close((sums * phase).sum(dim=(1, 2)).real * trace, energy)


@pytest.mark.parametrize("symbols", ["random", "pilot"])
def test_transforms_sum_what_pairs_sum(symbols: str, monkeypatch: pytest.MonkeyPatch) -> None:
    scenario = preset(
        "random", horizontal=7, vertical=6, antennas=3, snapshots=2, symbols=symbols, sources=1, spacing=(0.15, 0.1)
    )
    drawn = draw(scenario, 3, stream(0, "sums"), torch.complex128).observation
    pairs = inputs_from(drawn, drawn.array)
    monkeypatch.setattr("ris_pytorch_pipeline.data.lag_sums._LARGE", 1)
    monkeypatch.setattr("ris_pytorch_pipeline.data.lag_sums._PAYS", 0)
    monkeypatch.setattr("ris_pytorch_pipeline.data.lag_sums.energy_lags", None)
    monkeypatch.setattr("ris_pytorch_pipeline.data.batch.energy_lags", None)  # never called
    monkeypatch.setattr("ris_pytorch_pipeline.data.lag_sums._SPECTRA_BYTES", 1)  # one scene at a time
    same(inputs_from(drawn, drawn.array), pairs)


def test_transforms_sum_the_differences_of_some_elements_of_a_panel_in_any_order(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("ris_pytorch_pipeline.data.lag_sums._LARGE", 1)
    monkeypatch.setattr("ris_pytorch_pipeline.data.lag_sums._PAYS", 0)
    whole = Panel(horizontal=6, vertical=5, spacing=0.15).elements()
    some = whole[torch.randperm(30, generator=stream(0, "some"))[:27]]
    codes = torch.polar(torch.ones(2, 1, 3, 27), torch.rand((2, 1, 3, 27), generator=stream(0, "codes"))).to(
        torch.complex128
    )
    channel = complex_normal((2, 1, 4, 27), stream(0, "channel"))
    lags = lags_of(Points(some, 0.3))
    assert transforms_pay(codes, channel, lags)
    torch.testing.assert_close(transformed_lags(codes, channel, lags), energy_lags(codes, channel, channel, lags))
    uneven = lags_of(Points(whole[whole[:, 1].abs() > 0.1], 0.3))  # the two middle columns left out
    assert not transforms_pay(codes, channel, uneven)


def test_small_panels_are_summed_pair_by_pair() -> None:
    for scenario, pays in (
        (preset("random", antennas=1, sources=1), False),
        (preset("sub6"), False),
        (preset("mmwave", horizontal=32, vertical=32), False),
        (preset("mmwave"), True),
    ):
        drawn = draw(scenario, 1, stream(0, "large"), torch.complex64).observation
        assert transforms_pay(*drawn.by_frequency(), lags_of(scenario_array(scenario))) is pays


def test_labels_are_the_truth() -> None:
    drawn = scenes()
    labels = batch_from(drawn, ARRAY)[1]
    for scene in range(5):
        k = int(drawn.truth.sources[scene])
        assert int(labels.present[scene].sum()) == k
        assert bool(labels.cosines[scene, k:].isnan().all())
        a = steering_at(labels.cosines[scene, :k], labels.array)
        slow = torch.einsum("kn,k,km->nm", a, drawn.truth.powers[scene, :k].to(a.dtype), a.conj())
        torch.testing.assert_close(labels.covariance[scene], slow * 12 / slow.diagonal().sum())


def test_labels_know_no_order() -> None:
    labels = batch_from(scenes(), ARRAY)[1]
    full = labels[labels.sources == 3]
    turned = Labels(**{**_fields(full), "cosines": full.cosines[:, [2, 0, 1]], "powers": full.powers[:, [2, 0, 1]]})
    assert len(full) > 0
    torch.testing.assert_close(turned.covariance, full.covariance)


def _fields(labels: Labels) -> dict[str, object]:
    names = ("cosines", "sources", "powers", "snr_db", "array")
    return {name: getattr(labels, name) for name in names}


def test_selection_and_devices() -> None:
    inputs, labels = batch_from(scenes(), ARRAY)
    some = inputs[[3, 1]].to("cpu")
    assert torch.equal(some.images, inputs.images[[3, 1]])
    assert torch.equal(some.observation.codes, inputs.observation.codes[[3, 1]])
    assert torch.equal(labels[1:3].to("cpu").powers, labels.powers[1:3])


def test_another_panel_is_refused() -> None:
    with pytest.raises(InputError, match="16 elements"):
        inputs_from(scenes().observation, Panel(horizontal=4, vertical=4, spacing=0.15).array(0.3))


def test_an_empty_scene_is_refused() -> None:
    seen = scenes().observation
    with pytest.raises(InputError, match="1 of 5 scenes are zero"):
        inputs_from(changed(seen, measurements=seen.measurements * torch.tensor([1, 1, 0, 1, 1])[:, None, None]), ARRAY)
