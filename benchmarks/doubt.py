"""What does each `doubt` buy: success of the network of the package against its time, from no search to all searched?

Three cells in which network and search differ, of scenes that neither training nor the other tables use, K known. Each
value is run on the same scenes by turns, one thread; the last row is the search alone, `Sml` or `PilotMl` without the
fit. Success is every source within 3°, with Wilson's 95 % interval; `ms` is CPU time a scene in batches of 64. With
`--figure` the curves are drawn.

    python benchmarks/doubt.py --scenes 256 [--doubts 0 0.3 0.5 0.7 0.9 0.99] [--figure docs/figures/doubt.png]
"""

import argparse
from dataclasses import replace
from pathlib import Path

import torch
from hybrid import Method, Tally, cell
from matplotlib.ticker import LogLocator, NullFormatter

from ris_pytorch_pipeline.bench import trial_of
from ris_pytorch_pipeline.estimate import PilotMl, Sml
from ris_pytorch_pipeline.localise import Localiser
from ris_pytorch_pipeline.physics import Scenario, preset
from ris_pytorch_pipeline.report.style import blank, style

CELLS = (("random", 3, 5.0), ("random", 5, 10.0), ("pilot", 5, 5.0))
SEED = 79


def scenario_of(kind: str, sources: int, snr_db: float) -> Scenario:
    """Of a cell, with the distances of the training."""
    return replace(preset(kind, sources=sources, snr_db=snr_db), distance_law="inverse")


def methods(kind: str, doubts: list[float]) -> dict[str, Method]:
    """The network with each doubt, and the search."""
    tried: dict[str, Method] = {f"{doubt:g}": Localiser.reference(doubt=doubt) for doubt in doubts}
    tried["search"] = Sml(fit=False) if kind == "random" else PilotMl(fit=False)
    return tried


def row(cell_name: str, doubt: str, tally: Tally) -> str:
    """A line of the table in Markdown."""
    seen = tally.success
    shown = f"{seen.value:.3f} [{seen.low:.3f}, {seen.high:.3f}]"
    return f"| {cell_name} | {doubt} | {shown} | {1e3 / tally.rate:.1f} |"


def draw(curves: dict[str, dict[str, Tally]], path: Path) -> None:
    """Success against time, a curve for each cell; the search stands apart."""
    figure = blank(6.0, 4.0)
    axes = figure.subplots()
    for number, (name, tallies) in enumerate(curves.items()):
        look = style(number)
        places = [(1e3 / tally.rate, tally.success) for tally in tallies.values()]
        times, seen = [time for time, _ in places], [measure for _, measure in places]
        ends = [[m.value - m.low for m in seen], [m.high - m.value for m in seen]]
        values = [m.value for m in seen]
        axes.errorbar(times, values, yerr=ends, fmt="none", ecolor=look.colour, elinewidth=0.6, capsize=2)
        axes.plot(times[:-1], values[:-1], marker=look.marker, color=look.colour, ls=look.dashes, label=name)
        axes.plot(times[-1:], values[-1:], marker=look.marker, color=look.colour, ls="none", mfc="white", ms=9)
        for doubt, time, value in zip(tallies, times, values, strict=True):
            axes.annotate(doubt, (time, value), xytext=(4, -10), textcoords="offset points", fontsize="x-small")
    scenes = len(next(iter(next(iter(curves.values())).values())).whole.success)
    axes.set(xscale="log", xlabel="CPU time a scene (ms)", ylabel="success (share of scenes)")
    axes.set_title(f"doubt at each point; hollow: the search alone; n = {scenes} scenes a cell", fontsize="small")
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.xaxis.set_major_formatter("{x:g}")
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.grid(color="0.9")
    axes.legend(frameon=False, fontsize="small")
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=150)
    print(f"figure written to {path}")


def main() -> None:
    """Print the table, and draw the figure where a path is given."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scenes", type=int, default=256, help="of each cell (256)")
    parser.add_argument("--doubts", type=float, nargs="+", default=[0.0, 0.3, 0.5, 0.7, 0.9, 0.99])
    parser.add_argument("--figure", type=Path, default=None)
    given = parser.parse_args()
    torch.set_num_threads(1)
    print("| cell | doubt | success | ms a scene |\n|---|---|---|---|")
    curves: dict[str, dict[str, Tally]] = {}
    for kind, sources, snr_db in CELLS:
        scenario, tried = scenario_of(kind, sources, snr_db), methods(kind, given.doubts)
        warm = trial_of(replace(scenario, sources=2, snr_db=10.0), 4, SEED + 1).scenes.observation
        for method in tried.values():
            method(warm, 2)
        name = f"{kind}, K = {sources}, {snr_db:g} dB"
        curves[name] = cell(scenario, given.scenes, SEED, tried)
        print("\n".join(row(name, doubt, tally) for doubt, tally in curves[name].items()), flush=True)
    if given.figure is not None:
        draw(curves, given.figure)


if __name__ == "__main__":
    main()
