"""What an array sees in each direction and at each distance: beam energies of its images on the search grid."""

import torch
from jaxtyping import Complex, Float
from torch import Tensor, nn

from ..errors import InputError
from ..estimate import SearchGrid
from ..physics import Array, lags_of
from ..shapes import Cosines
from .beam_grids import beam_grid
from .beam_sizes import check_fits
from .cleaning import Cleaning
from .config import NetConfig
from .peak import ascended, peak_of
from .plane_waves import plane_waves, wave_bytes
from .statistics import Statistics
from .steered_beams import SteeredBeams
from .transformed_beams import TransformedBeams

_LEFT = 0.03
"""What well known sources leave of the power of all."""
_DIGITS = 4.0
"""A gain g of a pass is shown as log(1 + g) over this."""


class Beamspace(nn.Module):
    """Fixed, not learned: energies of the panel images over a grid g in (u, w, q), looked at again and again.

    Random symbols add up as Σ_l |a(g)^H z_l|², constant ones as |a(g)^H Σ_l z_l|²; energies of several frequencies add
    up. A line has one row of directions, a deep array a grid of azimuths and elevations. The first map is of the images
    themselves. Its highest place, between the cells, is then taken for a source, the images are whitened by a
    covariance that holds it, and the map is made again; `passes` times, see `Cleaning`. One more map is the energy
    a^H Q a that a plane wave would have, one the share of noise, one the kind of symbols. Each distance plane is a
    channel. Maps are 0 where the grid leaves the field of view. With `beams = "fft"` the vectors a(g) are those of
    `TransformedBeams`.

    >>> import torch
    >>> from ris_pytorch_pipeline.data import inputs_from, simulate
    >>> from ris_pytorch_pipeline.physics import preset
    >>> scenario = preset("random", horizontal=4, vertical=4, sources=2)
    >>> beams = Beamspace(NetConfig(passes=1).fitted_to(scenario))
    >>> maps, places = beams(inputs_from(simulate(scenario, 3, seed=0).observation, beams.array))
    >>> maps.shape[:2] == (3, beams.channels), places.shape  # each scene's places of two sources in (u, w, q)
    (True, torch.Size([3, 2, 3]))
    >>> images = torch.ones(1, 1, 1, 16, dtype=torch.complex64)  # of one source far away, straight ahead
    >>> energy = beams.energy(images)
    >>> energy.shape[1:] == beams.grid.shape, float(energy.amax().round())  # at most 16², right on a point of the grid
    (True, 211.0)

    Args:
        config: array, field of view, planes and number of passes.

    Raises:
        InfeasibleError: the grid of a large array would need more than 1 GiB.
    """

    elements: Tensor
    outside: Tensor

    def __init__(self, config: NetConfig) -> None:
        super().__init__()
        array = config.array
        self.grid: SearchGrid = beam_grid(config)
        kind = TransformedBeams if config.beams == "fft" else SteeredBeams
        counts = f"{self.grid.size} cells"
        check_fits(kind.least_bytes(array, self.grid), counts, array)  # before the lags, numbers of all pairs
        lags, self.passes = lags_of(array), config.passes
        check_fits(wave_bytes(self.grid, array, lags), f"{counts} and {len(lags)} lags", array)
        self.beams, self._array = kind(config, self.grid), array.to(dtype=torch.float32)
        self.plane_waves = plane_waves(self.grid, array, lags)
        self.register_buffer("elements", self._array.elements, persistent=False)
        self.register_buffer("outside", ~self.grid.valid, persistent=False)

    @property
    def array(self) -> Array:
        """The array, on the device of the network."""
        return self._array.to(self.elements.device)

    @property
    def channels(self) -> int:
        """Channels of the output."""
        return (1 + self.passes) * self.grid.q.numel() + self.passes + 3

    @torch.no_grad()
    def forward(
        self, inputs: Statistics
    ) -> tuple[Float[Tensor, "scene channel n_u n_w"], Float[Tensor, "scene place coordinate"]]:
        """Beam energies over their mean and compressed, the gains of what was taken, and what holds for all cells.

        Returns:
            The maps, and the cosines of what was taken for sources, one more than there are passes.

        Raises:
            InputError: images of another array.
        """
        self._check(inputs)
        with torch.autocast(inputs.images.device.type, enabled=False):
            maps, taken, places = self._looks(inputs)
            plane = self.plane_waves(inputs.energy)[:, None] / self.elements.shape[0]
        coherent = inputs.observation.symbols == "pilot"
        noise = inputs.log_noise.float()[:, None, None, None].expand_as(plane)
        kind = torch.full_like(plane, 1.0 if coherent else -1.0)
        return torch.cat([*maps, *taken, plane, noise + 1, kind], dim=1), torch.stack(places, dim=1)

    def _looks(self, inputs: Statistics) -> tuple[list[Tensor], list[Tensor], list[Tensor]]:
        """The maps before and after 1, 2, ... sources are explained, and for each where it was taken from."""
        images = torch.view_as_complex(inputs.images.float().movedim(2, -1).contiguous())
        images = images.unflatten(1, (self._array.frequencies, -1))
        images = images.mean(2, keepdim=True) if inputs.observation.symbols == "pilot" else images
        cleaning = Cleaning(inputs.observation, inputs.log_noise, self.array)
        maps, taken, places = [], [], []
        for left in range(self.passes, -1, -1):
            energy = self.energy(images)
            maps.append(self._map(energy))
            cell, place = peak_of(energy, self.grid)
            places.append(ascended(self.grid.cosines_at(place), images, self.array, self.grid))
            if left == 0:
                break
            gain = cleaning.explain(places[-1])
            images = cleaning.images()
            mark = energy.new_zeros((len(energy), self.outside.numel()))
            mark.scatter_(1, cell[:, None], (gain.log1p() / _DIGITS)[:, None])
            taken.append(mark.view(-1, 1, *self.outside.shape))
        return maps, taken, places

    @torch.no_grad()
    def look_again(
        self,
        inputs: Statistics,
        places: Cosines,
        powers: Float[Tensor, "scene source"],
        log_noise: Float[Tensor, "scene"],  # noqa: F821
    ) -> tuple[Float[Tensor, "scene coordinate"], Float[Tensor, "scene"]]:  # noqa: F821
        """The best place for one more source behind some that are known well, and its gain 2 ΔNLL.

        >>> from ris_pytorch_pipeline.data import batch_from, simulate
        >>> from ris_pytorch_pipeline.physics import preset
        >>> scenario = preset("random", sources=2, snr_db=20.0)
        >>> beams = Beamspace(NetConfig().fitted_to(scenario))
        >>> inputs, labels = batch_from(simulate(scenario, 1, seed=0), beams.array)
        >>> place, gain = beams.look_again(inputs, labels.cosines[:, :1], labels.powers[:, :1], inputs.log_noise)
        >>> (place - labels.cosines[:, 1]).abs() < 0.02, gain > 1000  # the second source, in (u, w, q)
        (tensor([[True, True, True]]), tensor([True]))

        Args:
            inputs: the scenes.
            places: (scene, source, 3), (u, w, q) of the known sources; (scene, source, 4) of a deep array.
            powers: (scene, source), of measurements and a channel of unit mean power.
            log_noise: (scene,), log of the share of noise.
        """
        cleaning = Cleaning(inputs.observation, log_noise.float(), self.array, rest=_LEFT)
        cleaning.hold(places, powers)
        images = cleaning.images()
        start = self.grid.cosines_at(peak_of(self.energy(images), self.grid)[1])
        place = ascended(start, images, self.array, self.grid)
        return place, cleaning.explain(place)

    def _map(self, energy: Float[Tensor, "scene n_u n_w n_q"]) -> Float[Tensor, "scene n_q n_u n_w"]:
        """Energies over their mean, compressed; 0, the mean, outside the field of view, as beyond the edge of the maps.

        Convolutions pad with 0: a second value for what is not seen would be one more thing to learn.
        """
        mean = energy.sum(dim=(1, 2, 3), keepdim=True) / self.grid.size
        return ((energy / mean.clamp_min(1e-30)).sqrt() - 1).movedim(-1, 1).masked_fill_(self.outside, 0.0)

    def energy(self, images: Complex[Tensor, "scene frequency row element"]) -> Float[Tensor, "scene n_u n_w n_q"]:
        """Σ |a(g)^H z_l|² over the rows z_l of each scene, on the whole grid; 0 where nothing is searched."""
        return self.beams(images)

    def _check(self, inputs: Statistics) -> None:
        seen = (inputs.images.shape[-1], inputs.observation.array.frequencies, inputs.energy.shape[-1])
        if seen != (len(self._array), self._array.frequencies, self.plane_waves.lags):
            raise InputError(
                f"images and lags of the array this network was made for, {self._array}",
                f"{seen[0]} elements, {seen[1]} wavelengths and {seen[2]} lags", "a network of another scenario",
                "build the network with NetConfig().fitted_to(scenario), and pass its array to inputs_from",
            )  # fmt: skip
