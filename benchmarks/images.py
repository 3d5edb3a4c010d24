"""How many true sources of scenes without errors does `images_of` call images, and is its chance uniform?

Sources of equal power behind a right model, K estimated. Rows: scenes in which the chance was below .05 and .5 of those
with two sources found or more, true sources that were found (within 5°), and those of them that were called images.

    python benchmarks/images.py --scenes 100 --alarm 0.05 0.02
"""

import argparse

import torch
from impairments import WITHIN
from torch import Tensor

from ris_pytorch_pipeline.estimate import Estimate, Sml, images_of
from ris_pytorch_pipeline.matching import great_circle, match
from ris_pytorch_pipeline.physics import Scenes, draw, preset
from ris_pytorch_pipeline.rng import stream
from ris_pytorch_pipeline.shapes import Mask


def true_ones(scenes: Scenes, found: Estimate) -> Mask:
    """(scene, source): True of found sources that are a true one's partner."""
    apart = great_circle(found.positions[:, :, None], scenes.truth.positions[:, None])
    return match(apart, ~found.positions[..., 0].isnan(), scenes.truth.present, WITHIN) >= 0


def counted(scenes: Scenes, alarms: list[float]) -> Tensor:
    """The numbers of a row."""
    found = Sml(fit=False)(scenes.observation)
    each = [images_of(scenes.observation, found, alarm=alarm) for alarm in alarms]
    true, asked, chance = true_ones(scenes, found), found.order > 1, each[0].chance
    below = [(asked & (chance < level)).sum() for level in (0.05, 0.5)]
    return torch.stack([asked.sum(), *below, true.sum(), *((true & (images.of >= 0)).sum() for images in each)])


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scenes", type=int, default=100, help="of each cell")
    parser.add_argument("--seed", type=int, default=5)
    parser.add_argument("--alarm", type=float, nargs="+", default=[0.02])
    parser.add_argument("--sources", type=int, nargs="+", default=[1, 2, 3, 4, 5])
    parser.add_argument("--snr-db", type=float, nargs="+", default=[0.0, 5.0, 10.0, 15.0, 20.0])
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    lost = " | ".join(f"lost at {alarm:g}" for alarm in arguments.alarm)
    print(f"| K | SNR dB | asked | below .05 | below .5 | found | {lost} |\n|" + "---|" * (6 + len(arguments.alarm)))
    total = torch.zeros(4 + len(arguments.alarm), dtype=torch.long)
    for sources in arguments.sources:
        for snr_db in arguments.snr_db:
            scenario = preset("random", sources=sources, snr_db=snr_db)
            scenes = draw(scenario, arguments.scenes, stream(arguments.seed, "images", 100 * sources + int(snr_db)))
            row = counted(scenes, arguments.alarm)
            total += row
            print(f"| {sources} | {snr_db:g} | " + " | ".join(map(str, row.tolist())) + " |", flush=True)
    print("| all | | " + " | ".join(map(str, total.tolist())) + " |")


if __name__ == "__main__":
    main()
