"""On which covariance does MUSIC find most in the three cells where R_pred is not ahead of R_samp?

One pilot at 10 and 20 dB and five random sources at 0 dB, K known, distances drawn uniformly in their inverse, the
scenes of `covariances.py`: those in which MUSIC finds all sources within 3°, on R_blend = (1 - β) R_pred + β R_samp and
on the expected covariance, `Localiser.covariance`; success with Wilson's 95 % interval.

    python benchmarks/music_on.py
"""

import argparse
from collections.abc import Callable

import torch

from ris_pytorch_pipeline.bench import score, share, trial_of
from ris_pytorch_pipeline.bench.sweep import BLOCK
from ris_pytorch_pipeline.estimate import Estimate, Music
from ris_pytorch_pipeline.localise import Localiser, OnCovariance
from ris_pytorch_pipeline.physics import Observation, Scenario, preset

CELLS = (("pilot", 1, 10.0), ("pilot", 1, 20.0), ("random", 5, 0.0))
"""Kind, K and SNR."""
Way = Callable[[Observation, int], Estimate]


def ways() -> dict[str, Way]:
    """MUSIC on each covariance, by name."""
    network, music = Localiser.reference(), Music()

    def on_expected(seen: Observation, sources: int) -> Estimate:
        return music.locate(network.covariance(seen, sources), seen.array, torch.full((len(seen),), sources))

    def on_blend(beta: float) -> Localiser:
        return Localiser.reference(estimator=OnCovariance(spectrum=music, beta=beta), polish=0)

    return {"R_blend, β = 0.1": on_blend(0.1), "R_blend, β = 0.3": on_blend(0.3), "expected": on_expected}


def successes(scenario: Scenario, sources: int, scenes: int) -> dict[str, torch.Tensor]:
    """Which scenes MUSIC finds all sources of, on each covariance."""
    right: dict[str, list[torch.Tensor]] = {}
    for block, first in enumerate(range(0, scenes, BLOCK)):
        trial = trial_of(scenario, min(BLOCK, scenes - first), 0, block)
        for name, way in ways().items():
            found = way(trial.scenes.observation, sources)
            right.setdefault(name, []).append(score(trial.scenes.truth, trial.bound, found).success)
    return {name: torch.cat(parts) for name, parts in right.items()}


def main() -> None:
    """Print the table, row by row."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scenes", type=int, default=500, help="of a cell (500)")
    given = parser.parse_args()
    torch.set_num_threads(1)
    print("| MUSIC on | symbols | K | SNR dB | n | success |\n" + "|---" * 6 + "|")
    for kind, sources, snr_db in CELLS:
        scenario = preset(kind, distance_law="inverse", sources=sources, snr_db=snr_db)
        for name, right in successes(scenario, sources, given.scenes).items():
            rate = share(right)
            shown = f"{rate.value:.3f} [{rate.low:.3f}, {rate.high:.3f}]"
            print(f"| {name} | {kind} | {sources} | {snr_db:g} | {len(right)} | {shown} |", flush=True)


if __name__ == "__main__":
    main()
