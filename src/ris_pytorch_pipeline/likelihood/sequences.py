"""How much do measurements of known symbols say about positions? Information and scores, a free factor a source."""

import torch
from jaxtyping import Complex, Float
from torch import Tensor

from ..physics import Chart, Sounding
from .gram import Coordinates, panel_block

Symbols = Complex[Tensor, "scene *wide snapshot source"]
"""Of each source and snapshot, at each frequency or the same at all."""


def sequence_information(
    coordinates: Coordinates, chart: Chart, sounding: Sounding, symbols: Symbols
) -> Float[Tensor, "scene parameter parameter"]:
    """σ² J = 2 Σ_f Re{D^H P⊥(B) D} over (a, b, q) of source 1, 2, ..., b_k = [s_kl G_l a(p_k)]_l and D = ∂B.

    The factor of each source and frequency is estimated too, which P⊥ accounts for. Of symbols that are all constant it
    is the information of a pilot.

    >>> import ris_pytorch_pipeline as ris
    >>> from ris_pytorch_pipeline.physics import chart_of
    >>> scenes = ris.simulate(ris.preset("random", symbols="known", sources=2), scenes=1, seed=0)
    >>> chart, there = chart_of(scenes.truth.positions, scenes.observation.array)
    >>> sequence_information(there, chart, scenes.observation, scenes.truth.symbols).shape  # (a, b, q) of two sources
    torch.Size([1, 6, 6])

    Args:
        coordinates: (scene, source, 3).
        chart: in which they are.
        sounding: array, codes and channel.
        symbols: (scene, [frequency,] snapshot, source), with their amplitudes.
    """
    _, across = _across(coordinates, chart, sounding, symbols)
    return 2 * (across.conj() @ across.mT).real.sum(1)


def sequence_scores(
    coordinates: Coordinates,
    chart: Chart,
    sounding: Sounding,
    symbols: Symbols,
    measurements: Complex[Tensor, "scene block antenna"],
) -> Float[Tensor, "scene block parameter"]:
    """σ² g_l = -2 Re{(P⊥(B) D)_l^H (P⊥(B) y)_l}: terms of the gradient of ‖P⊥(B) y‖²/σ², snapshot by snapshot.

    >>> import ris_pytorch_pipeline as ris
    >>> from ris_pytorch_pipeline.physics import chart_of
    >>> scenes = ris.simulate(ris.preset("random", symbols="known", sources=2), scenes=1, seed=0)
    >>> seen, sent = scenes.observation, scenes.truth.symbols
    >>> chart, there = chart_of(scenes.truth.positions, seen.array)
    >>> sequence_scores(there, chart, seen, sent, seen.blocks).shape  # scene, snapshot, (a, b, q) of two sources
    torch.Size([1, 16, 6])

    Args:
        coordinates: (scene, source, 3).
        chart: in which they are.
        sounding: array, codes and channel.
        symbols: (scene, [frequency,] snapshot, source), with their amplitudes.
        measurements: (scene, block, antenna).
    """
    basis, across = _across(coordinates, chart, sounding, symbols)
    y = _by_frequency(measurements, sounding)
    left = y - (y @ basis.conj()) @ basis.mT
    terms = (across.conj() * left).real.unflatten(-1, (-1, measurements.shape[-1])).sum(-1)
    return -2 * terms.transpose(2, 3).flatten(1, 2)


def sequence_residual(
    coordinates: Coordinates, chart: Chart, sounding: Sounding, symbols: Symbols, measurements: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """Σ_f ‖P⊥(B) y‖², its gradient -2 Re{D^H P⊥(B) y} and the Gauss-Newton curvature 2 Re{D^H P⊥(B) D}, D = ∂B B⁺ y.

    The factors of the sources are those of least squares, whatever the power of the symbols that are given.

    >>> import torch
    >>> import ris_pytorch_pipeline as ris
    >>> from ris_pytorch_pipeline.physics import chart_of
    >>> scenes = ris.simulate(ris.preset("random", symbols="known", sources=2), scenes=1, seed=0)
    >>> seen, sent = scenes.observation, scenes.truth.symbols
    >>> chart, there = chart_of(scenes.truth.positions, seen.array)
    >>> left, slope, curvature = sequence_residual(there, chart, seen, 3 * sent, seen.blocks)
    >>> bool(torch.allclose(slope, sequence_scores(there, chart, seen, sent, seen.blocks).sum(1), rtol=0.5))
    True
    >>> bool(left < 0.1 * seen.blocks.abs().square().sum()), curvature.shape
    (True, torch.Size([1, 6, 6]))

    Args:
        coordinates: (scene, source, 3).
        chart: in which they are.
        sounding: array, codes and channel.
        symbols: (scene, [frequency,] snapshot, source), up to a factor of each source.
        measurements: (scene, block, antenna).

    Returns:
        (scene,), (scene, parameter) and (scene, parameter, parameter).
    """
    heard, y = _heard(coordinates, chart, sounding, symbols), _by_frequency(measurements, sounding)
    basis, upper = torch.linalg.qr(heard[..., 0, :].mT)
    along = y @ basis.conj()
    factors = torch.linalg.lstsq(upper, along.mT).solution.squeeze(-1)
    left, across = y - along @ basis.mT, _beside(heard * factors[..., None, None], basis)
    energy = torch.view_as_real(left).square().flatten(1).sum(-1)
    return energy, -2 * (across.conj() @ left.mT).real.sum(1).squeeze(-1), 2 * (across.conj() @ across.mT).real.sum(1)


def _across(coordinates: Coordinates, chart: Chart, sounding: Sounding, symbols: Symbols) -> tuple[Tensor, Tensor]:
    """An orthonormal basis of B, (scene, frequency, equation, source), and P⊥(B) D, (..., parameter, equation)."""
    heard = _heard(coordinates, chart, sounding, symbols)
    basis, _ = torch.linalg.qr(heard[..., 0, :].mT)
    return basis, _beside(heard, basis)


def _heard(coordinates: Coordinates, chart: Chart, sounding: Sounding, symbols: Symbols) -> Tensor:
    """Responses and their derivatives, (scene, frequency, source, 1 + 3, equation)."""
    vectors = panel_block(chart, coordinates).to(sounding.codes.dtype)
    count = coordinates.shape[-2]
    each = []
    for source in range(count):
        codes = sounding.codes * symbols[..., source].to(sounding.codes).unsqueeze(-1)
        sent = Sounding(array=sounding.array, codes=codes, channel=sounding.channel)
        heard = sent.response(vectors[..., source::count, :])  # (scene, block, 1 + 3, antenna)
        each.append(heard.unflatten(1, (sounding.array.frequencies, -1)).transpose(2, 3).flatten(3))
    return torch.stack(each, dim=2)


def _beside(heard: Tensor, basis: Tensor) -> Tensor:
    """What the derivatives have beside the responses, P⊥(B) D, (scene, frequency, parameter, equation)."""
    moved = heard[..., 1:, :].flatten(2, 3)
    return moved - (moved @ basis.conj()) @ basis.mT


def _by_frequency(measurements: Tensor, sounding: Sounding) -> Tensor:
    """One row a frequency, (scene, frequency, 1, equation)."""
    return measurements.unflatten(1, (sounding.array.frequencies, -1)).flatten(2).unsqueeze(2)
