"""Where does training run, and in which precision? As asked for, or not at all."""

from dataclasses import dataclass

import torch

from ...data import BatchSource, Inputs, Labels, part_of
from ...errors import ConfigurationError, InputError
from ...experiment.training import TrainingExperiment
from .together import Processes

_LOW = {"bfloat16": torch.bfloat16, "float16": torch.float16}


@dataclass(frozen=True, kw_only=True)
class Hardware:
    """A device and a precision that were found to be there.

    Args:
        device: of weights and batches.
        low: type of the network's products under autocast; None is float32 throughout.
    """

    device: torch.device
    low: torch.dtype | None

    def autocast(self) -> torch.autocast:
        """For the network's forward pass; losses and linear algebra stay outside."""
        return torch.autocast(self.device.type, dtype=self.low, enabled=self.low is not None)

    def scaler(self) -> torch.amp.GradScaler:
        """A scaler of the loss for float16; one that does nothing otherwise."""
        return torch.amp.GradScaler(self.device.type, enabled=self.low is torch.float16)

    def batch(self, source: BatchSource, index: int, size: int) -> tuple[Inputs, Labels]:
        """A batch on the device.

        Args:
            source: of batches.
            index: which batch.
            size: scenes that the plan says it has.

        Raises:
            InputError: not as many scenes as planned.
        """
        inputs, labels = fetched(source, index, size)
        return self.moved(inputs, labels)

    def moved(self, inputs: Inputs, labels: Labels) -> tuple[Inputs, Labels]:
        """Both on the device."""
        return inputs.to(self.device), labels.to(self.device)


def fetched(source: BatchSource, index: int, size: int, rows: slice = slice(None)) -> tuple[Inputs, Labels]:
    """A batch, or some of its scenes, where the source makes it.

    Args:
        source: of batches.
        index: which batch.
        size: scenes that the plan says it has.
        rows: the scenes to take; the others are not made where the source can leave them out.

    Returns:
        Inputs and labels.

    Raises:
        InputError: not as many scenes as planned.
    """
    start, stop, _ = rows.indices(size)
    inputs, labels = source[index] if (start, stop) == (0, size) else part_of(source, index, slice(start, stop))
    wanted = stop - start
    if len(inputs) != wanted or len(labels) != wanted:
        raise InputError(
            f"{wanted} scenes in batch {index}", f"{len(inputs)} inputs and {len(labels)} labels",
            "a source of other sizes than the plan says", "give the source the plan's n_train, n_val and batch",
        )  # fmt: skip
    return inputs, labels


def hardware_of(experiment: TrainingExperiment, processes: Processes) -> Hardware:
    """The device and precision an experiment asks for.

    Args:
        experiment: its `device` and `precision`.
        processes: of the run; of several on a machine, each has a GPU of its own.

    Returns:
        Both, ready to use.

    Raises:
        ConfigurationError: no such device here, a precision it lacks, or another number of processes than are there.
    """
    if experiment.device == "cuda" and not torch.cuda.is_available():
        _refuse("a CUDA device", "none that torch can use", "a machine without one, or a CPU build of torch",
                'set device = "cpu"')  # fmt: skip
    if experiment.device == "cpu" and experiment.precision == "float16":
        _refuse("float32 or bfloat16 on a CPU", "float16", "a configuration meant for a GPU",
                'set precision = "bfloat16"')  # fmt: skip
    if experiment.device == "cuda" and experiment.precision == "bfloat16" and not torch.cuda.is_bf16_supported():
        _refuse("a device with bfloat16", torch.cuda.get_device_name(), "an older GPU", 'set precision = "float16"')
    _check_processes(processes, experiment.device)
    low = None if experiment.precision == "float32" else _LOW[experiment.precision]
    return Hardware(device=processes.device if processes.world > 1 else torch.device(experiment.device), low=low)


def _check_processes(processes: Processes, device: str) -> None:
    if processes.world > 1 and processes.device.type != device:
        _refuse(f"processes on {device}", f"on {processes.device.type}", "processes connected for another experiment",
                f'connect them with joined(..., "{device}")')  # fmt: skip
    world = 1
    if torch.distributed.is_available() and torch.distributed.is_initialized():
        world = torch.distributed.get_world_size()
    if world != processes.world:
        _refuse(f"{processes.world} connected processes", f"{world}", "a launch that the trainer was not told of",
                "call it as Trainer(processes=...) within `joined`")  # fmt: skip


def _refuse(wanted: str, got: str, cause: str, move: str) -> None:
    raise ConfigurationError(wanted, got, cause, move)
