"""What the panel sees in each direction and at each distance: beam energies of the panel images on the search grid."""

import math

import torch
from jaxtyping import Float
from torch import Tensor, nn

from ..errors import InfeasibleError, InputError
from ..estimate import SearchGrid, search_grid
from ..physics import Array, steering_at
from .cleaning import cleaned_images
from .config import NetConfig
from .statistics import Statistics

_MOST_BYTES = 2**30
"""Largest matrix of beams."""


class Beamspace(nn.Module):
    """Fixed, not learned: energies Σ_l |a(g)^H z_l|² of the panel images over a grid g in (u, w, q).

    The first map is of the images themselves. Its strongest cell is then taken for a source, the images are whitened
    by a covariance that holds it, and the map is made again; `passes` times, see `cleaned_images`. One more map is
    |a(g)^H Σ_l z_l|², what constant symbols add, and one the energy a^H Q a that a plane wave would have. All are sums
    over a set of snapshots. Each distance plane is a channel.

    Args:
        config: panel, wavelength, field of view and number of passes.

    Raises:
        InfeasibleError: the grid of a large panel would need more than 1 GiB.
    """

    steering: Tensor
    waves: Tensor
    elements: Tensor
    centres: Tensor
    outside: Tensor

    def __init__(self, config: NetConfig) -> None:
        super().__init__()
        array = config.array
        self.grid: SearchGrid = search_grid(config.region, array, config.oversampling)
        self.panel, self.passes = (config.panel.vertical, config.panel.horizontal), config.passes
        centres = torch.stack(torch.meshgrid(self.grid.u, self.grid.w, self.grid.q, indexing="ij"), dim=-1)
        _check_size(len(array), centres.shape[:3].numel())
        vectors = steering_at(centres.reshape(-1, 3), array)
        waves = _real_product(_lag_waves(self.grid, config).mT)
        self.register_buffer("steering", _real_product(vectors.conj().mT), persistent=False)
        self.register_buffer("waves", waves[:, : waves.shape[1] // 2].contiguous(), persistent=False)
        self._array = array.to(dtype=torch.float32)
        self.register_buffer("elements", self._array.elements, persistent=False)
        self.register_buffer("centres", centres.float().reshape(-1, 3), persistent=False)
        self.register_buffer("outside", ~self.grid.valid, persistent=False)

    @property
    def array(self) -> Array:
        """The panel, on the device of the network."""
        return self._array.to(self.elements.device)

    @property
    def channels(self) -> int:
        """Channels of the output."""
        return (3 + self.passes) * self.grid.q.numel() + self.passes + 2

    @torch.no_grad()
    def forward(self, inputs: Statistics) -> Float[Tensor, "scene channel n_u n_w"]:
        """Beam energies over their mean and compressed, the cells taken for sources, and the share of noise.

        Raises:
            InputError: images of another panel.
        """
        self._check(inputs)
        images = inputs.images.flatten(3).movedim(2, -1).flatten(2)  # (scene, snapshot, element and part)
        with torch.autocast(images.device.type, enabled=False):
            images = images.float()
            separate, together = self._energy(images), self._energy(images.mean(1, keepdim=True))
            further, taken = self._behind(inputs, separate)
            plane = inputs.energy.float().movedim(1, -1).flatten(1) @ self.waves
        separate, together, *further = (self._map(e) for e in (separate, together, *further))
        plane = plane.unflatten(1, (1, *self.grid.shape[:2])) / self.steering.shape[0] * 2
        noise = inputs.log_noise.float()[:, None, None, None].expand_as(plane)
        compressed = [e.sqrt() - 1 for e in (separate, together, *further)]
        return torch.cat([(separate + 0.05).log(), *compressed, *taken, plane, noise + 1], dim=1)

    def _behind(self, inputs: Statistics, energy: Float[Tensor, "scene point"]) -> tuple[list[Tensor], list[Tensor]]:
        """Energies after 1, 2, ... sources are explained, and for each the direction it was taken from."""
        array = self.array
        found, energies, taken = energy.new_zeros((energy.shape[0], 0, 3)), [], []
        outside = self.outside[..., None].expand(self.grid.shape).flatten()
        for _ in range(self.passes):
            cell = energy.masked_fill(outside, -1).argmax(1)
            found = torch.cat([found, self.centres[cell][:, None]], dim=1)
            images = cleaned_images(inputs.observation, inputs.log_noise, found, array)
            energy = self._energy(torch.view_as_real(images).flatten(2))
            energies.append(energy)
            mark = torch.zeros_like(energy).scatter_(1, cell[:, None], 1).unflatten(1, self.grid.shape)
            taken.append(mark.sum(-1)[:, None])
        return energies, taken

    def _map(self, energy: Float[Tensor, "scene point"]) -> Float[Tensor, "scene n_q n_u n_w"]:
        """Energies on the grid, over their mean."""
        return (energy / energy.mean(1, keepdim=True)).unflatten(1, self.grid.shape).movedim(-1, 1)

    def _energy(self, images: Float[Tensor, "scene snapshot part"]) -> Float[Tensor, "scene point"]:
        """Σ_l |a(g)^H z_l|² at all grid points; snapshot by snapshot, so that the beams stay in cache."""
        total = images.new_zeros((images.shape[0], self.steering.shape[1]))
        for image in images.unbind(1):
            beams = image @ self.steering
            total.addcmul_(beams, beams)
        return total.unflatten(1, (2, -1)).sum(1)

    def _check(self, inputs: Statistics) -> None:
        if tuple(inputs.images.shape[-2:]) != self.panel:
            raise InputError(
                f"images of the {self.panel[0]} x {self.panel[1]} panel this network was made for",
                f"{inputs.images.shape[-2]} x {inputs.images.shape[-1]}",
                "a network of another scenario",
                "build the network with NetConfig().fitted_to(scenario)",
            )


def _check_size(elements: int, cells: int) -> None:
    """Refuse beams whose matrix would not fit beside anything else.

    Raises:
        InfeasibleError: more than `_MOST_BYTES`.
    """
    size = 16 * elements * cells
    if size > _MOST_BYTES:
        raise InfeasibleError(
            f"beams of at most {_MOST_BYTES / 2**30:.0f} GiB",
            f"{size / 2**30:.1f} GiB for {cells} cells of a panel of {elements} elements",
            "a panel of many wavelengths: the grid grows with its area",
            "choose a smaller panel or field of view, or a classical estimator",
        )


def _real_product(matrix: Tensor) -> Float[Tensor, "row column"]:
    """The real matrix, float32, that maps interleaved (Re x, Im x) to [Re y, Im y] with y = x @ matrix."""
    matrix = matrix.resolve_conj()
    rows = torch.stack([torch.cat([m.real, m.imag], dim=1) for m in (matrix, 1j * matrix)], dim=1)
    return rows.flatten(0, 1).float().contiguous()


def _lag_waves(grid: SearchGrid, config: NetConfig) -> Tensor:
    """exp(-j k0 (h u + v w)) at all element differences (h, v), (direction, lag)."""
    directions = torch.stack(torch.meshgrid(grid.u, grid.w, indexing="ij"), dim=-1).reshape(-1, 2)
    lags = [
        torch.arange(1 - n, n, dtype=directions.dtype) * spacing
        for n, spacing in zip(
            (config.panel.vertical, config.panel.horizontal), reversed(config.panel.spacings), strict=True
        )
    ]
    v, h = torch.meshgrid(*lags, indexing="ij")
    phase = (directions @ torch.stack([h.flatten(), v.flatten()])) * (-2 * math.pi / config.wavelength)
    return torch.polar(torch.ones_like(phase), phase)
