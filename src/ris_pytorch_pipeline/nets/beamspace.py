"""What the panel sees in each direction and at each distance: beam energies of the panel images on the search grid."""

import math

import torch
from jaxtyping import Float
from torch import Tensor, nn

from ..errors import InputError
from ..estimate import SearchGrid, search_grid
from ..physics import steering_at
from .config import NetConfig
from .statistics import Statistics


class Beamspace(nn.Module):
    """Fixed, not learned: e(g) = mean_l |a(g)^H z_l|² and |a(g)^H mean_l z_l|² over a grid g in (u, w, q).

    The first is what random symbols leave, the second what constant symbols add; both are means over a set of
    snapshots. A third channel is the energy a^H Q a that a plane wave would have. Each distance plane is a channel.

    Args:
        config: panel, wavelength and field of view.
    """

    steering: Tensor
    waves: Tensor

    def __init__(self, config: NetConfig) -> None:
        super().__init__()
        elements = config.panel.elements()
        self.grid: SearchGrid = search_grid(config.region, elements, config.wavelength, config.oversampling)
        self.panel = (config.panel.vertical, config.panel.horizontal)
        vectors = steering_at(_all_points(self.grid), elements, config.wavelength)
        self.register_buffer("steering", _real_product(vectors.conj().mT), persistent=False)
        waves = _real_product(_lag_waves(self.grid, config).mT)
        self.register_buffer("waves", waves[:, : waves.shape[1] // 2].contiguous(), persistent=False)

    @property
    def channels(self) -> int:
        """Channels of the output."""
        return 3 * self.grid.q.numel() + 2

    def forward(self, inputs: Statistics) -> Float[Tensor, "scene channel n_u n_w"]:
        """Beam energies, in units of their mean over the grid and compressed, with the noise share as a channel.

        Raises:
            InputError: images of another panel.
        """
        self._check(inputs)
        images = inputs.images.flatten(3).movedim(2, -1).flatten(2)  # (scene, snapshot, element and part)
        with torch.autocast(images.device.type, enabled=False):
            images = images.float()
            separate, together = self._energy(images), self._energy(images.mean(1, keepdim=True))
            plane = inputs.energy.float().movedim(1, -1).flatten(1) @ self.waves
        n_u, n_w, n_q = self.grid.shape
        maps = [e.unflatten(1, (n_u, n_w, n_q)).movedim(-1, 1) for e in (separate, together)]
        maps = [e / e.mean(dim=(1, 2, 3), keepdim=True) for e in maps]
        plane = plane.unflatten(1, (1, n_u, n_w)) / self.steering.shape[0] * 2
        noise = inputs.log_noise.float()[:, None, None, None].expand_as(plane)
        return torch.cat([maps[0].sqrt() - 1, (maps[0] + 0.05).log(), maps[1].sqrt() - 1, plane, noise + 1], dim=1)

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


def _all_points(grid: SearchGrid) -> Float[Tensor, "point 3"]:
    """(u, w, q) of the whole product grid, also where no direction is searched."""
    return torch.stack(torch.meshgrid(grid.u, grid.w, grid.q, indexing="ij"), dim=-1).reshape(-1, 3)


def _real_product(matrix: Tensor) -> Float[Tensor, "row column"]:
    """The real matrix, float32, that maps interleaved (Re x, Im x) to [Re y, Im y] with y = x @ matrix."""
    matrix = matrix.resolve_conj()
    rows = torch.stack([torch.cat([m.real, m.imag], dim=1) for m in (matrix, 1j * matrix)], dim=1)
    return rows.flatten(0, 1).float().contiguous()


def _lag_waves(grid: SearchGrid, config: NetConfig) -> Tensor:
    """exp(-j k0 (h u + v w)) at all element differences (h, v), (direction, lag)."""
    directions = torch.stack(torch.meshgrid(grid.u, grid.w, indexing="ij"), dim=-1).reshape(-1, 2)
    lags = [
        torch.arange(1 - n, n, dtype=directions.dtype) * config.panel.spacing
        for n in (config.panel.vertical, config.panel.horizontal)
    ]
    v, h = torch.meshgrid(*lags, indexing="ij")
    phase = (directions @ torch.stack([h.flatten(), v.flatten()])) * (-2 * math.pi / config.wavelength)
    return torch.polar(torch.ones_like(phase), phase)
