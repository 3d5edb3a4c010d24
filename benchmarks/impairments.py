"""What do hardware errors that nobody knows do to the search and the networks, one of them trained on such errors?

K = 3 sources of powers within 10 dB on the default panel, with the impairments of the preset `hard` and without. A
source is found within 5°. Rows: success, RMSE of the angle of what is found, missed and false sources a scene.
`coloured` is the search with noise that has the colour of the sources' light and the power that the errors scatter,
`images` the search without the sources that `images_of` calls images of others, `fit` the search with its fit.

    python benchmarks/impairments.py --scenes 48 --snr-db 10 20
    python benchmarks/impairments.py --methods sml images fit --seed 77
    python benchmarks/gpu.py train kept/hard --hard
    python benchmarks/impairments.py --network kept/hard/best.safetensors --scenes 96
"""

import argparse
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import torch

from ris_pytorch_pipeline.estimate import Estimate, Sml, images_of
from ris_pytorch_pipeline.localise import Localiser
from ris_pytorch_pipeline.matching import great_circle, match
from ris_pytorch_pipeline.physics import Impairments, Observation, Scenes, draw, preset
from ris_pytorch_pipeline.rng import stream
from ris_pytorch_pipeline.train import load_network

WITHIN = math.radians(5)
SCATTERED = 0.19
"""Of the power of a source what the errors of `hard` scatter: phases .04, dead elements .05, a ghost .1."""
Method = Callable[[Observation, int | None], Estimate]


def coloured(observation: Observation, snr_db: float) -> Observation:
    """Whitened by e H H^H + σ² I, of mean 1: errors e_n of elements make noise H diag(c_l ∘ e) A s_l of that colour."""
    noise = 10 ** (-snr_db / 10)
    part = SCATTERED / (SCATTERED + noise)
    outer = observation.channel @ observation.channel.mH
    gain = outer.diagonal(dim1=-2, dim2=-1).real.mean(-1)[:, None, None]
    covariance = part * outer / gain + (1 - part) * torch.eye(outer.shape[-1], dtype=outer.dtype)
    root = torch.linalg.cholesky(covariance)
    channel = torch.linalg.solve_triangular(root, observation.channel, upper=False)
    measured = torch.linalg.solve_triangular(root, observation.measurements.mT, upper=False).mT
    return replace(observation, channel=channel, measurements=measured)


def without_images(observation: Observation, sources: int | None) -> Estimate:
    """The search; where it counts, without the sources that are images of others."""
    found = Sml(fit=False)(observation, sources)
    return found if sources else images_of(observation, found).without(found)


def methods(network: Path | None, snr_db: float) -> dict[str, Method]:
    """The search, which knows of no errors, its variants, and networks with and without a polish."""
    search = Sml(fit=False)
    found: dict[str, Method] = {
        "sml": search,
        "images": without_images,
        "fit": Sml(),
        "coloured": lambda seen, sources: search(coloured(seen, snr_db), sources),
        "reference": Localiser.reference(domain=None),
    }
    if network is not None:
        net = load_network(network).net
        found |= {"network": Localiser(net), "network, no polish": Localiser(net, polish=0)}
    return found


def judged(scenes: Scenes, found: Estimate) -> str:
    """The four columns of a row."""
    present = scenes.truth.present
    apart = great_circle(scenes.truth.positions[:, :, None], found.positions[:, None])
    partner = match(apart, present, ~found.positions[..., 0].isnan(), WITHIN)
    hit = (partner >= 0) & present
    error = apart.gather(2, partner.clamp_min(0)[..., None])[..., 0][hit].square().mean().sqrt()
    shown = (
        (hit | ~present).all(-1).double().mean(),
        error.rad2deg(),
        (present & ~hit).sum(-1).double().mean(),
        (found.order - hit.sum(-1)).double().mean(),
    )
    return " | ".join(f"{float(x):.2f}" for x in shown)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--network", type=Path, help="a checkpoint trained on impairments")
    parser.add_argument("--scenes", type=int, default=96, help="of each cell")
    parser.add_argument("--seed", type=int, default=3)
    parser.add_argument("--methods", nargs="+", help="some of them only")
    parser.add_argument("--snr-db", type=float, nargs="+", default=[10.0, 15.0, 20.0])
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    hard = preset("hard")
    base = preset("random", sources=3, power_db=hard.power_db, distance_law="inverse")
    print("| errors | SNR dB | K | method | success | RMSE ° | missed | false |\n|" + "---|" * 8)
    for name, impairments in (("hard", hard.impairments), ("none", Impairments())):
        for snr_db in arguments.snr_db:
            scenario = replace(base, snr_db=snr_db, impairments=impairments)
            scenes = draw(scenario, arguments.scenes, stream(arguments.seed, "impairments"))
            for asked in (3, None):
                for method, locate in methods(arguments.network, snr_db).items():
                    if arguments.methods and method not in arguments.methods:
                        continue
                    told = judged(scenes, locate(scenes.observation, asked))
                    known = "known" if asked else "estimated"
                    print(f"| {name} | {snr_db:g} | {known} | {method} | {told} |", flush=True)


if __name__ == "__main__":
    main()
