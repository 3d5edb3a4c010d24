"""How scenes are drawn from a scenario: positions, powers, codes, channel, symbols, noise and measurements."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from jaxtyping import Complex, Float
from torch import Generator, Tensor

from ..shapes import Channel, Codes, Counts, Mask, Positions
from .array.coordinates import about_origin
from .array.observability import as_told
from .array.steering import Waves, steering
from .array.value import Array
from .array_models import scenario_array
from .arrays import PANEL
from .channel import complex_normal, uniform
from .channels import channel_named
from .codebooks import codebook_named
from .drawn_positions import draw_positions, proposed
from .impairments import apply_to_codes, estimated_channel
from .observation import Observation
from .scenario import Scenario, ends
from .snapshots import measure
from .sounding import Sounding

Hardware = Callable[[Sounding], Sounding]
"""From codes and channel as intended to those of a real panel."""


@dataclass(frozen=True, kw_only=True)
class Truth:
    """What a simulated scene really was. Slots beyond a scene's number of sources hold NaN positions and power 0.

    Args:
        positions: (scene, source, 3), radians, radians, metres.
        sources: (scene,), K.
        powers: (scene, source), mean symbol power at the panel.
        noise_variance: (scene,), σ² per antenna.
        snr_db: (scene,), total.
        source_snr_db: (scene, source), clean received power of each source per antenna and snapshot over σ².
        symbols: (scene, [frequency,] snapshot, source), s.
        applied_codes: (scene, [frequency,] snapshot, element), what the panel did.
        applied_channel: (scene, [frequency,] antenna, element), what the wave went through.
    """

    positions: Positions
    sources: Counts
    powers: Float[Tensor, "scene source"]
    noise_variance: Float[Tensor, "scene"]  # noqa: F821
    snr_db: Float[Tensor, "scene"]  # noqa: F821
    source_snr_db: Float[Tensor, "scene source"]
    symbols: Complex[Tensor, "scene *wide snapshot source"]
    applied_codes: Complex[Tensor, "scene *wide snapshot element"]
    applied_channel: Complex[Tensor, "scene *wide antenna element"]

    @property
    def present(self) -> Mask:
        """(scene, source): True where the slot holds a source."""
        return torch.arange(self.positions.shape[1], device=self.sources.device) < self.sources[:, None]

    def __getitem__(self, index: slice | Tensor | list[int]) -> "Truth":
        """The truth of some of the scenes."""
        return Truth(**{name: value[index] for name, value in vars(self).items()})

    def to(self, device: torch.device | str | None = None, dtype: torch.dtype | None = None) -> "Truth":
        """The same truth on another device or in another complex precision."""
        kinds = {True: dtype, False: None if dtype is None else dtype.to_real()}
        moved = {
            name: value.to(device=device, dtype=kinds[value.is_complex()] if name != "sources" else None)
            for name, value in vars(self).items()
        }
        return Truth(**moved)


@dataclass(frozen=True, kw_only=True)
class Scenes:
    """A batch of simulated scenes: what an estimator is given, and the truth it is judged by."""

    observation: Observation
    truth: Truth

    def __len__(self) -> int:
        return len(self.observation)

    def __getitem__(self, index: slice | Tensor | list[int]) -> "Scenes":
        """Some of the scenes: a slice, a list or a tensor of scene numbers."""
        return Scenes(observation=self.observation[index], truth=self.truth[index])

    def as_told(self) -> "Scenes":
        """The same scenes with their sources where the array tells them to be: on their cones, see `as_told`."""
        places, _ = as_told(self.truth.positions, self.observation.array)
        return replace(self, truth=replace(self.truth, positions=places))

    def to(self, device: torch.device | str | None = None, dtype: torch.dtype | None = None) -> "Scenes":
        """The same scenes on another device or in another complex precision."""
        return Scenes(observation=self.observation.to(device, dtype), truth=self.truth.to(device, dtype))


def draw(
    scenario: Scenario,
    scenes: int,
    generator: Generator,
    dtype: torch.dtype = torch.complex128,
    array: Array | None = None,
    rows: slice = slice(None),
    hardware: Hardware | None = None,
) -> Scenes:
    """Draw independent scenes from a scenario.

    y_l = H diag(c_l) A s_l + n_l, n_l ~ CN(0, σ² I) with σ² = (clean power per antenna and snapshot, expected over
    symbols) / SNR. Without path loss the powers are controlled: every source arrives at the antennas with its
    `power_db`, so p_k is that power times N over the source's mean received gain. Everything is drawn in double
    precision; `dtype` is the precision of the measurement arithmetic and of what is returned.

    >>> draw(preset("pilot", sources=2), 3, torch.Generator().manual_seed(0)).truth.positions.shape
    torch.Size([3, 2, 3])

    Args:
        scenario: the distribution.
        scenes: how many.
        generator: the source of randomness; its device is where the scenes are made.
        dtype: torch.complex64 or torch.complex128.
        array: another array than the scenario describes, such as `Points(...)`.
        rows: the scenes to make. Random numbers are drawn for all of them; the arithmetic is done for these alone.
        hardware: what a real panel makes of codes and channel, of which estimators are not told.

    Returns:
        The scenes, padded to the scenario's largest number of sources.

    Raises:
        InfeasibleError: the separation cannot be met in the field of view.
    """
    array = (scenario_array(scenario) if array is None else array).to(generator.device, torch.float64)
    least, most = (int(k) for k in ends(scenario.sources))
    sources = torch.randint(least, most + 1, (scenes,), generator=generator, device=generator.device)
    positions = draw_positions(scenario, sources, generator)
    relative = _draw_relative_powers(scenario, positions, generator)
    positions = about_origin(positions, array)
    known, real = _draw_soundings(scenario, scenes, array, generator, rows, dtype, hardware)
    snr_db = uniform(*ends(scenario.snr_db), (scenes,), generator)[rows].to(dtype.to_real())
    units = _draw_symbols(scenario, (scenes, most), array, generator)
    noise = complex_normal((*units.shape[:-1], scenario.antennas), generator)[rows].to(dtype)
    ghosts = _draw_ghosts(scenario, (scenes, most), array, generator)
    sources, positions, relative, units = sources[rows], positions[rows], relative[rows], units[rows].to(dtype)
    present = torch.arange(most, device=generator.device) < sources[:, None]
    vectors = _panel_vectors(positions, tuple(x[rows] for x in ghosts), array).to(dtype)
    gains = real.response(vectors)
    gains = torch.view_as_real(gains).square().sum(-1).mean(dim=(-1, -3))
    powers = (relative * present).to(dtype.to_real()) * (1 if scenario.path_loss else len(array) / gains)
    variance, wide = (gains * powers).sum(-1) / 10 ** (snr_db / 10), (1,) * (units.ndim - 2)
    symbols = units * powers.sqrt().reshape(-1, *wide, most).to(dtype)
    clean = measure(vectors, symbols, real.codes, real.channel)
    observation = Observation(
        measurements=clean + noise * variance.sqrt().reshape(-1, *wide, 1),
        codes=known.codes,
        channel=known.channel,
        array=array.to(dtype=dtype.to_real()),
        symbols=scenario.symbol_model,
        sequences=units * present.reshape(-1, *wide, most) if scenario.symbols == "known" else None,
    )
    truth = Truth(
        positions=positions.masked_fill(~present[..., None], torch.nan).to(dtype.to_real()),
        sources=sources,
        powers=powers,
        noise_variance=variance,
        snr_db=snr_db,
        source_snr_db=10 * torch.log10(gains * powers / variance[:, None]),
        symbols=symbols,
        applied_codes=real.codes,
        applied_channel=real.channel,
    )
    return Scenes(observation=observation, truth=truth)


def _draw_relative_powers(scenario: Scenario, positions: Positions, generator: Generator) -> Tensor:
    """Powers (scene, source): relative ones at the receiver under power control, or at the panel under path loss."""
    shape = tuple(positions.shape[:-1])
    powers = 10 ** (uniform(*ends(scenario.power_db), shape, generator) / 10)
    if scenario.path_loss:
        powers = powers * complex_normal(shape, generator).abs().square() / positions[..., 2].square()
    return powers


def _draw_symbols(scenario: Scenario, count: tuple[int, int], array: Array, generator: Generator) -> Tensor:
    """Unit-power symbols of shape (scene, [frequency,] snapshot, source); frequencies are independent."""
    scenes, sources = count
    wide = (array.frequencies,) if array.frequencies > 1 else ()
    shape = (scenes, *wide, scenario.snapshots, sources)
    once = (scenes, *wide, 1, sources)
    if scenario.symbols in ("random", "known"):
        unit = complex_normal(shape, generator)
    elif scenario.symbols == "gaussian":
        unit = complex_normal(once, generator).expand(shape)
    else:
        phase = uniform(0, 2 * math.pi, once, generator)
        unit = torch.polar(torch.ones_like(phase), phase).expand(shape)
    return unit


def _draw_soundings(
    scenario: Scenario,
    scenes: int,
    array: Array,
    generator: Generator,
    rows: slice,
    dtype: torch.dtype,
    hardware: Hardware | None,
) -> tuple[Sounding, Sounding]:
    """Codes and channel of some scenes: those that an estimator is given, and those that act."""
    codes, channels = (make(scenario, scenes, array, generator) for make in (_draw_codes, _draw_channel))
    pairs = ((c[rows].to(dtype), h[rows].to(dtype)) for c, h in zip(codes, channels, strict=True))
    given, acting = (Sounding(array=array, codes=c, channel=h) for c, h in pairs)
    return given, acting if hardware is None else hardware(acting)


def _draw_codes(scenario: Scenario, scenes: int, array: Array, generator: Generator) -> tuple[Codes, Codes]:
    """The codes an estimator is given, and what the panel really shows; all frequencies see the same codes."""
    lattice = (scenario.vertical, scenario.horizontal)
    size = lattice if scenario.array == PANEL and math.prod(lattice) == len(array) else (1, len(array))
    codes = codebook_named(scenario.codes).draw(scenes, scenario.snapshots, size, scenario.code_bits, generator)
    pair = codes, apply_to_codes(codes, scenario.impairments, generator)
    if array.frequencies == 1:
        return pair
    first, second = (x.unsqueeze(1).expand(-1, array.frequencies, -1, -1) for x in pair)
    return first, second


def _draw_channel(
    scenario: Scenario, scenes: int, array: Array, generator: Generator
) -> tuple[Channel, Channel]:  # fmt: skip
    """The channel an estimator is given, and what the wave really went through."""
    factor = uniform(*ends(scenario.rician_factor), (scenes,), generator)
    channel = channel_named(scenario.channel).draw(factor, scenario.antennas, array, generator)
    return estimated_channel(channel, scenario.impairments, generator), channel


def _draw_ghosts(
    scenario: Scenario, shape: tuple[int, int], array: Array, generator: Generator
) -> tuple[Tensor, ...]:  # fmt: skip
    """Random position and gain, of random phase, of the coherent ghost path of each source; () without ghosts."""
    level = scenario.impairments.ghost_db
    if level is None:
        return ()
    somewhere = about_origin(proposed(scenario, *shape, generator), array)
    phase = uniform(0, 2 * math.pi, (*shape, 1), generator)
    return somewhere, torch.polar(torch.full_like(phase, 10 ** (level / 20)), phase)


def _panel_vectors(positions: Positions, ghosts: tuple[Tensor, ...], array: Array) -> Waves:
    """What the panel receives from each unit source: its steering vector, plus its ghost if it has one."""
    vectors = steering(positions, array)
    if not ghosts:
        return vectors
    somewhere, gain = ghosts
    return vectors + (gain.unsqueeze(1) if array.frequencies > 1 else gain) * steering(somewhere, array)
