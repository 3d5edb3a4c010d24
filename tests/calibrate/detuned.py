"""Scenes whose hardware is not what an estimator is told."""

from dataclasses import replace

import torch
from torch import Tensor

from ris_pytorch_pipeline.experiment import resolve
from ris_pytorch_pipeline.physics import Scenes, draw
from ris_pytorch_pipeline.rng import stream

SMALL = {"horizontal": 6, "vertical": 6, "antennas": 6, "snapshots": 10, "sources": 1, "snr_db": 20.0}


def phases(count: int, spread: float, seed: int = 0) -> Tensor:
    """Gains of unit modulus with normal phases, of zero mean."""
    phase = torch.randn(count, generator=stream(seed, "phases"), dtype=torch.float64)
    return torch.polar(torch.ones_like(phase), spread * (phase - phase.mean()))


def detuned(gains: Tensor, scenes: int, symbols: str = "pilot", seed: int = 0, **fields) -> Scenes:
    """Scenes through H diag(g) where estimators are told H."""
    drawn = draw(resolve({"preset": symbols, "scenario": {**SMALL, **fields}}).scenario, scenes, stream(seed, "scenes"))
    seen = drawn.observation
    return Scenes(observation=replace(seen, channel=seen.channel / gains), truth=drawn.truth)


def relative_error(found: Tensor, gains: Tensor) -> float:
    """‖g - α ĝ‖ / ‖g‖ at the best α: the common scale and phase are no error."""
    scale = (found.conj() @ gains) / (found.conj() @ found)
    return float((gains - scale * found).norm() / gains.norm())
