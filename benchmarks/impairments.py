"""What do hardware errors that nobody is told of do to an estimator, and what do blind calibration and networks mend?

K = 3 sources of powers within 10 dB on the default panel, with each error alone, with those of the preset `hard`, and
with none; every method sees the same scenes. Errors of elements are those of a panel, the same in all of its scenes;
with `--panels 0` each scene has its own. Methods: `unaware`, the search of `Sml` or `PilotMl` without its fit, which
knows of no error; `calibrated`, the same told the gains that `calibrate_blind` learned from the scenes of each panel,
without positions; `fit`, the search with its fit; `images`, without the sources that `images_of` calls images of
others; `coloured`, with noise that has the colour of the sources' light and the power that the errors scatter;
`reference`, the network of the package; and networks that are named, with and without a polish.

Columns, with 95 % intervals over scenes: scenes with every source found (success, within 5°), RMSE of the azimuth over
its bound and of the angle in degrees, both of what is found, missed and false sources a scene.

    python benchmarks/impairments.py --scenes 64 --kinds random pilot --snr-db 20 --order estimated
    python benchmarks/impairments.py --panels 0 --methods unaware images fit --seed 77
    python benchmarks/gpu.py train kept/hard --hard
    python benchmarks/impairments.py --network kept/hard/best.safetensors --scenes 96
"""

import argparse
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from kept_rows import keep, row_options
from panel_errors import ERRORS, scenario_of, scenes_of
from torch import Tensor

from ris_pytorch_pipeline.bench import Measure, bootstrap, bootstrap_mean, share
from ris_pytorch_pipeline.bounds import scene_bound
from ris_pytorch_pipeline.calibrate import calibrate_blind
from ris_pytorch_pipeline.estimate import Estimate, MaximumLikelihood, PilotMl, Sml, images_of
from ris_pytorch_pipeline.localise import Localiser
from ris_pytorch_pipeline.matching import great_circle, match
from ris_pytorch_pipeline.physics import Observation, Scenes
from ris_pytorch_pipeline.rng import stream
from ris_pytorch_pipeline.train import load_network

WITHIN = math.radians(5)
SCATTERED = 0.19
"""Of the power of a source what the errors of `hard` scatter: phases .04, dead elements .05, a ghost .1."""
COLUMNS = ("symbols", "errors", "SNR dB", "K", "method", "n", "success", "RMSE/CRB", "RMSE °", "missed", "false")
Method = Callable[[Observation, int | None], Estimate]


@dataclass(frozen=True)
class Judged:
    """What came of some scenes, each figure by scene.

    Args:
        success: every source found.
        found: sources found.
        squared: sum of their squared angles, rad².
        whitened: sum of their squared errors in azimuth over the bound.
        missed: sources that were not found.
        false: estimates of no source.
    """

    success: Tensor
    found: Tensor
    squared: Tensor
    whitened: Tensor
    missed: Tensor
    false: Tensor


def judged(scenes: Scenes, deviation: Tensor, estimate: Estimate) -> Judged:
    """Estimates against the truth, with the bound's standard deviation of the azimuth, (scene, source)."""
    true, present = scenes.truth.positions, scenes.truth.present
    apart = great_circle(true[:, :, None], estimate.positions[:, None])
    partner = match(apart, present, ~estimate.positions[..., 0].isnan(), WITHIN)
    hit = (partner >= 0) & present
    slot = partner.clamp_min(0)
    angle = apart.gather(2, slot[..., None])[..., 0]
    turned = (estimate.positions[..., 0].gather(1, slot) - true[..., 0]) / deviation
    found = hit.sum(-1)
    return Judged(
        success=found == scenes.truth.sources,
        found=found,
        squared=angle.square().masked_fill(~hit, 0).sum(-1),
        whitened=turned.square().masked_fill(~hit, 0).sum(-1),
        missed=scenes.truth.sources - found,
        false=estimate.order - found,
    )


def columns(parts: Sequence[Judged], seed: int) -> list[str]:
    """How many scenes, and the figures of all of them with their intervals."""
    whole = Judged(*(torch.cat([vars(part)[name] for part in parts]) for name in vars(parts[0])))
    generator = stream(seed, "intervals")
    figures = (
        share(whole.success),
        bootstrap(whole.whitened, whole.found, generator).sqrt(),
        bootstrap(whole.squared, whole.found, generator).sqrt().times(180 / math.pi),
        bootstrap_mean(whole.missed.double(), generator),
        bootstrap_mean(whole.false.double(), generator),
    )
    return [str(len(whole.success)), *map(shown, figures)]


def shown(figure: Measure) -> str:
    """A figure with its interval."""
    return f"{figure.value:.2f} [{figure.low:.2f}, {figure.high:.2f}]"


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


def methods(kind: str, network: Path | None, snr_db: float) -> dict[str, Method]:
    """The search, which knows of no errors, its variants, and networks with and without a polish."""
    search: MaximumLikelihood = Sml(fit=False) if kind == "random" else PilotMl(fit=False)

    def calibrated(observation: Observation, sources: int | None) -> Estimate:
        return search(calibrate_blind(observation, search, sources).applied(observation), sources)

    found: dict[str, Method] = {
        "unaware": search,
        "calibrated": calibrated,
        "fit": Sml() if kind == "random" else PilotMl(),
        "images": without_images,
        "coloured": lambda seen, sources: search(coloured(seen, snr_db), sources),
        "reference": Localiser.reference(domain=None),
    }
    if network is not None:
        net = load_network(network).net
        found |= {"network": Localiser(net), "network, no polish": Localiser(net, polish=0)}
    return found


def rows(given: argparse.Namespace, kind: str, error: str, snr_db: float) -> None:
    """Print and keep the rows of a cell: every method on the same scenes, K known or not."""
    tried = methods(kind, given.network, snr_db)
    names = [name for name in tried if name in given.methods or name.startswith("network")]
    drawn = list(scenes_of(scenario_of(error, kind, snr_db), given.scenes, given.panels, given.seed))
    bounds = [scene_bound(scenes).deviations[..., 0] for scenes in drawn]
    for order in given.order:
        asked = 3 if order == "known" else None
        for name in names:
            parts = [
                judged(scenes, bound, tried[name](scenes.observation, asked))
                for scenes, bound in zip(drawn, bounds, strict=True)
            ]
            words = [kind, error, f"{snr_db:g}", order, name, *columns(parts, given.seed)]
            keep("| " + " | ".join(words) + " |", given.out)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--network", type=Path, help="a checkpoint trained on impairments")
    parser.add_argument("--scenes", type=int, default=96, help="of each cell (96)")
    parser.add_argument("--panels", type=int, default=2, help="that the scenes are of (2); 0: each of its own")
    parser.add_argument("--kinds", nargs="+", default=["random"], choices=["random", "pilot"])
    parser.add_argument("--errors", nargs="+", default=list(ERRORS), choices=list(ERRORS))
    parser.add_argument("--snr-db", type=float, nargs="+", default=[10.0, 20.0])
    parser.add_argument("--order", nargs="+", default=["known", "estimated"], choices=["known", "estimated"])
    parser.add_argument("--methods", nargs="+", default=["unaware", "calibrated"], help="unaware calibrated")
    row_options(parser, seed=3)
    given = parser.parse_args()
    torch.set_num_threads(1)
    keep("| " + " | ".join(COLUMNS) + " |\n|" + "---|" * len(COLUMNS), given.out)
    for kind in given.kinds:
        for error in given.errors:
            for snr_db in given.snr_db:
                rows(given, kind, error, snr_db)


if __name__ == "__main__":
    main()
