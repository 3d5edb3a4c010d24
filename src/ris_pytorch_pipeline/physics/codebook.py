"""Which phases the panel can show: codebooks, and quantisation to b bits."""

import math

import torch
from scipy.linalg import hadamard
from torch import Generator, Tensor

from ..shapes import Codes

Size = tuple[int, int]
"""Rows and columns of a panel; (1, N) of an array that is no lattice."""


def quantise(codes: Codes, bits: int | None) -> Codes:
    """Round unit-modulus codes to the nearest of 2^bits equally spaced phases; None leaves them as they are.

    >>> codes = torch.polar(torch.ones(1, 4), torch.tensor([[0.1, 0.7, 1.4, -1.2]]))
    >>> quantise(codes, 2).angle().rad2deg()
    tensor([[  0.,   0.,  90., -90.]])
    """
    if bits is None:
        return codes
    step = 2 * math.pi / 2**bits
    return torch.polar(torch.ones_like(codes.real), (codes.angle() / step).round() * step)


def random_codes(scenes: int, snapshots: int, size: Size, bits: int | None, generator: Generator) -> Codes:
    """Independent uniform phases, (scene, snapshot, element) in complex128; no direction is left dark.

    >>> codes = random_codes(1, 2, (1, 5), 1, torch.Generator().manual_seed(0))
    >>> codes.shape, codes.real[0].round()
    (torch.Size([1, 2, 5]), tensor([[ 1., -1., -1.,  1., -1.],
            [-1., -1., -1., -1., -1.]], dtype=torch.float64))
    """
    shape = (scenes, snapshots, math.prod(size))
    if bits is None:
        phase = torch.rand(shape, generator=generator, dtype=torch.float64, device=generator.device) * (2 * math.pi)
        return torch.polar(torch.ones_like(phase), phase)
    levels = 2**bits
    table = torch.arange(levels, device=generator.device, dtype=torch.float64) * (2 * math.pi / levels)
    index = torch.randint(levels, shape, generator=generator, device=generator.device)
    return torch.polar(torch.ones_like(table), table)[index]


def hadamard_codes(scenes: int, snapshots: int, size: Size, bits: int | None, generator: Generator) -> Codes:
    """Scrambled Hadamard: random rows of a Hadamard matrix, columns permuted and signs flipped for each scene.

    The phases are 0 and π, so any number of bits represents them exactly.

    >>> codes = hadamard_codes(1, 4, (2, 2), 1, torch.Generator().manual_seed(0))[0].real
    >>> codes @ codes.T  # rows are orthogonal
    tensor([[4., 0., 0., 0.],
            [0., 4., 0., 0.],
            [0., 0., 4., 0.],
            [0., 0., 0., 4.]], dtype=torch.float64)
    """
    del bits
    elements = math.prod(size)
    order = 2 ** math.ceil(math.log2(max(elements, snapshots)))
    matrix = torch.from_numpy(hadamard(order)).to(device=generator.device, dtype=torch.float64)

    def scramble() -> Tensor:
        rows = torch.randperm(order, generator=generator, device=generator.device)[:snapshots]
        columns = torch.randperm(order, generator=generator, device=generator.device)[:elements]
        signs = torch.randint(2, (elements,), generator=generator, device=generator.device) * 2.0 - 1.0
        return matrix[rows][:, columns] * signs

    codes = torch.stack([scramble() for _ in range(scenes)])
    return torch.complex(codes, torch.zeros_like(codes))


def dft_codes(scenes: int, snapshots: int, size: Size, bits: int | None, generator: Generator) -> Codes:
    """The strided 2-D DFT subset of the original system: 8 x 8 of the panel's beams, every (64 / snapshots)-th one.

    One-sided: its worst 5 % of scenes lose 5.5 dB. The same codes serve every scene. A panel with fewer beams
    than 8 in a direction uses all of them.

    >>> codes = dft_codes(1, 4, (2, 2), 2, torch.Generator())[0]
    >>> (codes.conj() @ codes.mT).abs().round()  # beams of a panel of 2 x 2, orthogonal
    tensor([[4., 0., 0., 0.],
            [0., 4., 0., 0.],
            [0., 0., 4., 0.],
            [0., 0., 0., 4.]], dtype=torch.float64)
    """
    device = generator.device
    rows, columns = size
    horizontal = torch.arange(min(8, columns), device=device)
    vertical = torch.arange(min(8, rows), device=device)
    kv, kh = (k.reshape(-1) for k in torch.meshgrid(vertical, horizontal, indexing="ij"))
    chosen = torch.arange(snapshots, device=device) * max(1, kh.numel() // snapshots) % kh.numel()
    i = torch.arange(columns, device=device, dtype=torch.float64)
    j = torch.arange(rows, device=device, dtype=torch.float64)
    turn_h = kh[chosen, None] * i / columns
    turn_v = kv[chosen, None] * j / rows
    phase = 2 * math.pi * (turn_v[:, :, None] + turn_h[:, None, :]).reshape(snapshots, -1)
    return quantise(torch.polar(torch.ones_like(phase), phase), bits).expand(scenes, -1, -1).clone()


def constant_codes(scenes: int, snapshots: int, size: Size, bits: int | None, generator: Generator) -> Codes:
    """All phases zero: a surface that shows nothing, or an array without one.

    >>> constant_codes(1, 2, (1, 3), None, torch.Generator()).real
    tensor([[[1., 1., 1.],
             [1., 1., 1.]]], dtype=torch.float64)
    """
    del bits
    return torch.ones((scenes, snapshots, math.prod(size)), dtype=torch.complex128, device=generator.device)
