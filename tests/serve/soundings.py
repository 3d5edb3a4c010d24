"""What the service is tried on: scenes that are located fast, and an estimator whose answers say whose they are."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch

from ris_pytorch_pipeline.data import simulate
from ris_pytorch_pipeline.estimate import Estimate, Status
from ris_pytorch_pipeline.physics import Observation, Scenes, preset

SCENES = {"content-type": "application/octet-stream"}
JSON = {"content-type": "application/json"}
SMALL: dict[str, Any] = {"horizontal": 4, "vertical": 4, "antennas": 4, "snapshots": 6, "sources": 1, "snr_db": 20.0}


def scenes_of(scenes: int, seed: int, **scenario: Any) -> Scenes:
    return simulate(preset("random", **{**SMALL, **scenario}), scenes, seed)


def document_of(observation: Observation, scene: int = 0) -> dict[str, Any]:
    """One scene as JSON has it."""
    parts = {name: vars(observation)[name][scene : scene + 1] for name in ("measurements", "codes", "channel")}
    return {
        **{name: {"real": x.real.tolist(), "imag": x.imag.tolist()} for name, x in parts.items()},
        "elements": observation.elements.tolist(),
        "wavelengths": list(observation.array.wavelengths),
        "symbols": observation.symbols,
    }


def mark_of(observation: Observation) -> torch.Tensor:
    """(scene,), a number that tells a scene from all others, in radians of an azimuth."""
    return observation.measurements.abs().double().sum((-1, -2)).frac()


@dataclass
class Counting:
    """An estimator that remembers its batches, waits where it is told to, and whose azimuths are the scenes' marks."""

    batches: list[int] = field(default_factory=list)
    asked: list[Any] = field(default_factory=list)
    go: threading.Event = field(default_factory=threading.Event)
    begun: threading.Event = field(default_factory=threading.Event)
    waits: bool = False
    name: str = "counting"

    def __call__(self, observation: Observation, sources: Any = None) -> Estimate:
        self.begun.set()
        if self.waits:
            assert self.go.wait(30)
        self.batches.append(len(observation))
        self.asked.append(None if sources is None else torch.as_tensor(sources).tolist())
        places = torch.stack([mark_of(observation), torch.zeros(len(observation)), torch.ones(len(observation))], -1)
        return Estimate(
            positions=places[:, None],
            order=torch.ones(len(observation), dtype=torch.long),
            powers=torch.ones(len(observation), 1),
            deviations=torch.full((len(observation), 1, 3), torch.nan),
            noise_variance=torch.ones(len(observation)),
            status=(Status.CONVERGED,) * len(observation),
        )


def until(holds: Callable[[], bool]) -> None:
    """Wait until something holds, for a while."""
    for _ in range(6000):
        if holds():
            return
        time.sleep(0.01)
    raise AssertionError("it never held")
