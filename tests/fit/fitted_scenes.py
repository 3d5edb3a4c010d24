"""Small scenes whose model is right or wrong in one way."""

from dataclasses import replace

from ris_pytorch_pipeline.physics import Observation, Scenes, draw, preset
from ris_pytorch_pipeline.rng import stream


def scenes(name: str = "random", sources: int = 1, count: int = 4, snr_db: float = 10.0, **fields: object) -> Scenes:
    """Scenes of a preset at 10 dB, drawn from one stream."""
    return draw(preset(name, sources=sources, snr_db=snr_db, **fields), count, stream(5, f"fit {name} {sources}"))


def conjugated(seen: Observation, *names: str) -> Observation:
    """Some fields as their conjugates."""
    return replace(seen, **{name: vars(seen)[name].conj().resolve_conj() for name in names})


def flipped(seen: Observation, antenna: int) -> Observation:
    """The sign of one antenna."""
    measured = seen.measurements.clone()
    measured[..., antenna] *= -1
    return replace(seen, measurements=measured)
