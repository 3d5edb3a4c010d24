"""How good any estimator can be when symbols are unknown numbers: per snapshot, or constant over the block."""

from jaxtyping import Complex, Float
from torch import Tensor

from ..likelihood import position_information, project, snapshot_gram, stacked
from ..physics import check_positions, cosines_from_positions
from ..shapes import Channel, Codes, Elements, Positions
from .bound import Bound, Known, deviations_from_information, identifiable


def deterministic_bound(
    positions: Positions,
    symbols: Complex[Tensor, "*batch snapshot source"],
    noise_variance: Float[Tensor, "*batch"],
    *,
    codes: Codes,
    channel: Channel,
    elements: Elements,
    wavelength: float,
    known: Known = (),
) -> Bound:
    """Bound for symbols that are unknown numbers, new in each snapshot.

    J = (2/σ²) Σ_l Re{(D_l S_l)^H P⊥(B_l) (D_l S_l)} (Stoica and Nehorai 1989). Each snapshot needs M > K.

    Args:
        positions: (..., source, 3), radians, radians, metres; an infinite distance needs `known=("distance",)`.
        symbols: (..., snapshot, source).
        noise_variance: (...), σ².
        codes: (..., snapshot, element).
        channel: (..., antenna, element).
        elements: (element, 3), metres.
        wavelength: metres.
        known: coordinates that are not estimated.

    Returns:
        Named standard deviations.

    Raises:
        InputError: an invalid position, or parameters that these measurements cannot identify.
    """
    check_positions(positions)
    cosines = cosines_from_positions(positions)
    gram = snapshot_gram(cosines, codes, channel, elements, wavelength)
    information = position_information(project(gram), symbols).sum(-3) / noise_variance[..., None, None]
    return identifiable(deviations_from_information(cosines, information, known))


def pilot_bound(
    positions: Positions,
    symbols: Complex[Tensor, "*batch source"],
    noise_variance: Float[Tensor, "*batch"],
    *,
    codes: Codes,
    channel: Channel,
    elements: Elements,
    wavelength: float,
    known: Known = (),
) -> Bound:
    """Bound for one unknown complex amplitude per source, constant over the block.

    J = (2/σ²) Re{(D S)^H P⊥(B) (D S)} with B = [B_1; ...; B_L] stacked. Arguments as in `deterministic_bound`, but
    `symbols` has shape (..., source).

    Raises:
        InputError: an invalid position, or parameters that these measurements cannot identify.
    """
    check_positions(positions)
    cosines = cosines_from_positions(positions)
    gram = stacked(snapshot_gram(cosines, codes, channel, elements, wavelength))
    information = position_information(project(gram), symbols) / noise_variance[..., None, None]
    return identifiable(deviations_from_information(cosines, information, known))
