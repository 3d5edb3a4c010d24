"""What else a truth says once positions are known: powers, symbols and noise, fitted to the measurements."""

import torch
from scipy.optimize import nnls
from torch import Tensor

from ..errors import InputError
from ..estimate.fit.groups import responses_by_kind, symbols_by_kind
from ..physics import Observation, Truth, check_visible, coded_response, is_mixed, steering
from ..physics.sequences import sent_by
from ..shapes import Positions


def truth_at(observation: Observation, positions: Positions) -> Truth:
    """The truth of scenes whose source positions were measured: s fitted by least squares, σ² from what is left.

    Symbols that are constant over a block of L snapshots and M antennas leave L M - K equations for the noise; symbols
    that change leave L (M - K), and where that is nothing, powers and noise follow from the mean of |y|² instead.

    >>> import ris_pytorch_pipeline as ris
    >>> scenario = ris.preset("pilot", horizontal=4, vertical=4, sources=1, snr_db=20.0)
    >>> scenes = ris.simulate(scenario, scenes=2, seed=0)
    >>> truth = truth_at(scenes.observation, scenes.truth.positions)  # as surveyed, not estimated
    >>> truth.snr_db.round()  # dB, fitted
    tensor([20., 20.], dtype=torch.float64)

    Args:
        observation: the scenes.
        positions: (scene, source, 3), radians, radians, metres; rows of NaN are slots without a source.

    Returns:
        The truth, of which only the positions were measured.

    Raises:
        InputError: a scene without a position, or one that cannot be.
    """
    positions = positions.to(observation.measurements.real)
    present = torch.isfinite(positions).all(-1)
    if not bool(present.any(-1).all()):
        raise InputError(
            "at least one position in each scene", f"none in scene {int((~present.any(-1)).nonzero()[0])}",
            "a gap in the log of positions",
            "leave the truth out, or that scene: in a mapping by pick = { scene = [...] } of each quantity with scenes",
        )  # fmt: skip
    order = torch.argsort((~present).long(), dim=1, stable=True)
    positions = positions.gather(1, order[..., None].expand_as(positions))
    present = present.gather(1, order)
    check_visible(positions[present], observation.array)
    parts = [_fitted(observation[[n]], positions[n : n + 1, : int(present[n].sum())]) for n in range(len(positions))]
    slots = positions.shape[1]
    symbols = torch.cat([_padded(part[0], slots) for part in parts])
    variance = torch.stack([part[1] for part in parts])
    powers = torch.view_as_real(symbols).square().sum(-1).flatten(1, -2).mean(1)
    received = torch.stack([_padded(part[2], slots) for part in parts])
    return Truth(
        positions=positions.masked_fill(~present[..., None], torch.nan),
        sources=present.sum(1),
        powers=powers,
        noise_variance=variance,
        snr_db=10 * torch.log10(received.sum(-1) / variance),
        source_snr_db=10 * torch.log10(received / variance[:, None]),
        symbols=symbols,
        applied_codes=observation.codes,
        applied_channel=observation.channel,
        applied_elements=observation.elements.to(positions).expand(len(observation), -1, -1),
    )


def _padded(value: Tensor, slots: int) -> Tensor:
    return torch.nn.functional.pad(value, (0, slots - value.shape[-1]))


def _fitted(scene: Observation, positions: Positions) -> tuple[Tensor, Tensor, Tensor]:
    """Symbols (1, [frequency,] snapshot, source), σ², and received power of each source per antenna and snapshot."""
    vectors = steering(positions, scene.array)
    vectors = vectors if scene.wide else vectors.unsqueeze(1)
    response = coded_response(vectors, *scene.by_frequency())[0].mT  # (frequency, snapshot, antenna, source)
    measured = scene.measurements if scene.wide else scene.measurements.unsqueeze(1)
    frequencies, snapshots, _, sources = response.shape
    y = measured[0].unsqueeze(-1)
    sent = _sent(scene, sources)
    response = response * sent.unsqueeze(-2)
    if is_mixed(scene.symbols) and scene.symbols.count("random") < y.shape[-2]:
        return _fitted_by_kind(response, y, sent.expand(frequencies, snapshots, -1), scene)
    if scene.symbols in ("pilot", "known"):
        response, y = response.flatten(1, 2).unsqueeze(1), y.flatten(1, 2).unsqueeze(1)
    spare = (y.shape[-2] - sources) * y.shape[1] * frequencies
    gains = torch.view_as_real(response).square().sum(-1).mean(dim=(0, 1, 2))
    if spare > 0:
        symbols = torch.linalg.lstsq(response, y).solution
        variance = torch.view_as_real(y - response @ symbols).square().sum() / spare
    else:
        symbols, variance = _by_moments(response, y)
    symbols = sent * symbols.squeeze(-1).expand(frequencies, snapshots, sources)
    powers = torch.view_as_real(symbols).square().sum(-1).mean(dim=(0, 1))
    return _with_floor(scene, symbols, variance, gains * powers)


