"""A training and its evaluation made up for pages, with names that are HTML."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from made_results import row

from ris_pytorch_pipeline.estimate import SearchRegion
from ris_pytorch_pipeline.physics import Panel
from ris_pytorch_pipeline.report import EvaluationShown, Held, RunShown, SeenScene, explored, volume_of

HOSTILE = '</script><img src=x onerror="errors.push(1)"><b>bold</b>&amp;'
ELEMENTS = Panel(horizontal=6, vertical=6, spacing=0.15).elements()


def update(attempt: int, *, outcome: str = "applied", norm: Any = 1.0) -> dict[str, Any]:
    motion = {"total": 0.1 * attempt} if outcome == "applied" else None
    return {
        "event": "update", "attempt": attempt, "outcome": outcome, "loss": 2.0 / attempt, "norm": norm,
        "rates": {"backbone": 1e-3, HOSTILE: 4e-3}, "motion": motion,
    }  # fmt: skip


def epoch(number: int, total: Any) -> dict[str, Any]:
    validation = {"total": total, "nmse": 1.0 / number, "missed": 0.5, HOSTILE: 0.1}
    return {"event": "epoch", "epoch": number, "train": 3.0 / number, "weights": "ema", "validation": validation}


def events(*, rate: float = 0.004, worse: float = 0.0) -> list[dict[str, Any]]:
    """The ledger of a training of two epochs, one update of which was not applied."""
    experiment = {"optimisation": {"rate": rate, "clip": 1.0}, "net": {"width": 8}}
    return [
        {"event": "start", "identity": {"run": HOSTILE, "package": "0.1.0"}, "experiment": experiment, "data": HOSTILE,
         "source": {"commit": "c0ffee", "machine": "x86_64", "threads": 2}},
        update(1), update(2, outcome="skipped: a gradient is not finite", norm="nan"), epoch(1, 2.0 + worse),
        update(3), update(4), epoch(2, 1.0 + worse), {"event": "end", "epoch": 2},
    ]  # fmt: skip


def place(values: Sequence[float]) -> dict[str, float]:
    return dict(zip(("azimuth_deg", "elevation_deg", "distance_m"), values, strict=True))


def source(at: Sequence[float], error: Sequence[float] | None) -> dict[str, Any]:
    """A source as `ris locate --json` has it; without an error it is none."""
    true = None if error is None else place([a - e for a, e in zip(at, error, strict=True)])
    bound = None if error is None else place([0.5, 0.5, 0.1])
    told = None if error is None else place(error)
    return {**place(at), "std": place([0.6, 0.6, 0.2]), "truth": true, "error": told, "bound": bound}


def finding(sources: Sequence[Mapping[str, Any]], missed: int = 0) -> dict[str, Any]:
    lost = [{**place([10.0, 5.0, 3.0]), "bound": place([0.4, 0.4, 0.1])}] * missed
    return {"status": HOSTILE, "sources": list(sources), "missed": lost}


def seen(count: int) -> list[SeenScene]:
    """Scenes of which a later one is worse; all but the first have a spectrum, of one value in each plane."""
    volume = volume_of(SearchRegion())
    size = len(volume.azimuths) * len(volume.elevations)
    spectrum = b"".join(bytes([20 * plane]) * size for plane in range(len(volume.distances)))
    good = [source([20.0, -5.0, 4.0], [0.1, 0.0, 0.05 * (number + 1)]) for number in range(count)]
    return [
        SeenScene(label=f"scene {number} of {HOSTILE}", finding=finding([one]), spectrum=spectrum if number else None)
        for number, one in enumerate(good)
    ]


def evaluation(scenes: int = 3, methods: Sequence[str] = ("hybrid", HOSTILE)) -> EvaluationShown:
    rows = [
        row("evaluation", {"sources": sources, "snr_db": snr}, method, 0.5 + 0.02 * snr)
        | {"sources_least": sources, "sources_most": sources}
        for sources in (1, 3) for snr in (5, 10, 20) for method in methods
    ]  # fmt: skip
    volume = volume_of(SearchRegion())
    held = {"azimuth": [Held(promised=p, share=p, low=p - 0.1, high=p + 0.1, n=30) for p in (0.5, 0.9)], "distance": []}
    return EvaluationShown(
        rows=rows, words=["ema weights.", HOSTILE], held=held,
        scenes=explored(seen(scenes), torch.as_tensor(ELEMENTS), volume),
    )  # fmt: skip


def run(name: str = HOSTILE, **options: Any) -> RunShown:
    """A training with all that a page can show of it, but for a verdict."""
    return RunShown(
        name=name, events=events(**options), unjudged=HOSTILE, evaluation=evaluation(), commands=[f"ris {HOSTILE}"]
    )
