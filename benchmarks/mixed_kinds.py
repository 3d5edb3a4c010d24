"""Is it said where the model of sources of several kinds does not hold? A random source, a pilot and a known one.

Per case: scenes in which a coordinate is off by more than five of its ± or a source is missed, those of them that are
not `converged`, and all that are `converged`. K is told. "Right" is the model that the scenes were made by.

    python benchmarks/mixed_kinds.py --scenes 16
"""

import argparse
from collections.abc import Mapping
from dataclasses import replace

import torch

from ris_pytorch_pipeline.bench import matched
from ris_pytorch_pipeline.data import simulate
from ris_pytorch_pipeline.estimate import Estimate, MixedMl, Status
from ris_pytorch_pipeline.physics import Observation, Scenes, complex_normal, preset
from ris_pytorch_pipeline.rng import stream

KINDS = ("random", "pilot", "known")
FAR = 5.0
"""Stated ± by which a coordinate has to be off."""


def cases(seen: Observation) -> Mapping[str, Observation]:
    """The scenes, and the same wrongly described."""
    sequences = torch.zeros_like(seen.codes[..., :3]) if seen.sequences is None else seen.sequences
    sign = torch.ones_like(seen.measurements[:1, :1])
    sign[..., 3] = -1
    phases = 0.5 * complex_normal(tuple(seen.codes[:, :1].shape), stream(0, "phases")).real * 2**0.5
    known = sequences * torch.tensor([0, 0, 1])
    return {
        "right": seen,
        "conjugated codes": replace(seen, codes=seen.codes.conj().resolve_conj()),
        "conjugated channel": replace(seen, channel=seen.channel.conj().resolve_conj()),
        "sign of an antenna": replace(seen, measurements=seen.measurements * sign),
        "phases of 0.5 rad": replace(seen, codes=seen.codes * torch.polar(torch.ones_like(phases), phases)),
        "random called pilot": replace(seen, symbols=("pilot", "pilot", "known"), sequences=known),
        "sequence a snapshot late": replace(seen, sequences=sequences.roll(1, 1)),
        "the pilot left out": replace(seen, symbols=("random", "known"), sequences=sequences[..., [0, 2]]),
    }


def counts(found: Estimate, scenes: Scenes) -> tuple[int, int, int]:
    """Scenes that are off, those of them that are not converged, and all that are converged."""
    own = matched(found, scenes.truth)
    off = ~own.found.all(1) | ((own.error / own.deviations).abs() > FAR).flatten(1).any(1)
    fine = torch.tensor([status is Status.CONVERGED for status in found.status])
    return int(off.sum()), int((off & ~fine).sum()), int(fine.sum())


def main() -> None:
    """Print a line a case."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scenes", type=int, default=16)
    parser.add_argument("--snr-db", type=float, default=10.0)
    parser.add_argument("--seed", type=int, default=5)
    given = parser.parse_args()
    torch.set_num_threads(1)
    scenes = simulate(preset("random", symbols=KINDS, snr_db=given.snr_db), given.scenes, seed=given.seed)
    print("| case | off | said | converged |\n|---|---|---|---|")
    for name, seen in cases(scenes.observation).items():
        off, said, fine = counts(MixedMl()(seen), scenes)
        print(f"| {name} | {off} | {said} | {fine} |", flush=True)


if __name__ == "__main__":
    main()
