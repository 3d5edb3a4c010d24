"""Which array, other than a flat upright panel, is a network made for? Its numbers, as a configuration keeps them."""

from dataclasses import dataclass
from functools import cached_property

from ..physics import Array, Pose


@dataclass(frozen=True, kw_only=True)
class ArrayNumbers:
    """Element positions, wavelengths, pose and wavefront of an array; no element stands for no array.

    >>> from ris_pytorch_pipeline.physics import Line
    >>> numbers = numbers_of(Line(count=15, spacing=0.15).array(0.3))
    >>> numbers.wavelengths, numbers.array
    ((0.3,), Array(15 elements, line, 2.1 m, wavelength 0.3 m))

    Args:
        elements: x, y and z of each, metres, in the array's own axes.
        wavelengths: metres.
        position: of the array's origin, metres.
        yaw: radians, see `Pose`.
        pitch: radians.
        roll: radians.
        wavefront: name of the model of the wave.
    """

    elements: tuple[tuple[float, float, float], ...] = ()
    wavelengths: tuple[float, ...] = ()
    position: tuple[float, float, float] = (0.0, 0.0, 0.0)
    yaw: float = 0.0
    pitch: float = 0.0
    roll: float = 0.0
    wavefront: str = "spherical"

    @cached_property
    def array(self) -> Array:
        """The array.

        Raises:
            InputError: no elements, or numbers that no array has.
            ConfigurationError: a wavefront of one's own that is not known here.
        """
        pose = Pose(position=self.position, yaw=self.yaw, pitch=self.pitch, roll=self.roll)
        return Array([list(each) for each in self.elements], self.wavelengths, pose=pose, wavefront=self.wavefront)


def numbers_of(array: Array) -> ArrayNumbers:
    """The numbers of an array, to the last bit.

    Args:
        array: any.
    """
    elements, pose = array.elements.detach().double().cpu().tolist(), array.pose
    return ArrayNumbers(
        elements=tuple((x, y, z) for x, y, z in elements),
        wavelengths=array.wavelengths,
        position=pose.position,
        yaw=pose.yaw,
        pitch=pose.pitch,
        roll=pose.roll,
        wavefront=array.wavefront.name,
    )
