"""Which inner products every likelihood needs: of coded responses, their derivatives and the measurements."""

from dataclasses import dataclass

import torch
from jaxtyping import Complex, Float
from torch import Tensor

from ..physics import coded_response, stacked_gram, steering_with_derivatives
from ..shapes import Channel, Codes, Cosines, Elements, Measured


def panel_block(
    cosines: Cosines, elements: Elements, wavelength: float
) -> Complex[Tensor, "*batch vector element"]:  # fmt: skip
    """The 4 K panel vectors [a_1..a_K, ∂a/∂u, ∂a/∂w, ∂a/∂q], coordinate-major."""
    a, derivatives = steering_with_derivatives(cosines, elements, wavelength)
    return torch.cat([a.unsqueeze(-3), derivatives], dim=-3).flatten(-3, -2)


@dataclass(frozen=True, eq=False)
class Gram:
    """Inner products of V = [B, ∂B/∂u, ∂B/∂w, ∂B/∂q] (4 K vectors) with itself and with the measurements y.

    The leading axes are (..., snapshot) for one block per snapshot, or (...) for the stacked block of all snapshots.

    Args:
        vectors: V^H V, (..., 4 K, 4 K).
        measured: V^H y, (..., 4 K).
        energy: y^H y, (...).
        equations: complex numbers per block: M, or L M when stacked.
    """

    vectors: Complex[Tensor, "*block vector vector"]
    measured: Complex[Tensor, "*block vector"]
    energy: Float[Tensor, "*block"]
    equations: int

    @property
    def sources(self) -> int:
        """K."""
        return self.vectors.shape[-1] // 4


def snapshot_gram(
    cosines: Cosines,
    codes: Codes,
    channel: Channel,
    elements: Elements,
    wavelength: float,
    measurements: Measured | None = None,
) -> Gram:
    """One Gram per snapshot, from the coded responses b_l = G_l a and G_l ∂a.

    Args:
        cosines: (..., source, 3).
        codes: (..., snapshot, element).
        channel: (..., antenna, element).
        elements: (element, 3), metres.
        wavelength: metres.
        measurements: (..., snapshot, antenna); zeros when only the model matters, as for a bound.

    Returns:
        Blocks of shape (..., snapshot).
    """
    response = coded_response(panel_block(cosines, elements, wavelength).to(codes.dtype), codes, channel)
    y = response.new_zeros(response.shape[:-2] + response.shape[-1:]) if measurements is None else measurements
    conjugate = response.conj()
    energy = torch.view_as_real(y).square().sum(dim=(-1, -2))
    return Gram(conjugate @ response.mT, (conjugate @ y.unsqueeze(-1)).squeeze(-1), energy, channel.shape[-2])


@dataclass(frozen=True, eq=False)
class StackedStatistics:
    """All that a constant-symbol likelihood needs of a scene: Q = Σ G_l^H G_l, z = Σ G_l^H y_l and ‖y‖².

    Args:
        gram: Q, (..., element, element).
        image: z, (..., element).
        energy: Σ_l ‖y_l‖², (...).
        equations: L M.
    """

    gram: Complex[Tensor, "*batch element element"]
    image: Complex[Tensor, "*batch element"]
    energy: Float[Tensor, "*batch"]
    equations: int

    def at(self, cosines: Cosines, elements: Elements, wavelength: float) -> Gram:
        """The stacked Gram at (u, w, q): V^H V = U^H Q U and V^H y = U^H z with U the panel vectors."""
        panel = panel_block(cosines, elements, wavelength).to(self.gram.dtype)
        conjugate = panel.conj()
        vectors = conjugate @ (self.gram @ panel.mT)
        return Gram(vectors, (conjugate @ self.image.unsqueeze(-1)).squeeze(-1), self.energy, self.equations)


def stacked_statistics(codes: Codes, channel: Channel, measurements: Measured) -> StackedStatistics:
    """Reduce a block of measurements to the sufficient statistics of a constant-symbol model."""
    image = (codes.conj() * (measurements @ channel.conj())).sum(dim=-2)
    energy = torch.view_as_real(measurements).square().sum(dim=(-1, -2, -3))
    return StackedStatistics(
        stacked_gram(codes, channel), image, energy, measurements.shape[-1] * measurements.shape[-2]
    )


def stacked(gram: Gram) -> Gram:
    """Sum per-snapshot blocks into the stacked block of a constant-symbol model."""
    blocks = gram.vectors.shape[-3]
    return Gram(gram.vectors.sum(-3), gram.measured.sum(-2), gram.energy.sum(-1), gram.equations * blocks)
