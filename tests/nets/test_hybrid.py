"""Does the network keep the symmetries of the problem, reach every parameter, and answer in the promised form?"""

from dataclasses import replace

import pytest
import torch

from ris_pytorch_pipeline.data import Inputs, batch_from, inputs_from
from ris_pytorch_pipeline.errors import ConfigurationError, InputError
from ris_pytorch_pipeline.estimate import SearchRegion
from ris_pytorch_pipeline.nets import HybridNet, NetConfig, R_pred, net_preset
from ris_pytorch_pipeline.physics import Observation, draw, preset, steering_at
from ris_pytorch_pipeline.rng import stream

SCENARIO = preset("random", horizontal=6, vertical=5, antennas=6, snapshots=7, sources=(1, 2), separation=0.3)
SMALL = NetConfig(width=8, blocks=1, rank=5).fitted_to(SCENARIO)


def inputs(count: int = 3) -> Inputs:
    return batch_from(draw(SCENARIO, count, stream(0, "net"), torch.complex64), SMALL.array)[0]


def net() -> HybridNet:
    return HybridNet(SMALL)


def test_shapes_and_contract() -> None:
    given, model = inputs(), net()
    answer = model(given)
    cells = answer.grid.shape
    assert len(answer) == 3
    assert answer.factors.shape == (3, 30, 5)
    assert answer.candidates.shape == (3, 5, 3)
    assert answer.heat.shape == answer.log_variance_q.shape == (3, *cells)
    assert answer.offsets.shape == (3, *cells, 3)
    assert answer.order_logits.shape == (3, 3)
    covariance = R_pred(answer)
    torch.testing.assert_close(covariance, covariance.mH)
    trace = covariance.diagonal(dim1=-2, dim2=-1).real.sum(-1)
    torch.testing.assert_close(trace, torch.full((3,), 30.0))
    least = torch.linalg.eigvalsh(covariance.to(torch.complex128))[:, 0]
    torch.testing.assert_close(least, torch.full((3,), answer.floor).double(), rtol=0, atol=1e-5)


def test_columns_of_the_factor_are_steering_vectors_of_the_candidates() -> None:
    answer = net()(inputs())
    a = steering_at(answer.candidates, SMALL.array).mT
    present = ~answer.scores.isneginf()
    aligned = (a.conj() * answer.factors).sum(1).abs().square() / (
        30 * answer.factors.abs().square().sum(1).clamp_min(1e-9)
    )
    torch.testing.assert_close(aligned[present], torch.ones(int(present.sum())))
    assert bool((answer.factors.abs().sum(1)[~present] == 0).all())


def test_snapshots_are_a_set_and_scenes_do_not_mix() -> None:
    given, model = inputs(), net()
    order = torch.tensor([3, 1, 5, 0, 2, 6, 4])
    answer = model(given)
    seen = given.observation
    turned = replace(seen, measurements=seen.measurements[:, order], codes=seen.codes[:, order])
    shuffled = model(inputs_from(turned, SMALL.array))
    torch.testing.assert_close(shuffled.heat, answer.heat, rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(shuffled.order_logits, answer.order_logits, rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(model(given[[1]]).heat, answer.heat[[1]], rtol=1e-4, atol=1e-4)


def test_scale_and_phase_do_not_matter() -> None:
    given, model = inputs(), net()
    seen = given.observation
    louder = Observation(**{**vars(seen), "measurements": seen.measurements * (30 - 40j)})
    answer = model(given)
    other = model(inputs_from(louder, SMALL.array))
    torch.testing.assert_close(other.heat, answer.heat, rtol=1e-3, atol=1e-3)


def test_groups_are_complete_and_disjoint() -> None:
    model = net()
    groups = model.groups()
    assert list(groups) == ["backbone", "head"]
    ids = [id(p) for group in groups.values() for p in group]
    assert len(ids) == len(set(ids))
    assert set(ids) == {id(p) for p in model.parameters()}


def test_every_parameter_has_a_gradient_and_no_other_tensor_is_saved() -> None:
    model = net()
    answer = model(inputs())
    parts = (answer.factors.abs().square().mul(torch.arange(5)).sum(), answer.heat[answer.heat > -20].sum())
    parts += (answer.offsets.square().sum(), answer.log_variance_q.sum(), answer.order_logits.logsumexp(-1).sum())
    sum(parts, torch.zeros(())).backward()
    assert not [name for name, p in model.named_parameters() if p.grad is None or not bool(p.grad.abs().sum() > 0)]
    assert set(model.state_dict()) == {name for name, _ in model.named_parameters()}


def test_the_covariance_alone_teaches_the_backbone() -> None:
    model = net()
    R_pred(model(inputs()))[:, 0, 1].abs().sum().backward()
    assert all(bool(p.grad.abs().sum() > 0) for p in model.backbone.parameters() if p.grad is not None)
    assert model.head.maps.weight.grad is not None


def test_weights_come_from_the_seed_alone() -> None:
    torch.rand(3, generator=stream(0, "elsewhere"))
    first, again, other = net(), net(), HybridNet(replace(SMALL, seed=1))
    assert all(torch.equal(p, q) for p, q in zip(first.parameters(), again.parameters(), strict=True))
    assert not torch.equal(first.backbone.stem.weight, other.backbone.stem.weight)


def test_directions_outside_the_view_are_no_candidates() -> None:
    answer = net()(inputs())
    assert bool((answer.heat[:, ~answer.grid.valid] < -20).all())
    u, w, _ = answer.candidates[~answer.scores.isneginf()].unbind(-1)
    assert bool((u.abs() < 1).all() and (w.abs() < 0.9).all())


def test_autocast_does_not_touch_the_covariance() -> None:
    model, given = net(), inputs()
    with torch.autocast("cpu", torch.bfloat16):
        answer = model(given)
    assert answer.factors.dtype == torch.complex64
    assert answer.heat.dtype == answer.candidates.dtype == torch.float32
    assert bool(torch.isfinite(answer.factors).all())


def test_another_panel_is_refused() -> None:
    with pytest.raises(InputError, match="30 elements"):
        net()(batch_from(draw(preset("random"), 1, stream(0, "net"), torch.complex64), NetConfig().array)[0])


def test_sizes() -> None:
    parameters = {name: sum(p.numel() for p in HybridNet(net_preset(name)).parameters()) for name in ("tiny", "desk")}
    assert parameters["tiny"] < 200_000
    assert 1e6 < parameters["desk"] < 3e6
    assert net_preset("tiny", region=SearchRegion(distance=(1.0, 2.0))).region.distance == (1.0, 2.0)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"width": 0}, "width >= 1"),
        ({"width": 12}, "multiple of 8"),
        ({"passes": -1}, "passes >= 0"),
        ({"rank": 3}, "rank 3 for 5 sources"),
        ({"floor": 0.0}, "floor"),
        ({"widht": 8}, "did you mean 'width'"),
    ],
)
def test_wrong_sizes_are_refused(changes: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        net_preset("tiny", **changes)


def test_an_unknown_preset_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="did you mean 'desk'"):
        net_preset("dekc")
