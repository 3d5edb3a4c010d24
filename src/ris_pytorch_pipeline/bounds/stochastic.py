"""How good any estimator can be when symbols are random: the stochastic Cramér-Rao bound."""

from jaxtyping import Float
from torch import Tensor

from ..likelihood import fisher_information, snapshot_gram, whiten
from ..physics import Sounding
from ..shapes import Positions
from .bound import Bound, Known, charted, deviations_from_information, identifiable
from .repeated import collapsed


def stochastic_bound(
    positions: Positions,
    powers: Float[Tensor, "*batch source"],
    noise_variance: Float[Tensor, "*batch"],
    sounding: Sounding,
    *,
    known: Known = (),
) -> Bound:
    """Bound for s_l ~ CN(0, P) with unknown positions, powers and noise variance.

    F_ij = Σ_l tr(Γ_l⁻¹ ∂_iΓ_l Γ_l⁻¹ ∂_jΓ_l), Γ_l = B_l P B_l^H + σ² I (Stoica and Nehorai 1990, with one covariance per
    snapshot because the codes change). Several wavelengths add up. An array without a RIS is `direct(array, ...)`.

    >>> import ris_pytorch_pipeline as ris
    >>> scenes = ris.simulate(ris.preset("random", sources=2, snr_db=10.0), scenes=1, seed=0)
    >>> truth, seen = scenes.truth, scenes.observation
    >>> bound = stochastic_bound(truth.positions, truth.powers, truth.noise_variance, seen)
    >>> bound.deviations.shape  # (scene, source, coordinate)
    torch.Size([1, 2, 3])

    Args:
        positions: (..., source, 3), radians, radians, metres; an infinite distance needs `known=("distance",)`.
        powers: (..., source), mean symbol powers.
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
    whitened = whiten(snapshot_gram(coordinates, chart, few), powers, noise_variance)
    information = repeats * fisher_information(whitened, powers)
    return identifiable(deviations_from_information(coordinates, information, chart, known))
