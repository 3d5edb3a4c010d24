"""Is every tensor on the device it should be on? On CUDA, and on a device that only refuses what CUDA would refuse."""

from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import fields, replace

import pytest
import torch
from other_device import other_device

from ris_pytorch_pipeline.data import Inputs, Labels, SceneSource
from ris_pytorch_pipeline.estimate import Estimator, ModifiedMusic, Music, Omp, SearchRegion, SparseBayesian
from ris_pytorch_pipeline.experiment import Optimisation, Plan, TrainingExperiment
from ris_pytorch_pipeline.localise import Localiser
from ris_pytorch_pipeline.losses import HybridLoss, LossWeights, measure_prediction
from ris_pytorch_pipeline.nets import HybridNet, NetConfig
from ris_pytorch_pipeline.physics import Scenario
from ris_pytorch_pipeline.train import Reporter, Trainer, load_network
from ris_pytorch_pipeline.train.loop import backward, trainer
from ris_pytorch_pipeline.train.processes.hardware import Hardware

SCENARIO = Scenario(horizontal=6, vertical=6, antennas=6, snapshots=6, sources=(1, 2))
EXPERIMENT = TrainingExperiment(
    scenario=SCENARIO,
    net=NetConfig(width=8, blocks=1, passes=1),
    loss=LossWeights(**{field.name: 0.5 for field in fields(LossWeights)}),
    optimisation=Optimisation(rate=4e-3),
    plan=Plan(epochs=1, n_train=8, n_val=4, batch=4),
)
NARROW = SearchRegion(azimuth=(-0.6, 0.6), elevation=(-0.3, 0.3))
"""A view of few points: each operation there costs much more than here."""
on_cuda = pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")


@pytest.fixture(scope="module")
def scenes() -> tuple[Inputs, Labels]:
    return SceneSource(scenario=SCENARIO, split="train", seed=0, scenes=4, batch=4)[0]


@pytest.fixture
def there() -> Iterator[torch.device]:
    with other_device() as device:
        yield device


def test_the_other_device_refuses_what_cuda_would(there) -> None:
    far, near = torch.arange(3.0, device=there), torch.arange(3.0)
    for wrong in (lambda: far + near, lambda: near[far.long()], lambda: torch.stack([near, far]), lambda: far @ near):
        with pytest.raises(RuntimeError, match=r"on cuda:0 and cpu"):
            wrong()
    with pytest.raises(TypeError, match="numpy"):
        far.numpy()
    weight = near.to(there).requires_grad_()
    (far[torch.tensor([1, 2, 0])] * weight * torch.tensor(2.0)).sum().backward()  # a CPU index and number: both may
    assert weight.grad is not None and weight.grad.device == there
    assert weight.grad.tolist() == [2.0, 4.0, 0.0] and far.new_tensor([1.0]).device == there
    assert far.cpu().device == near.to(near).device == torch.device("cpu")


def test_network_loss_and_measures_stay_on_their_device(there, scenes) -> None:
    net, twin, loss = HybridNet(EXPERIMENT.net), HybridNet(EXPERIMENT.net).to(there), HybridLoss(EXPERIMENT.loss)
    inputs, labels = (x.to(there) for x in scenes)
    prediction = twin(inputs)
    report = loss(prediction, inputs, labels)
    report.total.backward()
    near = loss(net(scenes[0]), *scenes)
    near.total.backward()
    assert set(report.terms) == {field.name for field in fields(LossWeights)}
    assert report.total.tolist() == pytest.approx(near.total.tolist(), rel=1e-6)
    for far, here in zip(twin.parameters(), net.parameters(), strict=True):
        assert far.grad is not None and here.grad is not None and far.grad.device == there
        assert torch.allclose(far.grad.cpu(), here.grad, rtol=1e-4, atol=1e-6)
    assert measure_prediction(prediction, labels).angle.device == there


