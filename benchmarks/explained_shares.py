"""What share of the energy do sources explain, and what was expected? Right scenes and a wrong model, K known.

At 0, 10 and 20 dB with one to three sources: mean and standard deviation over scenes of `fit.explained`, of
`fit.expected` where it is told, and of their difference. The wrong model has phase errors of 0.5 rad. With antennas:
right scenes of one source, behind a channel that comes from all sides, by their number. Usage:
python benchmarks/explained_shares.py --scenes 100
python benchmarks/explained_shares.py --scenes 100 --antennas 1 2 4 8 16 32
"""

import argparse

import torch
from kept_rows import keep, row_options
from mismatched_scenes import mismatched
from torch import Tensor

from ris_pytorch_pipeline.estimate import PilotMl, Sml
from ris_pytorch_pipeline.physics import draw, preset
from ris_pytorch_pipeline.rng import stream

_COLUMNS = ("kind", "symbols", "dB", "n", "explained", "told", "expected", "explained less expected")
_FROM_ALL_SIDES = 0.01
"""Rician factor."""


def shares(kind: str, name: str, snr_db: float, count: int, seed: int) -> Tensor:
    """(scene, 2): the explained and the expected share."""
    scenes = mismatched(kind, name, snr_db, (1, 3), count, 0, seed)
    found = (Sml() if name == "random" else PilotMl())(scenes.observation, scenes.truth.sources)
    assert found.fit is not None
    return torch.stack([found.fit.explained, found.fit.expected], dim=1)


def of_antennas(antennas: int, name: str, snr_db: float, count: int, seed: int) -> Tensor:
    """The same of right scenes of one source."""
    several = {"antennas": antennas, "snapshots": 32, "sources": 1, "rician_factor": _FROM_ALL_SIDES}
    scenes = draw(preset(name, snr_db=snr_db, **several), count, stream(seed, f"explained/{name}/{antennas}", 0))
    found = (Sml() if name == "random" else PilotMl())(scenes.observation, 1)
    assert found.fit is not None
    return torch.stack([found.fit.explained, found.fit.expected], dim=1)


def shown(values: Tensor) -> str:
    """Mean and standard deviation of what is told."""
    told = values[~values.isnan()]
    return f"{told.mean():.2f} ± {told.std():.2f}" if len(told) > 1 else "-"


def row(first: tuple[str, ...], found: Tensor) -> str:
    """A line of the table."""
    explained, expected = found.unbind(1)
    told = str(int((~expected.isnan()).sum()))
    cells = (str(len(found)), shown(explained), told, shown(expected), shown(explained - expected))
    return "| " + " | ".join([*first, *cells]) + " |"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scenes", type=int, default=100)
    parser.add_argument("--snr-db", type=float, nargs="+", default=[0.0, 10.0, 20.0])
    parser.add_argument("--antennas", type=int, nargs="+", default=[])
    row_options(parser, seed=1301)
    given = parser.parse_args()
    torch.set_num_threads(1)
    keep("| " + " | ".join(_COLUMNS) + " |\n" + "|---" * len(_COLUMNS) + "|", given.out)
    for name in ("random", "pilot"):
        for snr_db in given.snr_db:
            for antennas in given.antennas:
                if antennas > 1 or name == "pilot":  # random symbols explain all that one antenna hears
                    first = f"right, {antennas} antenna{'s' * (antennas > 1)}", name, f"{snr_db:g}"
                    keep(row(first, of_antennas(antennas, name, snr_db, given.scenes, given.seed)), given.out)
            for kind in () if given.antennas else ("right", "phases"):
                keep(row((kind, name, f"{snr_db:g}"), shares(kind, name, snr_db, given.scenes, given.seed)), given.out)


if __name__ == "__main__":
    main()
