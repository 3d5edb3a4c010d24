"""How is the probability that a fast estimate is right fitted to what speaks for it, and is it calibrated?

Scenes of every K and SNR of the training, from streams that neither training nor the tables use; half of them are
fitted, the other half judged: a reliability table, the expected calibration error, and the share of scenes that would
be searched at each `doubt`. The weights go into `Trust`. Usage: python benchmarks/effort.py --scenes 64
"""

import argparse

import torch
from torch import Tensor

from ris_pytorch_pipeline.bench.score import TOLERANCE
from ris_pytorch_pipeline.localise import Localiser, Trust
from ris_pytorch_pipeline.matching import great_circle, match
from ris_pytorch_pipeline.physics import Scenes, draw, preset
from ris_pytorch_pipeline.rng import stream

KINDS, SOURCES, SNR_DB = ("random", "pilot"), (1, 2, 3, 4, 5), (-5.0, 0.0, 5.0, 10.0, 20.0)
_LOADING = 1e-4


class Noted(Trust):
    """A trust that keeps what it was shown."""

    def right(self, evidence):  # noqa: ANN001, ANN201
        """As of the trust; the features are kept."""
        self.__dict__.setdefault("seen", []).append(evidence.features)
        return super().right(evidence)


def right(scenes: Scenes, positions: Tensor) -> Tensor:
    """(scene,), whether every source is found within 3°."""
    apart = great_circle(scenes.truth.positions[:, :, None], positions[:, None])
    present = scenes.truth.present
    partner = match(apart, present, torch.ones_like(positions[..., 0], dtype=torch.bool), TOLERANCE)
    return ((partner >= 0) | ~present).all(-1)


def gathered(scenes: int) -> tuple[Tensor, Tensor, Tensor]:
    """Features and success of all scenes, and (kind, K, SNR) of each."""
    features, success, cells = [], [], []
    for number, kind in enumerate(KINDS):
        for sources in SOURCES:
            for snr_db in SNR_DB:
                scenario = preset(kind, sources=sources, snr_db=snr_db, distance_law="inverse")
                drawn = draw(scenario, scenes, stream(77, "effort"))
                noted = Noted()
                found = Localiser.reference(trust=noted, domain=None)(drawn.observation, sources)
                features.append(torch.cat(vars(noted)["seen"]))
                success.append(right(drawn, found.positions))
                cells.append(torch.tensor([[number, sources, snr_db]]).expand(scenes, -1))
    return torch.cat(features), torch.cat(success).double(), torch.cat(cells)


def fitted(features: Tensor, success: Tensor) -> Tensor:
    """The weights of least cross-entropy, by Newton's method."""
    weights = torch.zeros(features.shape[1], dtype=torch.float64)
    for _ in range(30):
        p = (features @ weights).sigmoid()
        gradient = features.mT @ (p - success) / len(success) + 2 * _LOADING * weights
        curvature = features.mT @ ((p * (1 - p))[:, None] * features) / len(success)
        weights = weights - torch.linalg.solve(curvature + 2 * _LOADING * torch.eye(len(weights)), gradient)
    return weights


def main() -> None:
    """Fit on one half, judge on the other, and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scenes", type=int, default=64, help="of each of the 50 cells (64)")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    features, success, cells = gathered(arguments.scenes)
    order = torch.randperm(len(success), generator=stream(0, "effort/halves"))
    first, second = order[::2], order[1::2]
    p = (features @ fitted(features[first], success[first])).sigmoid()
    print("weights from all scenes:", [round(w, 3) for w in fitted(features, success).tolist()])
    print(f"\n| stated | right | scenes |\n|---|---|---|  (of {len(second)} that were not fitted)")
    bins, error = (10 * p[second]).long().clamp_max(9), 0.0
    for each in range(10):
        mine = second[bins == each]
        if len(mine):
            stated, seen = float(p[mine].mean()), float(success[mine].mean())
            error += abs(stated - seen) * len(mine) / len(second)
            print(f"| {stated:.2f} | {seen:.2f} | {len(mine)} |")
    print(f"\nexpected calibration error {error:.3f}\n\nsearched at each doubt, K = 3 and 5 at 5, 10 and 20 dB:")
    for doubt in (0.3, 0.5, 0.7, 0.9):
        told = []
        for number, kind in enumerate(KINDS):
            for sources in (3, 5):
                shares = [(cells == torch.tensor([number, sources, snr])).all(-1) for snr in (5.0, 10.0, 20.0)]
                told.append(
                    f"{kind} {sources}: " + " ".join(f"{float((p[m] < doubt).double().mean()):.2f}" for m in shares)
                )
        print(f"{doubt:g}  " + "; ".join(told))


if __name__ == "__main__":
    main()
