"""How does a run train on scenes behind one's own panel? They are drawn behind what a calibration says of it."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from ...errors import ConfigurationError
from ...experiment.training import TrainingExperiment
from ...files import regular_size
from ...physics import Hardware
from ..parts import Data, drawn_scenes
from .folder import LEDGER
from .ledger import read_ledger

_BEHIND = "; behind calibration "
"""Before its name, at the end of what the ledger says of the data."""


def scenes_behind(hardware: Hardware, name: str) -> Callable[[TrainingExperiment], Data]:
    """A maker of batches that are drawn behind calibrated hardware, for `Parts(data=...)`.

    Everything but codes and channel is drawn as without it, on the CPU. See `check_hardware` for a run that goes on.

    >>> from ris_pytorch_pipeline.calibrate import Calibration
    >>> from ris_pytorch_pipeline.experiment import training_preset
    >>> from ris_pytorch_pipeline.physics import scenario_array
    >>> experiment = training_preset("tiny", {"plan": {"batch": 2, "n_train": 2, "n_val": 2}})
    >>> panel = Calibration.nominal(scenario_array(experiment.scenario), antennas=16)
    >>> scenes_behind(panel.hardware(told=True), "panel@1")(experiment).note.split("; ")[-1]
    'behind calibration panel@1'

    Args:
        hardware: of `Calibration.hardware`.
        name: of the calibration, which changes with its numbers; the ledger keeps it.

    Returns:
        From an experiment to its batches.
    """

    def data_of(experiment: TrainingExperiment) -> Data:
        data = drawn_scenes(experiment, hardware)
        return replace(data, note=f"{data.note}{_BEHIND}{name}")

    return data_of


def check_hardware(resumed: Path | str, name: str | None) -> None:
    """Refuse to go on behind other hardware than the run began with.

    >>> from ris_pytorch_pipeline.train import Reporter, Trainer
    >>> _ = Trainer(directory="begun", reporter=Reporter(quiet=True)).fit(epochs=1, n_train=32, n_val=32)
    >>> check_hardware("begun", None)  # a nominal panel, as it began

    Args:
        resumed: directory of the run; one without a run is left to the trainer.
        name: of the calibration; None for a nominal panel.

    Raises:
        ConfigurationError: the ledger of the run names another calibration, or none.
    """
    if regular_size(Path(resumed) / LEDGER) is None:
        return
    starts = [event for event in read_ledger(Path(resumed) / LEDGER) if event.get("event") == "start"]
    began = str(starts[-1].get("data")).partition(_BEHIND)[2] if starts else name
    require_same(str(resumed), began or None, name)


def require_same(place: str, began: str | None, name: str | None) -> None:
    """Refuse to go on behind another calibration than something began with.

    >>> require_same("runs/first", "panel@1", "panel@1")

    Args:
        place: of what goes on.
        began: name of the calibration that it began with; None for a nominal panel.
        name: of the present one.

    Raises:
        ConfigurationError: they differ.
    """
    if began != name:
        raise ConfigurationError(
            f"the hardware that {place} began with: {_named(began)}", _named(name),
            "another calibration, or --calibration left out", "pass the same file, or begin anew",
        )  # fmt: skip


def _named(name: str | None) -> str:
    return f"calibration {name}" if name else "no calibration"
