"""How good any estimator can be when some sources send random symbols, some pilots and some known ones."""

from collections.abc import Sequence

import torch
from jaxtyping import Complex, Float
from torch import Tensor

from ..likelihood import mixed_likelihood, sequenced_gram
from ..physics import Sounding, SourceKind, centre_phase
from ..shapes import Positions
from .bound import Bound, Known, charted, deviations_from_information, identifiable


def mixed_bound(
    positions: Positions,
    kinds: Sequence[SourceKind],
    powers: Float[Tensor, "*batch source"],
    symbols: Complex[Tensor, "... snapshot source"],
    noise_variance: Float[Tensor, "*batch"],
    sounding: Sounding,
    *,
    known: Known = (),
) -> Bound:
    """Bound for sources of several kinds, with unknown positions, powers, amplitudes and noise variance.

    F_ij = Σ_l tr(Γ_l⁻¹ ∂_iΓ_l Γ_l⁻¹ ∂_jΓ_l) + 2 Re{∂_iμ_l^H Γ_l⁻¹ ∂_jμ_l} (Slepian 1954, Bangs 1971). The random
    sources give the covariance Γ_l, pilots and known ones the mean μ_l. Random ones are bound as if the others were not
    there, the others as in noise of covariance Γ_l.

    >>> import ris_pytorch_pipeline as ris
    >>> kinds = ("random", "pilot", "known")
    >>> scenes = ris.simulate(ris.preset("random", symbols=kinds, sources=3, snr_db=10.0), scenes=1, seed=0)
    >>> truth, seen = scenes.truth, scenes.observation
    >>> bound = mixed_bound(truth.positions, kinds, truth.powers, truth.symbols, truth.noise_variance, seen)
    >>> bound.deviations.shape  # (scene, source, coordinate)
    torch.Size([1, 3, 3])

    Args:
        positions: (..., source, 3), radians, radians, metres; an infinite distance needs `known=("distance",)`.
        kinds: `random`, `pilot` or `known` of each source.
        powers: (..., source), mean symbol powers; those of the random sources are used.
        symbols: (..., [frequency,] snapshot, source), the amplitudes of `steering`'s vectors; those of pilots and known
            sources are used.
        noise_variance: (...), σ².
        sounding: array, codes and channel; an `Observation` is one.
        known: coordinates that are not estimated.

    Returns:
        Named standard deviations; NaN in a coordinate that the array cannot tell.

    Raises:
        InputError: an invalid position, or parameters that these measurements cannot identify.
    """
    chart, coordinates = charted(positions, sounding.array, known)
    random = [kind == "random" for kind in kinds]
    varying = torch.tensor(random, device=symbols.device)
    sent = (symbols * centre_phase(positions, sounding.array).unsqueeze(-2)).masked_fill(varying, 1)
    sent = sent.flatten(-3, -2) if sounding.wide else sent
    model = mixed_likelihood(
        sequenced_gram(coordinates, chart, sounding, sent), random, powers[..., varying], noise_variance,
        sounding.array.frequencies,
    )  # fmt: skip
    information = model.information(torch.ones_like(model.projection.symbols))
    return identifiable(deviations_from_information(coordinates, information, chart, known))
