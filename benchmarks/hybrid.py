"""How fast and how right is the network of the package beside the search? The same scenes by turns, one thread.

A row is a cell of K and SNR: success (all sources within 3°, K known) with Wilson's 95 % interval, RMSE of the azimuth
over its bound in scenes that succeed, scenes a second of CPU time, and which part the adaptive network searched.
Columns: `network`, its candidates and at most 10 updates; `adaptive`, the same with scenes searched that it doubts;
`search`, Sml or PilotMl without the fit. The distance is drawn uniformly in its inverse, as in training. With `--fit`
each of the three judges whether the model explains the data, as `ris locate` does; with `--estimated` each finds K, and
success is all sources and none beside.

    python benchmarks/hybrid.py --scenes 200 --kinds random pilot --sources 1 3 5 --snr-db 0 5 10 20
    python benchmarks/hybrid.py --scenes 200 --sources 1 3 5 --snr-db 10 --fit --estimated
"""

import argparse
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import torch

from ris_pytorch_pipeline.bench import DOUBT, Measure, Score, joined_scores, judged, score, share, trial_of
from ris_pytorch_pipeline.bench.sweep import BLOCK
from ris_pytorch_pipeline.estimate import Estimate, PilotMl, Sml
from ris_pytorch_pipeline.localise import Localiser
from ris_pytorch_pipeline.physics import Observation, Scenario, preset

Method = Callable[[Observation, int | None], Estimate]


@dataclass
class Tally:
    """What one method did in a cell so far."""

    seconds: float = 0.0
    scores: list[Score] = field(default_factory=list)

    @property
    def whole(self) -> Score:
        """All scenes."""
        return joined_scores(self.scores)

    @property
    def success(self) -> Measure:
        """Share of scenes with every source."""
        return share(self.whole.success)

    @property
    def rate(self) -> float:
        """Scenes a second."""
        return len(self.whole.success) / self.seconds

    @property
    def rmse_over_crb(self) -> float:
        """Of the azimuth, in scenes that succeed."""
        scores = self.whole
        ratio = (scores.error / scores.deviation)[..., 0][judged(scores)[..., 0]]
        return float(ratio.square().mean().sqrt()) if ratio.numel() else torch.nan


def methods(kind: str, doubt: float, *, fit: bool) -> dict[str, Method]:
    """The three that are compared."""
    search = Sml(fit=fit) if kind == "random" else PilotMl(fit=fit)
    adaptive = Localiser.reference(doubt=doubt, fit=fit)
    return {"network": Localiser.reference(fit=fit), "adaptive": adaptive, "search": search}


def cell(
    scenario: Scenario, scenes: int, seed: int, tried: dict[str, Method], *, told: bool = True
) -> dict[str, Tally]:  # fmt: skip
    """Every method on the same scenes, told K or not, block by block, in an order that turns."""
    tallies = {name: Tally() for name in tried}
    sources = scenario.sources if told else None
    assert sources is None or isinstance(sources, int)
    names = list(tried)
    for block, first in enumerate(range(0, scenes, BLOCK)):
        trial = trial_of(scenario, min(BLOCK, scenes - first), seed, block)
        for name in names[block % len(names) :] + names[: block % len(names)]:
            start = time.process_time()
            found = tried[name](trial.scenes.observation, sources)
            tallies[name].seconds += time.process_time() - start
            tallies[name].scores.append(score(trial.scenes.truth, trial.bound, found))
    return tallies


def row(kind: str, scenario: Scenario, tallies: dict[str, Tally]) -> str:
    """A line of the table in Markdown."""
    shown = [kind, str(scenario.sources), f"{scenario.snr_db:g}"]
    for tally in tallies.values():
        rate = tally.success
        shown += [
            f"{rate.value:.3f} [{rate.low:.3f}, {rate.high:.3f}]",
            f"{tally.rmse_over_crb:.2f}",
            f"{tally.rate:.0f}",
        ]
    base = tallies["search"].rate
    shown += [f"{tallies[name].rate / base:.1f}" for name in ("network", "adaptive")]
    return "| " + " | ".join(shown) + " |"


def main() -> None:
    """Print the table, line by line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scenes", type=int, default=200, help="of each cell (200)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--kinds", nargs="+", default=["random", "pilot"])
    parser.add_argument("--sources", nargs="+", type=int, default=[1, 3, 5])
    parser.add_argument("--snr-db", nargs="+", type=float, default=[0.0, 5.0, 10.0, 20.0])
    parser.add_argument("--doubt", type=float, default=DOUBT)
    parser.add_argument("--fit", action="store_true", help="with the fit, as ris locate has it")
    parser.add_argument("--estimated", action="store_true", help="K is not told")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    names = ("network", "adaptive", "search")
    heads = ["symbols", "K", "SNR dB", *(f"{name} {what}" for name in names for what in ("success", "RMSE/CRB", "1/s"))]
    heads += ["network / search", "adaptive / search"]
    print("| " + " | ".join(heads) + " |\n|" + "---|" * len(heads))
    for kind in arguments.kinds:
        tried = methods(kind, arguments.doubt, fit=arguments.fit)
        base = replace(preset(kind), distance_law="inverse")
        warm = trial_of(replace(base, sources=2, snr_db=10.0), 4, arguments.seed + 1).scenes.observation
        for method in tried.values():
            method(warm, 2)
        for sources in arguments.sources:
            for snr_db in arguments.snr_db:
                scenario = replace(base, sources=sources, snr_db=snr_db)
                tallies = cell(scenario, arguments.scenes, arguments.seed, tried, told=not arguments.estimated)
                print(row(kind, scenario, tallies), flush=True)


if __name__ == "__main__":
    main()
