"""How large a network is and which array and field of view it is made for: NetConfig and its presets."""

import math
from dataclasses import dataclass, field, fields, replace
from difflib import get_close_matches
from functools import cached_property
from typing import Any, Literal, get_args

from ..errors import ConfigurationError
from ..estimate import SearchRegion
from ..physics import Array, Panel, Scenario, ends, scenario_array
from ..physics.scenes.array_models import recall
from ..physics.scenes.scenario import Span
from .array_numbers import ArrayNumbers, numbers_of

BeamKind = Literal["exact", "fft"]


@dataclass(frozen=True, kw_only=True)
class NetConfig:
    """Size, geometry and initial weights of a `HybridNet`; the defaults are the preset `tiny` for scenario `random`.

    >>> NetConfig(width=16).array.elements.shape
    torch.Size([144, 3])
    >>> from ris_pytorch_pipeline.physics import Line, preset
    >>> line = Line(count=15, spacing=0.15).array(0.3)
    >>> NetConfig().fitted_to(preset("random", array=line)).array
    Array(15 elements, line, 2.1 m, wavelength 0.3 m)

    Args:
        width: channels of the backbone.
        blocks: residual blocks of two 3 x 3 convolutions each.
        passes: how many of the strongest sources are explained, one after the other, to see the ones behind them.
        rank: candidates, and columns of the covariance factor F.
        most_sources: largest number of sources the order head can state.
        floor: ε of R_pred = F F^H + ε I, relative to its mean eigenvalue.
        planes: most distance planes of the beams; an array like the default one resolves four distances.
        oversampling: of the beam grid over half a beamwidth, see `search_grid`.
        beams: "exact" makes them of every steering vector, N² operations of N elements; "fft" of Fourier transforms
            over the rows and columns of an upright panel, with the few foci that its near field needs, see `Foci`.
        panel: the panel, upright in x = 0.
        wavelength: metres.
        numbers: of any other array, which takes the place of `panel` and `wavelength`.
        region: the field of view.
        seed: of the initial weights.

    Raises:
        ConfigurationError: a size below 1, more candidates than are useful, a floor outside (0, 1), or beams by
            transforms of an array that is no upright panel.
    """

    width: int = 32
    blocks: int = 3
    passes: int = 3
    rank: int = 8
    most_sources: int = 5
    floor: float = 1e-3
    planes: int = 5
    oversampling: float = 1.0
    beams: BeamKind = "exact"
    panel: Panel = field(default_factory=lambda: Panel(horizontal=12, vertical=12, spacing=0.15))
    wavelength: float = 0.3
    numbers: ArrayNumbers = field(default_factory=ArrayNumbers)
    region: SearchRegion = field(default_factory=SearchRegion)
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("width", "blocks", "rank", "most_sources", "planes"):
            if vars(self)[name] < 1:
                _refuse(f"{name} >= 1", str(vars(self)[name]), "a size left at zero", "raise it")
        if self.passes < 0:
            _refuse("passes >= 0", str(self.passes), "a sign", "pass 0 to look once")
        if self.width % 8:
            _refuse("a width that is a multiple of 8", str(self.width), "a free choice", "round it: groups hold 8")
        if self.rank < self.most_sources:
            _refuse(
                "at least as many candidates as sources",
                f"rank {self.rank} for {self.most_sources} sources",
                "the number of sources raised alone",
                "raise rank as well",
            )
        if not 0 < self.floor < 1:
            _refuse("a floor in (0, 1)", str(self.floor), "a value in dB", "pass a part of the mean eigenvalue")
        if self.beams != "exact":
            self._check_transforms()

    def _check_transforms(self) -> None:
        """Refuse beams by transforms where there are no rows and columns to transform over."""
        if self.beams not in get_args(BeamKind):
            names = ", ".join(map(repr, get_args(BeamKind)))
            _refuse(f"beams out of {names}", repr(self.beams), "a misspelt name", "pass one of the known names")
        regular = not self.numbers.elements and self.array.frame.identity
        if not (regular and self.region.ahead):
            seen = "a field of view behind the panel" if regular else str(self.array)
            _refuse(
                "beams = 'exact', or an upright panel of one frequency that looks ahead for beams = 'fft'",
                f"beams = 'fft' for {seen}",
                "an array of one's own, a turned or bent panel, one of several frequencies, or a vertical line: "
                "Fourier transforms need evenly spaced rows and columns",
                "set net.beams to 'exact'",
            )

    @cached_property
    def array(self) -> Array:
        """The panel at its wavelength, or the array of `numbers`."""
        return self.numbers.array if self.numbers.elements else self.panel.array(self.wavelength)

    @property
    def unused(self) -> tuple[str, ...]:
        """Fields that say nothing beside the others: the panel beside an array, or numbers of none.

        Exact beams are not told of either, so that a network from before there were others keeps its digest.
        """
        beams = ("beams",) if self.beams == "exact" else ()
        return (*beams, "panel", "wavelength") if self.numbers.elements else (*beams, "numbers")

    def fitted_to(self, scenario: Scenario) -> "NetConfig":
        """The same network for the array, field of view and number of sources of a scenario.

        An array that the scenario tells by its digest alone, and that nobody read in this sitting, is known from now on
        if the numbers of the network are those.

        Raises:
            ConfigurationError: an array of an earlier sitting whose numbers the network does not hold either.
        """
        if self.numbers.elements:
            recall(str(scenario.array), self.numbers.array)
        azimuth, elevation = _radians(scenario.azimuth_deg), _radians(scenario.elevation_deg)
        most = int(ends(scenario.sources)[1])
        return replace(
            self,
            **_placed(scenario),
            region=SearchRegion(azimuth=azimuth, elevation=elevation, distance=ends(scenario.distance)),
            most_sources=most,
            rank=max(self.rank, most + 3),
        )  # fmt: skip


