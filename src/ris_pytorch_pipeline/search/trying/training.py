"""How good is a recipe? A network is trained by it, and located sources are scored over the bound on fixed scenes."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

import torch

from trainlint import TrainingFault, Verdict

from ...bench import blind, proposer, score, trial_on
from ...bench.sweep import BLOCK
from ...errors import InfeasibleError
from ...experiment import to_toml
from ...files import signed_text, write_whole
from ...localise import Localiser
from ...nets import Network
from ...physics import Hardware, Scenario, draw
from ...physics.scenes.scenario import SymbolKind
from ...rng import stream
from ...train import Parts, Reporter, Trainer, load_network, scenes_behind
from ...train.files.folder import BEST, LAST
from ...train.parts import drawn_scenes
from ..kept.outcome import Ended, Judged, Report, Task
from .recipe import Locating

EXPERIMENT = "experiment.toml"
"""What a trial trained, as `ris train --config` takes it."""


def localiser_of(net: Network, locating: Locating) -> Localiser:
    """The network with the way it locates.

    >>> from ris_pytorch_pipeline.localise import reference_network
    >>> localiser = localiser_of(reference_network().net, Locating(proposals="music", beta=0.25, polish=5))
    >>> localiser.proposer.name, localiser.polish
    ('music on R_blend, β=0.25', 5)

    Args:
        net: trained.
        locating: how.
    """
    starts = proposer(locating.proposals, locating.beta, net.config.region)
    return Localiser(net, starts, polish=locating.polish, doubt=locating.doubt)


class FixedScenes:
    """Scenes that are the same for every trial, with their bound; kept in memory.

    >>> from ris_pytorch_pipeline.localise import Localiser
    >>> from ris_pytorch_pipeline.physics import preset
    >>> fixed = FixedScenes(preset("random", sources=1, snr_db=20.0), 2, 0, "validation")
    >>> scores = fixed.scores(Localiser.reference(polish=0), known_order=True)
    >>> len(scores), min(scores) > 0.0
    (2, True)

    Args:
        scenario: that they are drawn from.
        scenes: how many.
        seed: of the search.
        name: of their random stream.
        kinds: of symbols, of each of which there are as many scenes, within one; none leaves them to the scenario.
        hardware: of the panel that they are drawn behind, where it is not nominal.
    """

    def __init__(
        self,
        scenario: Scenario,
        scenes: int,
        seed: int,
        name: str,
        kinds: tuple[SymbolKind, ...] = (),
        hardware: Hardware | None = None,
    ) -> None:
        judged = [replace(scenario, symbols=kind) for kind in dict.fromkeys(kinds)] or [scenario]
        parts = [
            (each, min(BLOCK, count - first))
            for number, each in enumerate(judged)
            for count in (len(range(number, scenes, len(judged))),)
            for first in range(0, count, BLOCK)
        ]
        self.blocks = [
            trial_on(draw(each, count, stream(seed, f"search/{name}", block), hardware=hardware))
            for block, (each, count) in enumerate(parts)
        ]

    def scores(self, localiser: Localiser, *, known_order: bool) -> tuple[float, ...]:
        """Whitened GOSPA of each scene, in standard deviations of the bound.

        Args:
            localiser: that locates.
            known_order: whether it is told the number of sources.
        """
        attempt = blind(localiser, known_order=known_order)
        found = [
            score(block.scenes.truth, block.bound, attempt(block.scenes.observation, block.scenes.truth))
            for block in self.blocks
        ]
        return tuple(torch.cat([each.whitened.value for each in found]).tolist())


@dataclass(kw_only=True)
class TrainAndLocate:
    """The objective of `ris search`: mean GOSPA in standard deviations of the bound, lower is better.

    It is measured after each epoch, with the weights that a validation sees. A trial's value is that of the epoch that
    its own validation calls the best, whose weights `ris train` keeps: the scenes of the search choose no epoch.

    >>> from pathlib import Path
    >>> from ris_pytorch_pipeline.experiment import training_preset
    >>> from ris_pytorch_pipeline.search import Recipe
    >>> few = {"epochs": 1, "n_train": 4, "n_val": 4, "batch": 4}
    >>> small = {"scenario": {"horizontal": 4, "vertical": 4}, "net": {"width": 8}, "plan": few}
    >>> recipe = Recipe(training=training_preset("tiny", small), locating=Locating(polish=0))
    >>> judge = TrainAndLocate(scenario=recipe.training.scenario, scenes=2, seed=0, known_order=True)
    >>> task = Task(recipe=recipe, stage="short", number=0, folder=Path("trial-0"))
    >>> judge(task, lambda epoch, value: print("epoch", epoch)).epoch
    epoch 1
    1

    Args:
        scenario: of the scenes.
        scenes: fixed validation scenes; as many others, held out, judge what is trained long.
        seed: of the search.
        known_order: whether the network is told the number of sources.
        kinds: of symbols of the scenes, see `FixedScenes`.
        hardware: of the panel behind which all scenes are drawn; None is a nominal one.
        calibration: its name in the ledgers of the trials.
    """

    scenario: Scenario
    scenes: int
    seed: int
    known_order: bool
    kinds: tuple[SymbolKind, ...] = ()
    hardware: Hardware | None = None
    calibration: str = ""
    _drawn: dict[str, FixedScenes] = field(default_factory=dict)

    def __call__(self, task: Task, report: Report) -> Judged:
        """Train, judge each epoch, and judge the best epoch of a long training on held-out scenes.

        Raises:
            Ended: by any exception but a fault of the training; `Pruned` by the report is one.
        """
        task.folder.mkdir(parents=True, exist_ok=True)
        run = _fresh(task.folder)
        training, epochs = task.recipe.training, dict[int, float]()
        write_whole(task.folder / EXPERIMENT, [signed_text(to_toml(training))])

        def listen(event: str, values: Mapping[str, Any]) -> None:
            if event == "epoch":
                epochs[values["epoch"]] = self._mean(trainer, task.recipe.locating)
                report(values["epoch"], epochs[values["epoch"]])

        data = drawn_scenes if self.hardware is None else scenes_behind(self.hardware, self.calibration)
        trainer = Trainer(
            training, directory=run, reporter=Reporter(quiet=True), listeners=[listen], parts=Parts(data=data)
        )
        try:
            return self._judged(task, trainer, epochs, _fault_of(trainer))
        except Exception as error:
            raise Ended(error, _recorded(trainer.verdict)) from error
        finally:
            if task.stage == "short":
                _forget_weights(run)

    def _judged(self, task: Task, trainer: Trainer, epochs: Mapping[int, float], fault: str) -> Judged:
        verdict, best = trainer.verdict, trainer.progress.best_epoch
        record = _recorded(verdict)
        if fault or best not in epochs:
            return Judged(value=None, healthy=False, verdict=record, words=fault or "no epoch had a finite loss")
        healthy = verdict is not None and verdict.healthy
        held = self._held_out(task) if task.stage == "long" and healthy else ()
        return Judged(value=epochs[best], healthy=healthy, epoch=best, verdict=record, words=_words(verdict), held=held)

    def _held_out(self, task: Task) -> tuple[float, ...]:
        net = load_network(task.folder / "run" / BEST).net
        return self._fixed("held-out").scores(localiser_of(net, task.recipe.locating), known_order=self.known_order)

    def _mean(self, trainer: Trainer, locating: Locating) -> float:
        net = cast("Network", trainer.average.net)  # which the usual parts of a trainer make
        values = self._fixed("validation").scores(localiser_of(net, locating), known_order=self.known_order)
        return sum(values) / len(values)

    def _fixed(self, name: str) -> FixedScenes:
        if name not in self._drawn:
            self._drawn[name] = FixedScenes(self.scenario, self.scenes, self.seed, name, self.kinds, self.hardware)
        return self._drawn[name]


def _fault_of(trainer: Trainer) -> str:
    """Train; what was found where that was no training, and nothing otherwise."""
    try:
        trainer.fit()
    except (TrainingFault, InfeasibleError) as error:
        return error.got
    return ""


def _recorded(verdict: Verdict | None) -> dict[str, Any] | None:
    """A verdict as the storage keeps it."""
    return None if verdict is None else _storable(verdict.record())


def _fresh(folder: Path) -> Path:
    """The folder of the training, without what a worker left there that was killed."""
    run = folder / "run"
    if run.is_dir():
        for path in run.iterdir():
            path.unlink()
    return run


def _forget_weights(run: Path) -> None:
    """Remove the weights of a short training: its experiment makes them again, bit by bit."""
    for name in (BEST, LAST):
        (run / name).unlink(missing_ok=True)


def _storable(value: Any) -> Any:  # noqa: ANN401
    """A record with numbers that JSON cannot hold as texts, as the ledger has them."""
    if isinstance(value, Mapping):
        return {str(key): _storable(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_storable(inner) for inner in value]
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value


def _words(verdict: Verdict | None) -> str:
    """The state of a training, and the codes of what was found."""
    if verdict is None:
        return "no verdict"
    state = verdict.state.name.lower().replace("_", " ")
    return f"{state}{': ' if verdict.codes else ''}{', '.join(verdict.codes)}"
