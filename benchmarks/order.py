"""How is the number of sources estimated from the network's count and the likelihood, and how often is it right?

Scenes of every K and SNR of the training, from streams that neither training nor the tables use; half of them are
fitted, the other half judged. The weights go into `Counting`. Usage: python benchmarks/order.py --scenes 64
"""

import argparse

import torch
from effort import KINDS, SNR_DB, SOURCES, fitted
from torch import Tensor

from ris_pytorch_pipeline.estimate import Estimate
from ris_pytorch_pipeline.localise import Counting, Evidence, Localiser, Trust
from ris_pytorch_pipeline.localise.counting import features
from ris_pytorch_pipeline.physics import Observation, draw, preset
from ris_pytorch_pipeline.rng import stream

NETWORK = Localiser.reference(domain=None)


class Noted(Trust):
    """A trust that keeps what it was shown."""

    def right(self, evidence: Evidence) -> Tensor:
        """As of the trust; the evidence is kept."""
        self.__dict__.setdefault("seen", []).append(evidence)
        return super().right(evidence)


def located(observation: Observation, counts: Tensor) -> tuple[Estimate, Evidence]:
    """Estimates of so many sources, and what speaks for them."""
    noted = Noted()
    found = Localiser.reference(domain=None, trust=noted)(observation, counts)
    return found, vars(noted)["seen"][0]


def shown(kind: str, sources: int, snr_db: float, scenes: int) -> dict[str, Tensor]:
    """What the scenes of a cell show, the network's count and the right one."""
    observation = draw(
        preset(kind, sources=sources, snr_db=snr_db, distance_law="inverse"), scenes, stream(78, "order")
    ).observation
    logits = NETWORK.predict(observation).order_logits
    counts = logits[:, 1:].argmax(-1) + 1
    most = logits.shape[-1] - 1
    seen = located(observation, counts)[1]
    larger = located(observation, (counts + 1).clamp_max(most))[1]
    more = features(seen, logits, counts, 1)
    return {
        "counts": counts, "right": torch.full_like(counts, sources), "hint": more,
        "more": torch.cat([more, larger.features[:, 1:2].double()], dim=-1),
        "fewer": features(seen, logits, counts, -1),
    }  # fmt: skip


def regressions(data: dict[str, Tensor], most: int) -> Counting:
    """The three fits."""
    counts, right = data["counts"], data["right"]
    room, some = counts < most, counts > 1
    above, below = (right > counts)[room].double(), (right < counts)[some].double()
    weights = [fitted(data["hint"][room], above), fitted(data["more"][room], above), fitted(data["fewer"][some], below)]
    hint, more, fewer = (tuple(round(w, 3) for w in each.tolist()) for each in weights)
    return Counting(hint=hint, more=more, fewer=fewer)


def decided(counting: Counting, data: dict[str, Tensor], most: int) -> Tensor:
    """The counts that the three probabilities lead to, as in `Counting.settled`."""
    p = {n: (data[n] @ data[n].new_tensor(vars(counting)[n])).sigmoid() for n in ("hint", "more", "fewer")}
    counts = data["counts"]
    more = torch.where((p["hint"] > counting.promising) & (counts < most), p["more"], 0)
    fewer = torch.where(counts > 1, p["fewer"], 0)
    up = (more > 0.5) & (more > fewer)
    return torch.where(up, counts + 1, torch.where((fewer > 0.5) & (more <= fewer), counts - 1, counts))


def halves(data: dict[str, Tensor]) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """Every other scene, and those between."""
    return {n: x[::2] for n, x in data.items()}, {n: x[1::2] for n, x in data.items()}


def main() -> None:
    """Fit on one half, judge on the other, and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scenes", type=int, default=64, help="of each of the 50 cells (64)")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    cells = {
        (kind, snr_db, sources): shown(kind, sources, snr_db, arguments.scenes)
        for kind in KINDS for snr_db in SNR_DB for sources in SOURCES
    }  # fmt: skip
    first = [halves(data)[0] for data in cells.values()]
    whole = {n: torch.cat([data[n] for data in cells.values()]) for n in first[0]}
    counting = regressions({n: torch.cat([data[n] for data in first]) for n in first[0]}, max(SOURCES))
    print("from all scenes:", regressions(whole, max(SOURCES)))
    print("| symbols | SNR dB | K | network's count right | with the likelihood |\n|---|---|---|---|---|")
    for (kind, snr_db, sources), data in cells.items():
        judged = halves(data)[1]
        alone, both = ((x == sources).double().mean() for x in (judged["counts"], decided(counting, judged, 5)))
        print(f"| {kind} | {snr_db:g} | {sources} | {float(alone):.2f} | {float(both):.2f} |")


if __name__ == "__main__":
    main()
