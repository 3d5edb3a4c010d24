"""How strong signal and noise are at the antennas before any source is known, and what measurements that whitens."""

import torch
from jaxtyping import Float
from torch import Tensor

from ..physics import Observation
from ..shapes import Channel, Measured

_ITERATIONS = 8
_ROUNDINGS = 64
"""Of a determinant that is none: the energies then tell signal and noise not apart."""
_LEAST = 1e-3
"""Least share of signal and of noise in the mean power of an antenna: 30 dB apart at most."""


class Prior:
    """The covariances Γ_f = p H_f H_f^H + σ² I of measurements whose sources may be anywhere, fitted per scene.

    With codes of unit modulus and independent phases, E[G_l R G_l^H] = p H H^H for every R of mean diagonal p, so that
    both numbers follow from the energies e_m along the eigenvectors of H H^H: e_m ≈ p d_m + σ². They are fitted by
    Fisher scoring, a least-squares fit weighted by 1/(p d_m + σ²)². All frequencies of a scene share p and σ². Where
    all d_m are one, as of an array without a RIS, the energies tell no share of noise, and it is taken for a half.

    >>> import torch
    >>> import ris_pytorch_pipeline as ris
    >>> scenario = ris.preset("random", horizontal=4, vertical=4, snapshots=64, snr_db=0.0)
    >>> prior = Prior(ris.simulate(scenario, scenes=3, seed=0).observation)
    >>> prior.log_noise.exp()  # share of noise in an antenna's power; at 0 dB it is a half
    tensor([0.4815, 0.4761, 0.4779], dtype=torch.float64)
    >>> y = torch.randn(2, 10, 15, dtype=torch.complex128, generator=torch.Generator().manual_seed(0))
    >>> seen = ris.Observation(measurements=y, symbols="random", array=ris.Line(count=15, spacing=0.15).array(0.3))
    >>> alone, (_, channel) = Prior(seen), seen.by_frequency()  # no RIS: Γ is a multiple of I, and changes nothing
    >>> torch.allclose(alone.solve_measurements(y[:, None]), y[:, None])
    True
    >>> torch.allclose(alone.solve_channel(channel), channel)
    True
    >>> half = alone.whiten_channel(channel)
    >>> torch.allclose(half.mH @ half, channel.mH @ alone.solve_channel(channel))
    True

    Args:
        observation: the scenes.
    """

    def __init__(self, observation: Observation) -> None:
        with torch.autocast(observation.channel.device.type, enabled=False):
            _, channel = observation.by_frequency()
            values, self._vectors = torch.linalg.eigh(channel @ channel.mH)
            values = values.clamp_min(0)
            along = split_by_frequency(observation) @ self._vectors.conj()
            energies = torch.view_as_real(along).square().sum(-1).mean(-2)
            self.signal, self.noise = _fit(values.flatten(1), energies.flatten(1))
            self._variances = self.signal[:, None, None] * values + self.noise[:, None, None]

    @property
    def log_noise(self) -> Float[Tensor, "scene"]:  # noqa: F821
        """Log of σ² over the mean power of an antenna, at most 0."""
        return (self.noise / self._variances.mean(dim=(-1, -2))).log()

    def solve_measurements(self, measurements: Measured) -> Measured:
        """Γ⁻¹ y_l, times the mean power of an antenna so that the scale of the measurements stays.

        Args:
            measurements: (scene, frequency, snapshot, antenna).
        """
        return (measurements @ self._vectors.conj() * self._inverse[..., None, :]) @ self._vectors.mT

    def solve_channel(self, channel: Channel) -> Channel:
        """Γ⁻¹ H, (scene, frequency, antenna, element), scaled like `solve_measurements`."""
        return self._vectors @ (self._inverse[..., None] * (self._vectors.mH @ channel))

    def whiten_channel(self, channel: Channel) -> Channel:
        """W with W^H W = H^H Γ⁻¹ H, (scene, frequency, antenna, element), scaled like `solve_measurements`."""
        return self._inverse.sqrt()[..., None] * (self._vectors.mH @ channel)

    @property
    def _inverse(self) -> Float[Tensor, "scene frequency antenna"]:
        return self._variances.mean(dim=(-1, -2), keepdim=True) / self._variances


def split_by_frequency(observation: Observation) -> Measured:
    """Measurements as (scene, frequency, snapshot, antenna), whether there is one frequency or several."""
    y = observation.measurements
    return y.reshape(len(y), observation.array.frequencies, -1, y.shape[-1])


def _fit(values: Float[Tensor, "scene antenna"], energies: Float[Tensor, "scene antenna"]) -> tuple[Tensor, Tensor]:
    """Signal power p and noise variance σ² of e_m ≈ p d_m + σ², each at least `_LEAST` of the mean energy."""
    level, mean = energies.mean(-1), values.mean(-1)
    levels = 0.5 * torch.stack([level, level / mean], dim=-1)  # σ² and p
    least = 2 * _LEAST * levels
    ones, squares, both = torch.ones_like(values), values.square(), values * energies
    # sums of products, so that A∘B - C∘D is (σ², p) times the determinant, and the determinant
    sums = torch.stack(
        [squares, ones, ones, energies, both, squares, values, values, values, both, energies, values], dim=-2
    )
    for _ in range(_ITERATIONS):
        weight = torch.addcmul(levels[:, :1], levels[:, 1:], values).square().reciprocal()
        a, b, c, d = (sums @ weight[..., None])[..., 0].unflatten(-1, (4, 3)).unbind(-2)
        pairs = a * b
        solved, rounding = torch.addcmul(pairs, c, d, value=-1), torch.finfo(pairs.dtype).eps * pairs[:, 2:]
        determinant = torch.maximum(solved[:, 2:], rounding)
        told = determinant > _ROUNDINGS * rounding
        levels = torch.where(told, torch.maximum(solved[:, :2] / determinant, least), levels)
    noise, signal = levels.unbind(-1)
    return signal, noise
