"""How scenes are drawn from a scenario: positions, powers, codes, channel, symbols, noise and measurements."""

import math

import torch
from torch import Generator, Tensor

from ...shapes import Channel, Codes, Positions
from ..array.coordinates import about_origin
from ..array.steering import Waves, steering
from ..array.value import Array
from ..arrays import PANEL
from ..channel import complex_normal, uniform
from ..channels import channel_named
from ..codebooks import codebook_named
from ..kinds import is_mixed
from ..observation import Observation
from ..snapshots import measure
from ..sounding import Sounding
from .array_models import scenario_array
from .drawn_positions import draw_positions, proposed
from .hardware import Hardware
from .impairing import apply_to_codes, displaced_elements, estimated_channel
from .scenario import Scenario, SymbolKind, ends
from .truth import Scenes, Truth


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
        hardware: that the scenes are drawn behind; None is a nominal panel.

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
    ghosts = tuple(x[rows] for x in _draw_ghosts(scenario, (scenes, most), array, generator))
    elements = displaced_elements(array, scenes, scenario.impairments, generator)[rows]
    sources, positions, relative, units = sources[rows], positions[rows], relative[rows], units[rows].to(dtype)
    present = torch.arange(most, device=generator.device) < sources[:, None]
    vectors = _panel_vectors(scenario, positions, ghosts, array, elements).to(dtype)
    gains, powers = _powers(vectors, (relative * present).to(dtype.to_real()), real, control=not scenario.path_loss)
    variance, wide = (gains * powers).sum(-1) / 10 ** (snr_db / 10), (1,) * (units.ndim - 2)
    symbols = units * powers.sqrt().reshape(-1, *wide, most).to(dtype)
    clean = measure(vectors, symbols, real.codes, real.channel)
    observation = Observation(
        measurements=clean + noise * variance.sqrt().reshape(-1, *wide, 1),
        codes=known.codes,
        channel=known.channel,
        array=array.to(dtype=dtype.to_real()),
        symbols=scenario.symbol_model,
        sequences=_told(scenario, units * present.reshape(-1, *wide, most)),
    )
    return Scenes(observation=observation, truth=Truth(
        positions=positions.masked_fill(~present[..., None], torch.nan).to(dtype.to_real()),
        sources=sources,
        powers=powers,
        noise_variance=variance,
        snr_db=snr_db,
        source_snr_db=10 * torch.log10(gains * powers / variance[:, None]),
        symbols=symbols,
        applied_codes=real.codes,
        applied_channel=real.channel,
        applied_elements=elements.to(dtype.to_real()),
    ))  # fmt: skip


def _powers(vectors: Waves, relative: Tensor, real: Sounding, *, control: bool) -> tuple[Tensor, Tensor]:
    """Received power of each unit source per antenna and snapshot, and the powers p_k at the panel; (scene, source)."""
    seen = real.response(vectors)
    gains = torch.view_as_real(seen).square().sum(-1).mean(dim=(-1, -3))
    return gains, relative * (len(real.array) / gains if control else 1)


def _draw_relative_powers(scenario: Scenario, positions: Positions, generator: Generator) -> Tensor:
    """Powers (scene, source): relative ones at the receiver under power control, or at the panel under path loss."""
    shape = tuple(positions.shape[:-1])
    powers = 10 ** (uniform(*ends(scenario.power_db), shape, generator) / 10)
    if scenario.path_loss:
        powers = powers * complex_normal(shape, generator).abs().square() / positions[..., 2].square()
    return powers


def _told(scenario: Scenario, units: Tensor) -> Tensor | None:
    """The symbols that an estimator is told, (scene, [frequency,] snapshot, source); zeros of what is not known."""
    kinds = scenario.symbols if is_mixed(scenario.symbols) else (scenario.symbols,)
    if "known" not in kinds:
        return None
    return units * torch.tensor([kind == "known" for kind in kinds], device=units.device)


def _draw_symbols(scenario: Scenario, count: tuple[int, int], array: Array, generator: Generator) -> Tensor:
    """Unit-power symbols of shape (scene, [frequency,] snapshot, source); frequencies are independent."""
    scenes, sources = count
    wide = (array.frequencies,) if array.frequencies > 1 else ()
    shape = (scenes, *wide, scenario.snapshots, sources)
    if isinstance(scenario.symbols, str):
        return _draw_kind(scenario.symbols, shape, generator)
    each = [_draw_kind(kind, (*shape[:-1], 1), generator) for kind in scenario.symbols]
    return torch.cat(each, dim=-1)


def _draw_kind(kind: SymbolKind, shape: tuple[int, ...], generator: Generator) -> Tensor:
    """Unit-power symbols of sources of one kind, (scene, [frequency,] snapshot, source)."""
    once = (*shape[:-2], 1, shape[-1])
    if kind in ("random", "known"):
        return complex_normal(shape, generator)
    if kind == "gaussian":
        return complex_normal(once, generator).expand(shape)
    phase = uniform(0, 2 * math.pi, once, generator)
    return torch.polar(torch.ones_like(phase), phase).expand(shape)


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
    return (given, acting) if hardware is None else hardware.behind(given, acting)


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


def _panel_vectors(
    scenario: Scenario, positions: Positions, ghosts: tuple[Tensor, ...], array: Array, elements: Tensor
) -> Waves:  # fmt: skip
    """What the panel receives from each unit source: its steering vector, plus its ghost if it has one."""
    displaced = elements if scenario.impairments.position_error_wavelengths else None
    vectors = steering(positions, array, elements=displaced)
    if not ghosts:
        return vectors
    somewhere, gain = ghosts
    echoes = steering(somewhere, array, elements=displaced)
    return vectors + (gain.unsqueeze(1) if array.frequencies > 1 else gain) * echoes
