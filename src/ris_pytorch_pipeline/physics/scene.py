"""How scenes are drawn from a scenario: positions, powers, codes, channel, symbols, noise and measurements."""

import math

import torch
from torch import Generator, Tensor

from ..errors import InfeasibleError
from ..shapes import Channel, Codes, Counts, Mask, Positions
from .array.coordinates import toward
from .array.layouts import Panel, bent
from .array.steering import Waves, steering
from .array.value import Array, Pose
from .channel import complex_normal, uniform
from .channels import channel_named
from .codebooks import codebook_named
from .impairing import apply_to_codes, displaced_elements, estimated_channel
from .observation import Observation
from .scenario import Scenario, Span, ends
from .snapshots import measure
from .sounding import Sounding
from .truth import Scenes, Truth

_TRIES = 10_000


def draw(
    scenario: Scenario,
    scenes: int,
    generator: Generator,
    dtype: torch.dtype = torch.complex128,
    array: Array | None = None,
    rows: slice = slice(None),
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
    codes, applied_codes = (c[rows].to(dtype) for c in _draw_codes(scenario, scenes, array, generator))
    channel, applied_channel = (h[rows].to(dtype) for h in _draw_channel(scenario, scenes, array, generator))
    snr_db = uniform(*ends(scenario.snr_db), (scenes,), generator)[rows].to(dtype.to_real())
    units = _draw_symbols(scenario, (scenes, most), array, generator)
    noise = complex_normal((*units.shape[:-1], scenario.antennas), generator)[rows].to(dtype)
    ghosts = tuple(x[rows] for x in _draw_ghosts(scenario, (scenes, most), generator))
    elements = displaced_elements(array, scenes, scenario.impairments, generator)[rows]
    sources, positions, relative, units = sources[rows], positions[rows], relative[rows], units[rows].to(dtype)
    present = torch.arange(most, device=generator.device) < sources[:, None]
    vectors = _panel_vectors(scenario, positions, ghosts, array, elements).to(dtype)
    applied = Sounding(array=array, codes=applied_codes, channel=applied_channel)
    gains, powers = _powers(vectors, (relative * present).to(dtype.to_real()), applied, control=not scenario.path_loss)
    variance, wide = (gains * powers).sum(-1) / 10 ** (snr_db / 10), (1,) * (units.ndim - 2)
    symbols = units * powers.sqrt().reshape(-1, *wide, most).to(dtype)
    clean = measure(vectors, symbols, applied_codes, applied_channel)
    observation = Observation(
        measurements=clean + noise * variance.sqrt().reshape(-1, *wide, 1),
        codes=codes,
        channel=channel,
        array=array.to(dtype=dtype.to_real()),
        symbols=scenario.symbol_model,
        sequences=units * present.reshape(-1, *wide, most) if scenario.symbols == "known" else None,
    )
    return Scenes(observation=observation, truth=Truth(
        positions=positions.masked_fill(~present[..., None], torch.nan).to(dtype.to_real()),
        sources=sources,
        powers=powers,
        noise_variance=variance,
        snr_db=snr_db,
        source_snr_db=10 * torch.log10(gains * powers / variance[:, None]),
        symbols=symbols,
        applied_codes=applied_codes,
        applied_channel=applied_channel,
        applied_elements=elements.to(dtype.to_real()),
    ))  # fmt: skip


def _powers(vectors: Waves, relative: Tensor, applied: Sounding, *, control: bool) -> tuple[Tensor, Tensor]:
    """Received power of each unit source per antenna and snapshot, and the powers p_k at the panel; (scene, source)."""
    seen = applied.response(vectors)
    gains = torch.view_as_real(seen).square().sum(-1).mean(dim=(-1, -3))
    return gains, relative * (len(applied.array) / gains if control else 1)


def scenario_array(scenario: Scenario) -> Array:
    """The array that a scenario describes: a panel, bent and turned as it says, at its wavelengths."""
    panel = Panel(horizontal=scenario.horizontal, vertical=scenario.vertical, spacing=scenario.element_spacing)
    elements = bent(panel, math.radians(scenario.bend_deg)) if scenario.bend_deg else panel.elements()
    pose = Pose(yaw=math.radians(scenario.yaw_deg), pitch=math.radians(scenario.pitch_deg))
    return Array(elements, scenario.wavelengths, pose=pose)


def draw_positions(scenario: Scenario, sources: Counts, generator: Generator) -> Positions:
    """Positions (scene, source, 3) in the field of view, redrawn scene by scene until all are separated in (u, w).

    Raises:
        InfeasibleError: some scene was still crowded after many tries.
    """
    least, most = ends(scenario.sources)
    positions = _propose(scenario, sources.shape[0], int(most), generator)
    if least == most == 1 or scenario.separation == 0:
        return positions
    present = torch.arange(int(most), device=sources.device) < sources[:, None]
    crowded = torch.arange(sources.shape[0], device=sources.device)
    for _ in range(_TRIES):
        crowded = crowded[_closest(positions[crowded], present[crowded]) < scenario.separation]
        if crowded.numel() == 0:
            return positions
        positions[crowded] = _propose(scenario, crowded.numel(), int(most), generator)
    raise InfeasibleError(
        f"{int(most)} sources at least {scenario.separation} apart in (u, w)",
        f"{crowded.numel()} of {sources.shape[0]} scenes still crowded after {_TRIES} draws",
        "too many sources, or too small a field of view, for the separation",
        "lower separation or sources, or widen azimuth_deg and elevation_deg",
    )


def _propose(scenario: Scenario, scenes: int, sources: int, generator: Generator) -> Positions:
    """Independent positions in the field of view."""
    shape = (scenes, sources)
    azimuth = uniform(*_radians(scenario.azimuth_deg), shape, generator)
    elevation = uniform(*_radians(scenario.elevation_deg), shape, generator)
    near, far = ends(scenario.distance)
    if scenario.distance_law == "uniform":
        distance = uniform(near, far, shape, generator)
    else:
        distance = 1 / uniform(1 / far, 1 / near, shape, generator)
    return torch.stack([azimuth, elevation, distance], dim=-1)


def _radians(span_deg: Span) -> tuple[float, float]:
    low, high = ends(span_deg)
    return math.radians(low), math.radians(high)


def _closest(positions: Positions, present: Mask) -> Tensor:
    """Least distance of the directions of two present sources of each scene; infinite where there is one source."""
    flat = toward(positions)[..., 1:]
    gaps = (flat[:, :, None] - flat[:, None, :]).norm(dim=-1)
    pairs = present[:, :, None] & present[:, None, :]
    pairs = pairs & ~torch.eye(pairs.shape[-1], dtype=torch.bool, device=pairs.device)
    return gaps.masked_fill(~pairs, torch.inf).amin(dim=(-1, -2))


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


def _draw_codes(scenario: Scenario, scenes: int, array: Array, generator: Generator) -> tuple[Codes, Codes]:
    """The codes an estimator is given, and what the panel really shows; all frequencies see the same codes."""
    lattice = (scenario.vertical, scenario.horizontal)
    size = lattice if math.prod(lattice) == len(array) else (1, len(array))
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


def _draw_ghosts(scenario: Scenario, shape: tuple[int, int], generator: Generator) -> tuple[Tensor, ...]:
    """Random position and gain, of random phase, of the coherent ghost path of each source; () without ghosts."""
    level = scenario.impairments.ghost_db
    if level is None:
        return ()
    somewhere = _propose(scenario, *shape, generator)
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
