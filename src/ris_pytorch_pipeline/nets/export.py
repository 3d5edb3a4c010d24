"""How the learned part of a network leaves Python: as a `torch.export` program, or as an ONNX file."""

from pathlib import Path
from typing import NoReturn

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.export import Dim, ExportedProgram

from ..errors import ConfigurationError
from ..files import cause, check_can_write, is_there, move, reason, write_whole
from .hybrid import HybridNet
from .kinds import Network

NAMES = ("maps", "gains", "pooled")
"""Of the outputs, see `Learned`."""


class Learned(nn.Module):
    """Backbone and head of a network: what was trained. Beams before it and candidates behind it are formulas.

    Args:
        net: the network; weights are shared.
    """

    def __init__(self, net: HybridNet) -> None:
        super().__init__()
        self.backbone, self.head = net.backbone, net.head

    def forward(self, beams: Float[Tensor, "scene channel n_u n_w"]) -> tuple[Tensor, Tensor, Tensor]:
        """Maps (scene, 5 planes, n_u, n_w), gains (scene, n_u, n_w) and pooled features of the beams of scenes."""
        return self.head(self.backbone(beams))


def exported(net: Network) -> ExportedProgram:
    """The learned part as a program of `torch.export`, for any number of scenes.

    >>> import torch
    >>> from ris_pytorch_pipeline.nets import HybridNet, NetConfig
    >>> net = HybridNet(NetConfig(width=8, blocks=1, passes=1)).eval()
    >>> maps, gains, pooled = exported(net).module()(torch.zeros(3, net.beams.channels, *net.beams.grid.shape[:2]))
    >>> tuple(gains.shape) == (3, *net.beams.grid.shape[:2])
    True

    Args:
        net: the network, in evaluation mode.

    Raises:
        ConfigurationError: a network that is no `HybridNet`, whose learned part is not known.
    """
    if not isinstance(net, HybridNet):
        raise ConfigurationError(
            "a HybridNet, or a kind that extends it", type(net).__name__, "a kind of network of one's own",
            "export its learned part with torch.export yourself",
        )  # fmt: skip
    example = torch.zeros((2, net.beams.channels, *net.beams.grid.shape[:2]), device=net.beams.elements.device)
    return torch.export.export(Learned(net).eval(), (example,), dynamic_shapes=({0: Dim("scene")},))


def export_onnx(net: Network, path: Path | str, *, overwrite: bool = False) -> None:
    """Write the learned part as an ONNX file with the input `beams` and the outputs `maps`, `gains` and `pooled`.

    >>> from pathlib import Path
    >>> from ris_pytorch_pipeline.errors import ConfigurationError
    >>> from ris_pytorch_pipeline.nets import NetConfig
    >>> net = HybridNet(NetConfig(width=8, blocks=1, passes=1)).eval()
    >>> _ = Path("night.onnx").write_text("an earlier export")
    >>> try:
    ...     export_onnx(net, "night.onnx")  # which writes where nothing is, and never over another file unasked
    ... except ConfigurationError as error:
    ...     print(error.move)
    pass overwrite=True to replace a file, or name another place

    Args:
        net: the network, in evaluation mode.
        path: of the file.
        overwrite: replace an existing file.

    Raises:
        ConfigurationError: no `HybridNet`, the extra `onnx` is not installed, the file exists, or it cannot be written.
    """
    path = Path(path)
    if is_there(path) and not overwrite:
        raise ConfigurationError(
            "a file that can be written", f"{path}: it exists", "an earlier export, or a link there",
            "pass overwrite=True to replace a file, or name another place",
        )  # fmt: skip
    try:
        check_can_write(path)
    except OSError as error:
        _refuse(path, error)
    try:
        import onnxscript  # noqa: F401
    except ImportError as missing:
        raise ConfigurationError(
            "the packages onnx and onnxscript, which ONNX files are written with", str(missing),
            "an install without the extra", "pip install 'ris-pytorch-pipeline[onnx]'",
        ) from missing  # fmt: skip
    program = torch.onnx.export(exported(net), input_names=["beams"], output_names=list(NAMES), verbose=False)
    assert program is not None  # which torch returns unless it is given a file
    try:
        write_whole(path, [program.model_proto.SerializeToString()], overwrite=overwrite)
    except OSError as error:
        _refuse(path, error)


def _refuse(path: Path, error: OSError) -> NoReturn:
    raise ConfigurationError(
        "a file that can be written", f"{path}: {reason(error)}", cause(error, "a mistyped folder"),
        move(error, "name another place"),
    ) from error  # fmt: skip
