"""Is an answer at a grating lobe called ambiguous, and how many right ones are? By how near other answers are named.

Panels of 6 x 5 elements one wavelength apart, where a direction repeats all over the field, K known. A row is a kind of
symbols, a K and an SNR. An answer with a source further than 5° from every true one is at a lobe. By 2 nats a scene is
converged where the other answers that are named lose more than 2.

    python benchmarks/grating_lobes.py --scenes 300
"""

import argparse
import math

import torch

from ris_pytorch_pipeline.estimate import Estimate, PilotMl, Sml, Status
from ris_pytorch_pipeline.physics import draw, preset
from ris_pytorch_pipeline.rng import stream

ESTIMATORS = {"random": Sml, "pilot": PilotMl}
CELLS = ((1, 5.0), (1, 10.0), (2, 10.0))
NATS = (2.0, 3.0)
FAR = math.radians(5.0)


def located(kind: str, sources: int, snr_db: float, count: int, seed: int) -> tuple[Estimate, list[bool]]:
    """What the estimator says of the scenes, and whether an answer is at a lobe."""
    scenario = preset(kind, horizontal=6, vertical=5, spacing=0.3, sources=sources, snr_db=snr_db)
    scenes = draw(scenario, count, stream(seed, f"lobes/{kind}/{sources}/{snr_db:g}"))
    estimate = ESTIMATORS[kind]()(scenes.observation, sources)
    off = (estimate.positions[:, :, None, :2] - scenes.truth.positions[:, None, :, :2]).abs().amax(-1).amin(-1)
    return estimate, (off > FAR).any(-1).tolist()


def converged_by(estimate: Estimate, scene: int, nats: float) -> bool:
    """Whether a scene would be converged if only answers within so many nats were named."""
    assert estimate.fit is not None
    modes, findings = estimate.fit.modes[scene], estimate.fit.findings[scene]
    return not findings or (findings == (Status.AMBIGUOUS,) and min(mode.loss for mode in modes) > nats)


def row(kind: str, sources: int, snr_db: float, count: int, seed: int) -> list[object]:
    """The cells of a row."""
    estimate, lobes = located(kind, sources, snr_db, count, seed)
    at, right = ([i for i, lobe in enumerate(lobes) if lobe is wanted] for wanted in (True, False))
    of_lobes = [sum(converged_by(estimate, i, nats) for i in at) for nats in NATS]
    of_right = [sum(converged_by(estimate, i, nats) for i in right) for nats in NATS]
    return [kind, sources, f"{snr_db:g}", count, len(at), *of_lobes, len(right), *of_right]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scenes", type=int, default=300, help="of a row (300)")
    parser.add_argument("--seed", type=int, default=1140, help="of the scenes (1140)")
    given = parser.parse_args()
    torch.set_num_threads(1)
    heads = (
        "symbols", "K", "SNR dB", "n", "at a lobe", "converged by 2 nats", "by 3",
        "right", "right converged by 2 nats", "right by 3",
    )  # fmt: skip
    print("| " + " | ".join(heads) + " |")
    print("|---" * len(heads) + "|")
    for kind in ESTIMATORS:
        for sources, snr_db in CELLS:
            print("| " + " | ".join(map(str, row(kind, sources, snr_db, given.scenes, given.seed))) + " |", flush=True)


if __name__ == "__main__":
    main()
