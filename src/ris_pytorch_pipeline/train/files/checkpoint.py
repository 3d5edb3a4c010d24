"""How a run is kept on disk: tensors in safetensors behind a JSON header, written whole or not at all."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NoReturn

import torch
from torch import Tensor, nn

from ...errors import ConfigurationError, InputError
from ...experiment.training import differences, training_from_plain
from ...files import cause, fits, move, parse_document, read_tensors, reason, warn_unsealed, write_tensors
from ..loop.groups import Groups
from ..loop.progress import Progress
from ..loop.schedule import Weights
from .identity import Identity
from .stored import from_stored

SCHEMA, VERSION = "ris-checkpoint", 2
"""Name and version of the schema; another one is refused."""
MOMENTS: tuple[str, ...] = ("step", "exp_avg", "exp_avg_sq")
"""What AdamW keeps of a parameter that it has updated: the count of updates, and the averages of g and g²."""

Kind = tuple[tuple[int, ...], torch.dtype]
"""Shape and type of a tensor."""


@dataclass(frozen=True, kw_only=True)
class Header:
    """What a checkpoint says of itself.

    >>> from ris_pytorch_pipeline.localise import REFERENCE_FILE
    >>> header = read_checkpoint(REFERENCE_FILE).header
    >>> header.schema, header.weights, header.progress["epoch"]
    ('ris-checkpoint', 'ema', 18)

    Args:
        identity: run, code and configuration digests.
        configuration: the resolved experiment, plain.
        weights: which weights are kept as `evaluated`.
        progress: counts, plain.
        scaler: state of the loss's scaler.
        optimizer: names of the parameters that the optimizer has a state of.
        schema: name of the schema.
        version: its version.
    """

    identity: dict[str, str]
    configuration: dict[str, Any]
    weights: Weights
    progress: dict[str, Any]
    scaler: dict[str, Any]
    optimizer: list[str]
    schema: str = SCHEMA
    version: int = VERSION


@dataclass(frozen=True, kw_only=True)
class Checkpoint:
    """A checkpoint in memory.

    >>> from ris_pytorch_pipeline.train import Reporter, Trainer
    >>> trainer = Trainer(directory="kept", reporter=Reporter(quiet=True))
    >>> progress = trainer.fit(epochs=1, n_train=32, n_val=32)
    >>> kept = read_checkpoint("kept/last.safetensors")
    >>> kept.progress.epoch, sorted({name.split("/")[0] for name in kept.tensors})
    (1, ['evaluated', 'live', 'optimizer'])
    >>> kept.check_experiment(trainer.experiment.to_plain())  # of the same experiment it says nothing
    >>> kept.restore(trainer.net, "live")  # with this and the next two a run goes on
    >>> kept.restore_optimizer(trainer.optimizer, trainer.groups)
    >>> kept.restore_scaler(trainer.scaler)

    Args:
        header: what it says of itself.
        progress: its counts.
        tensors: `evaluated/NAME`, `live/NAME` and `optimizer/NAME/KEY`, where KEY is one of `MOMENTS`.
        path: where it came from.
    """

    header: Header
    progress: Progress
    tensors: dict[str, Tensor]
    path: Path

    def check_experiment(self, configuration: dict[str, Any]) -> None:
        """Refuse to go on with another experiment; the number of epochs may be another, but not below those done.

        Args:
            configuration: resolved and plain.

        Raises:
            ConfigurationError: a field that differs.
        """
        known = training_from_plain(self.header.configuration).to_plain()  # fields added since have their defaults
        epochs = configuration["plan"]["epochs"]
        if epochs >= self.progress.epoch:
            known = known | {"plan": known["plan"] | {"epochs": epochs}}
        differ = list(differences(known, configuration))
        if differ:
            raise ConfigurationError(
                "the experiment of the checkpoint", "; ".join(differ[:3]), "an argument or preset changed since",
                "pass the same experiment and plan, or start a new run in another directory",
            )  # fmt: skip

    def restore(self, net: nn.Module, kind: str) -> None:
        """Copy weights and buffers into a network, strict both ways.

        Args:
            net: of the same architecture.
            kind: `evaluated` or `live`.

        Raises:
            InputError: a tensor too many, too few, or of another shape or type.
        """
        wanted = {name: _kind(value) for name, value in net.state_dict().items()}
        net.load_state_dict(self._exactly(kind, wanted), strict=True)

    def restore_optimizer(self, optimizer: torch.optim.Optimizer, groups: Groups) -> None:
        """Give each parameter that the header names its optimizer state, strict both ways.

        Args:
            optimizer: over the same groups.
            groups: of the network.

        Raises:
            InputError: a state too many, too few, or of another shape or type.
        """
        parameters = dict(zip(groups.names, groups.parameters, strict=True))
        foreign = sorted(set(self.header.optimizer) - parameters.keys())
        if foreign:
            self._refuse("optimizer state of this network", f"state of {foreign[:3]} too")
        count = ((), torch.get_default_dtype())  # of AdamW, which keeps it on the CPU
        wanted = {
            f"{name}/{key}": count if key == "step" else _kind(parameters[name])
            for name in self.header.optimizer
            for key in MOMENTS
        }
        held = self._exactly("optimizer", wanted)
        for name in self.header.optimizer:
            device = parameters[name].device
            moments = {key: held[f"{name}/{key}"] for key in MOMENTS}
            optimizer.state[parameters[name]] = {k: x.to(device) if x.ndim else x for k, x in moments.items()}

    def restore_scaler(self, scaler: torch.amp.GradScaler) -> None:
        """Give the loss's scaler its state.

        Args:
            scaler: of the same precision.

        Raises:
            InputError: another state than such a scaler has.
        """
        wanted, held = scaler.state_dict(), self.header.scaler
        if wanted.keys() != held.keys() or not all(fits(type(wanted[key]), value) for key, value in held.items()):
            self._refuse(f"a scaler's state {sorted(wanted)}", f"{held}")
        scaler.load_state_dict(held)

    def _exactly(self, prefix: str, wanted: Mapping[str, Kind]) -> dict[str, Tensor]:
        """Copies of the tensors under a prefix: those that are wanted, and no other.

        Raises:
            InputError: a tensor too many, too few, or of another shape or type.
        """
        start = f"{prefix}/"
        held = {name.removeprefix(start): x.clone() for name, x in self.tensors.items() if name.startswith(start)}
        lost, extra = sorted(wanted.keys() - held.keys()), sorted(held.keys() - wanted.keys())
        if lost or extra:
            self._refuse(
                f"the {prefix} tensors of this network",
                f"without {lost[:3] or 'none'}, and with {extra[:3] or 'none'} too many",
            )
        for name, kind in wanted.items():
            if _kind(held[name]) != kind:
                self._refuse(f"{start}{name} of shape {kind[0]}, {kind[1]}", "{}, {}".format(*_kind(held[name])))
        return held

    def _refuse(self, wanted: str, got: str) -> NoReturn:
        raise InputError(
            wanted, f"{self.path}: {got}", "a checkpoint of another architecture, or one that was edited",
            "build the network from the checkpoint's own configuration",
        )  # fmt: skip


def save_checkpoint(
    path: Path, header: Header, evaluated: nn.Module, live: nn.Module, optimizer: torch.optim.Optimizer, groups: Groups
) -> None:
    """Write a checkpoint whole or not at all, with a digest of its bytes; a kill or a full disk leaves the old one.

    Args:
        path: of the file; replaced if it exists.
        header: what it says of itself.
        evaluated: the network that is evaluated.
        live: the network in training.
        optimizer: over `groups`.
        groups: of the live network.

    Raises:
        InputError: the file cannot be written.
    """
    tensors = {f"evaluated/{name}": value for name, value in evaluated.state_dict().items()}
    tensors |= {f"live/{name}": value for name, value in live.state_dict().items()}
    parameters = dict(zip(groups.names, groups.parameters, strict=True))
    for name in header.optimizer:
        tensors |= {f"optimizer/{name}/{key}": value for key, value in optimizer.state[parameters[name]].items()}
    try:
        write_tensors(path, tensors, json.dumps(asdict(header), sort_keys=True))
    except OSError as error:
        raise InputError(
            "a writable file", f"{path}: {reason(error)}", cause(error, "a folder that is gone"),
            "free some space and go on with --resume, or try another folder",
        ) from error  # fmt: skip


def read_checkpoint(path: Path | str) -> Checkpoint:
    """Read a checkpoint.

    >>> from ris_pytorch_pipeline.localise import REFERENCE_FILE
    >>> read_checkpoint(REFERENCE_FILE).progress.updates
    2304

    Args:
        path: of the file.

    Returns:
        Header and tensors, on the CPU.

    Raises:
        InputError: missing, truncated, altered, foreign, a link, or of another schema.
    """
    path = Path(path)
    try:
        with read_tensors(path) as file:
            header, tensors = _header(file.metadata, path), {name: file.tensor(name) for name in file.names}
            warn_unsealed(file, path)
    except OSError as error:
        _unreadable(path, error, reason(error), "a mistyped path")
    except InputError:
        raise
    except ValueError as error:
        _unreadable(path, error, str(error), "a copy cut short, a damaged disk, or a file of another kind")
    foreign = [name for name in tensors if name.split("/")[0] not in {"evaluated", "live", "optimizer"}]
    if foreign:
        raise InputError(
            "tensors named evaluated/, live/ and optimizer/", f"{path} with {foreign[:3]}", "a file that was edited",
            "pass a file that a Trainer wrote",
        )  # fmt: skip
    counts = {"pieces": 1} | header.progress  # which checkpoints of earlier versions do not name
    return Checkpoint(header=header, progress=from_stored(Progress, counts, path), tensors=tensors, path=path)


def _unreadable(path: Path, error: Exception, got: str, otherwise: str) -> NoReturn:
    raise InputError(
        "a readable checkpoint", f"{path}: {got}", cause(error, otherwise),
        move(error, "check the path, or copy the file again"),
    ) from error  # fmt: skip


def with_state(optimizer: torch.optim.Optimizer, groups: Groups) -> list[str]:
    """Names of the parameters that an optimizer has a state of: those that it has updated.

    Args:
        optimizer: over the groups.
        groups: of the network.
    """
    return [name for name, each in zip(groups.names, groups.parameters, strict=True) if optimizer.state.get(each)]


def _kind(tensor: Tensor) -> Kind:
    return tuple(tensor.shape), tensor.dtype


def _header(metadata: Mapping[str, str], path: Path) -> Header:
    """The header of a file.

    Raises:
        InputError: none, of another schema, or with other fields.
    """
    try:
        values = parse_document(metadata["header"], not_finite=True)
        schema, version = values["schema"], values["version"]
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(
            f"a checkpoint of schema {SCHEMA}", f"{path} without its header", "a file of another program",
            "pass a file that a Trainer wrote",
        ) from error  # fmt: skip
    if schema != SCHEMA:
        raise InputError(
            f"a checkpoint, of schema {SCHEMA}", f"{path}, of schema {str(schema)[:40]}",
            "two files that changed places", "pass a checkpoint, or the folder of a run",
        )  # fmt: skip
    if version != VERSION:
        raise InputError(
            f"a checkpoint of version {VERSION}", f"{path}, of version {str(version)[:40]}",
            "another release of this package", "use the release that wrote it",
        )  # fmt: skip
    header = from_stored(Header, values, path)
    from_stored(Identity, header.identity, path)
    return header
