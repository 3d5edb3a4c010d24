"""How good any estimator can be when symbols are unknown numbers: per snapshot, or constant over the block."""

from jaxtyping import Complex, Float
from torch import Tensor

from ..likelihood import (
    information_of_moments,
    position_information,
    project,
    sequence_information,
    snapshot_gram,
    stacked,
)
from ..physics import Sounding, centre_phase
from ..shapes import Positions
from .bound import Bound, Known, charted, deviations_from_information, identifiable
from .repeated import collapsed


def deterministic_bound(
    positions: Positions,
    symbols: Complex[Tensor, "... snapshot source"],
    noise_variance: Float[Tensor, "*batch"],
    sounding: Sounding,
    *,
    known: Known = (),
) -> Bound:
    """Bound for symbols that are unknown numbers, new in each snapshot.

    J = (2/σ²) Σ_l Re{(D_l S_l)^H P⊥(B_l) (D_l S_l)} (Stoica and Nehorai 1989). Each snapshot needs M > K.

    >>> import ris_pytorch_pipeline as ris
    >>> scenes = ris.simulate(ris.preset("random", sources=2, snr_db=10.0), scenes=1, seed=0)
    >>> truth, seen = scenes.truth, scenes.observation
    >>> bound = deterministic_bound(truth.positions, truth.symbols, truth.noise_variance, seen)
    >>> bound.deviations.shape  # (scene, source, coordinate)
    torch.Size([1, 2, 3])

    Args:
        positions: (..., source, 3), radians, radians, metres; an infinite distance needs `known=("distance",)`.
        symbols: (..., [frequency,] snapshot, source), the amplitudes of `steering`'s vectors.
        noise_variance: (...), σ².
        sounding: array, codes and channel; an `Observation` is one.
        known: coordinates that are not estimated.

    Returns:
        Named standard deviations; NaN in a coordinate that the array cannot tell.

    Raises:
        InputError: an invalid position, or parameters that these measurements cannot identify.
    """
    chart, coordinates = charted(positions, sounding.array, known)
    few, repeats = collapsed(sounding)
    symbols = symbols * centre_phase(positions, sounding.array).unsqueeze(-2)
    moments = symbols.conj().unsqueeze(-1) * symbols.unsqueeze(-2)
    moments = moments if repeats == 1 else moments.sum(-3, keepdim=True)
    moments = moments.flatten(-4, -3) if sounding.wide else moments
    information = information_of_moments(project(snapshot_gram(coordinates, chart, few)), moments)
    information = information.sum(-3) / noise_variance[..., None, None]
    return identifiable(deviations_from_information(coordinates, information, chart, known))


def pilot_bound(
    positions: Positions,
    symbols: Complex[Tensor, "... source"],
    noise_variance: Float[Tensor, "*batch"],
    sounding: Sounding,
    *,
    known: Known = (),
) -> Bound:
    """Bound for one unknown complex amplitude per source and frequency, constant over the block.

    J = (2/σ²) Re{(D S)^H P⊥(B) (D S)} with B = [B_1; ...; B_L] stacked. Arguments as in `deterministic_bound`, but
    `symbols` has shape (..., [frequency,] source).

    >>> import ris_pytorch_pipeline as ris
    >>> scenes = ris.simulate(ris.preset("pilot", sources=2, snr_db=10.0), scenes=1, seed=0)
    >>> truth, seen = scenes.truth, scenes.observation
    >>> bound = pilot_bound(truth.positions, truth.symbols[:, 0], truth.noise_variance, seen)
    >>> bound.deviations.shape  # (scene, source, coordinate)
    torch.Size([1, 2, 3])

    Raises:
        InputError: an invalid position, or parameters that these measurements cannot identify.
    """
    chart, coordinates = charted(positions, sounding.array, known)
    few, repeats = collapsed(sounding)
    gram = stacked(snapshot_gram(coordinates, chart, few), sounding.array.frequencies)
    symbols = symbols * centre_phase(positions, sounding.array)
    amplitudes = symbols if sounding.wide else symbols.unsqueeze(-2)
    information = repeats * position_information(project(gram), amplitudes).sum(-3) / noise_variance[..., None, None]
    return identifiable(deviations_from_information(coordinates, information, chart, known))


def known_bound(
    positions: Positions,
    symbols: Complex[Tensor, "... snapshot source"],
    noise_variance: Float[Tensor, "*batch"],
    sounding: Sounding,
    *,
    known: Known = (),
) -> Bound:
    """Bound for symbols that are known up to one complex factor per source and frequency.

    J = (2/σ²) Re{D^H P⊥(B) D} with b_k = [s_kl G_l a(p_k)]_l stacked over the snapshots, D = ∂B. Arguments as in
    `deterministic_bound`, with one scene axis.

    >>> import ris_pytorch_pipeline as ris
    >>> scenes = ris.simulate(ris.preset("random", symbols="known", sources=2, snr_db=10.0), scenes=1, seed=0)
    >>> truth, seen = scenes.truth, scenes.observation
    >>> bound = known_bound(truth.positions, truth.symbols, truth.noise_variance, seen)
    >>> bound.deviations.shape  # (scene, source, coordinate)
    torch.Size([1, 2, 3])

    Raises:
        InputError: an invalid position, or parameters that these measurements cannot identify.
    """
    chart, coordinates = charted(positions, sounding.array, known)
    symbols = symbols * centre_phase(positions, sounding.array).unsqueeze(-2)
    information = sequence_information(coordinates, chart, sounding, symbols) / noise_variance[..., None, None]
    return identifiable(deviations_from_information(coordinates, information, chart, known))
