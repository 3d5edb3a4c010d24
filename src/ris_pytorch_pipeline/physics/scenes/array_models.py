"""How does a scenario become its array, and which directions does that tell?"""

import hashlib
import math
from dataclasses import astuple, dataclass
from typing import Any

from torch import Tensor

from ...errors import ConfigurationError
from ..array.field_of_view import check_told
from ..array.layouts import Panel, bent
from ..array.value import Array, Pose
from ..arrays import OPEN, ArrayModel, keep, known_array
from .scenario import Scenario, ends

_DIGITS = 16
"""64 bits of a SHA-256 tell one array from another; they keep no forger out."""


def scenario_array(scenario: Scenario) -> Array:
    """The array that a scenario names: its panel, or the numbers of a file.

    >>> scenario_array(Scenario(horizontal=4, vertical=3))
    Array(12 elements, flat, 0.45 m x 0.3 m, wavelength 0.3 m)

    Raises:
        ConfigurationError: numbers of an earlier sitting, which nobody read in this one.
    """
    return scenario.model.make(scenario)


def panel_array(scenario: Scenario) -> Array:
    """The panel that a scenario describes, bent and turned as it says, at its wavelengths."""
    panel = Panel(horizontal=scenario.horizontal, vertical=scenario.vertical, spacing=scenario.element_spacing)
    elements = bent(panel, math.radians(scenario.bend_deg)) if scenario.bend_deg else panel.elements()
    return Array(elements, scenario.wavelengths, pose=_pose(scenario))


def _pose(scenario: Scenario) -> Pose:
    return Pose(yaw=math.radians(scenario.yaw_deg), pitch=math.radians(scenario.pitch_deg))


@dataclass(frozen=True, eq=False)
class Whole:
    """Makes an array that says everything itself."""

    array: Array

    def __call__(self, scenario: Scenario) -> Array:
        """The array, whatever the scenario."""
        del scenario
        return self.array


@dataclass(frozen=True, eq=False)
class Positions:
    """Makes an array of element positions alone, at the wavelengths of a scenario and turned as it says."""

    elements: Tensor

    def __call__(self, scenario: Scenario) -> Array:
        """The array of the scenario."""
        return Array(self.elements, scenario.wavelengths, pose=_pose(scenario))


def given_array(name: str, array: Any) -> ArrayModel:  # noqa: ANN401
    """An array as a scenario names it: by the digest of its elements in metres, wavelengths, pose and wavefront.

    Args:
        name: of the array.
        array: the `Array`.

    Raises:
        ConfigurationError: something else.
    """
    if not isinstance(array, Array):
        raise ConfigurationError(
            "the name of an array, or an Array", f"a {type(array).__name__}", "element positions alone",
            "pass Points(elements, wavelength)",
        )  # fmt: skip
    whole = Array(_kept(array.elements), array.wavelengths, pose=array.pose, wavefront=array.wavefront)
    said = (whole.wavelengths, astuple(whole.pose), whole.wavefront.name)
    return ArrayModel(
        name=name, make=Whole(whole), elements=len(whole), wavelengths=whole.wavelengths,
        digest=_digest(whole.elements, repr(said)),
    )  # fmt: skip


def placed_elements(name: str, elements: Any) -> ArrayModel:  # noqa: ANN401
    """Element positions as a scenario names them; wavelengths and turns are the scenario's.

    Args:
        name: of the array.
        elements: (element, 3), metres; a tensor, a NumPy array or lists.

    Raises:
        InputError: no finite (element, 3).
    """
    kept = _kept(Array(elements, 1.0).elements)
    return ArrayModel(
        name=name, make=Positions(kept), fields=OPEN, elements=len(kept), digest=_digest(kept, "positions")
    )


def recall(name: str, array: Array) -> None:
    """Know an array of an earlier sitting again, which a scenario tells as NAME@DIGEST, if it is this one.

    Args:
        name: of a scenario's array.
        array: which may be that one.

    Raises:
        ConfigurationError: a name without a digest that no array has.
    """
    base, _, digest = name.partition("@")
    if digest and known_array(name) is None:
        made = (given_array(base, array), placed_elements(base, array.elements))
        for model in made:
            if model.digest == digest:
                keep(model)


def _kept(elements: Tensor) -> Tensor:
    """Elements that nothing changes any more; 0.0 makes one zero of two."""
    return elements.detach().double().cpu() + 0.0


def _digest(elements: Tensor, said: str) -> str:
    return hashlib.sha256(elements.contiguous().numpy().tobytes() + said.encode()).hexdigest()[:_DIGITS]


def check_field(scenario: Scenario) -> None:
    """Refuse a field of view that the scenario's array does not tell, see `check_told`.

    Of an array of an earlier sitting nothing is known but that it told its field when scenes were drawn.

    Raises:
        ConfigurationError: ends swapped, a wrong unit, or directions that the array takes for others.
    """
    azimuth, elevation = ends(scenario.azimuth_deg), ends(scenario.elevation_deg)
    limits = {"azimuth_deg": (azimuth, 180), "elevation_deg": (elevation, 90)}
    for name, ((low, high), most) in limits.items():
        if not (-most <= low <= high <= most) or (name == "elevation_deg" and abs(low + high) == 2 * most):
            raise ConfigurationError(
                f"{name} within ±{most}, as a number or [low, high]", f"{name} = {vars(scenario)[name]}",
                "ends swapped, a wrong unit, or a pole, which has no azimuth", "correct the value",
            )  # fmt: skip
    if known_array(str(scenario.array)) is not None:
        check_told(azimuth, elevation, scenario_array(scenario))
