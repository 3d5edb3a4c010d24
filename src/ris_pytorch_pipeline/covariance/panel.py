"""What the covariance at the panel is: the true one, the one back-projected from snapshots, and their blend."""

import warnings

import torch
from jaxtyping import Complex, Float
from torch import Tensor

from ..errors import InputError
from ..physics import Array, Observation, panel_images, steering_at
from ..shapes import Cosines, Covariance
from .contract import exact
from .low_rank import LowRank, eigenpairs


class UninformativeCovarianceWarning(UserWarning):
    """A back-projected covariance holds self-noise that no signal-to-noise ratio removes.

    >>> import warnings
    >>> import ris_pytorch_pipeline as ris
    >>> scenes = ris.simulate(ris.preset("random", sources=1, antennas=4), scenes=1, seed=0)
    >>> with warnings.catch_warnings():
    ...     warnings.simplefilter("ignore", UninformativeCovarianceWarning)  # 4 antennas for 144 elements
    ...     R_samp = back_projected(scenes.observation)
    >>> R_samp.factor.shape
    torch.Size([1, 144, 16])
    """


def true_covariance(
    cosines: Cosines,
    powers: Float[Tensor, "*batch source"],
    array: Array,
    floor: float = 0.0,
) -> LowRank:
    """R = A P A^H + floor tr(A P A^H)/N I, scaled to trace N.

    >>> import torch
    >>> from ris_pytorch_pipeline.physics import Line
    >>> array = Line(count=8, spacing=0.15).array(0.3)
    >>> R = true_covariance(torch.tensor([[-0.4, 0.0, 0.1], [0.3, 0.0, 0.5]]), torch.tensor([2.0, 1.0]), array, 0.1)
    >>> R.trace, R.eigenpairs().spectrum
    (tensor(8.0000), tensor([4.9962, 2.4584, 0.0909, 0.0909, 0.0909, 0.0909, 0.0909, 0.0909]))

    Args:
        cosines: (..., source, 3), (u, w, q); ignored where the power is 0, so that padded slots may hold NaN.
        powers: (..., source).
        array: the array, with one wavelength.
        floor: noise level relative to the mean signal power of an element.

    Returns:
        The covariance in its factored form; `.dense()` is the matrix.

    Raises:
        InputError: a scene without power.
    """
    present = (powers > 0)[..., None]
    vectors = steering_at(torch.where(present, cosines, torch.zeros_like(cosines)), array)
    factor = (vectors * powers.sqrt()[..., None]).mT
    clean = LowRank(factor, torch.zeros_like(powers[..., 0])).normalised()
    return clean.loaded(floor).normalised()


def back_projections(observation: Observation) -> Complex[Tensor, "scene *frequency snapshot element"]:
    """Least-norm panel signal of each snapshot: x_l = pinv(G_l) y_l = G_l^H pinv(G_l G_l^H) y_l.

    >>> import torch
    >>> import ris_pytorch_pipeline as ris
    >>> seen = ris.simulate(ris.preset("random", sources=1), scenes=1, seed=0).observation
    >>> x = back_projections(seen)
    >>> x.shape, torch.allclose((seen.codes * x) @ seen.channel.mT, seen.measurements)  # they explain what was measured
    (torch.Size([1, 16, 144]), True)

    Returns:
        (scene, [frequency,] snapshot, element).
    """
    codes, channel = observation.codes, observation.channel
    with exact(codes):
        weights = codes.abs().square().to(channel.dtype)
        gram = (channel.unsqueeze(-3) * weights.unsqueeze(-2)) @ channel.mH.unsqueeze(-3)
        tolerance = 10 * gram.shape[-1] * torch.finfo(gram.dtype).eps
        inverse = torch.linalg.pinv(gram, rtol=tolerance, hermitian=True)
        whitened = (inverse @ observation.measurements[..., None]).squeeze(-1)
    return panel_images(whitened, codes, channel)


def back_projected(observation: Observation, *, silent: bool = False) -> LowRank:
    """R_samp = (1/L) Σ_l x_l x_l^H of the back-projections x_l = pinv(G_l) y_l, scaled to trace N.

    With M < N antennas a snapshot shows M of the panel's N dimensions, x_l = P_l A s_l + noise with another projector
    P_l each time. E P_l is near (M/N) I; the rest is self-noise that grows with the signal. Several wavelengths have
    one R_samp each, of their own snapshots.

    >>> import ris_pytorch_pipeline as ris
    >>> scenes = ris.simulate(ris.preset("random", sources=1), scenes=2, seed=0)
    >>> R_samp = back_projected(scenes.observation, silent=True)  # 16 antennas for 144 elements
    >>> R_samp.factor.shape, R_samp.trace
    (torch.Size([2, 144, 16]), tensor([144.0000, 144.0000], dtype=torch.float64))

    Args:
        observation: the scenes.
        silent: True leaves out the warning, for a caller that knows, such as a benchmark.

    Returns:
        The covariance of each scene, and of each wavelength where there are several, with rank at most L and no floor;
        `.dense()` is the matrix, (scene, [frequency,] element, element).

    Raises:
        InputError: a scene without energy, or a wavelength of one.

    Warns:
        UninformativeCovarianceWarning: M < N.
    """
    antennas, size = observation.channel.shape[-2:]
    if antennas < size and not silent:
        cap = antennas / (1 - antennas / size)
        warnings.warn(
            f"a back-projected covariance with M = {antennas} antennas for N = {size} elements is uninformative: its "
            f"self-noise caps the array SNR near M/(1 - M/N) = {cap:.1f} ({10 * torch.tensor(cap).log10():.1f} dB), "
            "whatever the true SNR. Prefer an estimator that works on the measurements",
            UninformativeCovarianceWarning,
            stacklevel=2,
        )
    factor = back_projections(observation).mT
    return LowRank(factor, torch.zeros_like(factor[..., 0, 0].real)).normalised()