def test_a_run_trains_saves_and_resumes_there(there, tmp_path, monkeypatch) -> None:
    """Only the generators of the device are left out."""
    here = Trainer(EXPERIMENT, reporter=Reporter(quiet=True)).fit()
    monkeypatch.setattr(trainer, "hardware_of", lambda *_: Hardware(device=there, low=None))
    for drawing in (trainer, backward):
        monkeypatch.setattr(drawing, "seeded", lambda *_: nullcontext())

    def far() -> Trainer:
        return Trainer(EXPERIMENT, directory=tmp_path, reporter=Reporter(quiet=True))

    first = far()
    history = first.fit().history
    assert history[0]["validation"] == pytest.approx(here.history[0]["validation"], rel=1e-4)
    again = far()
    again.fit(resume=True)
    for one, two in zip(first.groups.parameters, again.groups.parameters, strict=True):
        assert one.device == two.device == there and torch.equal(one, two)
        mine, theirs = first.optimizer.state[one], again.optimizer.state[two]
        assert mine and all(torch.equal(value, theirs[key]) for key, value in mine.items())


@pytest.mark.parametrize("options", [{"polish": 1, "batch": 2}, {"polish": 0, "estimator": Music()}])
def test_a_network_there_locates_measurements_on_either_device(there, scenes, options) -> None:
    observation = scenes[0].observation[:3]
    near = Localiser(HybridNet(EXPERIMENT.net), **options)(observation)
    net = HybridNet(EXPERIMENT.net).to(there)
    for where, seen in (("cuda", observation.to(there)), ("cpu", observation)):
        far = Localiser(net, **options)(seen)
        for name in ("positions", "order", "powers", "deviations", "noise_variance"):
            assert vars(far)[name].device.type == where, name
        assert far.order.tolist() == near.order.tolist()
        assert torch.allclose(far.positions.cpu(), near.positions, rtol=1e-3, equal_nan=True)


@pytest.mark.parametrize(
    "estimator", [ModifiedMusic(silent=True, region=NARROW), Omp(region=NARROW), SparseBayesian(region=NARROW)],
    ids=lambda e: e.name,
)  # fmt: skip
def test_an_estimator_works_where_the_measurements_are(there, scenes, estimator: Estimator) -> None:
    observation = scenes[0].observation[:2]
    far = estimator(observation.to(there), 1)
    assert far.positions.device == there
    assert torch.allclose(far.positions.cpu(), estimator(observation, 1).positions, rtol=1e-3, equal_nan=True)


@on_cuda
@pytest.mark.parametrize("draw", ["cpu", "device"])
@pytest.mark.parametrize("precision", ["float32", "bfloat16", "float16"])
def test_an_epoch_on_cuda(precision, draw, tmp_path) -> None:
    experiment = replace(EXPERIMENT, device="cuda", precision=precision, plan=replace(EXPERIMENT.plan, draw=draw))
    run = Trainer(experiment, directory=tmp_path, reporter=Reporter(quiet=True), save_every=1)
    progress = run.fit()
    assert progress.attempts == 2 and progress.history[0]["validation"]["nmse"] > 0
    assert {p.device.type for p in run.groups.parameters} == {"cuda"}
    again = Trainer(experiment, directory=tmp_path, reporter=Reporter(quiet=True), save_every=1)
    again.fit(resume=True)
    for one, two in zip(run.groups.parameters, again.groups.parameters, strict=True):
        assert torch.equal(one, two)
    assert load_network(tmp_path / "best.safetensors").experiment == experiment


@on_cuda
def test_a_localisation_on_cuda(scenes) -> None:
    observation = scenes[0].observation
    near = Localiser(HybridNet(EXPERIMENT.net))(observation, 1)
    far = Localiser(HybridNet(EXPERIMENT.net).cuda())
    for where in ("cpu", "cuda"):
        found = far(observation.to(where), 1)
        assert found.positions.device.type == where
        assert torch.allclose(found.positions.cpu(), near.positions, rtol=1e-2, equal_nan=True)
