"""What is each part of the hybrid worth, and what does it bear? One part is changed at a time, the network never.

Success (all sources within 3°, K known) with Wilson's 95 % interval, and in scenes that succeed the RMSE of the azimuth
over its bound, in three cells of the same scenes: `random` with K = 3 at 5 dB and K = 5 at 10 dB, `pilot` with K = 5 at
5 dB; with `--snr-db` at that SNR. Rows of `snapshots` and `bits` have scenes of their own, and the search beside the
network. What needs another training is not here: `benchmarks/trained_parts.py` trains with each loss term off, other
passes, planes and ranks, and `benchmarks/networks.py` compares any weights.

    python benchmarks/ablations.py --scenes 100 [--only updates beta] [--out FILE]
"""

import argparse
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import torch
from kept_rows import keep, row_options

from ris_pytorch_pipeline.bench import judged, score, share, trial_of
from ris_pytorch_pipeline.estimate import Estimate, Music, PilotMl, Sml
from ris_pytorch_pipeline.localise import Candidates, Explaining, Localiser, OnCovariance
from ris_pytorch_pipeline.nets import Prediction
from ris_pytorch_pipeline.physics import Observation, Scenario, preset

Method = Callable[[Observation, int], Estimate]
CELLS = (("random", 3, 5.0), ("random", 5, 10.0), ("pilot", 5, 5.0))
"""Kind of symbols, K and SNR."""


@dataclass(frozen=True)
class Fewer(Localiser):
    """A localiser that is shown the likeliest candidates alone.

    Args:
        rank: how many.
        places: whether it is shown the places that the beams took for sources, too.
    """

    rank: int = 14
    places: bool = True

    def predict(self, observation: Observation) -> Prediction:
        """The prediction with the others left out."""
        return self._answer(self._inputs(observation))

    def _answer(self, inputs: Any) -> Prediction:  # noqa: ANN401
        whole = super()._answer(inputs)
        scores = whole.scores.clone()
        scores[:, self.rank :] = -torch.inf
        return replace(whole, scores=scores, places=whole.places if self.places else None)


def fewer(rank: int, *, places: bool) -> Fewer:
    """The network of the package with so many candidates."""
    return Fewer(Localiser.reference().net, rank=rank, places=places)


def parts() -> Iterator[tuple[str, str, Method]]:
    """What is changed, to what, and the method."""
    made = Localiser.reference
    for updates in (0, 1, 3, 5, 10):
        yield "updates", str(updates), made(polish=updates)
    yield "network only", "candidates of the heat-map", made(estimator=Candidates(), polish=0)
    for beta in (0.0, 0.1, 0.3):
        yield "beta", f"{beta:g}", made(estimator=OnCovariance(spectrum=Music(), beta=beta), polish=0)
    for looks in (0, 1, 2):
        yield "looks behind polished sources", str(looks), made(estimator=Explaining(looks=looks))
    for sweeps in (0, 1, 2):
        yield "rounds of replacement", str(sweeps), made(estimator=Explaining(sweeps=sweeps))
    for odds in (0.0, 1.0):
        yield "weight of log odds", f"{odds:g}", made(estimator=Explaining(odds=odds))
    for rank in (0, 5, 8, 14):
        yield "candidates", f"{rank} and the places of the beams", fewer(rank, places=True)
    yield "candidates", "14 alone", fewer(14, places=False)


def worlds() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """What of the scenario is changed, to what, and the fields."""
    for snapshots in (4, 8, 16, 32):
        yield "snapshots", str(snapshots), {"snapshots": snapshots}
    for bits in (1, 2, 3, None):
        yield "bits", "any phase" if bits is None else str(bits), {"code_bits": bits}


def cells_of(given: argparse.Namespace) -> list[tuple[str, int, float]]:
    """Kind of symbols, K and SNR of each column."""
    return [(kind, sources, snr_db if given.snr_db is None else given.snr_db) for kind, sources, snr_db in CELLS]


def told(method: Method, scenario: Scenario, given: argparse.Namespace) -> str:
    """Success and error of a method in a cell."""
    trial = trial_of(scenario, given.scenes, given.seed)
    seen = score(trial.scenes.truth, trial.bound, method(trial.scenes.observation, int(scenario.sources)))  # pyright: ignore[reportArgumentType]
    found, ratio = share(seen.success), (seen.error / seen.deviation)[..., 0][judged(seen)[..., 0]]
    error = f"{float(ratio.square().mean().sqrt()):.2f}" if ratio.numel() else "-"
    return f"{found.value:.2f} [{found.low:.2f}, {found.high:.2f}] {error}"


def row(what: str, value: str, method: Method | None, changes: dict[str, Any], given: argparse.Namespace) -> str:
    """A line in Markdown; without a method, the search."""
    cells = []
    for kind, sources, snr_db in cells_of(given):
        scenario = preset(kind, sources=sources, snr_db=snr_db, distance_law="inverse", **changes)
        search = Sml(fit=False) if kind == "random" else PilotMl(fit=False)
        cells.append(told(method or search, scenario, given))
    return "| " + " | ".join([what, value, *cells]) + " |"


def main() -> None:
    """Print the table line by line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scenes", type=int, default=100, help="of each cell (100)")
    parser.add_argument("--snr-db", type=float, help="of every cell, in place of its own")
    parser.add_argument("--only", nargs="+", default=[], help="parts whose name contains one of these")
    row_options(parser, seed=7)
    given = parser.parse_args()
    torch.set_num_threads(1)
    heads = ["part", "value", *(f"{kind}, K = {k}, {snr:g} dB" for kind, k, snr in cells_of(given))]
    keep("| " + " | ".join(heads) + " |\n|" + "---|" * len(heads), given.out)

    def wanted(what: str) -> bool:
        return not given.only or any(each in what for each in given.only)

    for what, value, method in parts():
        if wanted(what):
            keep(row(what, value, method, {}, given), given.out)
    anywhere = Localiser.reference(domain=None)
    for what, value, changes in worlds():
        for name, method in (("network", anywhere), ("search", None)):
            if wanted(what):
                keep(row(what, f"{value}, {name}", method, changes, given), given.out)


if __name__ == "__main__":
    main()