def back_projected_middle(observation: Observation, *, silent: bool = False) -> LowRank:
    """R_samp at the middle wavelength alone, which is where a network's R_pred is: of one wavelength `back_projected`.

    >>> import ris_pytorch_pipeline as ris
    >>> scenes = ris.simulate(ris.preset("random", frequencies=3, bandwidth=0.1), scenes=2, seed=0)
    >>> back_projected_middle(scenes.observation, silent=True).factor.shape
    torch.Size([2, 144, 16])

    Args:
        observation: the scenes.
        silent: as for `back_projected`.
    """
    sampled, array = back_projected(observation, silent=silent), observation.array
    if not observation.wide:
        return sampled
    middle = array.wavelengths.index(array.central.wavelength)
    return LowRank(sampled.factor[:, middle], sampled.floor[:, middle])


def subspace_overlap(covariance: Covariance | LowRank, cosines: Cosines, array: Array) -> Float[Tensor, "*batch"]:
    """How much of the true signal subspace a covariance holds: ‖U_s^H Q_A‖²/K in [0, 1]; 1 is all of it.

    U_s are the K leading eigenvectors and Q_A an orthonormal basis of the true steering vectors. Chance is K/N.

    >>> import torch
    >>> from ris_pytorch_pipeline.physics import Line
    >>> array, u = Line(count=8, spacing=0.15).array(0.3), torch.tensor([[[-0.4, 0.0, 0.0], [0.3, 0.0, 0.0]]])
    >>> R = true_covariance(u, torch.ones(1, 2), array)
    >>> subspace_overlap(R, u, array), subspace_overlap(R, u + 0.05, array)
    (tensor([1.0000]), tensor([0.8812]))

    Args:
        covariance: (..., element, element) or its factored form.
        cosines: (..., source, 3), the K true positions (u, w, q); every scene has K.
        array: the array, with one wavelength.
    """
    vectors = steering_at(cosines, array)
    leading = eigenpairs(covariance).vectors[..., : cosines.shape[-2]]
    with exact(vectors):
        basis, _ = torch.linalg.qr(vectors.mT.to(leading.dtype))
        return torch.view_as_real(leading.mH @ basis).square().sum(dim=(-1, -2, -3)) / cosines.shape[-2]


def check_share(beta: float) -> None:
    """Refuse a β that is no share of R_samp in R_blend.

    >>> check_share(0.3)
    >>> check_share(30)
    Traceback (most recent call last):
    ris_pytorch_pipeline.errors.InputError: wanted a share of R_samp in [0, 1]; got beta = 30. Likely cause: a
    percentage. Next: pass a fraction.

    Raises:
        InputError: β outside [0, 1].
    """
    if not 0 <= beta <= 1:
        raise InputError("a share of R_samp in [0, 1]", f"beta = {beta}", "a percentage", "pass a fraction")


def blend(R_pred: LowRank, R_samp: LowRank, beta: float = 0.0) -> LowRank:
    """R_blend = (1 - β) R_pred + β R_samp, its columns those of both; the gradient flows through R_pred only.

    >>> import torch
    >>> R_pred = LowRank(torch.tensor([[2.0**0.5], [0.0]]) + 0j, torch.tensor(0.0))
    >>> R_samp = LowRank(torch.tensor([[0.0], [2.0**0.5]]) + 0j, torch.tensor(0.0))
    >>> blend(R_pred, R_samp, beta=0.25).dense().real
    tensor([[1.5000, 0.0000],
            [0.0000, 0.5000]])

    Args:
        R_pred: (..., element, element) in factored form, predicted, trace N.
        R_samp: the same from snapshots, trace N; taken to the precision and device of R_pred.
        beta: the share of R_samp; 0, the default, is R_pred itself.

    Raises:
        InputError: β outside [0, 1].
    """
    check_share(beta)
    if beta == 0:
        return R_pred
    sampled = beta**0.5 * R_samp.factor.detach().to(R_pred.factor)
    factor = torch.cat([(1 - beta) ** 0.5 * R_pred.factor, sampled], dim=-1)
    return LowRank(factor, (1 - beta) * R_pred.floor + beta * R_samp.floor.detach().to(R_pred.floor))
