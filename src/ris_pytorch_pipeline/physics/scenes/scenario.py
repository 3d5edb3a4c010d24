"""What kind of scenes to draw: the frozen Scenario. Imports no torch, so that the CLI answers fast."""

import math
from dataclasses import dataclass, field
from typing import Any, Literal, NoReturn

from ...errors import ConfigurationError
from ..arrays import LAYOUT, PANEL, ArrayModel, Placed, array_name, array_named, known_array, revived
from ..channels import channel_named
from ..codebooks import codebook_named
from ..kinds import Kinds, SourceKind, kinds_of
from ..registry import late, told_apart
from .impairments import Impairments

Span = float | tuple[float, float]
"""A fixed value, or the low and high end of a uniform draw."""
CountSpan = int | tuple[int, int]
"""A fixed count, or the smallest and largest of a uniform draw."""
SymbolKind = Literal["random", "pilot", "gaussian", "known"]
"""New CN(0, P) symbols per snapshot, constant ones of unit modulus, constant CN(0, P) ones, or new ones per snapshot
that an estimator is told up to their powers."""


def ends(span: float | tuple[float, float]) -> tuple[float, float]:
    """The low and high end of a span; a fixed value is both.

    >>> ends(20.0), ends((0.5, 10.0))
    ((20.0, 20.0), (0.5, 10.0))
    """
    return span if isinstance(span, tuple) else (span, span)


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """The distribution that scenes are drawn from; the defaults are the preset `random`.

    A field that takes a pair is drawn uniformly between its ends for each scene or source.

    >>> scenario = Scenario(horizontal=8, vertical=8, sources=(1, 2), snr_db=(0.0, 20.0))
    >>> scenario.elements, scenario.element_spacing, scenario.most_sources  # as many as are identifiable
    (64, 0.15, 63)

    Args:
        array: `panel`, or any array: its file (.toml, .csv, .npy), in Python an `Array`. The next nine fields are the
            panel's; element positions alone take wavelengths and turns from them.
        horizontal: N_H, panel elements along y.
        vertical: N_V, panel elements along z.
        wavelength: metres.
        spacing: element spacing in metres, or [horizontal, vertical]; None is half a wavelength.
        bend_deg: angle over which the panel is bent about a vertical axis; 180 is a half cylinder, 0 is flat.
        yaw_deg: azimuth that the panel looks at.
        pitch_deg: elevation that the panel looks at.
        frequencies: how many, evenly spaced over the bandwidth.
        bandwidth: from the lowest to the highest frequency, relative to the one of `wavelength`.
        antennas: M, at the base station.
        snapshots: L, coded snapshots.
        codes: name of the codebook: `random` phases, scrambled `hadamard`, the strided 2-D `dft` subset, or `ones`.
        code_bits: phase bits of the panel; None is continuous.
        symbols: `random` (a new CN(0, P) symbol per snapshot), `pilot` (constant, unit modulus) or
            `gaussian` (constant, CN(0, P)), or `known` (drawn like random ones, and estimators are told them). A list
            such as `random, pilot, known` is of one source each.
        sources: K, or the smallest and largest number of sources. Of a list of symbols it is their number.
        azimuth_deg: degrees, 0 is broadside of a panel that is not turned; up to ±180 where the array tells them.
        elevation_deg: degrees.
        distance: metres from the array's centre, from which azimuth and elevation are seen as well.
        distance_law: `uniform` in distance, or `inverse`: uniform in 1/distance.
        separation: least distance of two sources in (u, w).
        snr_db: total clean received power of all sources per antenna and snapshot over the noise variance.
        power_db: power at the receiver of each source relative to the others (power control).
        path_loss: no power control: powers at the panel are |CN(0, 1)|²/r² as in the original system. The weakest
            source is then typically 12 dB (K = 3) to 19 dB (K = 5) below the strongest.
        channel: name of the channel: `rician`, or `direct`: no RIS, each element an antenna.
        rician_factor: κ of the channel as a power ratio.
        impairments: what the panel does and the estimator is not told.
    """

    array: str | Placed = PANEL
    horizontal: int = 12
    vertical: int = 12
    wavelength: float = 0.3
    spacing: float | tuple[float, float] | None = None
    bend_deg: float = 0.0
    yaw_deg: float = 0.0
    pitch_deg: float = 0.0
    frequencies: int = 1
    bandwidth: float = 0.0
    antennas: int = 16
    snapshots: int = 16
    codes: str = "random"
    code_bits: int | None = 3
    symbols: SymbolKind | tuple[SourceKind, ...] = "random"
    sources: CountSpan = (1, 5)
    azimuth_deg: Span = (-60.0, 60.0)
    elevation_deg: Span = (-30.0, 30.0)
    distance: Span = (0.5, 10.0)
    distance_law: Literal["uniform", "inverse"] = "uniform"
    separation: float = 0.125
    snr_db: Span = (-5.0, 20.0)
    power_db: Span = 0.0
    path_loss: bool = False
    channel: str = "rician"
    rician_factor: Span = (0.5, 10.0)
    impairments: Impairments = field(default_factory=Impairments)

    def __post_init__(self) -> None:
        object.__setattr__(self, "array", array_name(self.array))
        if not (0 < self.wavelength < math.inf and all(0 < d < math.inf for d in ends(self.element_spacing))):
            _refuse("a positive wavelength and spacing in metres", f"{self.wavelength}, {self.spacing}", "a wrong unit")
        self._check_array()
        self._check_counts()
        self._check_spans()
        if not 0 <= self.separation < math.inf:
            _refuse("a separation >= 0 in direction cosines", str(self.separation), "a sign")

    def _check_array(self) -> None:
        for name, limit in {"bend_deg": 360, "yaw_deg": 180, "pitch_deg": 90}.items():
            if not -limit <= vars(self)[name] <= limit:
                _refuse(f"{name} within ±{limit} degrees", str(vars(self)[name]), "a wrong unit")
        if not 0 <= self.bandwidth < 2 or (self.frequencies > 1) != (self.bandwidth > 0):
            _refuse(
                "a relative bandwidth in (0, 2) for several frequencies, and 0 for one",
                f"bandwidth {self.bandwidth} with {self.frequencies} frequencies", "one of the two given alone",
                "pass both, as in frequencies = 8 and bandwidth = 0.1",
            )  # fmt: skip
        said = [name for name in self.unused if vars(self)[name] != self.__dataclass_fields__[name].default]
        if said:
            _refuse(
                f"the array {self.array} without {said[0]}, which belongs to a panel or is said by the array itself",
                f"{said[0]} = {vars(self)[said[0]]}", "two descriptions of one array",
                f"leave {said[0]} out, or array; beside array = {PANEL!r} it describes the panel",
            )  # fmt: skip

    def _settle_names(self) -> bool:
        """Tell numbers of a file by name and digest; returns whether the channel has an antenna for each element.

        A name with a digest is one of an earlier sitting: the file is looked for where scenes are drawn.
        """
        square = False
        if "@" not in self.codes:
            object.__setattr__(self, "codes", told_apart(self.codes, codebook_named(self.codes)))
        if "@" not in self.channel:
            model = channel_named(self.channel)
            object.__setattr__(self, "channel", told_apart(self.channel, model))
            square = model.square
        return square

    def _settle_sources(self) -> None:
        """Where symbols are listed source by source, their number is that of the list."""
        if isinstance(self.symbols, str):
            return
        object.__setattr__(self, "symbols", kinds_of(self.symbols))
        count, usual = len(self.symbols), self.__dataclass_fields__["sources"].default
        if self.sources != usual and ends(self.sources) != (count, count):
            _refuse(
                f"{count} sources, one for each of the symbols {', '.join(self.symbols)}", str(self.sources),
                "a number that belongs to other symbols", f"leave sources out, or set it to {count}",
            )  # fmt: skip
        object.__setattr__(self, "sources", count)

    def _check_counts(self) -> None:
        square, known = self._settle_names(), known_array(str(self.array)) is not None
        if square and known and self.antennas != self.elements:
            _refuse(
                f"as many antennas as elements, which are {self.elements}, for the channel {self.channel!r}",
                str(self.antennas), "an array without a RIS, whose elements are its antennas",
                f"set antennas = {self.elements}, and codes = 'ones' if nothing turns phases",
            )  # fmt: skip
        for name in ("horizontal", "vertical", "antennas", "snapshots", "frequencies"):
            if getattr(self, name) < 1:
                _refuse(f"{name} >= 1", str(getattr(self, name)), "a count left at zero")
        if known and self.elements < 2:
            _refuse("two elements or more", "one", "a panel of 1 x 1: a single point tells no direction")
        if self.code_bits is not None and not 1 <= self.code_bits <= 16:
            _refuse("code_bits in 1..16, or none for continuous phases", str(self.code_bits), "levels passed as bits")
        if self.code_bits is not None and self.impairments.unmodelled_code_bits is not None:
            _refuse(
                "code_bits = none, continuous codes to be told, where the panel's bits are unmodelled",
                str(self.code_bits), "the bits of the panel given twice", "set code_bits to none",
            )  # fmt: skip
        self._settle_sources()
        low, high = ends(self.sources)
        if not 1 <= low <= high:
            _refuse("sources: a count >= 1, or [least, most]", str(self.sources), "ends swapped, or no source")
        if known and high > self.most_sources:
            _refuse(
                f"at most {self.most_sources} sources: more are not identifiable from {self.snapshots} snapshots "
                f"of {self.antennas} antennas and {self.elements} elements", str(self.sources),
                "K above the number of independent measurements", "lower sources, or raise snapshots or antennas",
            )  # fmt: skip

    def _check_spans(self) -> None:
        limits = {
            "distance": (0, float("inf"), "a positive, finite distance in metres"),
            "snr_db": (-float("inf"), float("inf"), "a finite snr_db"),
            "power_db": (-float("inf"), float("inf"), "a finite power_db"),
        }
        for name, (least, most, wanted) in limits.items():
            low, high = ends(getattr(self, name))
            if not (least < low <= high < most):
                _refuse(
                    f"{wanted}, as a number or [low, high]",
                    f"{name} = {getattr(self, name)}",
                    "ends swapped, a wrong unit, or a direction behind the panel",
                )
        ahead = all(-90 < ends(x)[0] <= ends(x)[1] < 90 for x in (self.azimuth_deg, self.elevation_deg))
        if not (ahead and self.upright):
            _check_field(self)
        low, high = ends(self.rician_factor)
        if not 0 <= low <= high < math.inf:
            _refuse("a finite rician_factor >= 0 as a power ratio", str(self.rician_factor), "a value in dB")

    def __reduce__(self) -> tuple[Any, ...]:
        numbers = known_array(str(self.array)) if "@" in str(self.array) else None
        return revived, (type(self), dict(vars(self)), numbers)

    @property
    def element_spacing(self) -> float | tuple[float, float]:
        """Element spacing in metres, or the horizontal and the vertical one."""
        return self.wavelength / 2 if self.spacing is None else self.spacing

    @property
    def model(self) -> ArrayModel:
        """What makes the array, and what is known of it.

        Raises:
            ConfigurationError: numbers of an earlier sitting, which nobody read in this one.
        """
        return array_named(str(self.array))

    @property
    def unused(self) -> tuple[str, ...]:
        """Fields that the array is not made of, and that say nothing beside it; of a panel, that it is one."""
        model = known_array(str(self.array))
        rest = () if model is None else tuple(name for name in LAYOUT if name not in model.fields)
        return ("array",) if self.array == PANEL else rest

    @property
    def lattice(self) -> bool:
        """Whether the elements are known to stand in rows and columns of one plane."""
        return self.array == PANEL and not self.bend_deg

    @property
    def upright(self) -> bool:
        """Whether the array is a flat panel in x = 0 that looks along +x."""
        return self.lattice and not (self.yaw_deg or self.pitch_deg)

    @property
    def wavelengths(self) -> tuple[float, ...]:
        """Metres; of several frequencies from the lowest to the highest."""
        if (own := self.model.wavelengths) is not None:
            return own
        if self.frequencies == 1:
            return (self.wavelength,)
        steps = (k / (self.frequencies - 1) - 0.5 for k in range(self.frequencies))
        return tuple(self.wavelength / (1 + self.bandwidth * step) for step in steps)

    @property
    def elements(self) -> int:
        """N; of a panel N_H N_V."""
        return self.model.elements or self.horizontal * self.vertical

    @property
    def symbol_model(self) -> Kinds:
        """What an estimator may assume: symbols drawn per snapshot, one unknown constant per source, or known ones."""
        return "pilot" if self.symbols == "gaussian" else self.symbols

    @property
    def most_sources(self) -> int:
        """Most sources that the measurements can identify, see `identifiable_sources`."""
        blocks = self.snapshots * len(self.wavelengths)
        return identifiable_sources(self.symbol_model, blocks, self.antennas, self.elements)


_check_field = late(f"{__package__}.array_models", "check_field")


def identifiable_sources(symbol_model: Kinds, snapshots: int, antennas: int, elements: int) -> int:
    """Most sources K for which there are no more unknowns than real equations, and K < N.

    Pilot and known: 5 K real unknowns (position and complex amplitude) against 2 L M. Random: 4 K + 1 (position, power
    and the noise variance) against the L M² real numbers of the covariances, and the 2 L M of the measurements. Sources
    of several kinds are counted as random ones.

    >>> identifiable_sources("pilot", 16, 4, 144), identifiable_sources("random", 16, 4, 144)
    (25, 31)
    """
    equations = 2 * snapshots * antennas
    if symbol_model in ("pilot", "known"):
        return max(0, min(equations // 5, elements - 1))
    return max(0, min((min(equations, snapshots * antennas**2) - 1) // 4, elements - 1))


def _refuse(wanted: str, got: str, cause: str, move: str = "correct the value") -> NoReturn:
    raise ConfigurationError(wanted, got, cause, move)