def _placed(scenario: Scenario) -> dict[str, Any]:
    """The fields that say where the elements of a scenario are; of those that say nothing, the usual values."""
    if scenario.upright and scenario.frequencies == 1:
        panel = Panel(horizontal=scenario.horizontal, vertical=scenario.vertical, spacing=scenario.element_spacing)
        return {"panel": panel, "wavelength": scenario.wavelength, "numbers": ArrayNumbers()}
    usual = NetConfig()
    numbers = numbers_of(scenario_array(scenario))
    return {"panel": usual.panel, "wavelength": usual.wavelength, "numbers": numbers}


def _radians(span_deg: Span) -> tuple[float, float]:
    low, high = ends(span_deg)
    return math.radians(low), math.radians(high)


NET_PRESETS: dict[str, NetConfig] = {
    "tiny": NetConfig(),
    "desk": NetConfig(width=96, blocks=8, passes=5, rank=10),
    "paper": NetConfig(width=192, blocks=12, passes=8, rank=12, oversampling=1.5),
}
"""The named sizes: `tiny` learns within minutes on two cores, `desk` within an hour, `paper` needs a GPU."""


def net_preset(name: str, **overrides: Any) -> NetConfig:  # noqa: ANN401
    """The named size with some fields replaced.

    >>> net_preset("desk", planes=3).width, net_preset("desk").planes
    (96, 5)

    Raises:
        ConfigurationError: an unknown name or field; the nearest known one is suggested.
    """
    known = [f.name for f in fields(NetConfig)]
    for what, key, names in (("a size", name, list(NET_PRESETS)), *(("a field", k, known) for k in overrides)):
        if key not in names:
            close = get_close_matches(key, names, n=1)
            move = f"did you mean {close[0]!r}?" if close else "pick one of the known names"
            _refuse(f"{what} out of {', '.join(names)}", repr(key), "a misspelt name", move)
    return replace(NET_PRESETS[name], **overrides)


def _refuse(wanted: str, got: str, cause: str, move: str) -> None:
    raise ConfigurationError(wanted, got, cause, move)
