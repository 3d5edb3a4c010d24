"""How much energy could a plane wave bring? Sums over all pairs of elements with the same difference."""

import math

import torch
from jaxtyping import Complex, Float
from scipy.fft import next_fast_len
from torch import Tensor

from ..physics import Lags
from ..shapes import Channel, Codes

_TILE_BYTES = 1 << 20
"""Of Q formed at a time."""
_MANY = 1024
"""Elements of an evenly spaced lattice from which on its sums are formed by Fourier transforms."""
_WAVE_BYTES = 1 << 24
"""Of waves transformed at a time."""

Sums = Complex[Tensor, "scene frequency lag"]


def energy_lags(codes: Codes, channel: Channel, whitened: Channel, lags: Lags) -> Float[Tensor, "scene 2 lag"]:
    """Sums of Q = Σ_l G_l^H Γ⁻¹ G_l = (H^H Γ⁻¹ H) ∘ (conj(C)^T C) along equal element differences, by frequency.

    With E(Δ) = Σ_{n - m = Δ} Q_nm the energy of a plane wave is a^H Q a = Σ_Δ E(Δ) conj(a_Δ). No N x N matrix is kept.
    On a lattice of many elements the sums are correlations, which cost N log N.

    >>> import ris_pytorch_pipeline as ris
    >>> from ris_pytorch_pipeline.physics import lags_of
    >>> seen = ris.simulate(ris.preset("random", horizontal=4, vertical=4), scenes=2, seed=0).observation
    >>> codes, channel = seen.by_frequency()
    >>> energy_lags(codes, channel, channel, lags_of(seen.array)).shape  # 7 x 7 differences of 4 x 4 elements
    torch.Size([2, 2, 49])

    Args:
        codes: C, (scene, frequency, snapshot, element).
        channel: H, (scene, frequency, antenna, element).
        whitened: Γ⁻¹ H, (scene, frequency, antenna, element).
        lags: of the array.

    Returns:
        Real and imaginary part over Σ E(0), (scene, 2, lag), one frequency after another.
    """
    lattice = codes.shape[-1] >= _MANY and bool(lags.axes) and all(axis.even for axis in lags.along)
    sums = (correlated if lattice else paired)(codes, channel, whitened, lags)
    sums = sums.flatten(1) / sums[..., lags.zero].real.sum(1, keepdim=True)
    return torch.view_as_real(sums).movedim(-1, 1)


def paired(codes: Codes, channel: Channel, whitened: Channel, lags: Lags) -> Sums:
    """E(Δ) pair by pair, of some elements at a time."""
    scenes, frequencies, _, elements = codes.shape
    sums = channel.new_zeros((scenes, frequencies, len(lags)))
    most = _TILE_BYTES // (channel.element_size() * scenes * frequencies * elements)
    for own in torch.arange(elements, device=codes.device).split(max(math.ceil(elements**0.5), most)):
        block = (channel[..., own].mH @ whitened) * (codes[..., own].mH @ codes)
        sums.index_add_(2, lags.rows(own).to(codes.device).flatten(), block.flatten(2))
    return sums


def correlated(codes: Codes, channel: Channel, whitened: Channel, lags: Lags) -> Sums:
    """conj(E(Δ)) = Σ_l Σ_a Σ_m X(m + Δ) conj(Y(m)), X = H_a C_l and Y = (Γ⁻¹ H)_a C_l: correlations on a lattice."""
    places = [axis.place.to(codes.device) for axis in lags.along]
    sizes = [next_fast_len(len(axis.gaps)) or len(axis.gaps) for axis in lags.along]
    flat = places[0]
    for place, size in zip(places[1:], sizes[1:], strict=True):
        flat = flat * size + place
    scenes, frequencies, snapshots, _ = codes.shape
    spectrum = codes.new_zeros((scenes, frequencies, math.prod(sizes)))
    each = scenes * frequencies * channel.shape[2] * math.prod(sizes) * codes.element_size()
    for some in torch.arange(snapshots, device=codes.device).split(max(1, _WAVE_BYTES // each)):
        heard, said = (_spectrum(codes[:, :, some], waves, flat, sizes) for waves in (channel, whitened))
        spectrum += (heard * said.conj()).sum((2, 3))
    sums = torch.fft.ifftn(spectrum.unflatten(2, sizes), dim=(2, 3, 4)).conj()
    for dim, axis in enumerate(lags.along, start=2):
        ahead = torch.arange(1 - len(axis.number), len(axis.number), device=codes.device)  # as the differences rise
        sums = sums.index_select(dim, ahead % sums.shape[dim])
    return sums.flatten(2)


def _spectrum(codes: Tensor, waves: Tensor, flat: Tensor, sizes: list[int]) -> Tensor:
    """Transforms of codes times waves on the lattice, (scene, frequency, snapshot, antenna, lag)."""
    values = codes.unsqueeze(3) * waves.unsqueeze(2)
    grid = values.new_zeros((*values.shape[:-1], math.prod(sizes))).index_copy_(-1, flat, values)
    return torch.fft.fftn(grid.unflatten(-1, sizes), dim=(-3, -2, -1)).flatten(-3)
