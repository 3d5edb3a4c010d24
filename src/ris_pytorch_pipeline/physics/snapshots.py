"""How panel vectors become antenna measurements and back: y_l = H diag(c_l) x_l + n_l."""

import torch
from jaxtyping import Complex, Float
from torch import Tensor

from ..shapes import Channel, Codes, Measured

_TILE_BYTES = 1 << 22
"""Of coded vectors made at a time: what stays in cache is three times faster than what pages in."""


def coded_operator(codes: Codes, channel: Channel) -> Complex[Tensor, "*batch snapshot antenna element"]:
    """G_l = H diag(c_l), in full. Prefer `coded_response`, which never forms it.

    >>> codes, channel = torch.tensor([[1, 1j], [1, -1j]]), torch.ones(3, 2) + 0j
    >>> coded_operator(codes, channel).shape  # snapshot, antenna, element
    torch.Size([2, 3, 2])
    """
    return channel.unsqueeze(-3) * codes.unsqueeze(-2)


def coded_response(
    vectors: Complex[Tensor, "*batch source element"], codes: Codes, channel: Channel
) -> Complex[Tensor, "*batch snapshot source antenna"]:
    """b_l = G_l x = H (c_l ∘ x) for every snapshot and vector.

    >>> codes, channel = torch.tensor([[1, 1j], [1, -1j]]), torch.ones(3, 2) + 0j
    >>> coded_response(torch.tensor([[1, 1j]]), codes, channel).abs()[:, 0]  # the second code is steered at this vector
    tensor([[0., 0., 0.],
            [2., 2., 2.]])

    Args:
        vectors: (..., source, element), steering vectors or any panel vectors.
        codes: (..., snapshot, element).
        channel: (..., antenna, element).

    Returns:
        (..., snapshot, source, antenna).
    """
    each = vectors.shape[-2] * codes.shape[1:].numel() * codes.element_size()
    room = max(1, _TILE_BYTES // max(1, each))
    if codes.ndim > 2 and codes.ndim == vectors.ndim and len(codes) == len(vectors) > room:
        parts = zip(*(x.split(room) for x in (vectors, codes, channel)), strict=True)
        return torch.cat([coded_response(*part) for part in parts])
    coded = codes.unsqueeze(-2) * vectors.unsqueeze(-3)
    shape = coded.shape
    return (coded.flatten(-3, -2) @ channel.mT).unflatten(-2, shape[-3:-1])


def measure(
    vectors: Complex[Tensor, "*batch source element"],
    amplitudes: Complex[Tensor, "*batch snapshot source"],
    codes: Codes,
    channel: Channel,
) -> Measured:
    """Clean measurements H (c_l ∘ A s_l), shape (..., snapshot, antenna).

    >>> codes, channel = torch.tensor([[1, 1j], [1, -1j]]), torch.ones(3, 2) + 0j
    >>> vectors, amplitudes = torch.tensor([[1, 1j]]), torch.tensor([[2.0], [0.5]]) + 0j  # one source, two symbols
    >>> measure(vectors, amplitudes, codes, channel).real
    tensor([[0., 0., 0.],
            [1., 1., 1.]])
    """
    return (codes * (amplitudes @ vectors)) @ channel.mT


def panel_images(measurements: Measured, codes: Codes, channel: Channel) -> Complex[Tensor, "*batch snapshot element"]:
    """Back-projected images z_l = conj(c_l) ∘ (H^H y_l), so that b_l(p)^H y_l = a(p)^H z_l for every p.

    >>> codes, channel = torch.tensor([[1, 1j], [1, -1j]]), torch.ones(3, 2) + 0j
    >>> vectors = torch.tensor([[1, 1j]])
    >>> z = panel_images(measure(vectors, torch.ones(2, 1) + 0j, codes, channel), codes, channel)
    >>> (z @ vectors.conj().T).real.T, coded_response(vectors, codes, channel).abs().square().sum(-1).T
    (tensor([[ 0., 12.]]), tensor([[ 0., 12.]]))
    """
    return codes.conj() * (measurements @ channel.conj())


def stacked_gram(codes: Codes, channel: Channel) -> Complex[Tensor, "*batch element element"]:
    """Q = Σ_l G_l^H G_l = (H^H H) ∘ (conj(C)^T C): the energy of any panel vector x over the block is x^H Q x.

    >>> codes, channel = torch.tensor([[1, 1j], [1, -1j]]), torch.ones(3, 2) + 0j
    >>> x = torch.tensor([1, 1j])
    >>> energy = (x.conj() @ stacked_gram(codes, channel) @ x).real
    >>> energy, coded_response(x[None], codes, channel).abs().square().sum()
    (tensor(12.), tensor(12.))
    """
    return (channel.mH @ channel) * (codes.mH @ codes)


def received_power(
    vectors: Complex[Tensor, "*batch source element"], codes: Codes, channel: Channel
) -> Float[Tensor, "*batch source"]:
    """Mean power per antenna and snapshot that each unit-power source delivers: Σ_l ‖b_l‖² / (L M).

    >>> codes, channel = torch.tensor([[1, 1j], [1, -1j]]), torch.ones(3, 2) + 0j
    >>> received_power(torch.tensor([[1, 1j]]), codes, channel)  # 0 in the first snapshot, 4 in the second
    tensor([2.])
    """
    response = coded_response(vectors, codes, channel)
    return torch.view_as_real(response).square().sum(-1).mean(dim=(-1, -3))
