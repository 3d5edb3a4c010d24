"""Where does the time of a search go, and what would a search that tries less be worth? `Sml` K = 3, `PilotMl` K = 5.

Without the fit, K known, 10 dB, batches of 32, one thread. With `--profile` a row is a part of one batch and its share
of the processor time, by cProfile; parts in brackets lie within the part above them. Otherwise the ways and the
default take the same batches by turns: how many times as fast a way is, the median over batches with its 95 % interval,
and the scenes in which all sources are within 3°. With `--harder` a way that tries more, of five pilots at 0 dB, where
the search fails: how many times the default's time it takes, success with Wilson's 95 % interval, and in how many
scenes only one of both finds all.

    python benchmarks/search_ways.py --profile
    python benchmarks/search_ways.py --scenes 256
    python benchmarks/search_ways.py --harder --scenes 224
"""

import argparse
import cProfile
import pstats
import time
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import torch
from against_checkout import median_interval
from torch import Tensor

from ris_pytorch_pipeline.bench import Trial, score, share, trial_of
from ris_pytorch_pipeline.estimate import Estimate, MaximumLikelihood, PilotMl, SearchEffort, Sml
from ris_pytorch_pipeline.estimate.ml.search import better_of, cycle
from ris_pytorch_pipeline.physics import Scenario, preset

AT_ONCE, SNR_DB = 32, 10.0
SOURCES = {"random": 3, "pilot": 5}
MODEL = ("quadratic", "project", "residual_gradient", "position_information")
PARTS = {
    "scans of the grid": (("scan",), ()),
    "(energies of the grid)": (("_energy", "energy"), ()),
    "(gain of one more source)": (("gain_beside", "_gain_beside"), ()),
    "refinements": (("minimise",), ()),
    "(responses and Grams)": (("_local",), MODEL),
    "(likelihood, slope and Fisher information of Grams)": (MODEL, ()),
    "(steps)": (("_step", "_length"), ()),
    "(the last refinement, in double precision)": (("_polish",), ()),
    "(second searches of doubtful scenes)": (("_noncoherent", "_doubtful"), ()),
}
"""Functions of each part, and what is taken off them."""


@dataclass(frozen=True, kw_only=True)
class LessHope(PilotMl):
    """Pilots with less hope for a re-detection."""

    hope: ClassVar[float] = 1.2


WAYS: dict[str, dict[str, MaximumLikelihood]] = {
    "random": {
        "the default": Sml(fit=False),
        "two places for a source in place of three": Sml(fit=False, effort=SearchEffort(candidates=2)),
        "places with .6 of a source's gain in place of .5": Sml(fit=False, effort=SearchEffort(promising=0.6)),
    },
    "pilot": {
        "the default": PilotMl(fit=False),
        "`hope` 1.2 in place of 1.5": LessHope(fit=False),
        "`margin` 1 in place of 2": PilotMl(fit=False, margin=1.0),
    },
}
"""By kind of symbols and name."""
WIDE = {"candidates": 8, "promising": 0.25}


@dataclass(frozen=True, kw_only=True)
class LastPilot(PilotMl):
    """Pilots: once a search has ended, more places are tried for each source of scenes that are in doubt even then."""

    def _find(self, likelihood: Any, rows: Any, sources: int) -> Any:  # noqa: ANN401
        best = super()._find(likelihood, rows, sources)
        weak = torch.nonzero(self._doubtful(likelihood, rows, best)).squeeze(-1)
        tried = cycle(likelihood, rows[weak], best[weak], replace(self.searching, **WIDE)) if len(weak) else best[weak]
        return best.replaced(weak, better_of(best[weak], tried))


HARDER: dict[str, MaximumLikelihood] = {
    "the default": PilotMl(fit=False),
    "eight places, of a quarter of the gain, at last": LastPilot(fit=False),
}
"""Ways that try more, by name."""


def trial(kind: str, block: int) -> Trial:
    """A batch of scenes."""
    return trial_of(preset(kind, sources=SOURCES[kind], snr_db=SNR_DB), AT_ONCE, 23, block)


