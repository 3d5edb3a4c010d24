"""How a run is kept on disk: tensors in safetensors behind a JSON header, written whole or not at all."""

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NoReturn

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from ..errors import ConfigurationError, InputError
from ..experiment.training import differences
from .groups import Groups
from .identity import Identity

SCHEMA, VERSION = "ris-checkpoint", 1
"""Name and version of the schema; another one is refused."""


@dataclass(frozen=True, kw_only=True)
class Header:
    """What a checkpoint says of itself.

    Args:
        identity: run, code and configuration digests.
        configuration: the resolved experiment, plain.
        weights: which weights are kept as `evaluated`: `live`, `ema` or `swa`.
        progress: counts, plain.
        scaler: state of the loss's scaler.
        schema: name of the schema.
        version: its version.
    """

    identity: dict[str, str]
    configuration: dict[str, Any]
    weights: str
    progress: dict[str, Any]
    scaler: dict[str, Any]
    schema: str = SCHEMA
    version: int = VERSION


@dataclass(frozen=True, kw_only=True)
class Checkpoint:
    """A checkpoint in memory.

    Args:
        header: what it says of itself.
        tensors: `evaluated/NAME`, `live/NAME` and `optimizer/NAME/KEY`.
        path: where it came from.
    """

    header: Header
    tensors: dict[str, Tensor]
    path: Path

    def check_experiment(self, configuration: dict[str, Any]) -> None:
        """Refuse to go on with another experiment.

        Args:
            configuration: resolved and plain.

        Raises:
            ConfigurationError: a field that differs.
        """
        differ = list(differences(self.header.configuration, configuration))
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
            InputError: a tensor too many, too few, or of another shape.
        """
        held = self._under(f"{kind}/")
        wanted = net.state_dict()
        lost, extra = sorted(wanted.keys() - held.keys()), sorted(held.keys() - wanted.keys())
        if lost or extra:
            self._refuse(
                "weights of this network", f"without {lost[:3] or 'none'}, and with {extra[:3] or 'none'} too many"
            )
        for name, value in wanted.items():
            if value.shape != held[name].shape or value.dtype != held[name].dtype:
                self._refuse(
                    f"{name} of shape {tuple(value.shape)}, {value.dtype}",
                    f"{tuple(held[name].shape)}, {held[name].dtype}",
                )
        net.load_state_dict(held, strict=True)

    def restore_optimizer(self, optimizer: torch.optim.Optimizer, groups: Groups) -> None:
        """Give each parameter its optimizer state.

        Args:
            optimizer: over the same groups.
            groups: of the network.

        Raises:
            InputError: state of a parameter that the network does not have, or of another shape.
        """
        held = self._under("optimizer/")
        for name, parameter in zip(groups.names, groups.parameters, strict=True):
            mine = {key.rsplit("/", 1)[1]: held.pop(key) for key in list(held) if key.rsplit("/", 1)[0] == name}
            for key, value in mine.items():
                if value.ndim and value.shape != parameter.shape:
                    self._refuse(f"{key} of {name} as {tuple(parameter.shape)}", str(tuple(value.shape)))
            if mine:
                # The step count is a scalar that AdamW keeps on the CPU.
                optimizer.state[parameter] = {
                    key: value.to(parameter.device) if value.ndim else value for key, value in mine.items()
                }
        if held:
            self._refuse("optimizer state of this network", f"state of {sorted(held)[:3]} too")

    def _under(self, prefix: str) -> dict[str, Tensor]:
        return {name.removeprefix(prefix): x.clone() for name, x in self.tensors.items() if name.startswith(prefix)}

    def _refuse(self, wanted: str, got: str) -> NoReturn:
        raise InputError(
            wanted, f"{self.path}: {got}", "a checkpoint of another architecture",
            "build the network from the checkpoint's own configuration",
        )  # fmt: skip


def save_checkpoint(
    path: Path,
    header: Header,
    evaluated: nn.Module,
    live: nn.Module,
    optimizer: torch.optim.Optimizer,
    groups: Groups,
) -> None:
    """Write a checkpoint: to a temporary file beside it first, so that a kill leaves the old one.

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
    for name, parameter in zip(groups.names, groups.parameters, strict=True):
        tensors |= {f"optimizer/{name}/{key}": value for key, value in optimizer.state.get(parameter, {}).items()}
    stored = {name: value.detach().cpu().contiguous().clone() for name, value in tensors.items()}
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        save_file(stored, temporary, metadata={"header": json.dumps(asdict(header), sort_keys=True)})
        temporary.replace(path)
    except (OSError, SafetensorError) as error:
        raise InputError(
            "a writable file", f"{path}: {error}", "a full disk, or no permission", "try another folder"
        ) from error
    finally:
        temporary.unlink(missing_ok=True)


def read_checkpoint(path: Path | str) -> Checkpoint:
    """Read a checkpoint.

    Args:
        path: of the file.

    Returns:
        Header and tensors, on the CPU.

    Raises:
        InputError: missing, truncated, foreign, or of another schema.
    """
    path = Path(path)
    try:
        with safe_open(path, framework="pt") as file:
            metadata, tensors = file.metadata() or {}, {name: file.get_tensor(name) for name in file.keys()}
    except (OSError, SafetensorError) as error:
        raise InputError(
            "a readable checkpoint", f"{path}: {error}", "a mistyped path, or a copy cut short", "check the path"
        ) from error
    return Checkpoint(header=_header(metadata, path), tensors=tensors, path=path)


def header_of(
    identity: Identity,
    configuration: dict[str, Any],
    weights: str,
    progress: Mapping[str, Any],
    scaler: Mapping[str, Any],
) -> Header:
    """A header from its parts."""
    return Header(
        identity=asdict(identity),
        configuration=configuration,
        weights=weights,
        progress=dict(progress),
        scaler=dict(scaler),
    )


def _header(metadata: Mapping[str, str], path: Path) -> Header:
    """The header of a file.

    Raises:
        InputError: none, or of another schema.
    """
    try:
        values = json.loads(metadata["header"])
        schema, version = values["schema"], values["version"]
    except (KeyError, TypeError, json.JSONDecodeError) as error:
        raise InputError(
            f"a checkpoint of schema {SCHEMA}", f"{path} without its header", "a file of another program",
            "pass a file that a Trainer wrote",
        ) from error  # fmt: skip
    if (schema, version) != (SCHEMA, VERSION):
        raise InputError(
            f"schema {SCHEMA} version {VERSION}", f"{path}: {schema} version {version}",
            "a scene file, or a checkpoint of another version", "use the version that wrote it",
        )  # fmt: skip
    return Header(**values)
