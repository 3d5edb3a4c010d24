"""How sources are sounded: array, codes and channel together, at one wavelength or several."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Complex
from torch import Tensor

from ..errors import InputError
from ..shapes import Channel, Codes
from .array.value import Array
from .snapshots import coded_response
from .tensors import as_tensor


@dataclass(frozen=True, kw_only=True)
class Sounding:
    """What stands between sources and measurements: y_l = H diag(c_l) A s_l.

    With several wavelengths codes and channel have a frequency axis before the last two, see `Observation`.

    >>> array = Panel(horizontal=3, vertical=1, spacing=0.15).array(0.3)
    >>> sounding = Sounding(array=array, codes=torch.ones(1, 6, 3) + 0j, channel=torch.ones(1, 4, 3) + 0j)
    >>> sounding.response(steering(torch.tensor([[[0.3, 0.1, 2.0]]]), array)).shape  # scene, snapshot, source, antenna
    torch.Size([1, 6, 1, 4])

    Args:
        array: the array.
        codes: (scene, [frequency,] snapshot, element), the codes in use.
        channel: (scene, [frequency,] antenna, element).
    """

    array: Array
    codes: Codes
    channel: Channel

    @property
    def wide(self) -> bool:
        """Whether there is a frequency axis."""
        return self.array.frequencies > 1

    @property
    def elements(self) -> Tensor:
        """(element, 3), metres, in the array's own axes."""
        return self.array.elements

    @property
    def wavelength(self) -> float:
        """Metres; the shortest of several."""
        return self.array.wavelength

    def response(self, vectors: Complex[Tensor, "... vector element"]) -> Complex[Tensor, "... block vector antenna"]:
        """b_l = G_l x of every snapshot, those of all frequencies on one axis: blocks.

        Args:
            vectors: (..., vector, element); (..., frequency, vector, element) with several wavelengths.

        Returns:
            (..., block, vector, antenna).
        """
        answer = coded_response(vectors, self.codes, self.channel)
        return answer.flatten(-4, -3) if self.wide else answer

    def of(self, scenes: Tensor) -> "Sounding":
        """Array, codes and channel of some of the scenes, unchecked: for the inside of a search.

        >>> sounding = direct(Line(count=3, spacing=0.15).array(0.3), scenes=5, snapshots=10)
        >>> sounding.of(torch.tensor([0, 4])).codes.shape
        torch.Size([2, 10, 3])
        """
        return Sounding(array=self.array, codes=self.codes[scenes], channel=self.channel[scenes])

    def by_frequency(self) -> tuple[Codes, Channel]:
        """Codes (scene, frequency, snapshot, element) and channel (scene, frequency, antenna, element), always so."""
        return (self.codes, self.channel) if self.wide else (self.codes.unsqueeze(-3), self.channel.unsqueeze(-3))


def direct(array: Array, scenes: int, snapshots: int, dtype: torch.dtype = torch.complex128) -> Sounding:
    """An array without a RIS, each element an antenna: H = I and codes of ones.

    >>> sounding = direct(Line(count=15, spacing=0.15).array(0.3), scenes=1, snapshots=100)
    >>> sounding.channel.shape
    torch.Size([1, 15, 15])

    Args:
        array: the array.
        scenes: how many.
        snapshots: per scene, and per wavelength where there are several.
        dtype: complex64 or complex128.
    """
    size, device = len(array), array.elements.device
    wide = (array.frequencies,) if array.frequencies > 1 else ()
    codes = torch.ones((), dtype=dtype, device=device).expand(scenes, *wide, snapshots, size)
    channel = torch.eye(size, dtype=dtype, device=device).expand(scenes, *wide, size, size)
    return Sounding(array=array, codes=codes, channel=channel)


def as_complex(value: Any, name: str) -> Tensor:  # noqa: ANN401
    """A tensor of a tensor, NumPy array or nested lists, which has to be complex.

    Raises:
        InputError: real values.
    """
    tensor = as_tensor(value)
    if not tensor.is_complex():
        raise InputError(
            f"complex {name}", str(tensor.dtype), "a real part taken earlier", "pass complex64 or 128"
        )  # fmt: skip
    return tensor


def signs_as_complex(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The same with codes of one bit, which came as the real numbers 1 and -1, in the precision of the measurements.

    >>> signs_as_complex({"codes": torch.tensor([1, -1]), "measurements": torch.tensor([1j])})["codes"]
    tensor([ 1.+0.j, -1.+0.j])

    Args:
        tensors: `codes` and `measurements`. Other real codes stay, to be refused, and so do those of real measurements.
    """
    codes, kind = tensors["codes"], tensors["measurements"].dtype
    real = kind.is_complex and not codes.is_complex() and codes.dtype is not torch.bool
    return {**tensors, "codes": codes.to(kind) if real and bool((codes.abs() == 1).all()) else codes}


def disagree(wanted: str, got: str, cause: str, move: str) -> None:
    """Raise what does not fit.

    Raises:
        InputError: always.
    """
    raise InputError(wanted, got, cause, move)


def check_dimensions(values: Mapping[str, Tensor], shapes: Mapping[str, Sequence[str]]) -> None:
    """Refuse tensors with another number of axes than named.

    Raises:
        InputError: naming the axes.
    """
    for name, axes in shapes.items():
        value = values[name]
        if value.ndim != len(axes):
            cause = "a missing scene axis" if value.ndim == len(axes) - 1 else "axes in another order"
            disagree(
                f"{name} of shape ({', '.join(axes)})", f"{tuple(value.shape)}", cause, "add the axis with x[None]"
            )
