"""How much do measurements of known symbols say about positions? Information and scores, a free factor a source."""

import torch
from jaxtyping import Complex, Float
from torch import Tensor

from ..physics import Chart, Sounding
from .gram import Coordinates, panel_block


def sequence_information(
    coordinates: Coordinates, chart: Chart, sounding: Sounding, symbols: Complex[Tensor, "scene *wide snapshot source"]
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
    symbols: Complex[Tensor, "scene *wide snapshot source"],
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
    y = measurements.unflatten(1, (sounding.array.frequencies, -1)).flatten(2).unsqueeze(2)  # one row a frequency
    left = y - (y @ basis.conj()) @ basis.mT
    terms = (across.conj() * left).real.unflatten(-1, (-1, measurements.shape[-1])).sum(-1)
    return -2 * terms.transpose(2, 3).flatten(1, 2)


def _across(
    coordinates: Coordinates, chart: Chart, sounding: Sounding, symbols: Complex[Tensor, "scene *wide snapshot source"]
) -> tuple[Tensor, Tensor]:
    """An orthonormal basis of B, (scene, frequency, equation, source), and P⊥(B) D, (..., parameter, equation)."""
    vectors = panel_block(chart, coordinates).to(sounding.codes.dtype)
    count = coordinates.shape[-2]
    each = []
    for source in range(count):
        codes = sounding.codes * symbols[..., source].to(sounding.codes).unsqueeze(-1)
        sent = Sounding(array=sounding.array, codes=codes, channel=sounding.channel)
        heard = sent.response(vectors[..., source::count, :])  # (scene, block, 1 + 3, antenna)
        each.append(heard.unflatten(1, (sounding.array.frequencies, -1)).transpose(2, 3).flatten(3))
    heard = torch.stack(each, dim=2)  # (scene, frequency, source, 1 + 3, equation)
    basis, _ = torch.linalg.qr(heard[..., 0, :].mT)
    moved = heard[..., 1:, :].flatten(2, 3)
    return basis, moved - (moved @ basis.conj()) @ basis.mT
