"""How near do the network's proposals come: within 0.04 in (u, w) and 0.1 in q of the sources?

Before any likelihood is asked, by cell: the share of sources with a candidate of the heat-map within 0.04 in u and in
w, and within 0.1 in q as well, with Wilson's 95 % interval as if sources were independent; the same where the places
that the beams take for sources count, too; and the share of scenes with all sources within both.

    python benchmarks/proposals.py --scenes 512
"""

import argparse

import torch
from torch import Tensor

from ris_pytorch_pipeline.bench import share
from ris_pytorch_pipeline.localise import Localiser
from ris_pytorch_pipeline.physics import cosines_from_positions, draw, preset
from ris_pytorch_pipeline.rng import stream

CELLS = tuple(
    (kind, k, snr) for kind in ("random", "pilot") for k, snr in ((1, 10.0), (3, 10.0), (5, 10.0), (3, 5.0), (5, 5.0))
)
ACROSS, DEEP = 0.04, 0.1
HEADS = ("symbols", "K", "SNR dB", "(u, w)", "(u, w) and q", "with the places of the beams", "all of a scene")


def near(true: Tensor, places: Tensor) -> tuple[Tensor, Tensor]:
    """(scene, source), whether any place is near across, and near in all."""
    away = (true[:, :, None] - places[:, None]).abs()
    across = (away[..., :2] < ACROSS).all(-1)
    return across.any(-1), (across & (away[..., 2] < DEEP)).any(-1)


def main() -> None:
    """Print a line a cell."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scenes", type=int, default=512)
    given = parser.parse_args()
    torch.set_num_threads(1)
    network = Localiser.reference()
    print("| " + " | ".join(HEADS) + " |\n|" + "---|" * len(HEADS))
    for kind, sources, snr_db in CELLS:
        scenario = preset(kind, sources=sources, snr_db=snr_db, distance_law="inverse")
        scenes = draw(scenario, given.scenes, stream(71, "proposals"))
        seen, true = network.predict(scenes.observation), cosines_from_positions(scenes.truth.positions).float()
        across, whole = near(true, seen.candidates)
        assert seen.places is not None
        more = near(true, torch.cat([seen.candidates, seen.places], dim=1))[1]
        rates = [share(x.flatten()) for x in (across, whole, more)] + [share(whole.all(1))]
        shown = [f"{rate.value:.3f} [{rate.low:.3f}, {rate.high:.3f}]" for rate in rates]
        print("| " + " | ".join([kind, str(sources), f"{snr_db:g}", *shown]) + " |", flush=True)


if __name__ == "__main__":
    main()
