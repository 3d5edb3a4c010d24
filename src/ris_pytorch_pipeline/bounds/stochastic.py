"""How good any estimator can be when symbols are random: the stochastic Cramér-Rao bound."""

from jaxtyping import Float
from torch import Tensor

from ..likelihood import fisher_information, snapshot_gram, whiten
from ..physics import check_positions, cosines_from_positions
from ..shapes import Channel, Codes, Elements, Positions
from .bound import Bound, Known, deviations_from_information, identifiable


def stochastic_bound(
    positions: Positions,
    powers: Float[Tensor, "*batch source"],
    noise_variance: Float[Tensor, "*batch"],
    *,
    codes: Codes,
    channel: Channel,
    elements: Elements,
    wavelength: float,
    known: Known = (),
) -> Bound:
    """Bound for s_l ~ CN(0, P) with unknown positions, powers and noise variance.

    F_ij = Σ_l tr(Γ_l⁻¹ ∂_iΓ_l Γ_l⁻¹ ∂_jΓ_l), Γ_l = B_l P B_l^H + σ² I (Stoica and Nehorai 1990, with one covariance per
    snapshot because the codes change). A full-digital array is `channel` = I with `codes` = 1.

    Args:
        positions: (..., source, 3), radians, radians, metres; an infinite distance needs `known=("distance",)`.
        powers: (..., source), mean symbol powers.
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
    whitened = whiten(snapshot_gram(cosines, codes, channel, elements, wavelength), powers, noise_variance)
    information = fisher_information(whitened, powers, noise_variance)
    return identifiable(deviations_from_information(cosines, information, known))
