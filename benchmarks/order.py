"""How is the number of sources estimated from the network's count and the likelihood, and how often is it right?

Scenes of every K and SNR of the training, from streams that neither training nor the tables use; half of them are
fitted, the other half judged: the shares that are counted right of K = 1 / 2 / 3 / 4 / 5. The weights go into
`Counting`. The last line fits the probability of the count alone, with the other weights as they are.

    python benchmarks/order.py --scenes 64
"""

import argparse
from dataclasses import replace

import torch
from effort import KINDS, SNR_DB, SOURCES, fitted
from torch import Tensor

from ris_pytorch_pipeline.estimate import Estimate
from ris_pytorch_pipeline.localise import Counting, Evidence, Localiser, Trust
from ris_pytorch_pipeline.localise.counting import compared, features
from ris_pytorch_pipeline.physics import Observation, draw, preset
from ris_pytorch_pipeline.rng import stream

NETWORK = Localiser.reference(domain=None)
MOST = max(SOURCES)


class Noted(Trust):
    """A trust that keeps what it was shown."""

    def right(self, evidence: Evidence) -> Tensor:
        """As of the trust; the evidence is kept."""
        self.__dict__.setdefault("seen", []).append(evidence)
        return super().right(evidence)


def located(observation: Observation, counts: Tensor) -> tuple[Estimate, Evidence]:
    """Estimates of so many sources, and what speaks for them."""
    noted = Noted()
    found = Localiser.reference(domain=None, trust=noted, batch=len(observation))(observation, counts)
    return found, vars(noted)["seen"][0]


def shown(kind: str, sources: int, snr_db: float, scenes: int, seed: int = 78) -> dict[str, Tensor]:
    """What the scenes of a cell show, the network's count and probabilities, and the right one."""
    observation = draw(
        preset(kind, sources=sources, snr_db=snr_db, distance_law="inverse"), scenes, stream(seed, "order")
    ).observation
    logits = NETWORK.predict(observation).order_logits
    counts, most = logits[:, 1:].argmax(-1) + 1, logits.shape[-1] - 1
    fewer, seen, more = (located(observation, (counts + step).clamp(1, most))[1] for step in (-1, 0, 1))
    coherent, above, below = kind == "pilot", counts.clamp_max(most - 1), (counts - 1).clamp_min(1)
    return {
        "counts": counts, "right": torch.full_like(counts, sources),
        "logits": logits, "network": logits.double().softmax(-1),
        "hint": features(seen, logits, counts, 1), "excess": features(seen, logits, counts, -1),
        "above": compared(seen, more, logits, above, coherent=coherent),
        "below": compared(fewer, seen, logits, below, coherent=coherent),
    }  # fmt: skip


def regressions(data: dict[str, Tensor], most: int) -> Counting:
    """The four fits."""
    counts, right = data["counts"], data["right"]
    room, some = counts < most, counts > 1
    pairs = torch.cat([data["above"][room], data["below"][some]])
    larger = torch.cat([(right > counts)[room], (right >= counts)[some]]).double()
    fits = [
        fitted(data["hint"][room], (right > counts)[room].double()),
        fitted(data["excess"][some], (right < counts)[some].double()), fitted(pairs, larger),
    ]  # fmt: skip
    hint, excess, more = (tuple(round(w, 3) for w in each.tolist()) for each in fits)
    return sure(Counting(hint=hint, excess=excess, more=more), data)


def sure(counting: Counting, data: dict[str, Tensor]) -> Counting:
    """With the probability of the settled count fitted to how often it is right."""
    after = decided(counting, data, MOST)
    plain = replace(counting, stated=(0.0, 1.0))
    odds = plain.probability(data["logits"], data["counts"], after, chances(counting, data)).logit(eps=1e-9)
    weights = fitted(torch.stack([torch.ones_like(odds), odds], dim=-1), (after == data["right"]).double())
    return replace(counting, stated=(round(float(weights[0]), 3), round(float(weights[1]), 3)))


def chances(counting: Counting, data: dict[str, Tensor]) -> dict[int, Tensor]:
    """Of one source more and one fewer than the network's count, as in `Counting.settled`."""
    by = {"hint": counting.hint, "excess": counting.excess, "above": counting.more, "below": counting.more}
    p = {name: (data[name] @ data[name].new_tensor(weights)).sigmoid() for name, weights in by.items()}
    more = torch.where(p["hint"] > counting.promising, p["above"], p["hint"])
    raised = (p["hint"] > counting.promising) & (data["counts"] < MOST) & (more > 0.5)
    tried = (p["excess"] > counting.promising) & ~raised
    return {1: more, -1: torch.where(tried, 1 - p["below"], p["excess"])}


def decided(counting: Counting, data: dict[str, Tensor], most: int) -> Tensor:
    """The counts that the probabilities lead to, as in `Counting.settled`."""
    p, counts = chances(counting, data), data["counts"]
    up = (counts < most) & (p[1] > 0.5)  # a hint that is not followed up is a small chance
    down = (counts > 1) & (p[-1] >= 0.5) & ~up
    return counts + up.long() - down.long()


def halves(data: dict[str, Tensor]) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """Every other scene, and those between."""
    return {n: x[::2] for n, x in data.items()}, {n: x[1::2] for n, x in data.items()}


def share(counts: Tensor, sources: int) -> str:
    """How many of the scenes have the right count."""
    return f"{float((counts == sources).double().mean()):.2f}"


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
    print("| symbols | SNR dB | network alone | with the likelihood |\n|---|---|---|---|")
    for kind, snr_db in dict.fromkeys((kind, snr_db) for kind, snr_db, _ in cells):
        judged = {sources: halves(cells[kind, snr_db, sources])[1] for sources in SOURCES}
        alone = " / ".join(share(each["counts"], sources) for sources, each in judged.items())
        both = " / ".join(share(decided(counting, each, MOST), sources) for sources, each in judged.items())
        print(f"| {kind} | {snr_db:g} | {alone} | {both} |")
    print("stated, with the weights of the package:", sure(Counting(), whole).stated)


if __name__ == "__main__":
    main()
