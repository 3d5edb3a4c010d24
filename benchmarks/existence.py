"""Is the probability that a found source is there calibrated, and how is it fitted?

Scenes of every kind, K and SNR of the training, from streams that neither training nor tests use, located by the
network of the package with K estimated, K known, and one source too many. Half of the scenes are fitted, the other half
judged: a reliability table and the expected calibration error, of all, of each way to ask, and by the number found. The
weights go into `Existence`. With `--located` the same weights are judged on what nothing was fitted to, as `ris locate`
has it: the network that leaves doubtful scenes to the search, and `Sml` and `PilotMl`, with K estimated and the fit.
There no domain is given. With `--product` nothing is fitted: what the package states by its own weights in other
scenes, all of them judged, by the network in its domain, where the likelihood counts scenes quieter than the training.

    python benchmarks/existence.py --scenes 64 [--located]
    python benchmarks/existence.py --scenes 12 --product
"""

import argparse
from collections.abc import Callable

import torch
from torch import Tensor

from ris_pytorch_pipeline.bench import DOUBT
from ris_pytorch_pipeline.bench.score import match_directions
from ris_pytorch_pipeline.estimate import Estimate, PilotMl, Sml
from ris_pytorch_pipeline.localise import Existence, Localiser
from ris_pytorch_pipeline.localise.existence import features
from ris_pytorch_pipeline.matching import UNMATCHED
from ris_pytorch_pipeline.physics import Observation, Truth, draw, preset
from ris_pytorch_pipeline.rng import stream

KINDS, SOURCES, SNR_DB = ("random", "pilot"), (1, 2, 3, 4, 5), (-5.0, 0.0, 5.0, 10.0, 20.0)
CELLS = tuple((sources, snr_db) for sources in SOURCES for snr_db in SNR_DB)
LOADING = 1e-4
NETWORK_WAYS = 3
"""In so many ways the network alone is asked, to which the weights are fitted; others come behind them."""
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


def asked(kind: str, *, located: bool) -> dict[str, Ask]:
    """The ways to ask for sources."""
    network = Localiser.reference(domain=None)
    ways: dict[str, Ask] = {
        "K estimated": lambda seen, _: network(seen),
        "K known": network,
        "one too many": lambda seen, sources: network(seen, sources + 1),
    }
    if not located:
        return ways
    doubting = Localiser.reference(domain=None, doubt=DOUBT, fit=True)
    search = Sml() if kind == "random" else PilotMl()
    return ways | {"--model reference": lambda seen, _: doubting(seen), "search": lambda seen, _: search(seen)}


