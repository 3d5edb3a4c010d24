"""What energy does a plane wave have? Sums of Q along equal element differences, pair by pair or by transforms."""

import math

import torch
from jaxtyping import Complex, Float, Int
from torch import Tensor

from ..physics import Lags
from ..shapes import Channel, Codes

_TILE_BYTES = 1 << 20
"""Of Q formed at a time."""
_SPECTRA_BYTES = 1 << 26
"""Of transforms made at a time."""
_LARGE = 2048
"""Fewer elements are summed pair by pair, whatever the rest."""
_PAYS = 16
"""How much more an operation of a transform costs than one of a product of matrices."""


def energy_lags(codes: Codes, channel: Channel, whitened: Channel, lags: Lags) -> Float[Tensor, "scene 2 lag"]:
    """Sums of Q = Σ_l G_l^H Γ⁻¹ G_l = (H^H Γ⁻¹ H) ∘ (conj(C)^T C) along equal element differences, by frequency.

    With E(Δ) = Σ_{n - m = Δ} Q_nm the energy of a plane wave is a^H Q a = Σ_Δ E(Δ) conj(a_Δ). Formed some elements
    at a time, so that no N x N matrix is kept.

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
    scenes, frequencies, _, elements = codes.shape
    sums = channel.new_zeros((scenes, frequencies, len(lags)))
    most = _TILE_BYTES // (channel.element_size() * scenes * frequencies * elements)
    for own in torch.arange(elements, device=codes.device).split(max(math.ceil(elements**0.5), most)):
        block = (channel[..., own].mH @ whitened) * (codes[..., own].mH @ codes)
        number = lags.rows(own.to(lags.offset.device)).to(codes.device)
        sums.index_add_(2, number.flatten(), block.flatten(2))
    return _over_zero(sums, lags)


def transforms_pay(codes: Codes, channel: Channel, lags: Lags) -> bool:
    """Whether `transformed_lags` takes fewer operations than `energy_lags`, on a flat lattice of many elements.

    Pair by pair takes N² (M + L) operations, transforms take M L N log N of them.

    Args:
        codes: (scene, frequency, snapshot, element).
        channel: (scene, frequency, antenna, element).
        lags: of the array.
    """
    snapshots, antennas, elements = codes.shape[2], channel.shape[2], codes.shape[3]
    if elements < _LARGE or not lags.axes or len(lags.axes[0]) > 1 or not all(axis.even for axis in lags.along):
        return False
    return elements * (antennas + snapshots) > _PAYS * antennas * snapshots * math.log2(4 * elements)


def transformed_lags(codes: Codes, roots: Channel, lags: Lags) -> Float[Tensor, "scene 2 lag"]:
    """The sums of `energy_lags` as autocorrelations of the rows of Γ^-1/2 H diag(c_l), by Fourier transforms.

    >>> import ris_pytorch_pipeline as ris
    >>> from ris_pytorch_pipeline.physics import lags_of
    >>> seen = ris.simulate(ris.preset("random", horizontal=4, vertical=4), scenes=2, seed=0).observation
    >>> (codes, channel), lags = seen.by_frequency(), lags_of(seen.array)
    >>> torch.allclose(transformed_lags(codes, channel, lags), energy_lags(codes, channel, channel, lags))
    True

    Args:
        codes: C, (scene, frequency, snapshot, element).
        roots: W with W^H W = H^H Γ⁻¹ H, (scene, frequency, antenna, element).
        lags: of a flat lattice with even steps.

    Returns:
        Real and imaginary part over Σ E(0), (scene, 2, lag), one frequency after another.
    """
    sides = [len(gaps) for gaps in lags.axes[1:]]  # 2 n - 1 along z and along y: no longer than the transforms
    shape = [2 ** math.ceil(math.log2(side)) for side in sides]
    place = _places(lags).to(codes.device)
    each = max(1, _SPECTRA_BYTES // (roots.element_size() * roots[0].numel() // roots.shape[-1] * math.prod(shape)))
    parts = zip(codes.split(each), roots.split(each), strict=True)
    power = torch.cat([_power(some, root, place, shape, sides) for some, root in parts])
    sums = torch.fft.ifft2(power).conj()
    for dim, side, length in zip((-2, -1), sides, shape, strict=True):
        gaps = torch.arange(-(side // 2), side // 2 + 1, device=sums.device) % length
        sums = sums.index_select(dim, gaps)
    return _over_zero(sums.flatten(2).resolve_conj(), lags)


def _power(
    codes: Codes, roots: Channel, place: Int[Tensor, "element"], shape: list[int], sides: list[int]  # noqa: F821
) -> Float[Tensor, "scene frequency n_z n_y"]:  # fmt: skip
    """The spectra of power of all rows together."""
    rows, columns = (side // 2 + 1 for side in sides)
    power = roots.real.new_zeros((*roots.shape[:2], 2 * math.prod(shape)))
    for code in codes.unbind(2):
        panel = roots.new_zeros((*roots.shape[:3], rows * columns))
        panel.index_copy_(3, place, roots * code[:, :, None])
        spectra = torch.fft.fft2(panel.unflatten(3, (rows, columns)), s=tuple(shape))
        power += torch.view_as_real(spectra).flatten(3).square_().sum(2)
    return power.unflatten(2, (*shape, 2)).sum(-1)


def _places(lags: Lags) -> Int[Tensor, "element"]:  # noqa: F821
    """Where on the lattice each element lies, row by row."""
    _, row, column = lags.along
    return row.place * len(column.number) + column.place


def _over_zero(sums: Complex[Tensor, "scene frequency difference"], lags: Lags) -> Float[Tensor, "scene 2 lag"]:
    """Real and imaginary part of sums over that at no difference in all frequencies."""
    sums = sums.flatten(1) / sums[..., lags.zero].real.sum(1, keepdim=True)
    return torch.view_as_real(sums).movedim(-1, 1)
