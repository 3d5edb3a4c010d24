"""What an array is: element positions, wavelengths, pose and wavefront in one frozen value."""

import math
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, TypeVar

import torch
from jaxtyping import Float
from torch import Tensor

from ...errors import InputError
from ...shapes import Elements
from ..tensors import as_tensor
from .frame import Frame, frame_of
from .wavefronts import Wavefront, spherical, wavefront_named

Made = TypeVar("Made")
KINDS = ("point", "line", "flat", "deep")
"""Words for arrays of dimension 0 to 3."""


@dataclass(frozen=True, kw_only=True)
class Pose:
    """Where an array is in the world: turned by roll about x, then pitch up, then yaw towards +y, then moved.

    >>> pose = Pose(position=(0.0, 0.0, 2.5), yaw=0.5)  # 2.5 m up, turned by 0.5 rad towards +y
    >>> pose.rotation[:, 0]  # where an array of this pose looks
    tensor([0.8776, 0.4794, 0.0000], dtype=torch.float64)
    >>> Panel(horizontal=3, vertical=1, spacing=0.15).array(0.3, pose=pose).placed[1]  # its middle element
    tensor([0.0000, 0.0000, 2.5000], dtype=torch.float64)
    >>> pose.moves(), Pose().moves()
    (True, False)

    Args:
        position: of the array's origin, metres.
        yaw: radians; turns the look direction +x to this azimuth.
        pitch: radians; turns it up to this elevation.
        roll: radians, about the look direction.
    """

    position: tuple[float, float, float] = (0.0, 0.0, 0.0)
    yaw: float = 0.0
    pitch: float = 0.0
    roll: float = 0.0

    @property
    def rotation(self) -> Float[Tensor, "3 3"]:
        """R_z(yaw) R_y(-pitch) R_x(roll), float64: world = rotation @ own."""
        (cy, sy), (cp, sp), (cr, sr) = ((math.cos(a), math.sin(a)) for a in (self.yaw, self.pitch, self.roll))
        yaw = torch.tensor([[cy, -sy, 0], [sy, cy, 0], [0, 0, 1]], dtype=torch.float64)
        pitch = torch.tensor([[cp, 0, -sp], [0, 1, 0], [sp, 0, cp]], dtype=torch.float64)
        roll = torch.tensor([[1, 0, 0], [0, cr, -sr], [0, sr, cr]], dtype=torch.float64)
        return yaw @ pitch @ roll

    def moves(self) -> bool:
        """Whether anything is turned or moved."""
        return any((*self.position, self.yaw, self.pitch, self.roll))


