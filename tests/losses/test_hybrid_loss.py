"""Is the total the sum of what is reported, and does every active term reach the network?"""

from dataclasses import replace

import pytest
import torch

from ris_pytorch_pipeline.data import batch_from
from ris_pytorch_pipeline.errors import ConfigurationError, InputError
from ris_pytorch_pipeline.losses import HybridLoss, LossWeights
from ris_pytorch_pipeline.nets import HybridNet, NetConfig
from ris_pytorch_pipeline.physics import draw, preset, scenario_array
from ris_pytorch_pipeline.rng import stream

SCENARIO = preset("random", horizontal=5, vertical=5, antennas=6, snapshots=4, sources=(1, 2), separation=0.4)
INPUTS, LABELS = batch_from(draw(SCENARIO, 4, stream(0, "loss"), torch.complex64), scenario_array(SCENARIO))
NAMES = list(LossWeights(likelihood=1.0, contrast=1.0).active)


def net() -> HybridNet:
    return HybridNet(NetConfig(width=8, blocks=1, rank=5).fitted_to(SCENARIO))


def test_the_total_is_the_sum_of_the_reported_terms() -> None:
    weights = LossWeights(likelihood=0.3, contrast=0.2, heat=0.7)
    report = HybridLoss(weights)(net()(INPUTS), INPUTS, LABELS)
    assert list(report.terms) == list(report.raw) == NAMES
    assert torch.equal(report.total, torch.stack(list(report.terms.values())).sum())
    for name, weight in weights.active.items():
        assert torch.equal(report.terms[name], weight * report.raw[name])


@pytest.mark.parametrize("name", NAMES)
def test_each_term_alone_varies_and_has_a_gradient(name: str) -> None:
    weights = replace(LossWeights(**dict.fromkeys(vars(LossWeights()), 0.0) | {name: 2.0}))
    model = net()
    report = HybridLoss(weights)(model(INPUTS), INPUTS, LABELS)
    assert list(report.terms) == [name]
    report.total.backward()
    moved = [p for p in model.parameters() if p.grad is not None and bool(p.grad.abs().sum() > 0)]
    assert moved
    assert all(bool(torch.isfinite(p.grad).all()) for p in model.parameters() if p.grad is not None)
    other = HybridLoss(weights)(HybridNet(replace(model.config, seed=1))(INPUTS), INPUTS, LABELS)
    assert not torch.equal(other.total, report.total)


def test_the_default_loss_reaches_every_parameter() -> None:
    model = net()
    HybridLoss(LossWeights())(model(INPUTS), INPUTS, LABELS).total.backward()
    assert not [name for name, p in model.named_parameters() if p.grad is None or not bool(p.grad.abs().sum() > 0)]


def test_microbatches_add_up_to_the_batch() -> None:
    model, loss = net(), HybridLoss(LossWeights(likelihood=0.1))
    whole = loss(model(INPUTS), INPUTS, LABELS).total
    parts = [loss(model(INPUTS[rows]), INPUTS[rows], LABELS[rows]).total for rows in ([0], [1, 2, 3])]
    torch.testing.assert_close((parts[0] + 3 * parts[1]) / 4, whole, rtol=1e-4, atol=1e-5)


def test_descent_lowers_the_loss() -> None:
    model, loss = net(), HybridLoss(LossWeights())
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    values = []
    for _ in range(25):
        total = loss(model(INPUTS), INPUTS, LABELS).total
        optimizer.zero_grad()
        total.backward()
        optimizer.step()
        values.append(float(total.detach()))
    assert values[-1] < 0.6 * values[0]


def test_labels_of_another_batch_are_refused() -> None:
    with pytest.raises(InputError, match="4, 4 and 2 scenes"):
        HybridLoss(LossWeights())(net()(INPUTS), INPUTS, LABELS[:2])


@pytest.mark.parametrize(("name", "value"), [("heat", -1.0), ("order", float("inf")), ("covariance", float("nan"))])
def test_wrong_weights_are_refused(name: str, value: float) -> None:
    with pytest.raises(ConfigurationError, match=f"{name} >= 0"):
        LossWeights(**{name: value})


def test_weights_of_zero_alone_are_refused() -> None:
    with pytest.raises(ConfigurationError, match="wiped"):
        LossWeights(**dict.fromkeys(vars(LossWeights()), 0.0))