def shares(kind: str) -> dict[str, float]:
    """Share of each part in the processor time of a batch."""
    estimator, seen = WAYS[kind]["the default"], trial(kind, 0).scenes.observation
    estimator(seen, SOURCES[kind])  # warm up
    profile = cProfile.Profile(time.process_time)
    profile.runcall(estimator, seen, SOURCES[kind])
    stats = pstats.Stats(profile)
    rows: dict[tuple[str, int, str], tuple[int, int, float, float, object]] = vars(stats)["stats"]
    found = {part: 0.0 for part in PARTS}
    for (path, _, name), (*_, cumulative, _) in rows.items():
        for part, (counted, taken_off) in PARTS.items():
            if "ris_pytorch_pipeline" in path:
                found[part] += cumulative * ((name in counted) - (name in taken_off))
    return {part: seconds / vars(stats)["total_tt"] for part, seconds in found.items()}


def timed(estimator: MaximumLikelihood, batch: Trial, sources: int) -> tuple[float, Estimate]:
    """CPU seconds, and what is found."""
    start = time.process_time()
    found = estimator(batch.scenes.observation, sources)
    return time.process_time() - start, found


def by_turns(
    ways: dict[str, MaximumLikelihood], batches: list[Trial], sources: int
) -> dict[str, tuple[list[float], Tensor]]:
    """CPU seconds of each batch, and which scenes each way finds; the first way is another one each time."""
    names = list(ways)
    seconds: dict[str, list[float]] = {name: [] for name in names}
    right: dict[str, list[Tensor]] = {name: [] for name in names}
    for block, batch in enumerate(batches):
        for name in names[block % len(names) :] + names[: block % len(names)]:
            took, found = timed(ways[name], batch, sources)
            seconds[name].append(took)
            right[name].append(score(batch.scenes.truth, batch.bound, found).success.bool())
    return {name: (seconds[name], torch.cat(right[name])) for name in names}


def times(over: list[float], under: list[float]) -> str:
    """The median ratio of batches with its interval."""
    ratio, low, high = median_interval([a / b for a, b in zip(over, under, strict=True)])
    return f"{ratio:.2f} [{low:.2f}, {high:.2f}]"


def compare(kind: str, scenes: int) -> None:
    """Print a row a way."""
    batches = [trial(kind, block) for block in range(max(1, scenes // AT_ONCE))]
    found = by_turns(WAYS[kind], batches, SOURCES[kind])
    usual = found["the default"][0]
    for name, (took, right) in found.items():
        faster = "1" if took is usual else times(usual, took)
        print(f"| {kind} | {SOURCES[kind]} | {name} | {faster} | {int(right.sum())} of {len(right)} |", flush=True)


def harder(scenario: Scenario, sources: int, scenes: int) -> None:
    """Print a row a way that tries more."""
    kind, law = scenario.symbols, scenario.distance_law
    batches = [trial_of(scenario, AT_ONCE, 23, block) for block in range(max(1, scenes // AT_ONCE))]
    found = by_turns(HARDER, batches, sources)
    usual, default = found["the default"]
    for name, (took, right) in found.items():
        rate, slower = share(right), "1" if took is usual else times(took, usual)
        counts = [default & ~right, right & ~default]
        only = [""] * 2 if took is usual else [f"{int(each.sum())}" for each in counts]
        cells = [law, kind, f"{sources}", f"{scenario.snr_db:g}", name, slower]
        print(f"| {' | '.join([*cells, f'{rate.value:.3f} [{rate.low:.3f}, {rate.high:.3f}]', *only])} |", flush=True)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scenes", type=int, default=256, help="of each kind, in batches of 32 (256)")
    parser.add_argument("--profile", action="store_true", help="where the time goes instead")
    parser.add_argument("--harder", action="store_true", help="a way that tries more, where the search fails, instead")
    parser.add_argument("--laws", nargs="+", default=["uniform", "inverse"], help="of the distances, with --harder")
    given = parser.parse_args()
    torch.set_num_threads(1)
    if given.harder:
        head = ("distances", "symbols", "K", "SNR dB", "way", "times the time", "success")
        print("| " + " | ".join((*head, "only the default", "only this")) + " |\n" + "|---" * 9 + "|")
        for law in given.laws:
            harder(preset("pilot", distance_law=law, sources=5, snr_db=0.0), 5, given.scenes)
        return
    if given.profile:
        by_kind = {kind: shares(kind) for kind in SOURCES}
        print("| part | random, K = 3 | pilot, K = 5 |\n|---|---|---|")
        for part in PARTS:
            print(f"| {part} | " + " | ".join(f"{by_kind[kind][part]:.0%}" for kind in SOURCES) + " |")
        return
    print("| symbols | K | way | times as fast | right |\n|---|---|---|---|---|")
    for kind in SOURCES:
        compare(kind, given.scenes)


if __name__ == "__main__":
    main()
