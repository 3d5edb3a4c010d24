"""Can a network learn at all? Training and validation on the same scenes, with a verdict and its reasons."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from ..data import BatchSource, content_hashes
from ..errors import ConfigurationError, InputError
from ..experiment.training import TrainingExperiment
from ..losses import measure_prediction
from .loop.trainer import Trainer
from .parts import Data, Parts, drawn_scenes
from .processes.hardware import Hardware
from .watching.reporter import Reporter

MOST_NMSE, MOST_ANGLE_DEG, LEAST_SNR_DB = 0.10, 1.0, 5.0
"""What a network must reach on scenes that it has seen: NMSE of R_pred on all of them, and median angle error of
sources in scenes above this signal-to-noise ratio."""


@dataclass(frozen=True, kw_only=True)
class Overfit:
    """What came of it.

    >>> why = ("NMSE 0.300 (from 0.900) is above 0.1",)
    >>> found = Overfit(nmse_first=0.9, nmse=0.3, angle_median_deg=float("nan"), updates=100, reasons=why)
    >>> found.verdict
    'no-go: NMSE 0.300 (from 0.900) is above 0.1'
    >>> found.to_plain()["nmse"], found.to_plain()["angle_median_deg"]  # JSON has no NaN
    (0.3, None)

    Args:
        nmse_first: NMSE of R_pred before the first update.
        nmse: and after the last.
        angle_median_deg: median great-circle error in scenes above 5 dB, degrees.
        updates: applied.
        reasons: why not to go on; empty if all is well.
    """

    nmse_first: float
    nmse: float
    angle_median_deg: float
    updates: int
    reasons: tuple[str, ...]

    @property
    def verdict(self) -> str:
        """`go`, or `no-go` with the reasons."""
        return f"no-go: {'; '.join(self.reasons)}" if self.reasons else "go"

    def to_plain(self) -> dict[str, Any]:
        """The JSON document of the test; None stands for a number that is not finite."""
        values = {
            name: value if math.isfinite(value) else None for name, value in vars(self).items() if name != "reasons"
        }
        return {**values, "verdict": self.verdict}


def overfit(
    experiment: TrainingExperiment,
    scenes: int = 512,
    *,
    directory: Path | str | None = None,
    reporter: Reporter | None = None,
    measure_every: int = 10,
    data: Callable[[TrainingExperiment], Data] = drawn_scenes,
) -> Overfit:
    """Train on a few scenes and validate on the very same ones.

    >>> from ris_pytorch_pipeline.experiment import training_preset
    >>> small = {"scenario": {"horizontal": 4, "vertical": 4}, "net": {"width": 8}, "plan": {"epochs": 1, "batch": 4}}
    >>> found = overfit(training_preset("tiny", small), scenes=4, reporter=Reporter(quiet=True))
    >>> found.updates, found.verdict[:5]  # one update learns nothing by heart
    (1, 'no-go')

    Args:
        experiment: what to train; its plan's epochs, batch and limits are kept.
        scenes: how many.
        directory: see `Trainer`.
        reporter: see `Trainer`.
        measure_every: see `Trainer`.
        data: makes the batches; both sources must hold the same scenes, in any order.

    Returns:
        NMSE before and after, angle error, and the verdict.

    Raises:
        ConfigurationError: no scene above 5 dB, so that no angle can be judged; nothing is written.
        InputError: training and validation scenes that are not the same, by content; nothing is written.
    """
    plan = replace(experiment.plan, n_train=scenes, n_val=scenes, fresh=False, same_scenes=True)
    experiment = replace(experiment, plan=plan)
    parts = Parts(data=cache(data))  # one copy of the scenes, for the trainer and for the scores
    trainer = Trainer(experiment, directory=directory, reporter=reporter, parts=parts, measure_every=measure_every)
    train = _same_scenes(parts.data(experiment), plan.epochs)
    first, judged = scores(trainer.average.net, train, trainer.hardware)
    if not len(judged):
        raise ConfigurationError(
            f"a scene above {LEAST_SNR_DB:g} dB, to judge angles by",
            f"{scenes} scenes with snr_db = {experiment.scenario.snr_db}", "a noisy scenario, or few scenes",
            f"raise snr_db of the scenario above {LEAST_SNR_DB:g}, or draw more scenes",
        )  # fmt: skip
    progress = trainer.fit()
    nmse, angles = scores(trainer.average.net, train, trainer.hardware)
    angle_deg = math.degrees(float(angles.median()))
    found = {"nmse_first": float(first.mean()), "nmse": float(nmse.mean()), "angle_median_deg": angle_deg}
    return Overfit(**found, updates=progress.updates, reasons=reasons(**found, updates=progress.updates))


def _same_scenes(data: Data, epochs: int) -> BatchSource:
    """The training batches, whose scenes are those of the validation in the first epoch and in the last.

    Raises:
        InputError: they are not.
    """
    seen = set(content_hashes(data.validation))
    for epoch in (0, epochs - 1):
        new = set(content_hashes(data.train(epoch))) ^ seen
        if new:
            raise InputError(
                "the same scenes for training and validation",
                f"{len(new)} scenes in one of them alone in epoch {epoch + 1}",
                "two sources, or new scenes each epoch", "give both the same source",
            )  # fmt: skip
    return data.train(0)


def one_batch(
    experiment: TrainingExperiment,
    updates: int = 100,
    write: Callable[[str], object] | None = None,
    data: Callable[[TrainingExperiment], Data] = drawn_scenes,
) -> Overfit:
    """Train on one batch, and print every link of every update: loss and terms, gradient norms, rates, Δparam.

    >>> from ris_pytorch_pipeline.experiment import training_preset
    >>> small = {"scenario": {"horizontal": 4, "vertical": 4}, "net": {"width": 8}, "plan": {"batch": 4}}
    >>> lines: list[str] = []
    >>> found = one_batch(training_preset("tiny", small), updates=1, write=lines.append)
    >>> found.updates, [line.split()[0] for line in lines][:5]
    (1, ['[RUN]', '[DATA]', '[LR]', '[LOSS]', '[GRAD]'])

    Args:
        experiment: what to train.
        updates: how many.
        write: see `Reporter`.
        data: see `overfit`.

    Returns:
        NMSE before and after, angle error, and the verdict.

    Raises:
        ConfigurationError: no scene above 5 dB in the batch.
    """
    optimisation = replace(experiment.optimisation, accumulation=1)
    plan = replace(experiment.plan, epochs=updates, max_train_batches=None, max_val_batches=None)
    single = replace(experiment, optimisation=optimisation, plan=plan)
    return overfit(single, plan.batch, reporter=Reporter(write, first=updates), measure_every=1, data=data)


def scores(net: nn.Module, source: BatchSource, hardware: Hardware) -> tuple[Tensor, Tensor]:
    """NMSE of each scene, and the angle error in radians of each source in a scene above 5 dB.

    Args:
        net: in evaluation mode.
        source: of scenes.
        hardware: where it runs.

    Returns:
        (scene,) and (source,).
    """
    errors, angles = [], []
    for index in range(len(source)):
        inputs, labels = source[index]
        inputs, labels = inputs.to(hardware.device), labels.to(hardware.device)
        with torch.no_grad(), hardware.autocast():
            measures = measure_prediction(net(inputs), labels)
        errors.append(measures.nmse.cpu())
        angles.append(measures.angle[(labels.snr_db > LEAST_SNR_DB)[:, None] & labels.present].cpu())
    return torch.cat(errors), torch.cat(angles)


def reasons(nmse_first: float, nmse: float, angle_median_deg: float, updates: int) -> tuple[str, ...]:
    """Why a network that was to learn its scenes by heart has not.

    Args:
        nmse_first: NMSE before the first update.
        nmse: and after the last.
        angle_median_deg: median angle error in degrees.
        updates: applied.

    Returns:
        Sentences; none if it has.
    """
    found = []
    if updates == 0:
        found.append("no update was applied")
    if not nmse <= MOST_NMSE:
        found.append(f"NMSE {nmse:.3f} (from {nmse_first:.3f}) is above {MOST_NMSE}")
    if not angle_median_deg < MOST_ANGLE_DEG:
        found.append(f"median angle error {angle_median_deg:.2f}° is not below {MOST_ANGLE_DEG:g}°")
    return tuple(found)
