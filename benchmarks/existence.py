"""Is the probability that a found source is there calibrated, and how is it fitted?

Scenes of every kind, K and SNR of the training, from streams that neither training nor tests use, located by the
network of the package with K estimated, K known, and one source too many. Half of the scenes are fitted, the other half
judged: a reliability table and the expected calibration error, of all, of each way to ask, and by the number found. The
weights go into `Existence`. With `--search` sources of `Sml` and `PilotMl` (K estimated, without the fit) are judged by
the same weights, though nothing was fitted to them.

    python benchmarks/existence.py --scenes 64
"""

import argparse
from collections.abc import Callable

import torch
from torch import Tensor

from ris_pytorch_pipeline.bench.score import match_directions
from ris_pytorch_pipeline.estimate import Estimate, PilotMl, Sml
from ris_pytorch_pipeline.localise import Localiser
from ris_pytorch_pipeline.localise.existence import features
from ris_pytorch_pipeline.matching import UNMATCHED
from ris_pytorch_pipeline.physics import Observation, Truth, draw, preset
from ris_pytorch_pipeline.rng import stream

KINDS, SOURCES, SNR_DB = ("random", "pilot"), (1, 2, 3, 4, 5), (-5.0, 0.0, 5.0, 10.0, 20.0)
LOADING = 1e-4
COUNT = 5
"""Which feature is the log of the number of sources."""
Ask = Callable[[Observation, int], Estimate]


def there(truth: Truth, found: Estimate) -> Tensor:
    """(scene, source): whether each found source is a true one."""
    partner = match_directions(truth.positions.double(), found.positions.double())
    right = torch.zeros(found.positions.shape[:2], dtype=torch.bool)
    scene, source = torch.nonzero(partner != UNMATCHED, as_tuple=True)
    right[scene, partner[scene, source]] = True
    return right


def asked(kind: str, *, search: bool) -> dict[str, Ask]:
    """The ways to ask for sources."""
    network = Localiser.reference(domain=None)
    ways: dict[str, Ask] = {
        "K estimated": lambda seen, _: network(seen),
        "K known": network,
        "one too many": lambda seen, sources: network(seen, sources + 1),
    }
    likelihood = Sml(fit=False) if kind == "random" else PilotMl(fit=False)
    return ways | ({"search, K estimated": lambda seen, _: likelihood(seen)} if search else {})


def gathered(kind: str, scenes: int, *, search: bool) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Features, truth, way to ask and number of the scene of each source that was found."""
    columns: list[tuple[Tensor, Tensor, Tensor, Tensor]] = []
    for cell, (sources, snr_db) in enumerate((k, snr) for k in SOURCES for snr in SNR_DB):
        scenario = preset(kind, sources=sources, snr_db=snr_db, distance_law="inverse")
        drawn = draw(scenario, scenes, stream(78, "existence"))
        for way, ask in enumerate(asked(kind, search=search).values()):
            found = ask(drawn.observation, sources)
            shown, right = features(drawn.observation, found), there(drawn.truth, found)
            present = ~shown[..., 0].isnan()
            number = (cell * scenes + torch.arange(scenes))[:, None].expand(present.shape)[present]
            columns.append((shown[present], right[present].double(), torch.full_like(number, way), number))
    shown, right, ways, numbers = (torch.cat(each) for each in zip(*columns, strict=True))
    return shown, right, ways, numbers


def fitted(shown: Tensor, right: Tensor) -> Tensor:
    """The weights of least cross-entropy, by Newton's method."""
    weights, eye = torch.zeros(shown.shape[1], dtype=torch.float64), torch.eye(shown.shape[1])
    for _ in range(30):
        p = (shown @ weights).sigmoid()
        gradient = shown.mT @ (p - right) / len(right) + 2 * LOADING * weights
        curvature = shown.mT @ ((p * (1 - p))[:, None] * shown) / len(right)
        weights = weights - torch.linalg.solve(curvature + 2 * LOADING * eye, gradient)
    return weights


def told(p: Tensor, right: Tensor) -> tuple[str, str, float]:
    """The reliability table's rows in Markdown, and the expected calibration error."""
    bins, error = (10 * p).long().clamp_max(9), 0.0
    stated, seen = ["stated"], [f"there, n = {len(p)}"]
    for each in range(10):
        mine = bins == each
        if bool(mine.any()):
            stated.append(f"{float(p[mine].mean()):.2f}")
            seen.append(f"{float(right[mine].mean()):.2f} ({int(mine.sum())})")
            error += abs(float(p[mine].mean() - right[mine].mean())) * float(mine.double().mean())
    return "| " + " | ".join(stated) + " |", "| " + " | ".join(seen) + " |", error


def main() -> None:
    """Fit on one half, judge the weights of the package and the fitted ones on the other, and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scenes", type=int, default=64, help="of each of the 25 cells of a kind (64)")
    parser.add_argument("--search", action="store_true", help="judge sources of the search too")
    given = parser.parse_args()
    torch.set_num_threads(1)
    for kind in KINDS:
        shown, right, ways, numbers = gathered(kind, given.scenes, search=given.search)
        names = list(asked(kind, search=given.search))
        of_network = ways < 3
        half = torch.zeros(int(numbers.max()) + 1, dtype=torch.bool)
        half[torch.randperm(len(half), generator=stream(0, "existence/halves"))[::2]] = True
        first = half[numbers]
        weights = fitted(shown[first & of_network], right[first & of_network])
        whole = fitted(shown[of_network], right[of_network])
        print(f"{kind}: weights from all scenes {tuple(round(w, 3) for w in whole.tolist())}")
        p = (shown @ weights).sigmoid()
        print("\n".join(told(p[~first & of_network], right[~first & of_network])[:2]))
        for way, name in enumerate(names):
            mine = ~first & (ways == way)
            print(f"{name}: {float(right[mine].mean()):.3f} of {int(mine.sum())} there, "
                  f"expected calibration error {told(p[mine], right[mine])[2]:.3f}")  # fmt: skip
        counts = shown[:, COUNT].exp().round()
        for count in counts[of_network].unique().tolist():
            mine = ~first & of_network & (counts == count)
            print(f"{count:.0f} found: {float(right[mine].mean()):.3f} of {int(mine.sum())} there, "
                  f"expected calibration error {told(p[mine], right[mine])[2]:.3f}")  # fmt: skip
        mine = ~first & of_network
        print(f"of the network together: {told(p[mine], right[mine])[2]:.3f}", flush=True)


if __name__ == "__main__":
    main()
