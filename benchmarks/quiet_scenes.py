"""How often does the noise that is found make a scene of the training's lowest SNR quieter than all of the training?

There a network states no probability of its number of sources, or, with a doubt, leaves the count to the likelihood.
Scenes of K = 1..5, equally many, from a stream that neither training nor tests use, K estimated; and noise alone. A
cell is the share that is called quieter, with Wilson's 95 % interval.

    python benchmarks/quiet_scenes.py --scenes 50
"""

import argparse
from dataclasses import replace

import torch

from ris_pytorch_pipeline.bench import share
from ris_pytorch_pipeline.localise import Localiser
from ris_pytorch_pipeline.physics import Observation, draw, preset
from ris_pytorch_pipeline.physics.channel import complex_normal
from ris_pytorch_pipeline.rng import stream

KINDS, SOURCES, SNR_DB = ("random", "pilot"), (1, 2, 3, 4, 5), (-5.0,)


def scenes_of(kind: str, snr_db: float, scenes: int) -> list[Observation]:
    """The scenes of one SNR, those of each number of sources together."""
    generator = stream(83, f"quiet scenes/{kind}/{snr_db:g}")
    each = max(1, scenes // len(SOURCES))
    wanted = [preset(kind, sources=sources, snr_db=snr_db, distance_law="inverse") for sources in SOURCES]
    return [draw(scenario, each, generator).observation for scenario in wanted]


def without_sources(seen: Observation) -> Observation:
    """The same panels with nothing but noise."""
    noise = complex_normal(tuple(seen.measurements.shape), stream(84, "quiet scenes"))
    return replace(seen, measurements=noise.to(seen.measurements.dtype))


def called_quieter(network: Localiser, several: list[Observation]) -> str:
    """Which share of the scenes is called quieter than the training."""
    domain = Localiser.reference().domain
    assert domain is not None
    called = share(torch.cat([domain.quieter(seen, network(seen).noise_variance) for seen in several]))
    return f"{called.value:.3f} [{called.low:.3f}, {called.high:.3f}]"


def main() -> None:
    """Print the table, row by row."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scenes", type=int, default=50, help="of each SNR (50)")
    given = parser.parse_args()
    torch.set_num_threads(1)
    network = Localiser.reference(domain=None)
    print("| symbols | " + " | ".join(f"{each:g} dB" for each in SNR_DB) + " | noise alone |")
    print("|---" * (len(SNR_DB) + 2) + "|")
    for kind in KINDS:
        several = [scenes_of(kind, snr_db, given.scenes) for snr_db in SNR_DB]
        empty = [without_sources(seen) for seen in several[0]]
        cells = [called_quieter(network, each) for each in (*several, empty)]
        print(f"| {kind} | " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main()