@dataclass(frozen=True, eq=False, init=False, repr=False)
class Array:
    """Element positions, wavelengths, pose and wavefront: all that decides a steering vector.

    Positions of sources are (azimuth, elevation, distance) about the origin in world axes. Estimators work in the
    array's frame, about its centre, in direction cosines and inverse distance; `to_cosines` and `to_positions` convert.

    >>> array = Panel(horizontal=12, vertical=12, spacing=0.15).array(0.3)
    >>> array.dimension, len(array), array.wavelengths
    (2, 144, (0.3,))

    Args:
        elements: (element, 3), metres, in the array's own axes; a tensor, a NumPy array or lists.
        wavelengths: metres; one number or several.
        pose: of the array in the world.
        wavefront: the model of the wave, or its name; exact unless data were made with another one.

    Raises:
        InputError: elements that are no finite (element, 3), or a wavelength that is not positive.
        ConfigurationError: no wavefront has this name.
    """

    elements: Elements
    wavelengths: tuple[float, ...]
    pose: Pose = field(default_factory=Pose)
    wavefront: Wavefront = spherical

    def __init__(
        self,
        elements: Any,  # noqa: ANN401
        wavelengths: Any,  # noqa: ANN401
        pose: Pose | None = None,
        wavefront: Wavefront | str = spherical,
    ) -> None:
        object.__setattr__(self, "elements", _as_elements(elements))
        object.__setattr__(self, "wavelengths", _as_wavelengths(wavelengths))
        object.__setattr__(self, "pose", Pose() if pose is None else pose)
        known = wavefront_named(wavefront) if isinstance(wavefront, str) else wavefront
        object.__setattr__(self, "wavefront", known)

    def __len__(self) -> int:
        return self.elements.shape[0]

    def __repr__(self) -> str:
        sizes = {0: (), 1: self.extents[1:2], 2: self.extents[1:], 3: self.extents}[self.dimension]
        kept = [f"{x:.3g} m" for x in sizes]
        waves = ", ".join(f"{x:.4g}" for x in self.wavelengths[:3]) + (" ..." if self.frequencies > 3 else "")
        words = f"wavelength{'s' if self.frequencies > 1 else ''} {waves} m"
        kind = KINDS[self.dimension] + (f", {' x '.join(kept)}" if kept else "")
        return f"Array({len(self)} elements, {kind}, {words})"

    @property
    def frequencies(self) -> int:
        """How many wavelengths."""
        return len(self.wavelengths)

    @property
    def wavelength(self) -> float:
        """The only wavelength, or the shortest one, which sets resolution and ambiguity."""
        return min(self.wavelengths)

    @property
    def central(self) -> "Array":
        """The same array at its middle wavelength alone: itself where it has one."""
        if self.frequencies == 1:
            return self
        middle = sorted(self.wavelengths)[self.frequencies // 2]
        return self.once("central", lambda: replace(self, wavelengths=middle))

    @property
    def apart(self) -> "tuple[Array, ...]":
        """The same array, in the same frame, at each of its wavelengths alone.

        >>> [each.wavelengths for each in Line(count=3, spacing=0.15).array((0.3, 0.31)).apart]
        [(0.3,), (0.31,)]
        """
        if self.frequencies == 1:
            return (self,)
        return self.once("apart", lambda: tuple(self._changed(wavelengths=each) for each in self.wavelengths))

    @cached_property
    def frame(self) -> Frame:
        """The array's own axes, centre and dimension, in float64 on the CPU."""
        with torch.inference_mode(mode=False):
            return frame_of(self.placed, self.wavelength)

    @property
    def dimension(self) -> int:
        """1 for a line, 2 for a flat array, 3 for a deep one; 0 for a single point."""
        return self.frame.dimension

    @property
    def deep(self) -> bool:
        """Whether the array tells all directions, front and back; then cosines are (d_x, u, w, q)."""
        return self.frame.dimension == 3

    @cached_property
    def local(self) -> Elements:
        """Elements about the centre in the array's frame, in the precision and on the device of `elements`."""
        if self.frame.identity and self.frame.centred and not self.pose.moves():
            return self.elements
        with torch.inference_mode(mode=False):  # what is kept serves a training too
            return self._exact.to(self.elements)

    @cached_property
    def flat(self) -> bool:
        """Whether every element lies exactly in the plane x = 0 of the frame."""
        return not bool(self._exact[:, 0].any())

    @cached_property
    def extents(self) -> tuple[float, float, float]:
        """Size along the axes of the frame, metres."""
        return tuple(float(x) for x in self._exact.amax(0) - self._exact.amin(0))  # pyright: ignore[reportReturnType]

    @cached_property
    def _exact(self) -> Elements:
        """`local` in float64 on the CPU; what is negligible out of the plane of a flat array is zero."""
        with torch.inference_mode(mode=False):
            local = (self.placed - self.frame.centre) @ self.frame.rotation
            tiny = local.abs() < 1e-12 * local.abs().max().clamp_min(self.wavelength)
            return local.masked_fill(tiny, 0.0)

    @property
    def placed(self) -> Elements:
        """Elements in the world, (element, 3) in metres, float64 on the CPU."""
        own = self.elements.detach().double().cpu()
        if not self.pose.moves():
            return own
        return own @ self.pose.rotation.mT + torch.tensor(self.pose.position, dtype=torch.float64)

    def to(self, device: torch.device | str | None = None, dtype: torch.dtype | None = None) -> "Array":
        """The same array with its elements on another device or in another real precision; gradients pass.

        >>> array = Line(count=3, spacing=0.15).array(0.3)
        >>> array.elements.dtype, array.to(dtype=torch.float32).elements.dtype
        (torch.float64, torch.float32)
        """
        if (dtype in {None, self.elements.dtype}) and (device is None or torch.device(device) == self.elements.device):
            return self
        if self.elements.requires_grad:  # what is kept has no record for gradients
            return self._converted(device, dtype)
        return self.once(("to", device, dtype), lambda: self._converted(device, dtype))

    def _converted(self, device: torch.device | str | None, dtype: torch.dtype | None) -> "Array":
        return self._changed(elements=self.elements.to(device=device, dtype=dtype))

    def _changed(self, **changes: Any) -> "Array":  # noqa: ANN401
        """With other precision or wavelengths, which move nothing: the frame stays."""
        other = replace(self, **changes)
        for name in ("frame", "_exact"):
            other.__dict__[name] = getattr(self, name)
        return other

    def once(self, key: Hashable, make: Callable[[], Made]) -> Made:
        """What `make` makes of this array alone: made when first asked for under this key, and kept with the array.

        >>> array = Line(count=3, spacing=0.15).array(0.3)
        >>> gains = array.once("gains", lambda: torch.ones(3))
        >>> array.once("gains", lambda: torch.zeros(3)) is gains  # nothing is made again
        True

        Args:
            key: names it, with all that it depends on besides.
            make: called without a record for gradients.
        """
        kept: dict[Hashable, Any] = self.__dict__.setdefault("_made", {})
        if key not in kept:
            with torch.inference_mode(mode=False), torch.no_grad():
                kept[key] = make()
        return kept[key]

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if name != "_made"}

    def like(self, other: Tensor) -> "Array":
        """The same array on the device and in the real precision of a tensor.

        >>> measured = torch.ones(2, dtype=torch.complex64)
        >>> Line(count=3, spacing=0.15).array(0.3).like(measured).elements.dtype
        torch.float32
        """
        return self.to(other.device, other.dtype.to_real())

    def same_as(self, other: "Array", tolerance: float = 1e-3) -> bool:
        """Whether two arrays are one for practical purposes: elements within a part of the wavelength.

        >>> array = Line(count=3, spacing=0.15).array(0.3)  # a thousandth of its wavelength is 0.3 mm
        >>> [array.same_as(Line(count=3, spacing=spacing).array(0.3)) for spacing in (0.1501, 0.151)]
        [True, False]
        """
        if len(self) != len(other) or self.frequencies != other.frequencies or self.wavefront != other.wavefront:
            return False
        near = torch.allclose(self.placed, other.placed, rtol=0, atol=tolerance * self.wavelength)
        pairs = zip(self.wavelengths, other.wavelengths, strict=True)
        return near and all(abs(one / two - 1) <= tolerance for one, two in pairs)


def _as_elements(elements: Any) -> Elements:  # noqa: ANN401
    value = as_tensor(elements)
    value = value if value.is_floating_point() else value.double()
    if value.ndim != 2 or value.shape[1] != 3 or not len(value):
        raise InputError(
            "elements of shape (element, 3): the same number of coordinates of an element everywhere",
            f"3 and {value.shape[-1] if value.ndim else 0}, in a shape of {tuple(value.shape)}",
            "coordinates left out, or axes in another order", "pass x, y and z of every element",
        )  # fmt: skip
    if not bool(torch.isfinite(value).all()):
        raise InputError(
            "finite elements", f"{int((~torch.isfinite(value)).sum())} of {value.numel()} values NaN or infinite",
            "a failed capture or a division by zero before this call", "repair the element positions",
        )  # fmt: skip
    return value


def _as_wavelengths(wavelengths: Any) -> tuple[float, ...]:  # noqa: ANN401
    result = tuple(as_tensor(wavelengths).double().flatten().tolist())
    if not result or not all(0 < x < math.inf for x in result):
        raise InputError("a positive wavelength in metres", str(wavelengths), "a wrong unit", "pass c / f")
    return result
