"""Is this checkout as accurate as another one on the presets? The same scenes in two processes, K known.

Both locate the scenes that this checkout draws, `pilot` where the symbols are constant and `sml` elsewhere, in the
field of view of the preset. For both: scenes with every source within 3°, RMSE over the bound of azimuth, elevation and
distance over their own successes, of distances those with a bound below 1 m, and over the scenes that both find; the
scenes in which one finds all and the other does not, with the chance of so uneven a split if both were alike (sign
test). Intervals are 95 %.

    git worktree add ../older 5083eca && python benchmarks/presets_beside.py ../older --presets random,pilot
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from kept_rows import keep, row_options

if TYPE_CHECKING:
    from ris_pytorch_pipeline.bench import Score
    from ris_pytorch_pipeline.estimate import Estimate

HERE = Path(__file__).resolve()
LARGE = {"mmwave": 1, "sub6": 8}
"""Scenes drawn and located at a time where it is not `BLOCK`."""
BLOCK = 32


@dataclass(frozen=True)
class Task:
    """Where a checkout finds scenes, and where it puts what it found.

    Args:
        scenes: .npz of an observation, the number of sources, and the field of view.
        found: .npz of the positions.
    """

    scenes: str
    found: str


def work() -> None:
    """Locate what the standard input names, a task a line, until it ends. Runs in both checkouts."""
    from ris_pytorch_pipeline.estimate import PilotMl, SearchRegion, Sml
    from ris_pytorch_pipeline.physics import Observation

    torch.set_num_threads(1)
    for line in sys.stdin:
        task = Task(**json.loads(line))
        with np.load(task.scenes) as held:
            seen = {name: held[name] for name in held.files}
        symbols, counts = str(seen.pop("symbols")), torch.from_numpy(seen.pop("sources"))
        ends = {name: tuple(seen.pop(name).tolist()) for name in ("azimuth", "elevation", "distance")}
        wavelength = float(seen.pop("wavelength"))
        tensors = {name: torch.from_numpy(value) for name, value in seen.items()}
        estimator = (Sml if symbols == "random" else PilotMl)(region=SearchRegion(**ends))
        fields: dict[str, Any] = {**tensors, "wavelength": wavelength, "symbols": symbols}
        found = estimator(Observation(**fields), counts)
        np.savez(task.found, positions=found.positions.numpy(), order=found.order.numpy())
        print("done", flush=True)


class Checkout:
    """A process that locates with the code of a checkout.

    Args:
        root: of the checkout.
        folder: for what it found.
    """

    def __init__(self, root: Path, folder: Path) -> None:
        paths = os.pathsep.join(str(root / source) for source in ("src", "trainlint/src"))
        self._found = folder / f"found{len(list(folder.iterdir()))}.npz"
        self._found.touch()
        self.process = subprocess.Popen(
            [sys.executable, str(HERE), "--work"], env={**os.environ, "PYTHONPATH": paths, "OMP_NUM_THREADS": "1"},
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip

    def located(self, scenes: Path) -> dict[str, Any]:
        """What it finds in some scenes.

        Raises:
            SystemExit: the process ended.
        """
        process = self.process
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps(asdict(Task(str(scenes), str(self._found)))) + "\n")
        process.stdin.flush()
        if not process.stdout.readline():
            raise SystemExit("the process of a checkout ended; its message is above")
        with np.load(self._found) as held:
            return {name: torch.from_numpy(held[name]) for name in held.files}


@contextmanager
def checkouts(*roots: Path) -> Iterator[tuple[list[Checkout], Path]]:
    """A process for each checkout, and a folder for scenes."""
    with tempfile.TemporaryDirectory() as name:
        every = [Checkout(root, Path(name)) for root in roots]
        try:
            yield every, Path(name)
        finally:
            for each in every:
                assert each.process.stdin is not None
                each.process.stdin.close()
                each.process.wait()


def scores(name: str, count: int, snr_db: float, seed: int, sides: list[Checkout], folder: Path) -> "list[Score]":
    """A score of all scenes for each side."""
    from ris_pytorch_pipeline.bench import joined_scores, region_of, score, trial_of
    from ris_pytorch_pipeline.physics import preset

    scenario, size = preset(name, snr_db=snr_db), LARGE.get(name, BLOCK)
    parts: list[list[Score]] = [[] for _ in sides]
    for block in range(-(-count // size)):
        trial = trial_of(scenario, min(size, count - block * size), seed, block)
        seen, truth, region = trial.scenes.observation, trial.scenes.truth, region_of(scenario)
        fields: dict[str, Any] = {key: vars(seen)[key].numpy() for key in ("measurements", "codes", "channel")}
        fields |= {key: np.array(vars(region)[key]) for key in ("azimuth", "elevation", "distance")}
        fields |= {"elements": seen.elements.numpy(), "wavelength": seen.wavelength}
        fields |= {"symbols": seen.symbols, "sources": truth.sources.numpy()}
        np.savez(folder / "scenes.npz", **fields)
        for side, mine in zip(sides, parts, strict=True):
            found = stated(side.located(folder / "scenes.npz"), truth.positions.shape[1])
            mine.append(score(truth, trial.bound, found))
    return [joined_scores(mine) for mine in parts]


def stated(found: dict[str, torch.Tensor], slots: int) -> "Estimate":
    """Positions as an estimate of so many slots."""
    from ris_pytorch_pipeline.estimate import Estimate, Status

    scenes = len(found["order"])
    positions = torch.full((scenes, slots, 3), torch.nan, dtype=torch.float64)
    positions[:, : found["positions"].shape[1]] = found["positions"]
    nowhere = torch.full_like(positions, torch.nan)
    return Estimate(
        positions=positions, order=found["order"], powers=nowhere[..., 0], deviations=nowhere,
        noise_variance=nowhere[:, 0, 0], status=(Status.CONVERGED,) * scenes,
    )  # fmt: skip


def ratios(given: "Score", scenes: torch.Tensor) -> str:
    """RMSE over the bound in some scenes."""
    from ris_pytorch_pipeline.bench import bootstrap, knowable
    from ris_pytorch_pipeline.rng import stream

    counts = knowable(given) & scenes[:, None, None]
    squared = (given.error / given.deviation).square().masked_fill(~counts, 0).sum(1)
    told = [
        bootstrap(squared[:, c], counts.sum(1).double()[:, c], stream(0, "presets beside", c)).sqrt() for c in range(3)
    ]
    return " / ".join(f"{each.value:.2f} [{each.low:.2f}, {each.high:.2f}]" for each in told)


def rows(name: str, snr_db: float, pair: "list[Score]") -> list[str]:
    """Two rows of a table and what the scenes say one by one."""
    from scipy.stats import binomtest

    from ris_pytorch_pipeline.bench import share

    both = pair[0].success & pair[1].success
    alone = [int((each.success & ~both).sum()) for each in pair]
    chance = binomtest(alone[0], sum(alone)).pvalue if sum(alone) else 1.0
    lines = []
    for side, each in zip(("this", "other"), pair, strict=True):
        told = share(each.success)
        lines.append(
            f"| {name} | {snr_db:g} | {len(both)} | {side} | {told.value:.3f} [{told.low:.3f}, {told.high:.3f}] "
            f"| {ratios(each, each.success)} | {ratios(each, both)} | {alone.pop(0)} | {chance:.2g} |"
        )
    return lines


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkout", type=Path, nargs="?", help="another checkout of this repository")
    parser.add_argument("--scenes", type=int, default=200)
    parser.add_argument("--presets", default="random,pilot,seed,hard,sub6")
    parser.add_argument("--snr-db", type=float, default=10.0)
    parser.add_argument("--work", action="store_true", help=argparse.SUPPRESS)
    row_options(parser, seed=0)
    given = parser.parse_args()
    if given.work:
        work()
        return
    torch.set_num_threads(1)
    columns = "preset", "dB", "n", "side", "success", "RMSE/CRB az / el / dist", "where both succeed", "alone", "chance"
    keep("| " + " | ".join(columns) + " |\n" + "|---" * len(columns) + "|", given.out)
    with checkouts(HERE.parents[1], given.checkout.resolve()) as (sides, folder):
        for name in given.presets.split(","):
            pair = scores(name, given.scenes, given.snr_db, given.seed, sides, folder)
            keep("\n".join(rows(name, given.snr_db, pair)), given.out)


if __name__ == "__main__":
    main()
