"""How often is a right scene called a misfit? Sources at their true places, or searched with K known or estimated.

For each preset the share of scenes whose residual has p < 0.01 and p < 0.05, at 0 to 20 dB, and the share with the
finding `misfit`, whatever it rests on. With K estimated, those in which as many sources were found as there are: where
a weak source is not found, those that were do not explain the scene. Printed as a table of Markdown. Usage:
python benchmarks/residual_alarms.py --scenes 1000 --presets random,pilot,seed,sub6 [--search known|estimated]
What a harder search or another threshold would make of it: --effort 2, --threshold 15.
"""

import argparse
from dataclasses import replace

import torch
from kept_rows import keep, row_options
from torch import Tensor

from ris_pytorch_pipeline.bench import region_of
from ris_pytorch_pipeline.estimate import PilotMl, SearchEffort, SearchRegion, Sml, Status
from ris_pytorch_pipeline.estimate.fit import ALARM, groups_of, structure, tangents_of
from ris_pytorch_pipeline.estimate.normalise import scale
from ris_pytorch_pipeline.physics import Impairments, draw, preset
from ris_pytorch_pipeline.rng import stream

_BLOCK, _LARGE = 50, {"mmwave": 5}
"""Scenes drawn at a time, and those of large panels, which take 0.3 GB each."""
_ITERATIONS = ("add_iterations", "swap_iterations", "settle_iterations")
_COLUMNS = ("preset", "search", "seed, n", "p < 0.01", "p < 0.05", "misfits", "of these with K right")


def estimator_of(symbols: object, region: SearchRegion, effort: int, threshold: float | None) -> Sml | PilotMl:
    """The estimator of a kind of symbols, so many times as hard at work, with another threshold where one is given."""
    usual = SearchEffort()
    hard = SearchEffort(**{name: effort * vars(usual)[name] for name in ("candidates", "rounds", *_ITERATIONS)})
    found = (Sml if symbols == "random" else PilotMl)(region=region, effort=hard)
    return found if threshold is None else replace(found, threshold=threshold)


def alarms(name: str, block: int, count: int, given: argparse.Namespace) -> tuple[Tensor, Tensor, Tensor]:
    """p-values of some scenes of a preset without impairments, which of them are a misfit, and where K was right."""
    right = preset(name, snr_db=(0.0, 20.0), impairments=Impairments())
    scenes = draw(right, count, stream(given.seed, f"null/{name}", block))
    if given.search == "none":
        seen = scale(scenes.observation).observation
        positions = scenes.truth.positions
        groups = groups_of(seen, positions)
        p_value = structure(seen, groups, tangents_of(seen, groups, positions)).p_value
        return p_value, p_value < ALARM, torch.ones_like(p_value, dtype=torch.bool)
    estimator = estimator_of(scenes.observation.symbols, region_of(right), given.effort, given.threshold)
    found = estimator(scenes.observation, scenes.truth.sources if given.search == "known" else None)
    assert found.fit is not None
    misfit = torch.tensor([Status.MISFIT in said for said in found.fit.findings])
    return found.fit.p_value, misfit, found.order == scenes.truth.sources


def main() -> None:
    """Print a line for each preset."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scenes", type=int, default=1000)
    parser.add_argument("--presets", default="random,pilot,seed,sub6")
    parser.add_argument("--search", choices=("none", "known", "estimated"), default="none")
    parser.add_argument("--effort", type=int, default=1, help="times as many candidates, rounds and iterations (1)")
    parser.add_argument("--threshold", type=float, default=None, help="of a detection, in place of the estimator's")
    row_options(parser, seed=0)
    given = parser.parse_args()
    torch.set_num_threads(1)
    keep("| " + " | ".join(_COLUMNS) + " |\n" + "|---" * len(_COLUMNS) + "|", given.out)
    for name in given.presets.split(","):
        size = _LARGE.get(name, _BLOCK)
        counts = [min(size, given.scenes - start) for start in range(0, given.scenes, size)]
        parts = [alarms(name, block, count, given) for block, count in enumerate(counts)]
        p_value, said, right = (torch.cat(x) for x in zip(*parts, strict=True))
        below = (f"{100 * float((p_value < level).double().mean()):.1f} %" for level in (0.01, 0.05))
        with_k = f"{int((said & right).sum())} of {int(right.sum())}"
        shown = (f"`{name}`", given.search, f"{given.seed}, {len(said)}", *below, str(int(said.sum())), with_k)
        keep("| " + " | ".join(shown) + " |", given.out)


if __name__ == "__main__":
    main()