def gathered(kind: str, scenes: int, *, located: bool) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Features, truth, way to ask and number of the scene of each source that was found."""
    columns: list[tuple[Tensor, Tensor, Tensor, Tensor]] = []
    for cell, (sources, snr_db) in enumerate(CELLS):
        scenario = preset(kind, sources=sources, snr_db=snr_db, distance_law="inverse")
        drawn = draw(scenario, scenes, stream(78, "existence"))
        for way, ask in enumerate(asked(kind, located=located).values()):
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


def error_of(p: Tensor, right: Tensor) -> float:
    """The expected calibration error over ten bins."""
    return sum(abs(stated - seen) * count / len(p) for stated, seen, count in binned(p, right))


def binned(p: Tensor, right: Tensor) -> list[tuple[float, float, int]]:
    """What is stated on average, how often a source is there, and how many sources, in each tenth that has any."""
    bins, rows = (10 * p).long().clamp_max(9), []
    for each in range(10):
        mine = bins == each
        if bool(mine.any()):
            rows.append((float(p[mine].mean()), float(right[mine].mean()), int(mine.sum())))
    return rows


def lines(rows: list[list[str]]) -> str:
    """A table in Markdown whose first row is its head."""
    first, *others = ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join([first, "|" + "---|" * len(rows[0]), *others, ""])


def reliability(kind: str, p: Tensor, right: Tensor) -> str:
    """The reliability table of a kind."""
    stated, seen, counts = zip(*binned(p, right), strict=True)
    head = [f"{kind}, stated", *(f"{each:.2f}" for each in stated)]
    return lines([head, [f"there, n = {len(p)}", *(f"{each:.2f}" for each in seen)], ["sources", *map(str, counts)]])


def furthest(p: Tensor, right: Tensor, cells: Tensor) -> str:
    """The cell whose mean probability is furthest from its share of sources that are there."""
    ends = {int(cell): (float(p[cells == cell].mean()), float(right[cells == cell].mean())) for cell in cells.unique()}
    worst = max(ends, key=lambda cell: abs(ends[cell][0] - ends[cell][1]))
    sources, snr_db = CELLS[worst]
    return f"furthest off with K = {sources} at {snr_db:g} dB: {ends[worst][0]:.2f} stated, {ends[worst][1]:.2f} there"


def judged(kind: str, scenes: int, *, located: bool) -> list[str]:
    """Fit on one half, judge on the other, print, and give the row of errors."""
    shown, right, ways, numbers = gathered(kind, scenes, located=located)
    of_network = ways < NETWORK_WAYS
    half = torch.zeros(int(numbers.max()) + 1, dtype=torch.bool)
    half[torch.randperm(len(half), generator=stream(0, "existence/halves"))[::2]] = True
    first = half[numbers]
    weights, whole = (fitted(shown[some], right[some]) for some in (first & of_network, of_network))
    print(f"{kind}: weights from all scenes {tuple(round(w, 3) for w in whole.tolist())}")
    p, counts = (shown @ weights).sigmoid(), shown[:, COUNT].exp().round()
    print(reliability(kind, p[~first & of_network], right[~first & of_network]))
    asked_for = {name: ~first & (ways == way) for way, name in enumerate(asked(kind, located=located))}
    some = dict(asked_for)
    for count in counts[of_network].unique().tolist():
        some[f"{count:.0f} found"] = ~first & of_network & (counts == count)
    for name, mine in some.items():
        print(f"{name}: {float(right[mine].mean()):.3f} of {int(mine.sum())} there, "
              f"expected calibration error {error_of(p[mine], right[mine]):.3f}, "
              f"{furthest(p[mine], right[mine], numbers[mine] // scenes)}")  # fmt: skip
    together = error_of(p[~first & of_network], right[~first & of_network])
    print(f"of the network together: {together:.3f}\n", flush=True)
    errors = [f"{error_of(p[mine], right[mine]):.3f}" for mine in asked_for.values()]
    return [kind, *errors[:NETWORK_WAYS], f"{together:.3f}", *errors[NETWORK_WAYS:]]


def product(kind: str, scenes: int) -> list[str]:
    """What `ris locate --model reference` states of scenes that nothing was fitted to: how many sources, and the error.

    An error is of all cells, another one of those of the lowest SNR.
    """
    network, stated, right, low = Localiser.reference(doubt=DOUBT, fit=True), [], [], []
    for sources, snr_db in CELLS:
        drawn = draw(
            preset(kind, sources=sources, snr_db=snr_db, distance_law="inverse"), scenes, stream(79, "existence")
        )
        found = network(drawn.observation)
        present = ~found.positions[..., 0].isnan()
        stated.append(Existence()(drawn.observation, found)[present])
        right.append(there(drawn.truth, found)[present].double())
        low.append(torch.full_like(right[-1], snr_db == min(SNR_DB), dtype=torch.bool))
    p, seen, lowest = torch.cat(stated), torch.cat(right), torch.cat(low)
    of = [(p, seen), (p[lowest], seen[lowest])]
    return [kind, *(cell for some, truth in of for cell in (str(len(some)), f"{error_of(some, truth):.3f}"))]


def main() -> None:
    """Fit on one half, judge the fitted weights on the other, and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scenes", type=int, default=64, help="of each of the 25 cells of a kind (64)")
    parser.add_argument("--located", action="store_true", help="judge what ris locate states, too")
    parser.add_argument(
        "--product", action="store_true", help="judge what the package states by its own weights instead"
    )
    given = parser.parse_args()
    torch.set_num_threads(1)
    if given.product:
        head = ["symbols", "sources", "expected calibration error", "sources at -5 dB", "the same of these"]
        print(lines([head, *(product(kind, given.scenes) for kind in KINDS)]))
        return
    rows = [judged(kind, given.scenes, located=given.located) for kind in KINDS]
    ways = list(asked(KINDS[0], located=given.located))
    print(lines([["expected calibration error", *ways[:NETWORK_WAYS], "all three", *ways[NETWORK_WAYS:]], *rows]))


if __name__ == "__main__":
    main()
