"""What a panel sees by Fourier transforms over its columns and rows, focused by a few phase functions."""

import torch
from jaxtyping import Complex, Float
from torch import Tensor, nn

from ..estimate import SearchGrid
from ..physics import Array, steering_at
from .beam_grids import lattice_of
from .config import NetConfig
from .foci import foci_of, mix_bytes, sampled_bytes

_SPECTRA_BYTES = 1 << 18
"""Of transforms made at a time: what stays in cache is faster than what pages in."""
_TILE_BYTES = 1 << 24
"""Of beams held at a time."""
_WIDER = 64
"""How much more of both a GPU is given at a time: it is kept busy by wide operations, not by its cache."""


class TransformedBeams(nn.Module):
    """Σ_l |b(g)^H z_l|² with b(g) = a(u, w, 0) ∘ Σ_r c_r(g) f_r, where Σ_r c_r f_r is how the wave bends, see `Foci`.

    For each focus f_r the far-field beams of all directions are one transform of the images times f_r. That takes
    N log N operations for each focus; far away one focus serves.

    Args:
        config: of a panel.
        grid: from `beam_grid`, on which the energies lie.
    """

    lenses: Tensor
    mixes: Tensor
    columns: Tensor
    rows: Tensor

    def __init__(self, config: NetConfig, grid: SearchGrid) -> None:
        super().__init__()
        array, foci = config.array, foci_of(config.array, grid)
        first = torch.stack([grid.u[0], grid.w[0], torch.zeros_like(grid.u[0])]).double()
        lattice, panel = lattice_of(config), config.panel
        self.sides, self.lengths = (panel.vertical, panel.horizontal), lattice.lengths
        for name, value in {
            "lenses": (foci.shapes * steering_at(first[None], array).to(torch.complex64)).conj(),
            "mixes": _real(foci.parts.transpose(0, 1).flatten(0, 1).conj()),
            "columns": torch.arange(grid.u.numel()) % lattice.lengths[0],
            "rows": torch.arange(grid.w.numel()) % lattice.lengths[1],
        }.items():
            self.register_buffer(name, value, persistent=False)

    @staticmethod
    def least_bytes(array: Array, grid: SearchGrid) -> int:
        """What is kept if one focus serves, and what the foci are found from."""
        return max(mix_bytes(grid, 1), sampled_bytes(array, grid))

    def forward(self, images: Complex[Tensor, "scene 1 row element"]) -> Float[Tensor, "scene n_u n_w n_q"]:
        """Σ |b(g)^H z_l|² over the rows z_l of each scene, on the whole grid; 0 where nothing is searched."""
        cells = len(self.columns) * len(self.rows)
        each = max(1, _wider(images) * _TILE_BYTES // (8 * images.shape[2] * len(self.lenses) * cells))
        energy = torch.cat([self._energy(some) for some in images[:, 0].split(each)])
        return energy.unflatten(1, (len(self.rows), len(self.columns))).transpose(1, 2).contiguous()

    def _energy(self, images: Complex[Tensor, "scene row element"]) -> Float[Tensor, "scene cell n_q"]:
        """The energies of some scenes: real products of what each focus sees with what mixes it."""
        rows = images.flatten(0, 1)
        each = max(1, _wider(images) * _SPECTRA_BYTES // (8 * len(self.lenses) * self.lengths[1] * self.sides[1]))
        spectra = torch.cat([self._spectra(some) for some in rows.split(each)])
        cells = spectra.flatten(2).flatten(0, 1).mT.contiguous()  # (cell, row and focus)
        seen = torch.view_as_real(cells).flatten(1).unflatten(1, (len(rows), -1))  # (cell, row, focus and part)
        squares = (self.mixes @ seen.mT).square_().unflatten(2, (len(images), -1)).sum(3)  # (cell, n_q and part, scene)
        return squares.unflatten(1, (-1, 2)).sum(2).permute(2, 0, 1)

    def _spectra(self, rows: Complex[Tensor, "row element"]) -> Complex[Tensor, "row focus n_w n_u"]:
        """What each focus sees of each image far away, on the lattice; what is not searched is left out in between."""
        seen = (rows[:, None] * self.lenses).unflatten(-1, self.sides)
        seen = torch.fft.fft(seen, n=self.lengths[1], dim=-2).index_select(-2, self.rows)
        return torch.fft.fft(seen, n=self.lengths[0], dim=-1).index_select(-1, self.columns)


def _wider(images: Tensor) -> int:
    return 1 if images.device.type == "cpu" else _WIDER


def _real(parts: Complex[Tensor, "cell n_q focus"]) -> Float[Tensor, "cell n_q_part focus_part"]:
    """Real matrices that take (Re x_1, Im x_1, ...) to (Re y_1, Im y_1, ...) of y = P x."""
    rows = [torch.stack([parts.real, -parts.imag], dim=-1), torch.stack([parts.imag, parts.real], dim=-1)]
    return torch.stack(rows, dim=2).flatten(3).flatten(1, 2).contiguous()
