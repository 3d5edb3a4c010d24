"""What is trained, on what, against what? How network, loss and batches are made from an experiment."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from torch import Tensor, nn

from ..data import BatchSource, HeldScenes, Inputs, Labels, SceneSource
from ..experiment.training import TrainingExperiment
from ..losses import HybridLoss, LossReport, measure_prediction
from ..nets import built_network
from ..physics import Hardware
from .loop.budget import budget_of

Criterion = Callable[[Any, Inputs, Labels], LossReport]
"""From a prediction, the inputs and the labels of a batch to a report."""


Measure = Callable[[Any, Labels], Mapping[str, Tensor]]
"""From a prediction and labels to metrics per scene, lower is better."""


@dataclass(frozen=True, kw_only=True)
class Data:
    """Batches of a run.

    >>> from ris_pytorch_pipeline.data import SceneSource
    >>> from ris_pytorch_pipeline.physics import preset
    >>> source = SceneSource(scenario=preset("random"), split="train", seed=0, scenes=64, batch=32)
    >>> apart = SceneSource(scenario=preset("random"), split="validation", seed=0, scenes=32, batch=32)
    >>> data = Data(train=source.epoch, validation=apart, note="new scenes each epoch")
    >>> len(data.train(3)), data.train(3).first, len(data.validation)
    (2, 6, 1)

    Args:
        train: the training batches of epoch 0, 1, ...
        validation: the same ones each time.
        note: what is kept in memory, and what is not.
        held_bytes: most memory that batches will be kept in.
    """

    train: Callable[[int], BatchSource]
    validation: BatchSource
    note: str = ""
    held_bytes: int = 0


def own_network(experiment: TrainingExperiment) -> nn.Module:
    """The network of an experiment's kind, with its initial weights."""
    return built_network(experiment.network, experiment.net)


def hybrid_loss(experiment: TrainingExperiment) -> Criterion:
    """The loss of an experiment."""
    return HybridLoss(experiment.loss)


MEASURES = ("nmse", "missed", "order_wrong")
"""What `hybrid_measures` reports."""


def metrics_of(experiment: TrainingExperiment) -> tuple[str, ...]:
    """Names of what a validation reports with the usual parts, out of which `stopping.metric` is.

    >>> metrics_of(TrainingExperiment())[:3]
    ('total', 'covariance', 'subspace')

    Args:
        experiment: whose loss leaves out the terms of weight 0.
    """
    return ("total", *experiment.loss.active, *MEASURES)


def hybrid_measures(prediction: Any, labels: Labels) -> dict[str, Tensor]:  # noqa: ANN401
    """What a validation reports of a prediction besides the loss.

    Args:
        prediction: of a batch.
        labels: of the same scenes.

    Returns:
        (scene,) each: `nmse` of R_pred, `missed` (some source not found within 3°), `order_wrong` (another count).
    """
    measures = measure_prediction(prediction, labels)
    missed = (measures.angle > math.radians(3)).any(-1)
    return dict(zip(MEASURES, (measures.nmse, missed.double(), (~measures.order).double()), strict=True))


def drawn_scenes(experiment: TrainingExperiment, hardware: Hardware | None = None) -> Data:
    """Scenes drawn from an experiment's scenario, on streams of their own for training and validation.

    Validation scenes are drawn on the CPU, so that runs on different devices are judged by the same ones.

    Args:
        experiment: its scenario, plan, seed and device.
        hardware: of the panel, where it is not nominal; all scenes are then drawn on the CPU.

    Returns:
        The batches of a run.
    """
    plan, there = experiment.plan, experiment.plan.draw == "device" and hardware is None
    train = SceneSource(
        scenario=experiment.scenario, split="train", seed=experiment.seed, scenes=plan.n_train, batch=plan.batch,
        kinds=experiment.kinds, device=experiment.device if there else "cpu", hardware=hardware,
    )  # fmt: skip
    apart = None if plan.same_scenes else replace(train, split="validation", scenes=plan.n_val, device="cpu")
    if apart is None or not plan.fresh:
        return held_data(experiment, train, apart)
    budget = budget_of(experiment)
    validation, note = held(apart, f"{plan.n_val} validation", budget.size, experiment.device)
    note = f"new training scenes each epoch; {note}; {budget}"
    return Data(train=train.epoch, validation=validation, note=note, held_bytes=validation.most_bytes)


def held_data(experiment: TrainingExperiment, train: BatchSource, validation: BatchSource | None) -> Data:
    """The same training batches each epoch, kept in memory as far as the budget of both sources together goes.

    Args:
        experiment: its plan's counts and budget, and the device where batches are kept.
        train: training batches.
        validation: validation batches; None validates on the training batches, which are then kept once.

    Returns:
        The batches of a run.
    """
    plan, device, budget = experiment.plan, experiment.device, budget_of(experiment)
    if validation is None:
        both, note = held(train, f"{plan.n_train} training and validation", budget.size, device)
        return Data(train=lambda epoch: both, validation=both, note=f"{note}; {budget}", held_bytes=both.most_bytes)
    apart, note = held(validation, f"{plan.n_val} validation", budget.size, device)
    kept, more = held(train, f"{plan.n_train} training", budget.size - apart.most_bytes, device)
    most = kept.most_bytes + apart.most_bytes
    return Data(train=lambda epoch: kept, validation=apart, note=f"{more}; {note}; {budget}", held_bytes=most)


def held(source: BatchSource, what: str, budget: int, device: str) -> tuple[HeldScenes, str]:
    """The scenes of a source, in memory as far as they fit there.

    Args:
        source: of the scenes.
        what: how many, and what they are for.
        budget: most bytes.
        device: where they are kept.

    Returns:
        The source to use, and a sentence that says how much is kept.
    """
    kept = HeldScenes(source, budget=budget, device=device)
    need_mb, budget_mb = kept.needed_bytes / 1e6, budget / 1e6
    if kept.needed_bytes <= budget:
        return kept, f"{what} scenes kept in {need_mb:.1f} MB on {device}"
    return kept, f"{what} scenes: {budget_mb:.0f} of {need_mb:.0f} MB kept on {device}, the others fetched each time"


@dataclass(frozen=True, kw_only=True)
class Parts:
    """The makers of a run; replace one to train another network, loss or data set with the same trainer.

    >>> from ris_pytorch_pipeline.losses import HybridLoss, LossWeights
    >>> from ris_pytorch_pipeline.train.parts import own_network
    >>> mine = Parts(loss=lambda experiment: HybridLoss(LossWeights(covariance=2.0)))
    >>> mine.net is own_network
    True

    Args:
        net: makes the network; it needs a method `groups()`.
        loss: makes the loss.
        data: makes the batches.
        measure: metrics of a validation besides the loss; None leaves them out.
    """

    net: Callable[[TrainingExperiment], nn.Module] = own_network
    loss: Callable[[TrainingExperiment], Criterion] = hybrid_loss
    data: Callable[[TrainingExperiment], Data] = drawn_scenes
    measure: Measure | None = hybrid_measures
