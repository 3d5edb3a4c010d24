"""How does a run train from shards? Their scenario is the experiment's, and each epoch has an order of its own."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import torch

from ...data import Manifest, Reordered, differences, open_shards, scenario_in_full
from ...errors import ConfigurationError
from ...experiment import plain
from ...experiment.optimisation import Plan
from ...experiment.training import TrainingExperiment
from ...files import regular_size
from ...rng import stream
from ..parts import Data, held_data
from .folder import LEDGER
from .ledger import read_ledger


def shard_scenes(folder: Path | str, resumed: Path | str | None = None) -> Callable[[TrainingExperiment], Data]:
    """A maker of batches from shards, for `Parts(data=...)`.

    The training batches are the same in every epoch, in an order drawn for that epoch; a smaller last batch stays last.

    >>> from ris_pytorch_pipeline.data import ShardPlan, write_shards
    >>> from ris_pytorch_pipeline.experiment import Plan, TrainingExperiment, plain
    >>> from ris_pytorch_pipeline.physics import preset
    >>> from ris_pytorch_pipeline.train import Parts
    >>> small = preset("random", horizontal=4, vertical=4)
    >>> splits = {"train": 8, "validation": 4}
    >>> _ = write_shards("set", ShardPlan(scenario=small, config=plain(small), seed=0, splits=splits, batch=4))
    >>> plan = Plan(epochs=1, n_train=8, n_val=4, batch=4, fresh=False)
    >>> experiment = TrainingExperiment(scenario=small, plan=plan)
    >>> parts = Parts(data=shard_scenes("set"))  # for Trainer(experiment, parts=parts)
    >>> data = parts.data(experiment)
    >>> len(data.train(0)), len(data.validation)
    (2, 1)

    Args:
        folder: of `ris simulate --shards`.
        resumed: directory of the run that goes on; it must have been trained from the same shards.

    Returns:
        From an experiment to its batches. It raises `ConfigurationError` where the shards are of another scenario, hold
        fewer scenes than the plan asks for, or are not those of the resumed run, and `SceneFileError` for a shard that
        is missing or altered.
    """

    def data_of(experiment: TrainingExperiment) -> Data:
        shards, plan = open_shards(folder), experiment.plan
        _check_scenario(shards.manifest, experiment, folder)
        _check_plan(plan)
        _check_resumed(shards.manifest, resumed)
        train = shards.source("train", plan.n_train, plan.batch)
        apart = None if plan.same_scenes else shards.source("validation", plan.n_val, plan.batch)
        data = held_data(experiment, train, apart)
        return replace(
            data,
            train=lambda epoch: Reordered(source=data.train(epoch), order=_order(plan, experiment.seed, epoch)),
            note=f"{data.note}; training batches in another order each epoch; shards of {folder}"
            f"{shards.manifest.behind}, manifest {shards.manifest.digest}",
        )

    return data_of


def _order(plan: Plan, seed: int, epoch: int) -> tuple[int, ...]:
    """Numbers of the training batches of an epoch."""
    whole = plan.n_train // plan.batch
    drawn = torch.randperm(whole, generator=stream(seed, "shards/order", epoch)).tolist()
    return (*drawn, *range(whole, -(-plan.n_train // plan.batch)))


def _check_scenario(manifest: Manifest, experiment: TrainingExperiment, folder: Path | str) -> None:
    """Refuse shards of another scenario; a field that was added since has its default.

    Raises:
        ConfigurationError: naming the first field that differs.
    """
    wanted = scenario_in_full(plain(experiment.scenario))
    differ = next(differences(manifest.scenario, wanted, "scenario."), None)
    if differ is not None:
        raise ConfigurationError(
            f"shards of the experiment's scenario in {folder}", f"{differ} (in the shards, in the experiment)",
            "shards simulated with other options, or another preset",
            "train with a configuration of that scenario, or simulate shards of this one",
        )  # fmt: skip


def _check_plan(plan: Plan) -> None:
    """Refuse a plan that says new scenes are drawn.

    Raises:
        ConfigurationError: `fresh`.
    """
    if plan.fresh:
        raise ConfigurationError(
            "plan.fresh = false where scenes come from shards", "true", "a plan for scenes drawn on the fly",
            "set plan.fresh to false",
        )  # fmt: skip


def _check_resumed(manifest: Manifest, resumed: Path | str | None) -> None:
    """Refuse to go on from other shards than the run began with.

    Raises:
        ConfigurationError: the ledger of the run names other data.
    """
    if resumed is None or regular_size(Path(resumed) / LEDGER) is None:
        return  # without a run, the trainer says so itself
    starts = [event for event in read_ledger(Path(resumed) / LEDGER) if event.get("event") == "start"]
    began = starts[-1] if starts else {}  # a start that was stopped before its first checkpoint comes before it
    if starts and manifest.digest not in str(began.get("data")):
        raise ConfigurationError(
            f"the data that {resumed} began with: {began.get('data')}", f"shards of manifest {manifest.digest}",
            "another folder, or shards that were written anew", "pass the same shards, or start a new run",
        )  # fmt: skip
