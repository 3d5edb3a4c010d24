"""How often is the number of sources right, with which interval, and does the probability that is stated for it hold?

The network of the package with the weights of `Counting` as they are, on scenes that nothing was fitted to. A row is a
cell of symbols, SNR and K: the share of scenes counted right, with Wilson's 95 % interval, by the network alone, with
the likelihood, and by a genie: the order test of `Sml` or `PilotMl` that starts from the true positions, and tries one
source fewer and one more. Then a reliability diagram: scenes by the probability stated for their count, how many of
them are right, and the expected calibration error. What is stated is `Counting.probability`.

    python benchmarks/order_reliability.py --scenes 512 --snr-db 10
    python benchmarks/order_reliability.py --scenes 64 --no-genie --figure docs/figures/order.png
"""

import argparse
from pathlib import Path

import torch
from effort import KINDS, SNR_DB, SOURCES
from order import chances, decided, shown
from torch import Tensor

from ris_pytorch_pipeline.bench import share
from ris_pytorch_pipeline.estimate import PilotMl, Sml
from ris_pytorch_pipeline.estimate.ml.search import add_source, better_of, cycle, drop_source
from ris_pytorch_pipeline.estimate.normalise import scale
from ris_pytorch_pipeline.localise import Counting
from ris_pytorch_pipeline.physics import cosines_from_positions, draw, preset
from ris_pytorch_pipeline.report.style import blank, style
from ris_pytorch_pipeline.rng import stream

MOST = max(SOURCES)
AT_ONCE = 64
BINS = 10


def stated(data: dict[str, Tensor], counting: Counting) -> Tensor:
    """The probability of the count that `decided` gives."""
    return counting.probability(data["logits"], data["counts"], decided(counting, data, MOST), chances(counting, data))


def genie(kind: str, sources: int, snr_db: float, scenes: int, seed: int) -> Tensor:
    """(scene,), whether the order test from the truth gives K."""
    estimator = Sml(fit=False) if kind == "random" else PilotMl(fit=False)
    drawn = draw(preset(kind, sources=sources, snr_db=snr_db, distance_law="inverse"), scenes, stream(seed, "order"))
    right: list[Tensor] = []
    for first in range(0, scenes, AT_ONCE):
        seen, truth = drawn.observation[first : first + AT_ONCE], drawn.truth.positions[first : first + AT_ONCE]
        likelihood, rows = estimator.likelihood(scale(seen).observation), torch.arange(len(truth))
        true = likelihood.refine(
            rows, likelihood.start_at(rows, cosines_from_positions(truth)), iterations=30, tolerance=1e-6
        )
        more = cycle(likelihood, rows, add_source(likelihood, rows, true, estimator.effort), estimator.effort)
        back = cycle(likelihood, rows, drop_source(likelihood, rows, more, estimator.effort), estimator.effort)
        best, enough = better_of(true, back), estimator.needed(seen, sources)
        kept = 2 * (best.value - more.value) <= enough
        if sources > 1:
            fewer = cycle(likelihood, rows, drop_source(likelihood, rows, best, estimator.effort), estimator.effort)
            kept &= 2 * (fewer.value - best.value) > estimator.needed(seen, sources - 1)
        else:
            kept &= 2 * (likelihood.nothing(rows).value - best.value) > estimator.needed(seen, 0)
        right.append(kept)
    return torch.cat(right)


def reliability(name: str, probability: Tensor, right: Tensor) -> tuple[list[tuple[float, float, int]], str]:
    """Bins of mean stated, share right and scenes; and what to print."""
    place, bins, error = (BINS * probability).long().clamp(0, BINS - 1), [], 0.0
    for each in range(BINS):
        mine = place == each
        if bool(mine.any()):
            said, seen = float(probability[mine].mean()), float(right[mine].double().mean())
            bins.append((said, seen, int(mine.sum())))
            error += abs(said - seen) * float(mine.double().mean())
    rows = [f"| {name}, {what} | " + " | ".join(x) + " |" for what, x in {
        "stated": [f"{said:.2f}" for said, *_ in bins], "right": [f"{seen:.2f}" for _, seen, _ in bins],
        "scenes": [str(count) for *_, count in bins],
    }.items()]  # fmt: skip
    return bins, "\n".join([*rows, f"{name}: expected calibration error {error:.3f}, n = {len(right)}"])


def figure(curves: dict[str, list[tuple[float, float, int]]], path: Path) -> None:
    """Share right against what is stated, with 95 % intervals."""
    drawing = blank(4.6, 4.0)
    axes = drawing.subplots()
    axes.plot([0, 1], [0, 1], color="0.6", lw=0.8, label="as stated")
    for number, (name, bins) in enumerate(curves.items()):
        look, measures = style(number), [share(torch.arange(n) < round(seen * n)) for _, seen, n in bins]
        ends = [[m.value - m.low for m in measures], [m.high - m.value for m in measures]]
        places, values = [said for said, *_ in bins], [m.value for m in measures]
        label = f"{name}, n = {sum(n for *_, n in bins)} scenes"
        axes.errorbar(places, values, yerr=ends, fmt="none", ecolor=look.colour, elinewidth=0.6, capsize=2)
        axes.plot(places, values, marker=look.marker, color=look.colour, ls=look.dashes, label=label)
    axes.set(
        xlabel="probability stated for the count", ylabel="share of scenes counted right", xlim=(0, 1), ylim=(0, 1.02)
    )
    axes.legend(frameon=False, loc="lower right", fontsize="small")
    path.parent.mkdir(parents=True, exist_ok=True)
    drawing.savefig(path, dpi=150)


def main() -> None:
    """Print the cells and the reliability diagram."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scenes", type=int, default=64, help="of each cell (64)")
    parser.add_argument("--kinds", nargs="+", default=list(KINDS), choices=list(KINDS))
    parser.add_argument("--snr-db", type=float, nargs="+", default=list(SNR_DB))
    parser.add_argument("--seed", type=int, default=82, help="of the scenes; 78 is what was fitted")
    parser.add_argument("--no-genie", action="store_true", help="leave it out")
    parser.add_argument("--figure", type=Path, help="where to draw the diagram")
    given = parser.parse_args()
    torch.set_num_threads(1)
    counting, alone, both = Counting(), [], []
    print("| symbols | SNR dB | K | network alone | with the likelihood | genie |\n|---|---|---|---|---|---|")
    for kind in given.kinds:
        for snr_db in given.snr_db:
            for sources in SOURCES:
                data = shown(kind, sources, snr_db, given.scenes, given.seed)
                first, last = data["counts"] == sources, decided(counting, data, MOST) == sources
                alone.append(torch.stack([data["network"].gather(1, data["counts"][:, None])[:, 0], first.double()]))
                both.append(torch.stack([stated(data, counting), last.double()]))
                seen = (
                    [first, last]
                    if given.no_genie
                    else [first, last, genie(kind, sources, snr_db, given.scenes, given.seed)]
                )
                cells = [f"{m.value:.3f} [{m.low:.3f}, {m.high:.3f}]" for m in map(share, seen)]
                print(
                    f"| {kind} | {snr_db:g} | {sources} | " + " | ".join([*cells, *["-"] * (3 - len(cells))]) + " |",
                    flush=True,
                )
    curves = {}
    for name, parts in {"network alone": alone, "with the likelihood": both}.items():
        curves[name], text = reliability(name, *torch.cat(parts, dim=1).unbind(0))
        print(text)
    if given.figure:
        figure(curves, given.figure)


if __name__ == "__main__":
    main()
