"""Does an estimate of any estimator say when the model is wrong, and does it keep silent when it is right?

A row is an estimator on scenes of a preset with one kind of mismatch, K known: how many scenes are right (every source
within 3° of a true one), and of these the ones that are called a misfit or incomplete, off, and anything else but
converged. Then how many are far (a coordinate off by more than five times its Cramér-Rao bound, or a source that is
none), and how many of these carry a status other than converged. Usage:

    python benchmarks/judged_estimators.py --scenes 400 --kinds right --snr-db 10,20
"""

import argparse
import warnings
from dataclasses import dataclass, fields

import torch
from kept_rows import keep, row_options
from mismatched_scenes import mismatched, scenario_of
from torch import Tensor

from ris_pytorch_pipeline.bench import region_of
from ris_pytorch_pipeline.bench.gospa import position_error
from ris_pytorch_pipeline.bench.score import match_directions
from ris_pytorch_pipeline.bounds import scene_bound
from ris_pytorch_pipeline.covariance import UninformativeCovarianceWarning
from ris_pytorch_pipeline.estimate import Estimate, Estimator, Status, contender
from ris_pytorch_pipeline.matching import UNMATCHED, gather_found
from ris_pytorch_pipeline.physics import Scenes

FAR = 5.0
BLOCK = 32
HEAD = "| estimator | preset | kind | dB | n | right | misfit | off | other | far | said |"


@dataclass
class Tally:
    """Counts over scenes."""

    scenes: int = 0
    right: int = 0
    misfit: int = 0
    off: int = 0
    other: int = 0
    far: int = 0
    said: int = 0

    def __iadd__(self, other: "Tally") -> "Tally":
        """Add the counts of other scenes."""
        for field in fields(self):
            setattr(self, field.name, vars(self)[field.name] + vars(other)[field.name])
        return self


def far_off(scenes: Scenes, found: Estimate, partner: Tensor) -> Tensor:
    """(scene,): True where a found source has no true one, or a coordinate is off by more than five times its bound."""
    bound = scene_bound(scenes, partial=True).deviations
    error = position_error(scenes.truth.positions, gather_found(found.positions.double(), partner))
    return (error.abs() > FAR * bound).flatten(1).any(-1) | (found.order > (partner != UNMATCHED).sum(-1))


def tally(scenes: Scenes, estimator: Estimator) -> Tally:
    """Locate with K known, and count."""
    seen, sources = scenes.observation, scenes.truth.sources
    found = estimator(seen, sources)
    partner = match_directions(scenes.truth.positions, found.positions)
    right = ((partner != UNMATCHED).sum(-1) == sources) & (found.order == sources)
    far = far_off(scenes, found, partner)
    groups = ({Status.MISFIT, Status.INCOMPLETE}, {Status.OFF}, {Status.CONVERGED})
    wrong, off, fine = (torch.tensor([status in group for status in found.status]) for group in groups)
    counted = {
        "right": right, "misfit": right & wrong, "off": right & off, "other": right & ~(wrong | off | fine),
        "far": far, "said": far & ~fine,
    }  # fmt: skip
    counts = {name: int(chosen.sum()) for name, chosen in counted.items()}
    return Tally(scenes=len(scenes), **counts)


def row(name: str, preset: str, kind: str, snr_db: float, given: argparse.Namespace) -> Tally:
    """Counts over some scenes of a kind."""
    total, span = Tally(), (given.sources[0], given.sources[-1])
    estimator = contender(name, region_of(scenario_of(kind, preset, snr_db, span)))
    for block, first in enumerate(range(0, given.scenes, BLOCK)):
        some = min(BLOCK, given.scenes - first)
        total += tally(mismatched(kind, preset, snr_db, span, some, block, given.seed), estimator)
    return total


def line(labels: tuple[str, ...], t: Tally) -> str:
    """A row of the table in Markdown."""
    counts = (t.scenes, t.right, t.misfit, t.off, t.other, t.far, t.said)
    return "| " + " | ".join([*labels, *map(str, counts)]) + " |"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scenes", type=int, default=200)
    parser.add_argument("--estimators", default="bp-music,omp")
    parser.add_argument("--presets", default="random,pilot")
    parser.add_argument("--kinds", default="right,phases 0.4,codes,symbols")
    parser.add_argument("--snr-db", default="10,20")
    parser.add_argument("--sources", type=lambda text: [int(k) for k in text.split(",")], default=[1, 3])
    row_options(parser, seed=2201)
    given = parser.parse_args()
    torch.set_num_threads(1)
    warnings.simplefilter("ignore", UninformativeCovarianceWarning)
    keep(HEAD + "\n|" + "---|" * (HEAD.count("|") - 1), given.out)
    for name in given.estimators.split(","):
        for preset in given.presets.split(","):
            for kind in given.kinds.split(","):
                for snr_db in given.snr_db.split(","):
                    total = row(name, preset, kind, float(snr_db), given)
                    keep(line((name, preset, kind, snr_db), total), given.out)


if __name__ == "__main__":
    main()