def _fitted_by_kind(response: Tensor, y: Tensor, sent: Tensor, scene: Observation) -> tuple[Tensor, Tensor, Tensor]:
    """The same of sources of several kinds: random ones have a symbol in each snapshot, others a factor a frequency."""
    kinds = scene.symbols if is_mixed(scene.symbols) else ()
    random = [kind == "random" for kind in kinds]
    columns, measured = responses_by_kind(response.mT[None], random)[0].mT, y.flatten(1, 2)
    amplitudes = torch.linalg.lstsq(columns, measured).solution
    spare = max(1, (columns.shape[1] - columns.shape[2]) * len(columns))
    variance = torch.view_as_real(measured - columns @ amplitudes).square().sum() / spare
    symbols = symbols_by_kind(amplitudes.squeeze(-1)[None], sent[None], random)[0]
    gains, powers = (torch.view_as_real(x).square().sum(-1).flatten(0, -2).mean(0) for x in (response, symbols))
    return _with_floor(scene, symbols, variance, gains * powers)


def _with_floor(
    scene: Observation, symbols: Tensor, variance: Tensor, received: Tensor
) -> tuple[Tensor, Tensor, Tensor]:  # fmt: skip
    """Symbols with the axes of the scene, σ² that is more than rounding, and the received powers."""
    floor = torch.finfo(variance.dtype).eps * torch.view_as_real(scene.measurements).square().sum(-1).mean()
    return symbols[None] if scene.wide else symbols, variance.clamp_min(float(floor)), received


def _sent(scene: Observation, sources: int) -> Tensor:
    """(frequency or 1, snapshot or 1, source): what is known of the symbols, at unit mean power; ones where nothing is.

    Raises:
        InputError: another number of sequences, or of kinds, than positions.
    """
    if is_mixed(scene.symbols) and len(scene.symbols) != sources:
        raise InputError(
            f"a position for each of {len(scene.symbols)} kinds", str(sources), "a source without a position",
            "give every source a position, in the order of the kinds",
        )  # fmt: skip
    if scene.sequences is None:
        return scene.measurements.new_ones(1, 1, sources)
    sent = (scene.sequences if scene.wide else scene.sequences.unsqueeze(1))[0]
    if is_mixed(scene.symbols):
        known = torch.tensor([kind == "known" for kind in scene.symbols], device=sent.device)
        sent = torch.where(known, sent, torch.ones_like(sent))
    elif sent.shape[-1] < sources or int(sent_by(scene.sequences)) != sources:
        raise InputError(
            f"as many positions as sequences, {int(sent_by(scene.sequences))}", str(sources),
            "a source without a position", "give every source of the sequences a position, in their order",
        )  # fmt: skip
    sent = sent[..., :sources]
    return sent / torch.view_as_real(sent).square().sum(-1).mean((0, 1)).sqrt()


def _by_moments(response: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """Powers p and σ² with Σ_k p_k |b_k|² + σ² = |y|² in the mean, and the symbols expected under them."""
    energy = torch.view_as_real(response).square().sum(-1).flatten(0, -2)
    columns = torch.cat([energy, torch.ones_like(energy[:, :1])], dim=1)
    solution, _ = nnls(columns.numpy(), torch.view_as_real(y).square().sum(-1).flatten().numpy())
    solution = torch.from_numpy(solution).to(y.real).clamp_min(1e-12 * float(solution.max()))
    powers, variance = solution[:-1], solution[-1]
    scaled = response * powers
    gamma = scaled @ response.mH + variance * torch.eye(y.shape[-2], dtype=y.dtype)
    return scaled.mH @ torch.linalg.solve(gamma, y), variance
