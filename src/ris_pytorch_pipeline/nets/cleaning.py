"""What an array sees once the strongest sources are explained: images whitened by a covariance that holds them."""

import torch
from jaxtyping import Complex, Float
from torch import Tensor

from ..estimate.ml.scanning.gain import one_source_gain
from ..physics import Array, Observation, coded_response, panel_images, steering_at
from ..shapes import Cosines

_REST = 0.3
"""Power of what is not explained yet, as a part of the power of all sources."""


class Cleaning:
    """Γ⁻¹ y with Γ = Γ_0 + Σ_k p_k b_k b_k^H, Γ_0 = 0.3 s H H^H + σ² I, of sources that are added one by one.

    Random symbols have a Γ_l and a response b_lk = G_l a(p_k) per snapshot; constant ones have a single block, in which
    the snapshots are stacked and add up coherently. s is the power of all sources, p_k the likeliest one for the source
    beside those before it. With x = Γ⁻¹ b and w = p/(1 + p b^H x) the next inverse is Γ⁻¹ - w x x^H. Blocks of several
    frequencies are whitened with the channel of each, and a source has one power in all.

    Args:
        observation: the scenes, complex64.
        log_noise: (scene,), log of the share of noise in the mean power of an antenna.
        array: the array.
        rest: power of what is not explained yet, as a part of the power of all sources: 0.3 above.
    """

    def __init__(
        self,
        observation: Observation,
        log_noise: Float[Tensor, "scene"],  # noqa: F821
        array: Array,
        rest: float = _REST,
    ) -> None:
        y, self.codes, channel = (x.to(torch.complex64) for x in _arrays(observation))
        self.array, self.coherent = array, observation.symbols == "pilot"
        power = torch.view_as_real(y).square().sum(-1).mean(dim=(-1, -2, -3))
        outer = channel @ channel.mH
        noise, gain = log_noise.float().exp(), outer.diagonal(dim1=-2, dim2=-1).real.mean(dim=(-1, -2))
        signal = rest * (1 - noise).clamp_min(1e-3) / gain
        white = torch.diag_embed(noise[:, None, None].expand(outer.shape[:-1]))
        factor = torch.linalg.cholesky(signal[:, None, None, None] * outer + white)
        self.channel = torch.linalg.solve_triangular(factor, channel, upper=False)
        scaled = (y * power.rsqrt()[:, None, None, None]).mT
        self._shape = y.shape
        self._measured = self._blocks(torch.linalg.solve_triangular(factor, scaled, upper=False).mT)
        self._unit = gain / channel.shape[-1]
        self._solved = self._measured.new_zeros((*self._measured.shape[:2], 0, self._measured.shape[2]))  # x
        self._weights = power.new_zeros((*self._measured.shape[:2], 0))  # w

    def hold(self, places: Cosines, powers: Float[Tensor, "scene source"]) -> None:
        """Take known sources into the covariance at once, before any other: Γ⁻¹ = I - U U^H, x are the columns of U.

        Args:
            places: cosines.
            powers: of measurements and a channel of unit mean power.
        """
        response = self._response(places)  # (scene, frequency, snapshot, source, antenna)
        response = response.transpose(2, 3).flatten(3) if self.coherent else response.flatten(1, 2)
        conjugate = response.conj()
        load = torch.diag_embed((self._unit[:, None] / powers.float()).to(response.dtype))
        factor = torch.linalg.cholesky(conjugate @ response.mT + load[:, None])
        root = torch.linalg.solve_triangular(factor, conjugate, upper=False)
        self._solved, self._weights = root.conj(), self._unit.new_ones(root.shape[:-1])
        seen = root @ self._measured[..., None]
        self._measured = self._measured - (seen.mT @ self._solved)[..., 0, :]

    def explain(self, place: Float[Tensor, "scene coordinate"]) -> Float[Tensor, "scene"]:  # noqa: F821
        """Take one more source of each scene into the covariance.

        Args:
            place: its cosines.

        Returns:
            Its gain 2 ΔNLL beside those before it, at its likeliest power.
        """
        response = self._blocks(self._response(place[:, None])[..., 0, :])
        solved = response
        if self._weights.shape[-1]:
            inner = (self._solved.conj() @ response[..., None]).squeeze(-1) * self._weights
            solved = response - (inner[..., None, :] @ self._solved).squeeze(-2)
        own = (response.conj() * solved).sum(-1).real.clamp_min(1e-12)
        seen = (response.conj() * self._measured).sum(-1)
        gain, power = one_source_gain(torch.view_as_real(seen).square().sum(-1).mT, own.mT)
        weight = power[:, None] / (1 + power[:, None] * own)
        self._solved = torch.cat([self._solved, solved[..., None, :]], dim=-2)
        self._weights = torch.cat([self._weights, weight[..., None]], dim=-1)
        self._measured = self._measured - solved * (weight * seen)[..., None]
        return gain

    def images(self) -> Complex[Tensor, "scene frequency snapshot element"]:
        """z_l = G_l^H Γ_l⁻¹ y_l of what is left; one image, their sum over the snapshots, of constant symbols."""
        images = panel_images(self._measured.reshape(self._shape), self.codes, self.channel)
        return images.sum(2, keepdim=True) if self.coherent else images

    def _response(self, places: Cosines) -> Complex[Tensor, "scene frequency snapshot source antenna"]:
        """b_l of sources at some places."""
        vectors = steering_at(places.float(), self.array)
        vectors = vectors if self.array.frequencies > 1 else vectors[:, None]
        return coded_response(vectors, self.codes, self.channel)

    def _blocks(self, values: Tensor) -> Tensor:
        """(scene, frequency and snapshot, antenna), or (scene, frequency, snapshot and antenna) of constant symbols."""
        return values.flatten(2) if self.coherent else values.flatten(1, 2)


def _arrays(observation: Observation) -> tuple[Tensor, Tensor, Tensor]:
    """Measurements, codes and channel, each with an axis of frequencies after the scenes."""
    codes, channel = observation.by_frequency()
    y = observation.measurements
    return y.reshape(len(y), codes.shape[1], -1, y.shape[-1]), codes, channel
