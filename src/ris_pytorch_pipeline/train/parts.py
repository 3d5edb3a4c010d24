"""What is trained, on what, against what? How network, loss and batches are made from an experiment."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from torch import Tensor, nn

from ..data import BatchSource, HeldScenes, Inputs, Labels, SceneSource
from ..experiment.training import TrainingExperiment
from ..losses import HybridLoss, LossReport, measure_prediction
from ..nets import HybridNet

Criterion = Callable[[Any, Inputs, Labels], LossReport]
"""From a prediction, the inputs and the labels of a batch to a report."""


Measure = Callable[[Any, Labels], Mapping[str, Tensor]]
"""From a prediction and labels to metrics per scene, lower is better."""


@dataclass(frozen=True, kw_only=True)
class Data:
    """Batches of a run.

    Args:
        train: the training batches of epoch 0, 1, ...
        validation: the same ones each time.
        note: what is kept in memory, and what is not.
    """

    train: Callable[[int], BatchSource]
    validation: BatchSource
    note: str = ""


def hybrid_net(experiment: TrainingExperiment) -> nn.Module:
    """The hybrid network of an experiment, with its initial weights."""
    return HybridNet(experiment.net)


def hybrid_loss(experiment: TrainingExperiment) -> Criterion:
    """The loss of an experiment."""
    return HybridLoss(experiment.loss)


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
    return {"nmse": measures.nmse, "missed": missed.double(), "order_wrong": (~measures.order).double()}


def drawn_scenes(experiment: TrainingExperiment) -> Data:
    """Scenes drawn from an experiment's scenario, on streams of their own for training and validation."""
    plan = experiment.plan
    train = SceneSource(
        scenario=experiment.scenario, split="train", seed=experiment.seed, scenes=plan.n_train, batch=plan.batch
    )
    if plan.same_scenes:
        kept, note = held(train, "training and validation", plan.hold_mb)
        return Data(train=lambda epoch: kept, validation=kept, note=note)
    apart = replace(train, split="validation", scenes=plan.n_val)
    validation, note = held(apart, "validation", plan.hold_mb)
    if plan.fresh:
        return Data(train=train.epoch, validation=validation, note=f"new training scenes each epoch; {note}")
    kept, more = held(train, "training", plan.hold_mb)
    return Data(train=lambda epoch: kept, validation=validation, note=f"{more}; {note}")


def held(source: SceneSource, name: str, budget_mb: int) -> tuple[HeldScenes, str]:
    """The scenes of a source, in memory as far as they fit there.

    Args:
        source: of the scenes.
        name: what they are for.
        budget_mb: most megabytes.

    Returns:
        The source to use, and a sentence that says how much is kept.
    """
    kept = HeldScenes(source, budget=budget_mb * 10**6)
    need_mb = kept.needed_bytes / 1e6
    if need_mb <= budget_mb:
        return kept, f"{source.scenes} {name} scenes kept in {need_mb:.1f} MB"
    return kept, f"{source.scenes} {name} scenes: {budget_mb} of {need_mb:.0f} MB kept, the others drawn each time"


@dataclass(frozen=True, kw_only=True)
class Parts:
    """The makers of a run; replace one to train another network, loss or data set with the same trainer.

    Args:
        net: makes the network; it needs a method `groups()`.
        loss: makes the loss.
        data: makes the batches.
        measure: metrics of a validation besides the loss; None leaves them out.
    """

    net: Callable[[TrainingExperiment], nn.Module] = hybrid_net
    loss: Callable[[TrainingExperiment], Criterion] = hybrid_loss
    data: Callable[[TrainingExperiment], Data] = drawn_scenes
    measure: Measure | None = hybrid_measures
